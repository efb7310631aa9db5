//! What services are connected to: what stands in for it, what can be asked of it, and how it is reached from this machine.

use std::fmt::Write;

use tapedeck_api::StackStatus;
use tapedeck_model::{LocalResource, SecretPart};

use super::Detail;
use crate::printer::{BOLD, DIM, RESET};

/// All of them, by type and name; with `Detail::Full` their parameters too.
pub(super) fn section(stack: &StackStatus, detail: Detail) -> String {
    let mut out = String::from("\n");
    for resource in &stack.resources {
        let _ = writeln!(
            out,
            "  {BOLD}{}{RESET}  {} {DIM}{}{RESET}",
            resource.name, resource.kind, resource.stand_in
        );
        if detail == Detail::Full {
            for parameter in &resource.parameters {
                let value = match (parameter.sensitive, parameter.value.parts()) {
                    (false, []) => String::new(),
                    (false, [SecretPart::Text(text)]) => text.clone(),
                    _ => format!("{DIM}not shown: tapedeck param:get tells it{RESET}"),
                };
                let _ = writeln!(out, "    {} {value}", parameter.name);
            }
            if let Some(way) = way_to(resource, stack) {
                let _ = writeln!(out, "    {DIM}$ {way}{RESET}");
            }
        }
    }
    out
}

/// A command that reaches a resource from this machine.
fn way_to(resource: &LocalResource, stack: &StackStatus) -> Option<String> {
    let ask = |parameter: &str| {
        format!(
            "\"$(tapedeck param:get --stackName {} --resourceName {} --paramName {parameter})\"",
            stack.name, resource.name
        )
    };
    let plain = |name: &str| {
        let found = resource.parameters.iter().find(|known| known.name == name)?;
        match found.value.parts() {
            [SecretPart::Text(text)] if !found.sensitive => Some(text.clone()),
            _ => None,
        }
    };
    Some(match resource.kind.as_str() {
        "relational-database" if resource.stand_in.starts_with("PostgreSQL") => {
            format!("psql {}", ask("connectionString"))
        }
        "relational-database" => format!(
            "mysql --host={} --port={} --user=… --password {}",
            plain("host")?,
            plain("port")?,
            plain("dbName").unwrap_or_default()
        ),
        "redis-cluster" => format!("redis-cli -u {}", ask("connectionString")),
        "bucket" => format!("tapedeck aws s3 ls s3://{}", plain("name")?),
        "sqs-queue" => format!("tapedeck aws sqs receive-message --queue-url {}", plain("url")?),
        "sns-topic" => format!(
            "tapedeck aws sns publish --topic-arn {} --message …",
            plain("arn")?
        ),
        "dynamo-db-table" => format!("tapedeck aws dynamodb scan --table-name {}", plain("name")?),
        "event-bus" => format!("tapedeck aws events describe-event-bus --name {}", plain("arn")?),
        "kinesis-stream" => {
            format!(
                "tapedeck aws kinesis describe-stream --stream-name {}",
                plain("name")?
            )
        }
        "user-auth-pool" => format!(
            "tapedeck aws cognito-idp list-users --user-pool-id {}",
            plain("id")?
        ),
        "function" => format!(
            "tapedeck aws lambda invoke --function-name {} out.json",
            plain("arn")?
        ),
        "state-machine" => {
            format!(
                "tapedeck aws stepfunctions start-execution --state-machine-arn {}",
                plain("arn")?
            )
        }
        "batch-job" => {
            format!(
                "tapedeck aws stepfunctions start-execution --state-machine-arn {} \\\n        --input '{{\"jobName\":\"by-hand\",\"triggerEvent\":\"{{}}\"}}'",
                plain("stateMachineArn")?
            )
        }
        _ => return None,
    })
}
