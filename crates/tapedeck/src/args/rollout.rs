//! Options of `tapedeck deploy` and `tapedeck rollback`.

use clap::Args;

use super::{ConfigArgs, ExtraArgs, JsonArgs, NamedStackArgs, StackArgs};

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
    /// An emulator of AWS that takes the place of the one that is started here; tasks have to reach it. Its credentials are
    /// AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY
    #[arg(long = "endpointUrl", value_name = "URL")]
    pub(crate) endpoint_url: Option<String>,
    #[command(flatten)]
    pub(crate) output: JsonArgs,
}

#[derive(Debug, Args)]
pub(crate) struct RollbackArgs {
    #[command(flatten)]
    pub(crate) stack: NamedStackArgs,
    /// Only this service [default: those that the last deployment changed]
    #[arg(long = "resourceName", value_name = "NAME")]
    pub(crate) resource_name: Option<String>,
    /// Hand it over to the engine and return, without waiting for the outcome
    #[arg(long)]
    pub(crate) detach: bool,
    #[command(flatten)]
    pub(crate) output: JsonArgs,
}
