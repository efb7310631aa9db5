//! What is delivered, as the text that EventBridge takes.

use serde_json::{Value, json};

use super::text;

#[test]
fn what_is_delivered_is_json() {
    assert_eq!(text(json!("hello")), "\"hello\"");
    assert_eq!(text(json!("{\"a\": 1}")), "{\"a\": 1}");
    assert_eq!(text(json!({ "a": "${b}" })), "{\"a\":\"${b}\"}");
}

#[test]
fn what_only_aws_knows_is_put_in_later() {
    let queue = json!({ "Fn::GetAtt": ["Jobs", "Arn"] });
    let value = json!({ "queue": queue, "text": "${kept}" });
    let expected: Value = json!({ "Fn::Sub": [
        "{\"queue\":\"${part0}\",\"text\":\"${!kept}\"}",
        { "part0": queue },
    ] });
    assert_eq!(text(value), expected);
}
