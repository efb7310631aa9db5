//! `tapedeck engine start`

use std::net::SocketAddr;
use std::process::ExitCode;

use tapedeck_api::EngineStatus;

use crate::args::{EngineTempoArgs, PaceName};
use crate::commands::engine_status;
use crate::context::Context;
use crate::engine;
use crate::exit::{ExitKind, Failure, OrFail, Outcome};
use crate::printer::Printer;

pub(crate) const EXAMPLES: &str = "Examples:
  tapedeck engine start
  tapedeck engine start --json | jq .pid
  tapedeck engine start --pace ecs --scaling-speed 60    rehearse what AWS would do, an hour in a minute
  tapedeck engine start --metrics-address 127.0.0.1:9464";

/// Starts the engine unless one runs already. One that runs in another way is told, not changed.
pub(crate) fn run(args: &EngineTempoArgs, context: &Context, printer: &Printer) -> Outcome {
    let mut progress = printer.progress("engine");
    let mut client = engine::ensure_running_as(context, &mut progress, &words(args))?;
    drop(progress);
    let status = client.engine_status().or_fail(ExitKind::Environment)?;
    if let Some(other) = difference(args, &status) {
        return Err(
            Failure::operation(format!("the engine runs already, with {other}"))
                .help("`tapedeck engine stop`, then this again; tasks keep running meanwhile"),
        );
    }
    engine_status::show(&mut client, printer)?;
    Ok(ExitCode::SUCCESS)
}

/// The same options for `engine run`.
pub(super) fn words(args: &EngineTempoArgs) -> Vec<String> {
    let mut words = Vec::new();
    let mut add = |name: &str, value: Option<String>| {
        if let Some(value) = value {
            words.extend([name.to_owned(), value]);
        }
    };
    add("--pace", args.pace.map(|pace| name_of(pace).to_owned()));
    add(
        "--scaling-speed",
        args.scaling_speed.map(|speed| speed.to_string()),
    );
    add("--task-storage", args.task_storage.map(|size| size.to_string()));
    add("--boot-id", args.boot_id.clone());
    add(
        "--memory-budget",
        args.memory_budget.map(|budget| budget.to_string()),
    );
    add(
        "--metrics-address",
        args.metrics_address.map(|address| address.address().to_string()),
    );
    words
}

fn name_of(pace: PaceName) -> &'static str {
    match pace {
        PaceName::Fast => "fast",
        PaceName::Ecs => "ecs",
    }
}

/// What an engine does otherwise than asked for. A port of 0 is any.
fn difference(args: &EngineTempoArgs, status: &EngineStatus) -> Option<String> {
    if args.pace.is_some_and(|pace| name_of(pace) != status.pace) {
        return Some(format!("pace {}", status.pace));
    }
    if args
        .scaling_speed
        .is_some_and(|speed| speed != status.scaling_speed)
    {
        return Some(format!("scaling speed {}", status.scaling_speed));
    }
    if args
        .task_storage
        .is_some_and(|size| status.task_storage_mb.is_some_and(|found| found != size))
    {
        let found = status.task_storage_mb.unwrap_or_default();
        return Some(format!("{found} MB of storage for each task"));
    }
    if args
        .memory_budget
        .is_some_and(|budget| budget != status.memory_budget)
    {
        return Some(format!("a memory budget of {} MiB", status.memory_budget));
    }
    let asked = args.metrics_address.map(|address| address.address())?;
    let is_it =
        |found: SocketAddr| found.ip() == asked.ip() && (asked.port() == 0 || found.port() == asked.port());
    match status.metrics_address {
        Some(found) if is_it(found) => None,
        Some(found) => Some(format!("metrics on {found}")),
        None => Some("metrics served nowhere".to_owned()),
    }
}
