//! How the engine is started and stopped.

use clap::{Args, Subcommand, ValueEnum};
use tapedeck_engine::LoopbackAddress;

use super::JsonArgs;

#[derive(Debug, Subcommand)]
pub(crate) enum EngineCommand {
    /// Start the engine in the background. Tasks of an earlier engine are adopted.
    #[command(after_help = crate::commands::engine_start::EXAMPLES)]
    Start(EngineStartArgs),
    /// End the engine. Tasks keep running without it, unless --tasks is given.
    #[command(after_help = crate::commands::engine_stop::EXAMPLES)]
    Stop(EngineStopArgs),
    /// Show whether the engine runs, and how. Exit code 1 when it does not.
    #[command(after_help = crate::commands::engine_status::EXAMPLES)]
    Status(JsonArgs),
    /// Have systemd run the engine, now and after each boot
    #[command(after_help = crate::commands::engine_install::EXAMPLES)]
    Install(EngineInstallArgs),
    /// Take the engine from systemd again. Tasks keep running
    #[command(after_help = crate::commands::engine_uninstall::EXAMPLES)]
    Uninstall(JsonArgs),
    /// Run the engine in the foreground, for a service manager.
    #[command(after_help = crate::commands::engine_run::EXAMPLES)]
    Run(EngineTempoArgs),
}

/// How the engine goes about its work. It is not remembered: an engine that is started without has the defaults.
#[derive(Debug, Clone, Args)]
pub(crate) struct EngineTempoArgs {
    /// How fast tasks are trusted, tried again and scaled: `fast` as one machine can, `ecs` as ECS does [default: fast]
    #[arg(long, value_name = "PACE")]
    pub(crate) pace: Option<PaceName>,
    /// Let the waits of scaling pass that many times faster, to rehearse in minutes what takes hours [default: 1]
    #[arg(long = "scaling-speed", value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1000))]
    pub(crate) scaling_speed: Option<u32>,
    /// Let each task write that many MB, 64 or more [default: 20480]
    #[arg(long = "task-storage", value_name = "MB", value_parser = clap::value_parser!(u32).range(64..=1_048_576))]
    pub(crate) task_storage: Option<u32>,
    /// Take this for the id of the current boot, to rehearse what a reboot does
    #[arg(long = "boot-id", value_name = "ID", hide = true)]
    pub(crate) boot_id: Option<String>,
    /// How much of this machine's memory tasks may have together, in MiB; what does not fit waits [default: four fifths]
    #[arg(long = "memory-budget", value_name = "MIB", value_parser = clap::value_parser!(u64).range(1..))]
    pub(crate) memory_budget: Option<u64>,
    /// Serve metrics to Prometheus under http://<ADDRESS>/metrics; only an address of this machine alone is taken, such
    /// as 127.0.0.1:9464 [default: nowhere]
    #[arg(long = "metrics-address", value_name = "ADDRESS")]
    pub(crate) metrics_address: Option<LoopbackAddress>,
}

/// Names of paces.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum PaceName {
    Fast,
    Ecs,
}

#[derive(Debug, Args)]
pub(crate) struct EngineStartArgs {
    #[command(flatten)]
    pub(crate) tempo: EngineTempoArgs,
    #[command(flatten)]
    pub(crate) output: JsonArgs,
}

#[derive(Debug, Args)]
pub(crate) struct EngineInstallArgs {
    /// Print the unit and change nothing
    #[arg(long)]
    pub(crate) print: bool,
    #[command(flatten)]
    pub(crate) tempo: EngineTempoArgs,
    #[command(flatten)]
    pub(crate) output: JsonArgs,
}

#[derive(Debug, Args)]
pub(crate) struct EngineStopArgs {
    /// Stop all tasks too; they start again with the next engine
    #[arg(long)]
    pub(crate) tasks: bool,
    #[command(flatten)]
    pub(crate) output: JsonArgs,
}
