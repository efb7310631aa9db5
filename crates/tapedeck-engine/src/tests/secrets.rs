//! Values come out of the store joined, or not at all and with a way out.

use std::collections::BTreeMap;
use std::path::Path;

use tapedeck_local::secrets::{Existing, SecretStore, SecretValue};
use tapedeck_model::{SecretName, SecretPart, SecretReference, SecretTemplate};

use super::at;
use crate::secrets::values;

fn set(folder: &Path, name: &str, value: &str) {
    let store = SecretStore::open(folder).unwrap();
    let value = SecretValue::new(value).unwrap();
    store
        .set(&SecretName::new(name).unwrap(), &value, Existing::Replace, at(1))
        .unwrap();
}

fn whole(reference: &str) -> SecretTemplate {
    SecretReference::new(reference).unwrap().into()
}

fn templates<const COUNT: usize>(
    variables: [(&str, SecretTemplate); COUNT],
) -> BTreeMap<String, SecretTemplate> {
    variables
        .map(|(name, template)| (name.to_string(), template))
        .into()
}

#[test]
fn templates_are_filled() {
    let folder = tempfile::tempdir().unwrap();
    set(folder.path(), "db", r#"{"user": "ada", "port": 5432}"#);
    set(folder.path(), "token", "abc");
    let url = SecretTemplate::new(vec![
        SecretPart::Text("pg://".to_string()),
        SecretPart::Secret(SecretReference::new("db.user").unwrap()),
        SecretPart::Text("@h:".to_string()),
        SecretPart::Secret(SecretReference::new("db.port").unwrap()),
    ]);
    let filled = values(
        folder.path(),
        &templates([("URL", url), ("TOKEN", whole("token"))]),
    )
    .unwrap();
    let pairs: Vec<(&str, &str)> = filled.iter().map(|(name, value)| (&**name, &**value)).collect();
    assert_eq!(pairs, [("TOKEN", "abc"), ("URL", "pg://ada@h:5432")]);
}

#[test]
fn without_secrets_no_store_is_needed() {
    let folder = tempfile::tempdir().unwrap();
    let store = folder.path().join("none");
    assert!(values(&store, &BTreeMap::new()).unwrap().is_empty());
    assert!(!store.exists());
}

#[test]
fn everything_that_is_missing_is_told_at_once_with_its_way_out() {
    let folder = tempfile::tempdir().unwrap();
    set(folder.path(), "db", r#"{"user": "ada", "password": "hush"}"#);
    let wanted = templates([
        ("A", whole("tokn")),
        ("B", whole("tokn")),
        ("C", whole("db.pasword")),
        ("D", whole("db.user")),
    ]);
    assert_eq!(
        values(folder.path(), &wanted).unwrap_err(),
        "`db` has no key `pasword`: it has `password`, `user` (for C); name a key that it has, or set a value that has \
         it with `tapedeck secret:set --secretName db --forceUpdate`; there is no secret `tokn` (for A, B); set it with \
         `tapedeck secret:set --secretName tokn`"
    );
}

#[test]
fn a_store_that_cannot_be_used_is_told_without_values() {
    let folder = tempfile::tempdir().unwrap();
    set(folder.path(), "token", "hush");
    std::fs::write(folder.path().join("key"), [1; 32]).unwrap();
    let told = values(folder.path(), &templates([("A", whole("token"))])).unwrap_err();
    assert!(told.starts_with("secret `token` ("), "{told}");
    assert!(told.contains("was encrypted with another key"), "{told}");
    assert!(!told.contains("hush"), "{told}");
}

#[test]
fn a_zero_byte_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    set(folder.path(), "odd", r#"{"a": "x\u0000y"}"#);
    let told = values(folder.path(), &templates([("A", whole("odd.a"))])).unwrap_err();
    assert_eq!(
        told,
        "the value for A has a zero byte in it, which no variable can have"
    );
}
