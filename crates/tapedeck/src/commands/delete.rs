//! `tapedeck delete`

use std::io::IsTerminal;
use std::process::ExitCode;
use std::time::Duration;

use tapedeck_api::{ClientError, Refusal};
use tapedeck_model::StackName;

use crate::args::DeleteArgs;
use crate::context::Context;
use crate::engine;
use crate::exit::{Failure, Outcome};
use crate::options::stack_name;
use crate::printer::Printer;
use crate::prompt;
use crate::text::count;

pub(crate) const EXAMPLES: &str = "Examples:
  tapedeck delete
  tapedeck delete --stage staging --yes";

/// Stops all tasks the way a rollout does (SIGTERM, then SIGKILL after stopTimeout), then removes the rest.
pub(crate) fn run(args: &DeleteArgs, context: &Context, printer: &Printer) -> Outcome {
    let name = stack_name(context, printer, &args.stack, &args.config)?;
    let mut client = match engine::try_connect(context)? {
        Some(client) => client,
        // What was deployed may run on without its engine: that one is needed to stop it.
        None if context.home.database().exists() => {
            engine::ensure_running(context, &mut printer.progress("delete"))?
        }
        None => return Err(engine::not_running(context, &name)),
    };
    let known = client
        .describe_stack(&name)
        .map_err(|error| engine::failed(error, &name))?;
    if !args.yes && !confirmed(printer, &name, known.services.len())? {
        printer.say("nothing was changed");
        return Ok(ExitCode::SUCCESS);
    }
    let mut progress = printer.progress("delete");
    let mut stack = client
        .delete_stack(name.clone())
        .map_err(|error| engine::failed(error, &name))?;
    loop {
        let left = stack.services.iter().flat_map(|service| &service.tasks);
        let left = left.filter(|task| !task.state.is_stopped()).count();
        progress.now(&format!("{} to stop", count(left, "task")));
        match client.await_change(&name, stack.version, Duration::from_secs(5)) {
            Ok(next) => stack = next,
            Err(ClientError::Refused(Refusal::UnknownStack { .. })) => break,
            Err(error) => return Err(engine::failed(error, &name)),
        }
    }
    drop(progress);
    if printer.is_json() {
        printer.json(&serde_json::json!({ "deleted": name }));
    } else {
        printer.say(format!("stack {name} is deleted"));
    }
    Ok(ExitCode::SUCCESS)
}

/// Asks on the terminal. Where there is none, `--yes` is needed.
fn confirmed(printer: &Printer, name: &StackName, services: usize) -> Result<bool, Failure> {
    if !std::io::stdin().is_terminal() {
        return Err(Failure::usage(format!(
            "deleting stack {name} needs a yes, and there is no terminal to ask on"
        ))
        .help("add --yes"));
    }
    let question = format!(
        "Delete stack {name}: stop all tasks of {} and remove their logs?",
        count(services, "service")
    );
    Ok(prompt::agrees(printer, &question))
}
