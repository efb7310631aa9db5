//! Keys of the config that a template cannot say anything of, each with the reason: whoever writes one is told.

use tapedeck_model::{Data, Stack};

/// A key that changes nothing in the template.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ignored {
    /// The resource.
    pub resource: String,
    /// The key, with dots between the keys that lead to it.
    pub key: &'static str,
    /// Why it changes nothing, and what to do.
    pub reason: &'static str,
}

/// Why nobody is told of an alarm.
const NOBODY_TELLS: &str =
    "nothing of the stack runs in the account that could tell anybody; subscribe to the alarm in the account";

/// Why alarms of the whole account cannot be turned off.
const NO_GLOBAL_ALARMS: &str = "there are no alarms for all stacks of an account here";

/// The keys: type of the resource, key, reason.
pub(crate) static KEYS: &[(&str, &str, &str)] = &[
    ("relational-database", "alarms.notificationTargets", NOBODY_TELLS),
    ("relational-database", "disabledGlobalAlarms", NO_GLOBAL_ALARMS),
    (
        "user-auth-pool",
        "enableHostedUi",
        "the page for signing in is there either way, as in existing stacks",
    ),
    ("sqs-queue", "alarms.notificationTargets", NOBODY_TELLS),
    ("sqs-queue", "disabledGlobalAlarms", NO_GLOBAL_ALARMS),
    (
        "bucket",
        "directoryUpload",
        "a template holds no files; put them into the bucket once the stack is there",
    ),
    (
        "bucket",
        "cdn.disableInvalidationAfterDeploy",
        "a template never empties a cache",
    ),
];

/// What of a stack changes nothing in its template.
#[must_use]
pub fn ignored(stack: &Stack) -> Vec<Ignored> {
    let mut found = Vec::new();
    for resource in &stack.resources {
        for (kind, key, reason) in KEYS {
            if *kind == resource.kind && is_written(&resource.properties, key) {
                found.push(Ignored {
                    resource: resource.name.to_string(),
                    key,
                    reason,
                });
            }
        }
    }
    found
}

/// Whether a key is there and says more than that something is off. Of a list, some item has to have it.
fn is_written(data: &Data, path: &str) -> bool {
    let (key, rest) = match path.split_once('.') {
        Some((key, rest)) => (key, Some(rest)),
        None => (path, None),
    };
    match (data.get(key), rest) {
        (None | Some(Data::Null | Data::Boolean(false)), _) => false,
        (Some(Data::List(items)), Some(rest)) => items.iter().any(|item| is_written(item, rest)),
        (Some(Data::List(items)), None) => !items.is_empty(),
        (Some(inner), Some(rest)) => is_written(inner, rest),
        (Some(_), None) => true,
    }
}
