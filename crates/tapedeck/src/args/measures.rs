//! What tasks use, and what follows from it.

use clap::Args;

use super::{JsonArgs, NamedStackArgs};

#[derive(Debug, Args)]
pub(crate) struct InfoScalingArgs {
    /// The service; may be several [default: all services of the stack]
    #[arg(value_name = "SERVICE")]
    pub(crate) services: Vec<String>,
    #[command(flatten)]
    pub(crate) stack: NamedStackArgs,
    #[command(flatten)]
    pub(crate) output: JsonArgs,
}

#[derive(Debug, Args)]
pub(crate) struct MetricsArgs {
    /// The service; may be several [default: all services of the stack]
    #[arg(value_name = "SERVICE")]
    pub(crate) services: Vec<String>,
    #[command(flatten)]
    pub(crate) stack: NamedStackArgs,
    /// How much of the past is shown; on this machine five minutes are kept
    #[arg(long, value_name = "N", default_value_t = 5, value_parser = clap::value_parser!(u8).range(1..=180))]
    pub(crate) minutes: u8,
    /// Print what all tasks of this machine use now, in the text format of Prometheus
    #[arg(long, conflicts_with_all = ["json", "services"])]
    pub(crate) prometheus: bool,
    #[command(flatten)]
    pub(crate) output: JsonArgs,
}
