//! `tapedeck engine run`

use std::process::ExitCode;

use tapedeck_engine::EngineTempo;

use crate::args::{EngineTempoArgs, PaceName};
use crate::context::Context;
use crate::engine;
use crate::exit::{Failure, Outcome};
use crate::printer::Printer;

pub(crate) const EXAMPLES: &str = "Examples:
  tapedeck engine run

As a systemd unit, give it `KillMode=process`, so that tasks outlive a restart of the engine:
  [Service]
  ExecStart=/usr/local/bin/tapedeck engine run
  KillMode=process
  Restart=always";

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
        memory_budget: args.memory_budget,
        metrics: args.metrics_address,
    };
    let ready = |status: &tapedeck_api::EngineStatus| {
        printer.say(format!(
            "engine {} runs (pid {}, state {}, bridge {} {}, cgroups {})",
            status.version, status.pid, status.home, status.bridge, status.subnet, status.cgroups
        ));
    };
    tapedeck_engine::run(options, ready).map_err(|error| Failure::new(engine::kind_of(&error), error))?;
    Ok(ExitCode::SUCCESS)
}
