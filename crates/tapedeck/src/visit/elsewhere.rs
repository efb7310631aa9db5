//! Containers in a region of AWS: not reached by this version, which says how they are.

use tapedeck_model::ResourceName;
use tapedeck_synth::ExecuteCommand;

use crate::args::PlaceArgs;
use crate::commands::info_stack;
use crate::context::Context;
use crate::exit::{ExitKind, Failure, OrFail};
use crate::options::region;
use crate::printer::Printer;

/// Refuses any region but `local`.
///
/// # Errors
/// For every other one; the way out is the request that would be made, as a command of AWS's own.
pub(crate) fn refuse(
    args: &PlaceArgs,
    arguments: &[String],
    context: &Context,
    printer: &Printer,
) -> Result<(), Failure> {
    let region = region(&args.stack.stack.region)?;
    if region.is_local() {
        return Ok(());
    }
    let failure = Failure::usage(format!(
        "containers in region `{region}` cannot be entered yet: this version reaches those of this machine only"
    ));
    let (Some(service), Ok(stack)) = (
        &args.resource_name,
        info_stack::name_of(&args.stack, context, printer),
    ) else {
        return Err(failure.help("`aws ecs execute-command` does it; leave --region out for this machine"));
    };
    let service = ResourceName::new(service).or_fail(ExitKind::Usage)?;
    let request = ExecuteCommand::new(
        &stack,
        &service,
        args.task.as_deref(),
        args.container.as_deref(),
        arguments,
    );
    Err(failure.help(format!(
        "where the service has `enableRemoteSessions: true`, AWS's own tool does it: {}",
        request.as_aws_command(region.as_str())
    )))
}
