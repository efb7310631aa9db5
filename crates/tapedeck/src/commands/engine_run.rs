//! `tapedeck engine run`

use std::process::ExitCode;

use tapedeck_engine::{DEFAULT_STORAGE_MB, EngineTempo};

use crate::args::{EngineTempoArgs, PaceName};
use crate::context::Context;
use crate::engine;
use crate::exit::{Failure, Outcome};
use crate::printer::Printer;

pub(crate) const EXAMPLES: &str = "Examples:
  tapedeck engine run

`tapedeck engine install` has systemd do that; another service manager must not kill what the engine has started, and
start it again when it ends with another code than 0.";

/// Runs the engine until it is told to end or gets SIGTERM or SIGINT.
pub(crate) fn run(args: &EngineTempoArgs, context: &Context, printer: &Printer) -> Outcome {
    engine::require_root("run the engine")?;
    let options = tapedeck_engine::Options {
        home: context.home.clone(),
        executable: context.executable.clone(),
        tempo: EngineTempo {
            like_ecs: args.pace == Some(PaceName::Ecs),
            speed: args.scaling_speed.unwrap_or(1),
        },
        task_storage_mb: args.task_storage.unwrap_or(DEFAULT_STORAGE_MB),
        notify_socket: context.variable("NOTIFY_SOCKET"),
        boot_id: args.boot_id.clone(),
        #[cfg(debug_assertions)]
        failpoint: context.variable("TAPEDECK_FAILPOINT"),
        memory_budget: args.memory_budget,
        metrics: args.metrics_address,
    };
    let ready = |status: &tapedeck_api::EngineStatus| {
        printer.say(format!(
            "engine {} runs (pid {}, state {}, bridge {} {}, cgroups {})",
            status.version, status.pid, status.home, status.bridge, status.subnet, status.cgroups
        ));
        for warning in &status.warnings {
            printer.say(format!("warning: {warning}"));
        }
    };
    tapedeck_engine::run(options, ready).map_err(|error| Failure::new(engine::kind_of(&error), error))?;
    Ok(ExitCode::SUCCESS)
}
