//! Options of the commands that enter a container.

use clap::Args;

use super::{JsonArgs, NamedStackArgs};

/// Which container is entered.
#[derive(Debug, Args)]
pub(crate) struct PlaceArgs {
    #[command(flatten)]
    pub(crate) stack: NamedStackArgs,
    /// The service [default: the only one of the stack]
    #[arg(long = "resourceName", value_name = "NAME")]
    pub(crate) resource_name: Option<String>,
    /// The task: its id, the beginning of it, or its ARN [default: a healthy one that runs]
    #[arg(long = "taskArn", visible_alias = "task", value_name = "ID")]
    pub(crate) task: Option<String>,
    /// The container [default: the main one, `service-container`]
    #[arg(long, value_name = "NAME")]
    pub(crate) container: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct ContainerExecArgs {
    #[command(flatten)]
    pub(crate) place: PlaceArgs,
    /// A line for the container's `sh`, instead of a program
    #[arg(
        long,
        value_name = "LINE",
        allow_hyphen_values = true,
        conflicts_with = "arguments"
    )]
    pub(crate) command: Option<String>,
    /// Give the program a terminal; needs one itself
    #[arg(long, short, conflicts_with = "json")]
    pub(crate) tty: bool,
    #[command(flatten)]
    pub(crate) output: JsonArgs,
    /// The program and its arguments, after `--`
    #[arg(
        last = true,
        allow_hyphen_values = true,
        value_name = "PROGRAM",
        required_unless_present = "command"
    )]
    pub(crate) arguments: Vec<String>,
}

#[derive(Debug, Args)]
pub(crate) struct ContainerSessionArgs {
    #[command(flatten)]
    pub(crate) place: PlaceArgs,
    /// What is run, by the container's `sh` [default: `bash`, or `sh` where there is none]
    #[arg(long, value_name = "LINE", allow_hyphen_values = true)]
    pub(crate) command: Option<String>,
}
