//! A key that is made once.

use super::*;

#[test]
fn a_key_is_made_once_and_told_to_nobody() {
    let folder = tempfile::tempdir().unwrap();
    let store = SecretStore::open(folder.path().join("secrets")).unwrap();
    let name = SecretName::new("emulator/root").unwrap();
    assert!(AccessKey::read(&store, &name).is_err());
    let now = Timestamp::from_millis(1);
    AccessKey::ensure(&store, &name, now).unwrap();
    let first = AccessKey::read(&store, &name).unwrap();
    AccessKey::ensure(&store, &name, now).unwrap();
    assert_eq!(AccessKey::read(&store, &name).unwrap(), first);
    assert_eq!(
        (first.access_key_id.len(), first.secret_access_key.len()),
        (20, 40)
    );
    assert!(!format!("{first:?}").contains(&first.secret_access_key));
}
