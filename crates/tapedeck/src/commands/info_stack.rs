//! `tapedeck info:stack`

use std::process::ExitCode;

use tapedeck_diagnostic::nearest;
use tapedeck_model::StackName;

use crate::args::{InfoStackArgs, NamedStackArgs};
use crate::context::Context;
use crate::engine;
use crate::exit::{ExitKind, Failure, OrFail, Outcome};
use crate::options::{require_local, stack_name};
use crate::printer::Printer;
use crate::report::{self, Detail};

pub(crate) const EXAMPLES: &str = "Examples:
  tapedeck info:stack
  tapedeck info:stack --stackName heartbeat-dev --json";

/// Shows what runs, what is waited for and what happened.
pub(crate) fn run(args: &InfoStackArgs, context: &Context, printer: &Printer) -> Outcome {
    let name = name_of(&args.stack, context, printer)?;
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

/// The stack that is meant.
///
/// # Errors
/// When it is not on this machine, or its name can be found nowhere.
pub(crate) fn name_of(
    args: &NamedStackArgs,
    context: &Context,
    printer: &Printer,
) -> Result<StackName, Failure> {
    match &args.stack_name {
        Some(name) => {
            require_local(&args.stack.region)?;
            StackName::new(name).or_fail(ExitKind::Usage)
        }
        None => stack_name(context, printer, &args.stack, &args.config),
    }
}

/// Those of a stack's services that are wanted: the named ones, or all where none is named.
///
/// # Errors
/// When the stack has none of such a name, with the nearest that it has.
pub(crate) fn chosen<T>(
    mut services: Vec<T>,
    name_of: impl Fn(&T) -> &str,
    wanted: &[String],
    stack: &StackName,
) -> Result<Vec<T>, Failure> {
    let known: Vec<&str> = services.iter().map(&name_of).collect();
    let Some(missing) = wanted.iter().find(|name| !known.contains(&name.as_str())) else {
        services.retain(|service| wanted.is_empty() || wanted.iter().any(|name| name == name_of(service)));
        return Ok(services);
    };
    let failure = Failure::usage(format!("stack {stack} has no service `{missing}`"));
    Err(failure.help(match nearest(missing, &known) {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("it has: {}", known.join(", ")),
    }))
}
