//! `tapedeck metrics`

use std::process::ExitCode;

use crate::args::MetricsArgs;
use crate::commands::info_stack;
use crate::context::Context;
use crate::engine;
use crate::exit::{ExitKind, OrFail, Outcome};
use crate::options::require_local;
use crate::printer::Printer;
use crate::report;

pub(crate) const EXAMPLES: &str = "Examples:
  tapedeck metrics
  tapedeck metrics worker --minutes 1
  tapedeck metrics --json | jq '.services[].tasks[].memoryBytes'
  tapedeck metrics --prometheus";

/// Shows what tasks use, and have used in the last minutes.
pub(crate) fn run(args: &MetricsArgs, context: &Context, printer: &Printer) -> Outcome {
    if args.prometheus {
        let Some(mut client) = engine::try_connect(context)? else {
            return Err(engine::none_runs(context));
        };
        let text = client.prometheus_text().or_fail(ExitKind::Environment)?;
        printer.verbatim(&text);
        return Ok(ExitCode::SUCCESS);
    }
    require_local(&args.stack.stack.region)?;
    let name = info_stack::name_of(&args.stack, context, printer)?;
    let mut metrics = engine::connect_to_stack(context, &name)?
        .metrics(Some(name.clone()), u64::from(args.minutes) * 60)
        .map_err(|error| engine::failed(error, &name))?;
    metrics.services = info_stack::chosen(
        metrics.services,
        |service| service.name.as_str(),
        &args.services,
        &name,
    )?;
    if printer.is_json() {
        printer.json(&metrics);
    } else {
        printer.data(report::metrics(&metrics));
    }
    Ok(ExitCode::SUCCESS)
}
