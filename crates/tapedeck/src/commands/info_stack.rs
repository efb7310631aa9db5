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
    let logs = context.home.stack_logs(&name);
    if printer.is_json() {
        let mut told = serde_json::to_value(&stack).or_fail(ExitKind::Internal)?;
        told["logs"] = logs.display().to_string().into();
        printer.json(&told);
    } else {
        printer.data(report::stack(&stack, Detail::Full, engine::now()));
        printer.data(format!("\n  logs in {}", logs.display()));
    }
    Ok(ExitCode::SUCCESS)
}
