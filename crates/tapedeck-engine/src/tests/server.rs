//! The socket is its owner's alone.

use std::os::unix::fs::{FileTypeExt, PermissionsExt};

#[tokio::test]
async fn the_socket_has_mode_0600_and_replaces_one_that_was_left_behind() {
    let folder = tempfile::tempdir().unwrap();
    let socket = folder.path().join("engine.sock");
    for _ in 0..2 {
        let listener = crate::server::bind(&socket).unwrap();
        let metadata = fs_err::metadata(&socket).unwrap();
        assert!(metadata.file_type().is_socket());
        assert_eq!(metadata.permissions().mode() & 0o777, 0o600);
        drop(listener);
    }
    assert_eq!(
        fs_err::read_dir(folder.path()).unwrap().count(),
        1,
        "nothing else is left"
    );
}
