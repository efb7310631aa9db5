//! Keys of secrets; the rest is tried through the built binary.

use super::keys_of;

#[test]
fn keys_of_json_come_with_those_within_them() {
    let keys = keys_of(r#"{"user": "ada", "db": {"port": 5432, "hosts": ["a", "b"]}}"#).unwrap();
    assert_eq!(
        keys,
        ["db", "user", "db.hosts", "db.port", "db.hosts.0", "db.hosts.1"]
    );
}

#[test]
fn a_text_has_no_keys() {
    for text in ["hunter2", "12", "\"quoted\"", "{not json", ""] {
        assert_eq!(keys_of(text), None, "{text}");
    }
}

#[test]
fn deep_json_ends() {
    let deep = format!("{}1{}", "[".repeat(100), "]".repeat(100));
    assert_eq!(keys_of(&deep).unwrap().len(), super::DEEPEST_KEY);
}
