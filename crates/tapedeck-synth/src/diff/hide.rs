//! Values that nobody else may read stay out of what is shown.

use serde_json::{Map, Value};

use super::walk::Step;

/// What stands in the place of a value that is not shown.
pub const HIDDEN: &str = "(hidden)";

/// Parts of names of properties and variables whose values are nobody's business.
const SENSITIVE: [&str; 9] = [
    "accesskey",
    "apikey",
    "authtoken",
    "credential",
    "passphrase",
    "password",
    "privatekey",
    "secret",
    "token",
];

/// A value as it may be shown.
pub(super) fn hide(path: &[Step], value: &Value) -> Value {
    let names = path.iter().map(|step| match step {
        Step::Key(name) | Step::Item(name) => name.as_str(),
    });
    let is_sensitive = names.clone().any(is_sensitive) && !names.clone().any(is_elsewhere);
    hidden(value, is_sensitive)
}

fn hidden(value: &Value, is_sensitive: bool) -> Value {
    match value {
        Value::String(text) if is_sensitive && !is_reference(text) => Value::from(HIDDEN),
        Value::String(text) => Value::from(without_login(text)),
        Value::Array(items) => items.iter().map(|item| hidden(item, is_sensitive)).collect(),
        Value::Object(entries) => {
            let name = ["Name", "Key", "ParameterKey"]
                .iter()
                .find_map(|key| entries.get(*key)?.as_str());
            let by_name = is_sensitive || name.is_some_and(self::is_sensitive);
            let one = |(key, value): (&String, &Value)| {
                let inner = match key.as_str() {
                    "Name" | "Key" | "ParameterKey" => is_sensitive,
                    key if is_elsewhere(key) => false,
                    key => by_name || self::is_sensitive(key),
                };
                (key.clone(), hidden(value, inner))
            };
            Value::Object(entries.iter().map(one).collect::<Map<_, _>>())
        }
        other => other.clone(),
    }
}

fn is_sensitive(name: &str) -> bool {
    let letters: String = name.chars().filter(|letter| letter.is_alphanumeric()).collect();
    let letters = letters.to_ascii_lowercase();
    SENSITIVE.iter().any(|part| letters.contains(part))
}

/// Whether what stands under a key says where a secret is, how long it may be used, or who may read it.
fn is_elsewhere(key: &str) -> bool {
    matches!(
        key,
        "ValueFrom"
            | "TokenValidityUnits"
            | "PolicyDocument"
            | "AssumeRolePolicyDocument"
            | "GenerateSecretString"
    ) || key.ends_with("Validity")
        || key.ends_with("Arn")
        || key.ends_with("ARN")
}

/// Whether a text only says where its value comes from, or has no more than a truth value or a number to tell.
fn is_reference(text: &str) -> bool {
    let whole = |start: &str, end: &str| {
        text.strip_prefix(start)
            .and_then(|rest| rest.strip_suffix(end))
            .is_some_and(|inner| !inner.contains(end) && !inner.starts_with('!'))
    };
    whole("${", "}")
        || whole("{{resolve:", "}}")
        || text.starts_with("arn:")
        || matches!(text, "true" | "false")
}

/// An address without the password of a login in it.
fn without_login(text: &str) -> String {
    let Some((scheme, rest)) = text.split_once("://") else {
        return text.to_string();
    };
    let end = rest.find('/').unwrap_or(rest.len());
    let login = rest[..end]
        .rsplit_once('@')
        .and_then(|(login, _)| login.split_once(':'));
    match login {
        Some((user, password)) if !is_reference(password) => {
            let after = &rest[user.len() + 1 + password.len()..];
            format!("{scheme}://{user}:{HIDDEN}{after}")
        }
        _ => text.to_string(),
    }
}
