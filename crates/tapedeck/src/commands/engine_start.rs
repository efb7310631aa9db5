//! `tapedeck engine start`

use std::process::ExitCode;

use crate::commands::engine_status;
use crate::context::Context;
use crate::engine;
use crate::exit::Outcome;
use crate::printer::Printer;

pub(crate) const EXAMPLES: &str = "Examples:
  tapedeck engine start
  tapedeck engine start --json | jq .pid";

/// Starts the engine unless one runs already.
pub(crate) fn run(context: &Context, printer: &Printer) -> Outcome {
    let mut progress = printer.progress("engine");
    let mut client = engine::ensure_running(context, &mut progress)?;
    drop(progress);
    engine_status::show(&mut client, printer)?;
    Ok(ExitCode::SUCCESS)
}
