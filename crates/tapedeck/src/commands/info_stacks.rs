//! `tapedeck info:stacks`

use std::process::ExitCode;

use crate::args::InfoStacksArgs;
use crate::aws::{self, Aws};
use crate::context::Context;
use crate::engine;
use crate::exit::{ExitKind, OrFail, Outcome};
use crate::printer::Printer;
use crate::report;

pub(crate) const EXAMPLES: &str = "Examples:
  tapedeck info:stacks
  tapedeck info:stacks --json";

/// Lists the stacks. Without an engine there are none to list.
pub(crate) fn run(args: &InfoStacksArgs, context: &Context, printer: &Printer) -> Outcome {
    if let Some(aws) = Aws::of_region(context, &args.region)? {
        return aws::info::stacks(&aws, printer);
    }
    let stacks = match engine::try_connect(context)? {
        Some(mut client) => client.list_stacks().or_fail(ExitKind::Environment)?,
        None => {
            printer.say("the engine does not run; `tapedeck engine start` brings back what was deployed");
            Vec::new()
        }
    };
    if printer.is_json() {
        printer.json(&stacks);
    } else {
        printer.data(report::stacks(&stacks));
    }
    Ok(ExitCode::SUCCESS)
}
