//! What roles of a template may do: nothing on everything, but for what AWS or the type leaves no other way.

use serde_json::Value;

/// Actions that may be allowed on `*`, and why.
const ON_EVERYTHING: [(&str, &str); 22] = [
    (
        "elasticfilesystem:DescribeFileSystems",
        "the mount looks for its file system",
    ),
    ("ssmmessages:CreateControlChannel", "sessions are no resources"),
    ("ssmmessages:CreateDataChannel", "sessions are no resources"),
    ("ssmmessages:OpenControlChannel", "sessions are no resources"),
    ("ssmmessages:OpenDataChannel", "sessions are no resources"),
    ("kinesis:ListStreams", "a list is of all streams"),
    ("ecs:ListServices", "a list is of all services"),
    ("ses:*", "`aws:ses` connects to the whole service"),
    ("sns:publish", "numbers of phones are no resources"),
    ("sns:Publish", "a state machine may name any topic"),
    ("sqs:SendMessage", "a state machine may name any queue"),
    ("batch:SubmitJob", "a state machine may name any job"),
    ("batch:DescribeJobs", "jobs are no resources"),
    ("batch:ListJobs", "a list is of all jobs"),
    ("batch:TerminateJob", "a state machine may name any job"),
    ("dynamodb:GetItem", "a state machine may name any table"),
    ("dynamodb:PutItem", "a state machine may name any table"),
    ("dynamodb:UpdateItem", "a state machine may name any table"),
    ("dynamodb:DeleteItem", "a state machine may name any table"),
    ("ecs:RunTask", "a state machine may name any task"),
    ("ecs:StopTask", "a state machine may name any task"),
    ("ecs:DescribeTasks", "a state machine may name any task"),
];

/// What a template allows that it should not, one line each.
pub(super) fn excessive(template: &Value) -> Vec<String> {
    let mut found = Vec::new();
    for (id, resource) in template["Resources"].as_object().into_iter().flatten() {
        for policy in resource["Properties"]["Policies"]
            .as_array()
            .into_iter()
            .flatten()
        {
            for statement in policy["PolicyDocument"]["Statement"]
                .as_array()
                .into_iter()
                .flatten()
            {
                let is_everything = texts(&statement["Resource"]).contains(&"*");
                for action in texts(&statement["Action"]) {
                    let is_listed = ON_EVERYTHING.iter().any(|(listed, _)| *listed == action);
                    let is_of_glue = action.starts_with("glue:");
                    if action == "*" || (is_everything && !is_listed && !is_of_glue) {
                        found.push(format!("{id} allows {action} on everything"));
                    }
                }
            }
        }
    }
    found
}

/// A text, or the texts of a list.
fn texts(value: &Value) -> Vec<&str> {
    match value {
        Value::Array(items) => items.iter().filter_map(Value::as_str).collect(),
        value => value.as_str().into_iter().collect(),
    }
}
