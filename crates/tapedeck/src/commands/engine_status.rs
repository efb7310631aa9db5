//! `tapedeck engine status`

use std::process::ExitCode;

use tapedeck_api::Client;

use crate::context::Context;
use crate::engine;
use crate::exit::{ExitKind, Failure, OrFail, Outcome};
use crate::printer::Printer;
use crate::report;

pub(crate) const EXAMPLES: &str = "Examples:
  tapedeck engine status
  tapedeck engine status --json | jq .tasksRunning";

/// Shows the engine. Exit code 1 when none runs, so that scripts can ask.
pub(crate) fn run(context: &Context, printer: &Printer) -> Outcome {
    let Some(mut client) = engine::try_connect(context)? else {
        if printer.is_json() {
            printer.json(&serde_json::json!(null));
        }
        printer.say("the engine does not run; `tapedeck engine start` starts it");
        return Ok(ExitCode::from(ExitKind::Operation.code()));
    };
    show(&mut client, printer)?;
    Ok(ExitCode::SUCCESS)
}

/// Shows the engine at the other end.
pub(crate) fn show(client: &mut Client, printer: &Printer) -> Result<(), Failure> {
    let status = client.engine_status().or_fail(ExitKind::Environment)?;
    if printer.is_json() {
        printer.json(&status);
    } else {
        printer.data(report::engine(&status, engine::now()));
    }
    Ok(())
}
