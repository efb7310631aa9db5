//! Options of `tapedeck deploy` and `tapedeck rollback`.

use clap::Args;

use super::{ConfigArgs, ExtraArgs, JsonArgs, LookupsArgs, NamedStackArgs, StackArgs};

#[derive(Debug, Args)]
pub(crate) struct DeployArgs {
    #[command(flatten)]
    pub(crate) stack: StackArgs,
    #[command(flatten)]
    pub(crate) config: ConfigArgs,
    #[command(flatten)]
    pub(crate) options: ExtraArgs,
    /// Package again even where nothing changed
    #[arg(long = "noCache")]
    pub(crate) no_cache: bool,
    /// Hand it over to the engine and return, without waiting for the outcome
    #[arg(long)]
    pub(crate) detach: bool,
    /// On AWS: where only code has changed, give the services new task definitions past CloudFormation, which takes seconds
    #[arg(long = "hotSwap")]
    pub(crate) hot_swap: bool,
    /// Do not ask before something is lost
    #[arg(long, short)]
    pub(crate) yes: bool,
    #[command(flatten)]
    pub(crate) lookups: LookupsArgs,
    /// An emulator of AWS: in region `local` in place of the one that is started here (tasks have to reach it, and its
    /// credentials are AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY); in others in place of AWS [default: AWS_ENDPOINT_URL]
    #[arg(long = "endpointUrl", value_name = "URL")]
    pub(crate) endpoint_url: Option<String>,
    #[command(flatten)]
    pub(crate) output: JsonArgs,
}

#[derive(Debug, Args)]
pub(crate) struct CfRollbackArgs {
    #[command(flatten)]
    pub(crate) stack: NamedStackArgs,
    /// A resource that is not to be rolled back, by its logical id; may be given several times
    #[arg(long = "resourcesToSkip", value_name = "ID")]
    pub(crate) resources_to_skip: Vec<String>,
    #[command(flatten)]
    pub(crate) output: JsonArgs,
}

#[derive(Debug, Args)]
pub(crate) struct RollbackArgs {
    #[command(flatten)]
    pub(crate) stack: NamedStackArgs,
    /// On AWS: the version to go back to, as --listVersions tells it [default: the one before]
    #[arg(long = "targetVersion", value_name = "VERSION")]
    pub(crate) target_version: Option<String>,
    /// On AWS: list the versions, and change nothing
    #[arg(long = "listVersions")]
    pub(crate) list_versions: bool,
    /// Only this service [default: those that the last deployment changed]
    #[arg(long = "resourceName", value_name = "NAME")]
    pub(crate) resource_name: Option<String>,
    /// Hand it over to the engine and return, without waiting for the outcome
    #[arg(long)]
    pub(crate) detach: bool,
    #[command(flatten)]
    pub(crate) output: JsonArgs,
}
