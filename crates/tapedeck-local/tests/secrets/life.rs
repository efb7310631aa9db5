//! What is set comes back, and nothing else does.

use std::os::unix::fs::PermissionsExt as _;

use tapedeck_local::secrets::{
    DeleteError, EntryError, Existing, GetError, ResolveError, SecretStore, SecretValue, SetError,
};

use crate::{at, entries, name, put, reference, store, value_of};

#[test]
fn a_store_that_was_never_used_is_empty_and_stays_unmade() {
    let (_guard, folder, store) = store();
    let listing = store.list().unwrap();
    assert!(listing.secrets.is_empty() && listing.problems.is_empty());
    assert!(!store.contains(&name("a")).unwrap());
    assert!(matches!(store.get(&name("a")), Err(GetError::Missing { .. })));
    assert!(matches!(
        store.delete(&name("a")),
        Err(DeleteError::Missing { .. })
    ));
    assert!(!folder.exists());
}

#[test]
fn what_is_set_is_there_for_the_next_process() {
    let (_guard, folder, store) = store();
    let largest = "é".repeat(SecretValue::MAX_BYTES / 2);
    put(&store, "shop/database", "hush\n", 1);
    put(&store, "largest", &largest, 2);
    let longest = "a/".repeat(128);
    put(&store, &longest, "long", 3);
    let next = SecretStore::open(folder).unwrap();
    assert_eq!(value_of(&next, "shop/database"), "hush\n");
    assert_eq!(value_of(&next, "largest"), largest);
    assert_eq!(value_of(&next, &longest), "long");
}

#[test]
fn each_value_has_a_version_and_times() {
    let (_guard, _folder, store) = store();
    let first = put(&store, "a", "one", 10);
    let second = put(&store, "a", "one", 20);
    assert_eq!((first.created, first.updated), (at(10), at(10)));
    assert_eq!((second.created, second.updated), (at(10), at(20)));
    assert_ne!(first.version, second.version);
    assert_eq!(first.version.as_str().len(), 32);
    assert_eq!(store.get(&name("a")).unwrap().description, second);
}

#[test]
fn a_value_stays_unless_it_is_to_be_replaced() {
    let (_guard, _folder, store) = store();
    let set = |text: &str, existing| {
        let value = SecretValue::new(text).unwrap();
        store.set(&name("a"), &value, existing, at(1))
    };
    set("one", Existing::Keep).unwrap();
    assert!(matches!(set("two", Existing::Keep), Err(SetError::Exists { .. })));
    assert_eq!(value_of(&store, "a"), "one");
    set("two", Existing::Replace).unwrap();
    assert_eq!(value_of(&store, "a"), "two");
}

#[test]
fn a_list_names_keys_and_no_values() {
    let (_guard, _folder, store) = store();
    put(&store, "b", r#"{"password": "hush", "user": "ada"}"#, 1);
    put(&store, "a", "hush", 2);
    let listing = store.list().unwrap();
    assert!(listing.problems.is_empty());
    let shown: Vec<(&str, &[String])> = listing
        .secrets
        .iter()
        .map(|one| (one.description.name.as_str(), one.keys.as_slice()))
        .collect();
    let keys = ["password".to_string(), "user".to_string()];
    assert_eq!(shown, [("a", &[][..]), ("b", &keys[..])]);
    assert!(!format!("{listing:?}").contains("hush"));
}

#[test]
fn what_is_deleted_is_gone_and_can_be_set_again() {
    let (_guard, folder, store) = store();
    put(&store, "a", "one", 1);
    put(&store, "b", "two", 1);
    store.delete(&name("a")).unwrap();
    assert!(matches!(store.get(&name("a")), Err(GetError::Missing { .. })));
    assert!(matches!(
        store.delete(&name("a")),
        Err(DeleteError::Missing { .. })
    ));
    assert_eq!(entries(&folder).len(), 1);
    assert_eq!(put(&store, "a", "three", 9).created, at(9));
    assert_eq!(value_of(&store, "b"), "two");
}

#[test]
fn references_are_resolved_together() {
    let (_guard, _folder, store) = store();
    put(&store, "db", r#"{"user": "ada", "password": "hush"}"#, 1);
    put(&store, "token", "abc", 1);
    let wanted = ["db.user", "db.password", "token"].map(reference);
    let values = store.resolve_all(&wanted).unwrap();
    assert_eq!(values.values().collect::<Vec<_>>(), ["hush", "ada", "abc"]);
    assert_eq!(store.resolve(&reference("db.user")).unwrap(), "ada");

    let wanted = ["db.user", "db.pasword", "tokn"].map(reference);
    let failures = store.resolve_all(&wanted).unwrap_err();
    let told: Vec<String> = failures.values().map(ToString::to_string).collect();
    assert_eq!(
        told,
        [
            "`db` has no key `pasword`: it has `password`, `user`",
            "there is no secret `tokn`"
        ]
    );
    let missing = store.resolve(&reference("tokn.key")).unwrap_err();
    assert!(matches!(missing, ResolveError::Get(GetError::Missing { .. })));
    assert_eq!(
        missing.way_out(),
        "set it with `tapedeck secret:set --secretName tokn`"
    );
}

#[test]
fn everything_is_for_its_owner_alone() {
    let (guard, folder, store) = store();
    put(&store, "a", "one", 1);
    let mode = |path: &std::path::Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o7777;
    assert_eq!(mode(&guard.path().join("state")), 0o700);
    assert_eq!(mode(&folder), 0o700);
    let mut names = Vec::new();
    for entry in std::fs::read_dir(&folder).unwrap() {
        let path = entry.unwrap().path();
        assert_eq!(mode(&path), 0o600, "{}", path.display());
        names.push(path.file_name().unwrap().to_string_lossy().into_owned());
    }
    names.sort();
    assert_eq!(names.len(), 3, "{names:?}");
    assert_eq!(names[1..], ["key", "lock"]);
}

#[test]
fn no_file_holds_a_value_that_can_be_read() {
    let (_guard, folder, store) = store();
    put(&store, "plain-name", "a-value-in-clear", 1);
    for entry in std::fs::read_dir(&folder).unwrap() {
        let bytes = std::fs::read(entry.unwrap().path()).unwrap();
        let found = bytes
            .windows("a-value-in-clear".len())
            .any(|part| part == b"a-value-in-clear");
        assert!(!found);
    }
    let text = std::fs::read_to_string(&entries(&folder)[0]).unwrap();
    assert!(text.contains("\"name\":\"plain-name\""), "{text}");
}

#[test]
fn equal_values_are_encrypted_to_different_texts() {
    let (_guard, folder, store) = store();
    let sealed = || {
        put(&store, "a", "same", 1);
        std::fs::read(&entries(&folder)[0]).unwrap()
    };
    let field = |bytes: &[u8], field: &str| {
        let text = String::from_utf8(bytes.to_vec()).unwrap();
        let (_, rest) = text.split_once(&format!("\"{field}\":\"")).unwrap();
        rest.split('"').next().unwrap().to_owned()
    };
    let (one, two) = (sealed(), sealed());
    assert_ne!(field(&one, "nonce"), field(&two, "nonce"));
    assert_ne!(field(&one, "value"), field(&two, "value"));
    assert_eq!(field(&one, "key"), field(&two, "key"));
}

#[test]
fn a_place_that_is_no_folder_is_told() {
    let guard = tempfile::tempdir().unwrap();
    let file = guard.path().join("file");
    std::fs::write(&file, "").unwrap();
    let error = SecretStore::open(&file).unwrap_err();
    assert!(error.to_string().contains("/file"), "{error}");
    // Something took its place after it was opened.
    let store = SecretStore::open(guard.path().join("later")).unwrap();
    std::fs::write(guard.path().join("later"), "").unwrap();
    assert!(matches!(
        store.get(&name("a")),
        Err(GetError::Entry(EntryError::Read(_)))
    ));
    let value = SecretValue::new("x").unwrap();
    assert!(matches!(
        store.set(&name("a"), &value, Existing::Keep, at(1)),
        Err(SetError::Write { .. })
    ));
}
