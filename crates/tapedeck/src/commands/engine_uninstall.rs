//! `tapedeck engine uninstall`

use std::process::ExitCode;

use crate::args::JsonArgs;
use crate::commands::engine_install::require_systemd;
use crate::commands::engine_stop;
use crate::context::Context;
use crate::engine;
use crate::exit::{ExitKind, OrFail, Outcome};
use crate::printer::Printer;
use crate::unit::{self, Unit};

pub(crate) const EXAMPLES: &str = "Examples:
  tapedeck engine uninstall         tasks run on; the state folder stays";

/// Takes the engine from systemd again. Tasks run on without it.
pub(crate) fn run(_: &JsonArgs, context: &Context, printer: &Printer) -> Outcome {
    engine::require_root("uninstall the engine")?;
    let unit = Unit::of(&context.home);
    let was_installed = unit.path.exists();
    if was_installed {
        require_systemd()?;
        unit::systemctl(&["disable", "--now", &unit.name])?;
        fs_err::remove_file(&unit.path).or_fail(ExitKind::Environment)?;
        unit::systemctl(&["daemon-reload"])?;
        engine_stop::await_end(context)?;
    }
    if printer.is_json() {
        printer.json(&serde_json::json!({ "unit": unit.name, "wasInstalled": was_installed }));
    }
    printer.say(if was_installed {
        format!(
            "{} is stopped and removed; tasks keep running without an engine, `tapedeck engine start` adopts them, \
             `tapedeck engine install` undoes this",
            unit.name
        )
    } else {
        format!("the engine is not installed: there is no {}", unit.path.display())
    });
    Ok(ExitCode::SUCCESS)
}
