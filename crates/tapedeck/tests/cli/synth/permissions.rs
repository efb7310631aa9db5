//! What roles and policies of a template say: each is one that IAM takes, and nothing is allowed on everything but for what AWS
//! or the type leaves no other way.

use std::collections::BTreeSet;

use regex::Regex;
use serde_json::Value;

/// Actions that may be allowed on `*`, and why.
const ON_EVERYTHING: [(&str, &str); 10] = [
    ("ssmmessages:CreateControlChannel", "sessions are no resources"),
    ("ssmmessages:CreateDataChannel", "sessions are no resources"),
    ("ssmmessages:OpenControlChannel", "sessions are no resources"),
    ("ssmmessages:OpenDataChannel", "sessions are no resources"),
    (
        "kinesis:ListStreams",
        "takes no resource: a list is of all streams",
    ),
    (
        "ecs:ListServices",
        "takes no resource; a condition names the cluster",
    ),
    ("ses:*", "`aws:ses` connects to the whole service"),
    ("sns:publish", "numbers of phones are no resources"),
    ("batch:DescribeJobs", "jobs are no resources"),
    ("batch:ListJobs", "a list is of all jobs"),
];

/// Actions that one role of the template may have on `*`: what the machines of a stack do is in their definitions, and those may
/// name anything.
const OF_STATE_MACHINES: (&str, [&str; 16]) = (
    "StpGlobalStateMachineRole",
    [
        "batch:DescribeJobs",
        "batch:SubmitJob",
        "batch:TerminateJob",
        "dynamodb:DeleteItem",
        "dynamodb:GetItem",
        "dynamodb:PutItem",
        "dynamodb:UpdateItem",
        "ecs:DescribeTasks",
        "ecs:RunTask",
        "ecs:StopTask",
        "glue:BatchStopJobRun",
        "glue:GetJobRun",
        "glue:GetJobRuns",
        "glue:StartJobRun",
        "sns:Publish",
        "sqs:SendMessage",
    ],
);

/// Actions of whole services that may be allowed, and why.
const WHOLE_SERVICES: [(&str, &str); 2] = [
    ("ses:*", "`aws:ses` connects to the whole service"),
    (
        "cognito-idp:*",
        "of one pool of users, which programs with it administer",
    ),
];

/// The policy with the statements that the config itself has.
const WRITTEN: &str = "custom-iam-role-statements";

/// What templates have needed so far.
#[derive(Default)]
pub(super) struct Permissions {
    needed: BTreeSet<String>,
}

impl Permissions {
    /// Checks all policies of a template.
    ///
    /// # Panics
    /// When one is wrong, or allows too much.
    pub(super) fn check(&mut self, name: &str, template: &Value) {
        let mut found = Vec::new();
        for (id, resource) in template["Resources"].as_object().into_iter().flatten() {
            let properties = &resource["Properties"];
            for policy in properties["Policies"].as_array().into_iter().flatten() {
                let is_written = policy["PolicyName"] == WRITTEN;
                self.check_document(id, &policy["PolicyDocument"], is_written, &mut found);
            }
            for key in ["AssumeRolePolicyDocument", "PolicyDocument", "AccessPolicies"] {
                match &properties[key] {
                    Value::Null => {}
                    Value::String(text) => match serde_json::from_str(text) {
                        Ok(document) => self.check_document(id, &document, false, &mut found),
                        Err(error) => found.push(format!("{id} has a policy that is no JSON: {error}")),
                    },
                    document => self.check_document(id, document, false, &mut found),
                }
            }
        }
        assert!(found.is_empty(), "{name}: {found:#?}");
    }

    /// Checks that every exception is one that some template needs.
    ///
    /// # Panics
    /// When one is not.
    pub(super) fn settle(&self) {
        let exceptions = ON_EVERYTHING
            .iter()
            .chain(&WHOLE_SERVICES)
            .map(|(action, _)| *action);
        for action in exceptions.chain(OF_STATE_MACHINES.1) {
            assert!(
                self.needed.contains(action),
                "no template allows {action} on everything"
            );
        }
    }

    fn check_document(&mut self, id: &str, document: &Value, is_written: bool, found: &mut Vec<String>) {
        if document["Version"] != "2012-10-17" {
            found.push(format!("{id} has a policy of another version"));
        }
        let statements = document["Statement"].as_array();
        if statements.is_none_or(Vec::is_empty) {
            found.push(format!("{id} has a policy that says nothing"));
        }
        for statement in statements.into_iter().flatten() {
            found.extend(malformed(statement).map(|what| format!("{id}: {what}: {statement}")));
            if !is_written && statement["Effect"] == "Allow" {
                found.extend(self.excessive(id, statement));
            }
        }
    }

    /// What a statement allows that it should not.
    fn excessive(&mut self, id: &str, statement: &Value) -> Vec<String> {
        let is_everything = texts(&statement["Resource"]).contains(&"*");
        let mut found = Vec::new();
        for action in texts(&statement["Action"]) {
            let is_allowed = match (action.ends_with(":*"), is_everything) {
                (false, false) => true,
                _ if action == "*" => false,
                (true, _) => has(&WHOLE_SERVICES, action) && (!is_everything || has(&ON_EVERYTHING, action)),
                (false, true) => {
                    let (role, actions) = OF_STATE_MACHINES;
                    has(&ON_EVERYTHING, action) || (id == role && actions.contains(&action))
                }
            };
            match is_allowed {
                true => {
                    self.needed.insert(action.to_string());
                }
                false => found.push(format!("{id} allows {action} on {}", statement["Resource"])),
            }
        }
        let takes_anybody = statement["Principal"] == "*" || statement["Principal"]["AWS"] == "*";
        if takes_anybody && statement.get("Condition").is_none() {
            found.push(format!("{id} lets in anybody: {statement}"));
        }
        found
    }
}

fn has(list: &[(&str, &str)], action: &str) -> bool {
    list.iter().any(|(listed, _)| *listed == action)
}

/// What IAM would refuse of a statement.
fn malformed(statement: &Value) -> Option<&'static str> {
    let has = |key: &str| statement.get(key).is_some_and(|value| !value.is_null());
    let action = Regex::new(r"^([a-z0-9-]+:[A-Za-z*]+|\*)$").expect("an expression");
    let effect = statement["Effect"].as_str();
    if !matches!(effect, Some("Allow" | "Deny")) {
        return Some("an effect that there is not");
    }
    if has("Action") == has("NotAction") {
        return Some("neither `Action` nor `NotAction`, or both");
    }
    let actions = [texts(&statement["Action"]), texts(&statement["NotAction"])].concat();
    if actions.is_empty() || !actions.iter().all(|one| action.is_match(one)) {
        return Some("no actions, or such that are none");
    }
    if !has("Resource") && !has("NotResource") && !has("Principal") {
        return Some("neither a resource nor a principal");
    }
    let wrong = |text: &&str| *text != "*" && !text.starts_with("arn:");
    if texts(&statement["Resource"]).iter().any(wrong) {
        return Some("a resource that is no ARN");
    }
    let is_empty = |value: &Value| value.as_array().is_some_and(Vec::is_empty);
    is_empty(&statement["Resource"]).then_some("no resource")
}

/// A text, or the texts of a list.
fn texts(value: &Value) -> Vec<&str> {
    match value {
        Value::Array(items) => items.iter().filter_map(Value::as_str).collect(),
        value => value.as_str().into_iter().collect(),
    }
}
