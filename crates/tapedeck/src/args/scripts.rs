//! Scripts of the config.

use clap::Args;

use super::{ConfigArgs, JsonArgs, StackArgs};

#[derive(Debug, Args)]
pub(crate) struct ScriptRunArgs {
    /// The script: a key of `scripts` in the config
    #[arg(long = "scriptName", value_name = "NAME")]
    pub(crate) script_name: String,
    #[command(flatten)]
    pub(crate) stack: StackArgs,
    #[command(flatten)]
    pub(crate) config: ConfigArgs,
    /// A variable of its environment; may be given several times. Others can see it while this runs: secrets go into the config
    #[arg(long = "env", value_name = "NAME=VALUE")]
    pub(crate) env: Vec<String>,
    /// Run it in the role of this resource [default: `assumeRoleOfResource` of the script]
    #[arg(long = "assumeRoleOfResource", value_name = "NAME")]
    pub(crate) assume_role_of_resource: Option<String>,
    #[command(flatten)]
    pub(crate) output: JsonArgs,
    /// What the script is given as its arguments
    #[arg(last = true, allow_hyphen_values = true, value_name = "ARGUMENTS")]
    pub(crate) arguments: Vec<String>,
}
