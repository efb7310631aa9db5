//! Users, groups and signals by name and by number.

use crate::image_user::{ids, signal};

#[test]
fn numbers_are_taken_as_they_are() {
    assert_eq!(ids("65532:65532", &[]), Ok((65532, 65532)));
    assert_eq!(ids("", &[]), Ok((0, 0)));
    assert_eq!(ids("1000", &[]), Ok((1000, 0)));
}

#[test]
fn names_are_looked_up_in_the_topmost_layer_that_has_the_file() {
    let below = tempfile::tempdir().unwrap();
    let above = tempfile::tempdir().unwrap();
    for (layer, uid) in [(&below, 1), (&above, 2)] {
        fs_err::create_dir(layer.path().join("etc")).unwrap();
        let passwd = format!("root:x:0:0::/root:/bin/sh\nworker:x:{uid}:7::/:/bin/sh\n");
        fs_err::write(layer.path().join("etc/passwd"), passwd).unwrap();
    }
    fs_err::write(below.path().join("etc/group"), "staff:x:50:\n").unwrap();
    let layers = [above.path().to_path_buf(), below.path().to_path_buf()];
    assert_eq!(ids("worker", &layers), Ok((2, 7)));
    assert_eq!(ids("worker:staff", &layers), Ok((2, 50)));
    assert_eq!(
        ids("nobody", &layers),
        Err("the image's /etc/passwd has no user `nobody`".to_string())
    );
    assert_eq!(
        ids("worker:none", &layers),
        Err("the image's /etc/group has no group `none`".to_string())
    );
}

#[test]
fn signals_have_names_and_numbers() {
    assert_eq!(signal(""), Ok(15));
    assert_eq!(signal("SIGINT"), Ok(2));
    assert_eq!(signal("QUIT"), Ok(3));
    assert_eq!(signal("34"), Ok(34));
    assert!(signal("SIGNOSUCH").is_err());
    assert!(signal("65").is_err());
}
