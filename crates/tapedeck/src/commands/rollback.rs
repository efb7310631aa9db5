//! `tapedeck rollback`

use std::process::ExitCode;
use std::time::Instant;

use tapedeck_api::{ClientError, Refusal};
use tapedeck_model::{ResourceName, StackName};

use crate::args::RollbackArgs;
use crate::aws::{self, Aws};
use crate::commands::info_stack;
use crate::context::Context;
use crate::engine;
use crate::exit::{ExitKind, Failure, OrFail, Outcome};
use crate::printer::Printer;
use crate::report::{self, Detail};
use crate::rollout;
use crate::text::span;

pub(crate) const EXAMPLES: &str = "Examples:
  tapedeck rollback
  tapedeck rollback --stage production --resourceName worker

Without --resourceName the last deployment is undone: the services that it changed go back, others stay.
A deployment that is under way is given up, and what ran before runs on. Where none is, what ran before the present one
is deployed again, from its image. Once more goes back again. The config and the source are not changed.";

/// Ask the engine, wait, show.
pub(crate) fn run(args: &RollbackArgs, context: &Context, printer: &Printer) -> Outcome {
    let began = Instant::now();
    let name = info_stack::name_of(&args.stack, context, printer)?;
    if let Some(aws) = Aws::unless_local(context, &args.stack.stack)? {
        return aws::rollback::run(&aws, args, &name, printer);
    }
    if args.list_versions || args.target_version.is_some() {
        return Err(Failure::usage("versions are kept of stacks on AWS")
            .help("on this machine `tapedeck rollback` goes to what ran before; nothing was changed"));
    }
    let service = args.resource_name.as_ref().map(ResourceName::new).transpose();
    let service = service.or_fail(ExitKind::Usage)?;
    let mut client = engine::connect_to_stack(context, &name)?;
    let asked = client
        .roll_back(name.clone(), service)
        .map_err(|error| refused(error, &name))?;
    let reached = match args.detach {
        true => asked,
        false => {
            let mut progress = printer.progress("rollback");
            rollout::follow(&mut client, asked, context, &mut progress)?
        }
    };
    if printer.is_json() {
        printer.json(&serde_json::json!({ "detached": args.detach, "stack": reached }));
        return Ok(ExitCode::SUCCESS);
    }
    printer.data(report::stack(&reached, Detail::Brief, engine::now()));
    printer.say(match args.detach {
        true => format!("the engine goes back; `tapedeck info:stack --stackName {name}` shows how far it is"),
        false => format!(
            "stack {name} is back at what it ran before ({})",
            span(began.elapsed())
        ),
    });
    Ok(ExitCode::SUCCESS)
}

fn refused(error: ClientError, name: &StackName) -> Failure {
    match error {
        ClientError::Refused(Refusal::NothingBefore { .. }) => Failure::new(ExitKind::Operation, error).help(
            "only a deployment that completed can be gone back to; `tapedeck info:stack` lists those that are remembered",
        ),
        error => engine::failed(error, name),
    }
}
