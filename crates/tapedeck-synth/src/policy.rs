//! Documents of IAM.

use serde_json::{Value, json};

use crate::naming::Names;

/// A document of statements.
pub(crate) fn document(statements: Vec<Value>) -> Value {
    json!({ "Version": "2012-10-17", "Statement": statements })
}

/// A statement that allows.
pub(crate) fn allow(actions: &[&str], resources: Vec<Value>) -> Value {
    json!({ "Effect": "Allow", "Action": actions, "Resource": resources })
}

/// A policy within a role.
pub(crate) fn inline(name: &str, statements: Vec<Value>) -> Value {
    json!({ "PolicyName": name, "PolicyDocument": document(statements) })
}

/// A service of AWS may take the role, on behalf of this account only.
pub(crate) fn trust(service: &str, names: &Names) -> Value {
    document(vec![json!({
        "Effect": "Allow",
        "Principal": { "Service": service },
        "Action": "sts:AssumeRole",
        "Condition": { "StringEquals": { "aws:SourceAccount": names.account } },
    })])
}

/// A service of AWS that never tells for which account it asks may take the role.
pub(crate) fn unconditional_trust(service: &str) -> Value {
    document(vec![json!({
        "Effect": "Allow",
        "Principal": { "Service": service },
        "Action": "sts:AssumeRole",
    })])
}
