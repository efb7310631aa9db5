//! `tapedeck cf-rollback`

use std::process::ExitCode;

use serde_json::json;

use crate::args::CfRollbackArgs;
use crate::aws::{self, Aws};
use crate::commands::info_stack::name_of;
use crate::context::Context;
use crate::exit::{Failure, Outcome};
use crate::printer::Printer;

pub(crate) const EXAMPLES: &str = "Examples:
  tapedeck cf-rollback --region eu-west-1 --stage production
  tapedeck cf-rollback --region eu-west-1 --stackName shop-production --resourcesToSkip WorkerService

For a stack in UPDATE_ROLLBACK_FAILED, once what stood in the way is mended, or is to be left as it is. Afterwards it can be
deployed again.";

/// Asks CloudFormation, waits, shows.
pub(crate) fn run(args: &CfRollbackArgs, context: &Context, printer: &Printer) -> Outcome {
    let Some(aws) = Aws::unless_local(context, &args.stack.stack)? else {
        return Err(
            Failure::usage("region `local` is this machine, which has no CloudFormation")
                .help("name a region of AWS, such as --region eu-west-1; here `tapedeck rollback` goes back"),
        );
    };
    let name = name_of(&args.stack, context, printer)?;
    let mut progress = printer.progress("cf-rollback");
    let mut tell = |happening| aws::tell(&happening, &mut progress);
    let skipped = &args.resources_to_skip;
    let state = aws.run(aws.cloud.continue_rollback(name.as_str(), skipped, &mut tell))?;
    drop(progress);
    if printer.is_json() {
        printer.json(&json!({ "stack": name, "status": state.status.as_str() }));
        return Ok(ExitCode::SUCCESS);
    }
    printer.say(format!("stack {name} in {} is rolled back", aws.cloud.place()));
    Ok(ExitCode::SUCCESS)
}
