//! `tapedeck info:scaling`

use std::process::ExitCode;

use crate::args::InfoScalingArgs;
use crate::aws::{self, Aws};
use crate::commands::info_stack;
use crate::context::Context;
use crate::engine;
use crate::exit::Outcome;
use crate::printer::Printer;
use crate::report;

pub(crate) const EXAMPLES: &str = "Examples:
  tapedeck info:scaling
  tapedeck info:scaling worker
  tapedeck info:scaling --region eu-west-1 --stage production
  tapedeck info:scaling worker --json | jq '.[].decisions[-1].reason'";

/// Shows how the number of tasks came about.
pub(crate) fn run(args: &InfoScalingArgs, context: &Context, printer: &Printer) -> Outcome {
    let name = info_stack::name_of(&args.stack, context, printer)?;
    if let Some(aws) = Aws::unless_local(context, &args.stack.stack)? {
        return aws::scaling::run(&aws, &name, &args.services, printer);
    }
    let services = engine::connect_to_stack(context, &name)?
        .scaling(name.clone())
        .map_err(|error| engine::failed(error, &name))?;
    let services = info_stack::chosen(services, |service| service.name.as_str(), &args.services, &name)?;
    if printer.is_json() {
        printer.json(&services);
    } else {
        printer.data(report::scaling(&services));
    }
    Ok(ExitCode::SUCCESS)
}
