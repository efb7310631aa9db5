//! What becomes of files in time.

use serde_json::{Value, json};
use tapedeck_model::Data;

use crate::types::Target;
use crate::types::target::{get, number};

/// The rules of a bucket.
pub(super) fn rules(bucket: &Target<'_>) -> Vec<Value> {
    bucket.items("lifecycleRules").iter().map(rule).collect()
}

fn rule(rule: &Data) -> Value {
    let days = |key: &str| get(rule, &format!("properties.{key}")).and_then(number);
    let class = get(rule, "properties.storageClass").and_then(Data::as_text);
    let mut written = json!({ "Status": "Enabled" });
    match get(rule, "type").and_then(Data::as_text).unwrap_or_default() {
        "expiration" => written["ExpirationInDays"] = json!(days("daysAfterUpload")),
        "non-current-version-expiration" => {
            written["NoncurrentVersionExpiration"] = json!({ "NoncurrentDays": days("daysAfterVersioned") });
        }
        "class-transition" => {
            let transition = json!({ "StorageClass": class, "TransitionInDays": days("daysAfterUpload") });
            written["Transitions"] = json!([transition]);
        }
        "non-current-version-class-transition" => {
            let transition = json!({ "StorageClass": class, "TransitionInDays": days("daysAfterVersioned") });
            written["NoncurrentVersionTransitions"] = json!([transition]);
        }
        _ => {
            written["AbortIncompleteMultipartUpload"] =
                json!({ "DaysAfterInitiation": days("daysAfterInitiation") });
        }
    }
    if let Some(prefix) = get(rule, "properties.prefix").and_then(Data::as_text) {
        written["Prefix"] = Value::from(prefix);
    }
    if let Some(Data::List(tags)) = get(rule, "properties.tags") {
        let filters = tags
            .iter()
            .map(|tag| json!({ "Key": get(tag, "key"), "Value": text(get(tag, "value")) }));
        written["TagFilters"] = filters.collect();
    }
    written
}

/// A value of a tag, which is a text however it was written.
fn text(value: Option<&Data>) -> Option<String> {
    match value? {
        Data::Text(text) => Some(text.clone()),
        Data::Number(number) => Some(number.0.clone()),
        Data::Boolean(flag) => Some(flag.to_string()),
        _ => None,
    }
}
