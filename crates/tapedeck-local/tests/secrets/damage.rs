//! Files that are not as they were written are noticed, told, and left alone.

use std::path::Path;

use tapedeck_local::secrets::{EntryError, Existing, GetError, KeyError, SecretStore, SecretValue, SetError};

use crate::{at, entries, name, put, store, value_of};

/// The error of reading secret `a`.
fn problem(store: &SecretStore) -> EntryError {
    match store.get(&name("a")) {
        Err(GetError::Entry(error)) => error,
        other => panic!("it was read: {other:?}"),
    }
}

/// The file of the secret of that name.
fn file_of(folder: &Path, secret: &str) -> std::path::PathBuf {
    let holds = |path: &std::path::PathBuf| {
        let text = std::fs::read_to_string(path).unwrap();
        text.contains(&format!("\"name\":\"{secret}\""))
    };
    entries(folder).into_iter().find(holds).unwrap()
}

/// Changes the file of secret `a`.
fn change(folder: &Path, edit: impl Fn(&str) -> String) {
    let file = file_of(folder, "a");
    let before = std::fs::read_to_string(&file).unwrap();
    let after = edit(&before);
    assert_ne!(before, after, "the edit changes nothing");
    std::fs::write(&file, after).unwrap();
}

/// Replaces the value of one field by that of the other secret's file.
fn transplant(text: &str, other: &str, field: &str) -> String {
    let value = |text: &str| {
        let (_, rest) = text.split_once(&format!("\"{field}\":")).unwrap();
        rest.split([',', '}']).next().unwrap().to_owned()
    };
    text.replace(
        &format!("\"{field}\":{}", value(text)),
        &format!("\"{field}\":{}", value(other)),
    )
}

#[test]
fn no_part_of_a_secret_can_come_from_another() {
    for field in ["version", "created", "updated", "nonce", "value"] {
        let (_guard, folder, store) = store();
        put(&store, "a", "one", 1);
        put(&store, "b", "two", 2);
        let other = std::fs::read_to_string(file_of(&folder, "b")).unwrap();
        change(&folder, |text| transplant(text, &other, field));
        let error = problem(&store);
        assert!(matches!(error, EntryError::Damaged { .. }), "{field}: {error}");
        assert!(
            error.to_string().starts_with("secret `a` is damaged: /"),
            "{field}: {error}"
        );
        assert_eq!(value_of(&store, "b"), "two");
    }
}

#[test]
fn a_file_in_the_place_of_another_is_noticed() {
    let (_guard, folder, store) = store();
    put(&store, "a", "one", 1);
    put(&store, "b", "two", 2);
    std::fs::copy(file_of(&folder, "b"), file_of(&folder, "a")).unwrap();
    assert!(matches!(problem(&store), EntryError::Misplaced { .. }));
    // Also when it claims to be the other one.
    let (_guard, folder, store) = crate::store();
    put(&store, "a", "one", 1);
    put(&store, "b", "two", 2);
    let claim = std::fs::read_to_string(file_of(&folder, "b"))
        .unwrap()
        .replace("\"name\":\"b\"", "\"name\":\"a\"");
    std::fs::write(file_of(&folder, "a"), claim).unwrap();
    assert!(matches!(problem(&store), EntryError::Damaged { .. }));
}

#[test]
fn every_single_byte_counts() {
    let (_guard, folder, store) = store();
    put(&store, "a", "one", 1);
    let file = file_of(&folder, "a");
    let whole = std::fs::read(&file).unwrap();
    for index in 0..whole.len() {
        let mut changed = whole.clone();
        changed[index] ^= 1;
        std::fs::write(&file, changed).unwrap();
        let _ = problem(&store);
    }
    std::fs::write(&file, &whole[..whole.len() - 1]).unwrap();
    assert!(matches!(problem(&store), EntryError::Malformed { .. }));
    std::fs::write(&file, "").unwrap();
    assert!(matches!(problem(&store), EntryError::Malformed { .. }));
    std::fs::write(&file, whole).unwrap();
    assert_eq!(value_of(&store, "a"), "one");
}

#[test]
fn what_cannot_be_read_is_not_overwritten_but_can_be_deleted() {
    let (_guard, folder, store) = store();
    put(&store, "a", "one", 1);
    change(&folder, |text| text.replace("\"created\":1", "\"created\":2"));
    let before = std::fs::read(file_of(&folder, "a")).unwrap();
    let value = SecretValue::new("two").unwrap();
    let refused = store
        .set(&name("a"), &value, Existing::Replace, at(3))
        .unwrap_err();
    assert!(matches!(&refused, SetError::Entry(EntryError::Damaged { .. })));
    assert!(refused.way_out().contains("tapedeck secret:delete"));
    assert_eq!(std::fs::read(file_of(&folder, "a")).unwrap(), before);
    store.delete(&name("a")).unwrap();
    put(&store, "a", "two", 4);
    assert_eq!(value_of(&store, "a"), "two");
}

#[test]
fn the_form_of_a_newer_version_is_left_alone() {
    let (_guard, folder, store) = store();
    put(&store, "a", "one", 1);
    std::fs::write(file_of(&folder, "a"), "{\"format\":2,\"name\":\"a\"}").unwrap();
    assert!(matches!(problem(&store), EntryError::Newer { format: 2, .. }));
}

#[test]
fn another_key_is_told_apart_from_damage() {
    let (_guard, folder, store) = store();
    put(&store, "a", "one", 1);
    std::fs::write(folder.join("key"), [7; 32]).unwrap();
    assert!(matches!(problem(&store), EntryError::OtherKey { .. }));
    let told = problem(&store).to_string();
    assert!(
        told.contains("was encrypted with another key than /") && told.ends_with("/key"),
        "{told}"
    );
    std::fs::write(folder.join("key"), [7; 31]).unwrap();
    assert!(matches!(
        problem(&store),
        EntryError::Key(KeyError::Length { bytes: 31, .. })
    ));
    let value = SecretValue::new("two").unwrap();
    assert!(store.set(&name("b"), &value, Existing::Keep, at(1)).is_err());
    assert_eq!(
        std::fs::read(folder.join("key")).unwrap(),
        [7; 31],
        "it was replaced"
    );
}

#[test]
fn a_lost_key_is_not_replaced_while_secrets_need_it() {
    let (_guard, folder, store) = store();
    put(&store, "a", "one", 1);
    let key = std::fs::read(folder.join("key")).unwrap();
    std::fs::remove_file(folder.join("key")).unwrap();
    assert!(matches!(problem(&store), EntryError::Key(KeyError::Gone { .. })));
    let value = SecretValue::new("two").unwrap();
    for secret in ["a", "b"] {
        let refused = store.set(&name(secret), &value, Existing::Replace, at(2));
        assert!(matches!(
            refused,
            Err(SetError::Entry(EntryError::Key(KeyError::Gone { .. })))
        ));
    }
    assert!(!folder.join("key").exists());
    let listing = store.list().unwrap();
    assert_eq!(
        listing.secrets[0].description.name,
        name("a"),
        "names can be read"
    );
    assert_eq!(listing.problems.len(), 1);
    std::fs::write(folder.join("key"), key).unwrap();
    assert_eq!(value_of(&store, "a"), "one");

    std::fs::remove_file(folder.join("key")).unwrap();
    store.delete(&name("a")).unwrap();
    put(&store, "b", "two", 3);
    assert_eq!(value_of(&store, "b"), "two");
}

#[test]
fn a_list_shows_the_rest_beside_what_is_damaged() {
    let (_guard, folder, store) = store();
    for secret in ["a", "b", "c"] {
        put(&store, secret, "{\"key\": \"x\"}", 1);
    }
    change(&folder, |text| text.replace("\"updated\":1", "\"updated\":2"));
    std::fs::write(file_of(&folder, "b"), "nonsense").unwrap();
    let listing = store.list().unwrap();
    let shown: Vec<(&str, usize)> = listing
        .secrets
        .iter()
        .map(|one| (one.description.name.as_str(), one.keys.len()))
        .collect();
    assert_eq!(shown, [("a", 0), ("c", 1)]);
    assert_eq!(listing.problems.len(), 2);
}
