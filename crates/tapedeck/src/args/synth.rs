//! Options of `synth`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::{ConfigArgs, ExtraArgs, StackArgs};

#[derive(Debug, Args)]
pub(crate) struct SynthArgs {
    #[command(flatten)]
    pub(crate) stack: StackArgs,
    #[command(flatten)]
    pub(crate) config: ConfigArgs,
    /// What AWS would answer, as JSON: account, secrets, parameters, outputs of stacks, VPCs
    #[arg(long, value_name = "FILE")]
    pub(crate) lookups: Option<PathBuf>,
    /// Write it into this file instead of printing it
    #[arg(long = "outFile", value_name = "FILE")]
    pub(crate) out_file: Option<PathBuf>,
    /// Language of the template [default: YAML for files that end in .yml or .yaml, else JSON]
    #[arg(long, value_name = "FORMAT", value_enum)]
    pub(crate) format: Option<TemplateFormat>,
    #[command(flatten)]
    pub(crate) options: ExtraArgs,
}

/// Languages of templates.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum TemplateFormat {
    Json,
    Yaml,
}
