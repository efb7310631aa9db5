//! The role of a service's tasks: what its code may do.

use serde_json::{Value, json};
use tapedeck_model::{IamStatement, Workload};

use super::Ids;
use super::volumes::Volumes;
use crate::SynthError;
use crate::assembly::Assembly;
use crate::connections;
use crate::policy::{inline, trust};
use crate::template::Resource;

/// Adds the role.
pub(crate) fn add(
    service: &Workload,
    ids: &Ids<'_>,
    volumes: &Volumes<'_>,
    assembly: &mut Assembly<'_>,
) -> Result<(), SynthError> {
    let mut policies = Vec::new();
    let mut add = |name: &str, statements: Vec<Value>| {
        if !statements.is_empty() {
            policies.push(inline(name, statements));
        }
    };
    let written: Result<Vec<Value>, SynthError> = service
        .iam_role_statements
        .iter()
        .map(|statement| self::statement(statement, assembly))
        .collect();
    add("custom-iam-role-statements", written?);
    add("efs-mount-access", volumes.statements());
    add(
        "custom-allow-access-to-policy-statements",
        connections::grants(&service.connect_to, assembly)?,
    );
    if service.enable_remote_sessions {
        add("ssm-messages", vec![remote_sessions()]);
    }
    let name = format!("{}-{}", ids.name, assembly.names.region);
    let properties = json!({
        "RoleName": assembly.names.physical(&name, 64),
        "AssumeRolePolicyDocument": trust("ecs-tasks.amazonaws.com", &assembly.names),
        "Policies": policies,
    });
    assembly.add(&ids.of("Role"), Resource::new("AWS::IAM::Role", properties));
    Ok(())
}

fn statement(statement: &IamStatement, assembly: &mut Assembly<'_>) -> Result<Value, SynthError> {
    let resources: Result<Vec<Value>, SynthError> = statement
        .resources
        .iter()
        .map(|resource| assembly.value(resource))
        .collect();
    let mut written = json!({
        "Effect": statement.effect,
        "Action": statement.actions,
        "Resource": resources?,
    });
    if let Some(sid) = &statement.sid {
        written["Sid"] = Value::from(sid.as_str());
    }
    if let Some(condition) = &statement.condition {
        written["Condition"] = assembly.data(condition)?;
    }
    Ok(written)
}

fn remote_sessions() -> Value {
    json!({
        "Effect": "Allow",
        "Action": [
            "ssmmessages:CreateControlChannel",
            "ssmmessages:CreateDataChannel",
            "ssmmessages:OpenControlChannel",
            "ssmmessages:OpenDataChannel",
        ],
        "Resource": "*",
    })
}
