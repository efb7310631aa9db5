//! Secrets of a region, in Secrets Manager.

use std::process::ExitCode;

use serde_json::json;
use tapedeck_model::SecretName;

use super::Aws;
use crate::exit::{Failure, Outcome};
use crate::printer::Printer;

/// For how many days a deleted secret can be restored.
const RECOVERY_DAYS: i64 = 7;

/// The failure of a command about a secret that is not there.
pub(crate) fn missing(aws: &Aws, name: &SecretName) -> Failure {
    Failure::operation(format!("there is no secret {name} in {}", aws.cloud.place())).help(format!(
        "`tapedeck secret:list --region {}` lists those that there are",
        aws.region
    ))
}

/// Whether there is a secret.
///
/// # Errors
/// When it cannot be asked.
pub(crate) fn contains(aws: &Aws, name: &SecretName) -> Result<bool, Failure> {
    Ok(aws.run(aws.cloud.secret(name.as_str()))?.is_some())
}

/// Gives a secret a value.
///
/// # Errors
/// When it may not be written.
pub(crate) fn set(aws: &Aws, name: &SecretName, value: &str, printer: &Printer) -> Outcome {
    let is_new = aws.run(aws.cloud.set_secret(name.as_str(), value))?;
    if printer.is_json() {
        printer.json(&json!({ "name": name, "created": is_new }));
    }
    printer.say(match is_new {
        true => format!("secret {name} is set in {}", aws.cloud.place()),
        false => format!("secret {name} has a new value: the next deployment of what uses it takes it"),
    });
    Ok(ExitCode::SUCCESS)
}

/// The value of a secret.
///
/// # Errors
/// When there is none, or it may not be read.
pub(crate) fn value(aws: &Aws, name: &SecretName) -> Result<String, Failure> {
    let value = aws.run(aws.cloud.secret_value(name.as_str()))?;
    value.ok_or_else(|| missing(aws, name))
}

/// Lists the names of all secrets.
///
/// # Errors
/// When they may not be listed.
pub(crate) fn list(aws: &Aws, printer: &Printer) -> Outcome {
    let names = aws.run(aws.cloud.secrets())?;
    match printer.is_json() {
        true => printer.json(
            &names
                .iter()
                .map(|name| json!({ "name": name }))
                .collect::<Vec<_>>(),
        ),
        false => names.iter().for_each(|name| printer.data(name)),
    }
    Ok(ExitCode::SUCCESS)
}

/// Deletes a secret.
///
/// # Errors
/// When there is none, or it may not be deleted.
pub(crate) fn delete(aws: &Aws, name: &SecretName, printer: &Printer) -> Outcome {
    if !aws.run(aws.cloud.delete_secret(name.as_str(), RECOVERY_DAYS))? {
        return Err(missing(aws, name));
    }
    match printer.is_json() {
        true => printer.json(&json!({ "deleted": name, "recoverableDays": RECOVERY_DAYS })),
        false => printer.say(format!(
            "secret {name} is deleted; for {RECOVERY_DAYS} days `aws secretsmanager restore-secret` brings it back"
        )),
    }
    Ok(ExitCode::SUCCESS)
}
