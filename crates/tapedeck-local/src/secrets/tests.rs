//! What a reference finds in a value.

use tapedeck_model::SecretReference;

use super::{InvalidValue, PickError, SecretValue};

const DATABASE: &str = r#"{
    "host": "db.example",
    "port": 5432,
    "ratio": 1.10,
    "big": 12345678901234567890123,
    "tls": true,
    "none": null,
    "users": [{"name": "ada"}, {"name": "bob\n\"b\""}],
    "options": { "a b": "spaced", "deep": {"er": "down"} }
}"#;

fn pick(value: &str, reference: &str) -> Result<String, PickError> {
    let reference = SecretReference::new(reference).unwrap();
    SecretValue::new(value).unwrap().pick(&reference)
}

fn refusal(value: &str, reference: &str) -> String {
    pick(value, reference).unwrap_err().to_string()
}

#[test]
fn a_text_is_given_as_it_stands() {
    for text in ["plain", "\"quoted\"", "{\"a\": 1}", " spaced \n", "null"] {
        assert_eq!(pick(text, "any").unwrap(), text);
    }
}

#[test]
fn keys_lead_to_values_at_any_depth() {
    let check = |key: &str, expected: &str| {
        assert_eq!(pick(DATABASE, &format!("db.{key}")).unwrap(), expected, "{key}");
    };
    check("host", "db.example");
    check("users.0.name", "ada");
    check("users.1.name", "bob\n\"b\"");
    check("options.a b", "spaced");
    check("options.deep.er", "down");
}

#[test]
fn what_is_no_string_is_given_as_it_is_written() {
    let check = |key: &str, expected: &str| {
        assert_eq!(pick(DATABASE, &format!("db.{key}")).unwrap(), expected, "{key}");
    };
    check("port", "5432");
    check("ratio", "1.10");
    check("big", "12345678901234567890123");
    check("tls", "true");
    check("none", "null");
    check("users.0", r#"{"name": "ada"}"#);
}

#[test]
fn a_missing_key_is_told_with_those_that_are_there() {
    assert_eq!(
        refusal(r#"{"user": "ada", "password": "hush"}"#, "db.pasword"),
        "`db` has no key `pasword`: it has `password`, `user`"
    );
    assert_eq!(
        refusal(DATABASE, "db.options.deep.x"),
        "`db.options.deep` has no key `x`: it has `er`"
    );
    assert_eq!(
        refusal(DATABASE, "db.users.2"),
        "`db.users` is a list of 2, numbered from 0: it has no item `2`"
    );
    assert_eq!(
        refusal(DATABASE, "db.host.name"),
        "`db.host` is no JSON object, so it has no key `name`"
    );
    assert_eq!(
        refusal("hush", "db.password"),
        "`db` is no JSON object, so it has no key `password`"
    );
    assert_eq!(refusal("{}", "db.a"), "`db` has no key `a`: it has none");
    let many: Vec<String> = (10..30).map(|number| format!("\"k{number}\": 1")).collect();
    let told = refusal(&format!("{{{}}}", many.join(",")), "db.a");
    assert!(told.ends_with("`k18`, `k19` and 10 more"), "{told}");
}

#[test]
fn no_refusal_shows_a_value() {
    for reference in ["db.x", "db.host.x", "db.users.7", "db.users.0.x"] {
        let told = refusal(DATABASE, reference);
        for value in ["db.example", "ada", "5432", "down"] {
            assert!(!told.contains(value), "{told}");
        }
    }
    let value = SecretValue::new("hush").unwrap();
    assert_eq!(format!("{value:?}"), "SecretValue(4 bytes)");
}

#[test]
fn no_depth_is_too_deep() {
    let (open, close) = ("[".repeat(30_000), "]".repeat(30_000));
    let deep = format!("{{\"a\": {open}1{close}, \"b\": {{\"c\": 2}}}}");
    assert_eq!(pick(&deep, "db.b.c").unwrap(), "2");
    assert_eq!(pick(&deep, "db.a").unwrap(), format!("{open}1{close}"));
    assert_eq!(SecretValue::new(deep).unwrap().keys(), ["a", "b"]);
}

#[test]
fn values_have_a_size() {
    assert_eq!(SecretValue::new("").unwrap_err(), InvalidValue::Empty);
    assert!(SecretValue::new("x".repeat(65_536)).is_ok());
    assert_eq!(
        SecretValue::new("x".repeat(65_537)).unwrap_err().to_string(),
        "the value is too long: a secret has 1 to 65536 bytes"
    );
}

#[test]
fn only_objects_have_keys() {
    let keys = |text: &str| SecretValue::new(text).unwrap().keys();
    assert_eq!(keys(r#"{"b": 1, "a": {"c": 2}}"#), ["a", "b"]);
    for other in ["text", "[1, 2]", "\"a\"", "{\"a\": 1", "{} {}"] {
        assert!(keys(other).is_empty(), "{other}");
    }
}
