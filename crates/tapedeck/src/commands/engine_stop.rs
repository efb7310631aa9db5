//! `tapedeck engine stop`

use std::process::ExitCode;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

use crate::args::EngineStopArgs;
use crate::context::Context;
use crate::engine;
use crate::exit::{ExitKind, Failure, OrFail, Outcome};
use crate::printer::Printer;
use crate::text::count;

pub(crate) const EXAMPLES: &str = "Examples:
  tapedeck engine stop            for an upgrade: tasks run on
  tapedeck engine stop --tasks    before the machine is switched off for good";

/// How long an engine that said it ends may take to be gone.
const PATIENCE: Duration = Duration::from_secs(10);

/// Ends the engine and waits until it is gone.
pub(crate) fn run(args: &EngineStopArgs, context: &Context, printer: &Printer) -> Outcome {
    if let Some(pid) = engine::pid_of_other_version(context) {
        return stop_other_version(pid, args, context, printer);
    }
    let Some(mut client) = engine::try_connect(context)? else {
        if printer.is_json() {
            printer.json(&serde_json::json!({ "wasRunning": false, "tasksLeft": null }));
        }
        printer.say("the engine does not run");
        return Ok(ExitCode::SUCCESS);
    };
    let mut progress = printer.progress("engine");
    progress.now(if args.tasks {
        "stopping all tasks"
    } else {
        "stopping"
    });
    let left = client.stop_engine(args.tasks).or_fail(ExitKind::Environment)?;
    await_end(context)?;
    drop(progress);
    if printer.is_json() {
        printer.json(&serde_json::json!({ "wasRunning": true, "tasksLeft": left }));
    }
    printer.say(match left {
        0 => "the engine is stopped".to_string(),
        left => format!(
            "the engine is stopped; {} keep running without it and are adopted by `tapedeck engine start` \
             (`tapedeck engine stop --tasks` would have stopped them too)",
            count(left, "task")
        ),
    });
    Ok(ExitCode::SUCCESS)
}

/// Ends an engine whose requests we do not know: by SIGTERM, which leaves its tasks to the next engine.
fn stop_other_version(pid: u32, args: &EngineStopArgs, context: &Context, printer: &Printer) -> Outcome {
    if args.tasks {
        return Err(Failure::new(
            ExitKind::Environment,
            anyhow::anyhow!("could not stop the tasks: the engine (pid {pid}) is of another version"),
        )
        .help("`tapedeck engine stop`, `tapedeck engine start`, then this command again"));
    }
    let process = i32::try_from(pid).ok().and_then(Pid::from_raw);
    let process =
        process.ok_or_else(|| Failure::operation(format!("the engine says that its pid is {pid}")))?;
    kill_process(process, Signal::TERM).map_err(|error| {
        let what = format!("could not send SIGTERM to the engine (pid {pid})");
        Failure::new(ExitKind::Environment, anyhow::Error::new(error).context(what))
    })?;
    await_end(context)?;
    if printer.is_json() {
        printer.json(&serde_json::json!({ "wasRunning": true, "tasksLeft": null }));
    }
    printer.say(
        "the engine, which was of another version, is stopped; its tasks keep running and are adopted by \
         `tapedeck engine start`",
    );
    Ok(ExitCode::SUCCESS)
}

/// Ends an engine if one runs, without its tasks; says whether one did.
///
/// # Errors
/// When it does not end.
pub(super) fn end_if_running(context: &Context) -> Result<bool, Failure> {
    let Some(mut client) = engine::try_connect(context)? else {
        return Ok(false);
    };
    client.stop_engine(false).or_fail(ExitKind::Environment)?;
    await_end(context)?;
    Ok(true)
}

/// Waits until the engine is gone.
///
/// # Errors
/// When it still runs after a while.
pub(crate) fn await_end(context: &Context) -> Result<(), Failure> {
    let deadline = Instant::now() + PATIENCE;
    while engine::is_running(context) {
        if Instant::now() > deadline {
            return Err(
                Failure::operation("the engine was told to end, but it still runs")
                    .help(format!("look at {}", context.home.engine_log().display())),
            );
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    Ok(())
}
