//! `tapedeck engine install`

use std::process::ExitCode;

use crate::args::EngineInstallArgs;
use crate::commands::{engine_start, engine_stop};
use crate::context::Context;
use crate::engine;
use crate::exit::{ExitKind, Failure, OrFail, Outcome};
use crate::printer::Printer;
use crate::unit::{self, Unit};

pub(crate) const EXAMPLES: &str = "Examples:
  tapedeck engine install
  tapedeck engine install --metrics-address 127.0.0.1:9464
  tapedeck engine install --print        only show the unit";

/// Has systemd start the engine now and at each boot.
pub(crate) fn run(args: &EngineInstallArgs, context: &Context, printer: &Printer) -> Outcome {
    let text = unit::text(context, &engine_start::words(&args.tempo));
    let unit = Unit::of(&context.home);
    if args.print {
        if printer.is_json() {
            printer.json(&serde_json::json!({ "unit": unit.name, "path": unit.path, "text": text }));
        } else {
            printer.data(text.trim_end());
        }
        return Ok(ExitCode::SUCCESS);
    }
    engine::require_root("install the engine")?;
    require_systemd()?;
    let mut progress = printer.progress("engine");
    progress.now("installing");
    unit::write(&unit, &text).or_fail(ExitKind::Environment)?;
    unit::systemctl(&["daemon-reload"])?;
    unit::systemctl(&["enable", &unit.name])?;
    // One that runs has the state folder, whoever started it; its tasks run on meanwhile.
    let replaced = engine_stop::end_if_running(context)?;
    unit::systemctl(&["restart", &unit.name])?;
    let mut client = engine::await_engine(context)?;
    let status = client.engine_status().or_fail(ExitKind::Environment)?;
    drop(progress);
    if printer.is_json() {
        printer.json(&serde_json::json!({ "unit": unit.name, "path": unit.path, "pid": status.pid }));
    }
    printer.say(format!(
        "wrote {}; systemd runs the engine (pid {}){}, and starts it at each boot",
        unit.path.display(),
        status.pid,
        if replaced {
            " in place of the one that ran"
        } else {
            ""
        }
    ));
    printer.say(format!(
        "`journalctl --unit {}` shows what it says, `tapedeck engine uninstall` undoes this",
        unit.name
    ));
    Ok(ExitCode::SUCCESS)
}

/// Fails where another program than systemd runs the machine.
pub(super) fn require_systemd() -> Result<(), Failure> {
    if unit::is_booted() {
        return Ok(());
    }
    Err(Failure::new(
        ExitKind::Environment,
        anyhow::anyhow!("could not install the engine: systemd does not run this machine"),
    )
    .help(
        "`tapedeck engine install --print` shows the unit; have `tapedeck engine run` started at each boot",
    ))
}
