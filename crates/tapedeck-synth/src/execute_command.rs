//! What ECS is asked to run a command in a container of a task.

use serde::Serialize;
use tapedeck_model::{MAIN_CONTAINER, ResourceName, StackName};

use crate::workload::cluster_name;

/// What stands for the id of a task that was not named.
const SOME_TASK: &str = "TASK";

/// The request `ExecuteCommand` of ECS.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ExecuteCommand {
    /// The name of the cluster.
    pub cluster: String,
    /// The id or ARN of the task.
    pub task: String,
    /// The name of the container.
    pub container: String,
    /// One line, which is split into words as a shell does it, but given to none.
    pub command: String,
    /// ECS takes no other.
    pub interactive: bool,
}

impl ExecuteCommand {
    /// Runs these arguments in a container of a service, by default in the main one.
    #[must_use]
    pub fn new(
        stack: &StackName,
        service: &ResourceName,
        task: Option<&str>,
        container: Option<&str>,
        arguments: &[String],
    ) -> Self {
        let words: Vec<String> = arguments.iter().map(|word| quoted(word)).collect();
        Self {
            cluster: cluster_name(stack.as_str(), service.as_str()),
            task: task.unwrap_or(SOME_TASK).to_owned(),
            container: container.unwrap_or(MAIN_CONTAINER).to_owned(),
            command: words.join(" "),
            interactive: true,
        }
    }

    /// The same as a line for a shell, by the command line of AWS.
    #[must_use]
    pub fn as_aws_command(&self, region: &str) -> String {
        format!(
            "aws ecs execute-command --region {region} --cluster {} --task {} --container {} --interactive --command {}",
            quoted(&self.cluster),
            quoted(&self.task),
            quoted(&self.container),
            quoted(&self.command)
        )
    }
}

/// A word that a shell takes as it is.
fn quoted(word: &str) -> String {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_./:=@%+,".contains(&byte);
    match !word.is_empty() && word.bytes().all(is_plain) {
        true => word.to_owned(),
        false => format!("'{}'", word.replace('\'', r"'\''")),
    }
}
