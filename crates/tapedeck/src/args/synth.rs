//! Options of `synth`, and of what is told of a template: `diff`, `cost` and `aws:permissions`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::{ConfigArgs, ExtraArgs, JsonArgs, LookupsArgs, StackArgs};

#[derive(Debug, Args)]
pub(crate) struct SynthArgs {
    #[command(flatten)]
    pub(crate) stack: StackArgs,
    #[command(flatten)]
    pub(crate) config: ConfigArgs,
    #[command(flatten)]
    pub(crate) lookups: LookupsArgs,
    /// Write it into this file instead of printing it
    #[arg(long = "outFile", value_name = "FILE")]
    pub(crate) out_file: Option<PathBuf>,
    /// Language of the template [default: YAML for files that end in .yml or .yaml, else JSON]
    #[arg(long, value_name = "FORMAT", value_enum)]
    pub(crate) format: Option<TemplateFormat>,
    #[command(flatten)]
    pub(crate) options: ExtraArgs,
}

#[derive(Debug, Args)]
pub(crate) struct DiffArgs {
    #[command(flatten)]
    pub(crate) stack: StackArgs,
    #[command(flatten)]
    pub(crate) config: ConfigArgs,
    /// The template to compare with, of JSON or YAML; `-` is standard input
    #[arg(long, value_name = "FILE")]
    pub(crate) against: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) lookups: LookupsArgs,
    /// Exit with 4 when something would change
    #[arg(long = "exitCode")]
    pub(crate) exit_code: bool,
    #[command(flatten)]
    pub(crate) options: ExtraArgs,
    #[command(flatten)]
    pub(crate) output: JsonArgs,
}

#[derive(Debug, Args)]
pub(crate) struct AwsPermissionsArgs {
    #[command(flatten)]
    pub(crate) stack: StackArgs,
    #[command(flatten)]
    pub(crate) config: ConfigArgs,
    #[command(flatten)]
    pub(crate) lookups: LookupsArgs,
    /// Print what the role needs that `deploymentConfig.cloudformationRoleArn` names
    #[arg(long = "cloudformationRole")]
    pub(crate) cloudformation_role: bool,
    /// Print an array of policies, each small enough for a managed one
    #[arg(long)]
    pub(crate) split: bool,
    #[command(flatten)]
    pub(crate) options: ExtraArgs,
    #[command(flatten)]
    pub(crate) output: JsonArgs,
}

#[derive(Debug, Args)]
pub(crate) struct CostArgs {
    #[command(flatten)]
    pub(crate) stack: StackArgs,
    #[command(flatten)]
    pub(crate) config: ConfigArgs,
    #[command(flatten)]
    pub(crate) lookups: LookupsArgs,
    #[command(flatten)]
    pub(crate) options: ExtraArgs,
    #[command(flatten)]
    pub(crate) output: JsonArgs,
}

/// Languages of templates.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum TemplateFormat {
    Json,
    Yaml,
}
