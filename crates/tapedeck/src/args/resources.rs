//! Commands about what services are connected to.

use clap::Args;

use super::{JsonArgs, NamedStackArgs};

#[derive(Debug, Args)]
pub(crate) struct ParamGetArgs {
    /// The resource
    #[arg(long = "resourceName", value_name = "NAME")]
    pub(crate) resource_name: String,
    /// The parameter, such as `connectionString`; `info:stack` lists them
    #[arg(long = "paramName", value_name = "NAME")]
    pub(crate) param_name: String,
    #[command(flatten)]
    pub(crate) stack: NamedStackArgs,
    #[command(flatten)]
    pub(crate) output: JsonArgs,
}

#[derive(Debug, Args)]
pub(crate) struct AwsArgs {
    /// What that command line is told
    #[arg(trailing_var_arg = true, allow_hyphen_values = true, value_name = "ARGUMENTS")]
    pub(crate) arguments: Vec<std::ffi::OsString>,
}
