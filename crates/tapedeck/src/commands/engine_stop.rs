//! `tapedeck engine stop`

use std::process::ExitCode;
use std::time::{Duration, Instant};

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
    let deadline = Instant::now() + PATIENCE;
    while engine::is_running(context) {
        if Instant::now() > deadline {
            return Err(
                Failure::operation("the engine said that it ends, but it still runs")
                    .help(format!("look at {}", context.home.engine_log().display())),
            );
        }
        std::thread::sleep(Duration::from_millis(5));
    }
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
