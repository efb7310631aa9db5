//! `tapedeck info:stack`

use std::process::ExitCode;

use tapedeck_model::StackName;

use crate::args::InfoStackArgs;
use crate::context::Context;
use crate::engine;
use crate::exit::{ExitKind, OrFail, Outcome};
use crate::options::{require_local, stack_name};
use crate::printer::Printer;
use crate::report::{self, Detail};

pub(crate) const EXAMPLES: &str = "Examples:
  tapedeck info:stack
  tapedeck info:stack --stackName heartbeat-dev --json";

/// Shows what runs, what is waited for and what happened.
pub(crate) fn run(args: &InfoStackArgs, context: &Context, printer: &Printer) -> Outcome {
    let name = match &args.stack_name {
        Some(name) => {
            require_local(&args.stack.region)?;
            StackName::new(name).or_fail(ExitKind::Usage)?
        }
        None => stack_name(context, printer, &args.stack, &args.config)?,
    };
    let stack = engine::connect_to_stack(context, &name)?
        .describe_stack(&name)
        .map_err(|error| engine::failed(error, &name))?;
    if printer.is_json() {
        printer.json(&stack);
    } else {
        printer.data(report::stack(&stack, Detail::Full, engine::now()));
    }
    Ok(ExitCode::SUCCESS)
}
