//! `deploymentConfig`: how CloudFormation deploys.

use serde_json::Value;
use tapedeck_cloud::Manner;
use tapedeck_model::Stack;

use crate::exit::Failure;

/// How many templates of a stack are kept to go back to, unless the config says otherwise.
const KEPT: usize = 10;

/// What the config says of deployments.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Settings {
    pub(crate) manner: Manner,
    /// How many templates are kept to go back to.
    pub(crate) kept: usize,
}

impl Settings {
    /// What a stack says.
    ///
    /// # Errors
    /// When something in it is known only once the stack is deployed.
    pub(crate) fn of(stack: &Stack) -> Result<Self, Failure> {
        let written = stack.settings.deployment.as_ref();
        let written = written.map(serde_json::to_value).and_then(Result::ok);
        Self::read(&written.unwrap_or_default())
    }

    fn read(written: &Value) -> Result<Self, Failure> {
        let is = |key: &str| written.get(key).and_then(Value::as_bool).unwrap_or_default();
        let number = |key: &str| written.get(key).and_then(Value::as_u64);
        let kept = number("previousVersionsToKeep").and_then(|kept| usize::try_from(kept).ok());
        let minutes = number("monitoringTimeAfterDeploymentInMinutes");
        Ok(Self {
            manner: Manner {
                role: texts(written, "cloudformationRoleArn")?.pop(),
                topics: texts(written, "publishEventsToArn")?,
                alarms: texts(written, "triggerRollbackOnAlarms")?,
                watched_minutes: minutes
                    .and_then(|minutes| u8::try_from(minutes).ok())
                    .unwrap_or_default(),
                leaves_failed: is("disableAutoRollback"),
                is_protected: is("terminationProtection"),
            },
            kept: kept.unwrap_or(KEPT),
        })
    }
}

/// One text, or several.
fn texts(written: &Value, key: &str) -> Result<Vec<String>, Failure> {
    let items = match written.get(key) {
        None | Some(Value::Null) => &[][..],
        Some(Value::Array(items)) => items.as_slice(),
        Some(one) => std::slice::from_ref(one),
    };
    let texts = items.iter().map(|item| item.as_str().map(str::to_string));
    texts.collect::<Option<Vec<String>>>().ok_or_else(|| {
        Failure::usage(format!(
            "`deploymentConfig.{key}` is made of what only the deployed stack has, and is needed to deploy it"
        ))
        .help("write the ARN itself, or take it from $Var(), $Env() or $StackOutput(); nothing was changed")
    })
}

#[cfg(test)]
mod tests;
