//! `tapedeck engine start`

use std::process::ExitCode;

use crate::context::Context;
use crate::engine;
use crate::exit::{ExitKind, OrFail, Outcome};
use crate::printer::Printer;
use crate::report;

pub(crate) const EXAMPLES: &str = "Examples:
  tapedeck engine start
  tapedeck engine start --json | jq .pid";

/// Starts the engine unless one runs already.
pub(crate) fn run(context: &Context, printer: &Printer) -> Outcome {
    let mut progress = printer.progress("engine");
    let mut client = engine::ensure_running(context, &mut progress)?;
    drop(progress);
    let status = client.engine_status().or_fail(ExitKind::Environment)?;
    if printer.is_json() {
        printer.json(&status);
    } else {
        printer.data(report::engine(&status, engine::now()));
    }
    Ok(ExitCode::SUCCESS)
}
