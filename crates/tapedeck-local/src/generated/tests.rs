//! What is made once.

use tapedeck_model::{SecretName, SecretReference, Timestamp};

use super::ensure;
use crate::secrets::SecretStore;

#[test]
fn a_secret_is_made_once_and_every_value_is_another() {
    let folder = tempfile::tempdir().unwrap();
    let store = SecretStore::open(folder.path().join("secrets")).unwrap();
    let name = SecretName::new("tapedeck/shop-dev/cache").unwrap();
    let value = |key: &str| {
        let reference = SecretReference::new(format!("{name}.{key}")).unwrap();
        store.resolve(&reference).unwrap()
    };
    let now = Timestamp::from_millis(1);
    ensure(&store, &name, &["password", "restToken"], now).unwrap();
    let (password, token) = (value("password"), value("restToken"));
    assert_ne!(password, token);
    assert!(password.len() == 40 && password.bytes().all(|byte| byte.is_ascii_alphanumeric()));
    ensure(&store, &name, &["password", "restToken"], now).unwrap();
    assert_eq!((value("password"), value("restToken")), (password, token));
}
