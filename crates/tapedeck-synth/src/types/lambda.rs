//! What every function of Lambda has: a role, and a group of logs.

use serde_json::{Value, json};

use crate::assembly::Assembly;
use crate::intrinsic::{attribute, substitute};
use crate::naming::{logical_id, within};
use crate::policy::{allow, inline, unconditional_trust};
use crate::template::Resource;

/// A function of Lambda in the making.
pub(super) struct Lambda {
    /// What logical ids begin with.
    pub(super) name: String,
    /// For how many days its logs are kept; nothing when it has none.
    pub(super) retention_days: Option<u64>,
    /// Name of its role, without that of the stack.
    pub(super) role_name: String,
    /// Policies of its role.
    pub(super) policies: Vec<Value>,
    /// Policies of AWS that its role has.
    pub(super) managed_policies: Vec<String>,
}

impl Lambda {
    /// The logical id of a part.
    pub(super) fn id(&self, part: &str) -> String {
        logical_id(&[&self.name, part])
    }

    /// Its ARN, as a text that waits for nothing.
    pub(super) fn arn(name: &str, assembly: &Assembly<'_>) -> String {
        let name = physical(name, assembly);
        assembly.names.arn("lambda", &format!("function:{name}"))
    }

    /// Adds it with its role and its group of logs. The properties are those that differ from function to function.
    pub(super) fn add(mut self, mut properties: Value, assembly: &mut Assembly<'_>) {
        let name = physical(&self.name, assembly);
        let mut after = vec![self.id("Role")];
        if let Some(days) = self.retention_days {
            let group = within(format!("/aws/lambda/{name}"), 512);
            self.policies.insert(0, logging(&group));
            let group = json!({ "LogGroupName": group, "RetentionInDays": days });
            assembly.add(&self.id("LogGroup"), Resource::new("AWS::Logs::LogGroup", group));
            after.push(self.id("LogGroup"));
        }
        let role_name = format!("{}-{}", self.role_name, assembly.names.region);
        let mut role = json!({
            "RoleName": assembly.names.physical(&role_name, 64),
            // A function can be given roles of its own account only, so there is nobody else's to take.
            "AssumeRolePolicyDocument": unconditional_trust("lambda.amazonaws.com"),
            "Policies": self.policies,
        });
        if !self.managed_policies.is_empty() {
            role["ManagedPolicyArns"] = json!(self.managed_policies);
        }
        assembly.add(&self.id("Role"), Resource::new("AWS::IAM::Role", role));
        properties["FunctionName"] = Value::from(name);
        properties["Role"] = attribute(&self.id("Role"), "Arn");
        assembly.add(
            &self.id("Function"),
            Resource::new("AWS::Lambda::Function", properties).after(after),
        );
    }
}

fn physical(name: &str, assembly: &Assembly<'_>) -> String {
    assembly.names.physical(name, 64)
}

/// What a function needs to write its logs, also where it runs at the edge, in other regions.
fn logging(group: &str) -> Value {
    let arns = ["", ":*", ":*:*"].map(|rest| {
        let arn = format!("arn:${{AWS::Partition}}:logs:*:${{AWS::AccountId}}:log-group:{group}{rest}");
        substitute(&arn, Vec::new())
    });
    let actions = [
        "logs:PutLogEvents",
        "logs:DescribeLogGroups",
        "logs:DescribeLogStreams",
        "logs:CreateLogStream",
    ];
    inline(
        "allow-cloudwatch-logging-policy",
        vec![allow(&actions, arns.to_vec())],
    )
}
