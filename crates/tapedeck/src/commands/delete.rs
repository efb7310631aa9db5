//! `tapedeck delete`

use std::process::ExitCode;
use std::time::Duration;

use tapedeck_api::{Client, ClientError, Refusal, StackStatus};
use tapedeck_model::{Moment, StackName};

use crate::args::DeleteArgs;
use crate::aws::{self, Aws};
use crate::connected::{self, Emulator};
use crate::context::Context;
use crate::engine;
use crate::exit::{Failure, Outcome};
use crate::options::stack_name;
use crate::printer::{Printer, Progress};
use crate::prompt;
use crate::scripts;
use crate::text::count;

pub(crate) const EXAMPLES: &str = "Examples:
  tapedeck delete
  tapedeck delete --stage staging --yes

Where there is a config, its hooks run around it: one that fails before it keeps everything as it is.";

/// Stops all tasks the way a rollout does (SIGTERM, then SIGKILL after stopTimeout), then removes the rest.
pub(crate) fn run(args: &DeleteArgs, context: &Context, printer: &Printer) -> Outcome {
    let name = stack_name(context, printer, &args.stack, &args.config)?;
    if let Some(aws) = Aws::unless_local(context, &args.stack)? {
        return aws::delete::run(&aws, args, &name, context, printer);
    }
    let mut client = match engine::try_connect(context)? {
        Some(client) => client,
        // What was deployed may run on without its engine: that one is needed to stop it.
        None if context.home.database().exists() => {
            engine::ensure_running(context, &mut printer.progress("delete"))?
        }
        None => return Err(engine::not_running(context, &name)),
    };
    let emulator = Emulator::of_stack(&name, context, &mut client)?;
    let emulator = emulator.filter(|emulator| match emulator.has(&name) {
        Ok(has) => has,
        // Whatever became of it: the rest can be deleted.
        Err(failure) => {
            printer.failure(&failure);
            false
        }
    });
    let known = match client.describe_stack(&name) {
        Ok(known) => Some(known),
        // It has no services, or an earlier command was killed when they were gone already.
        Err(ClientError::Refused(Refusal::UnknownStack { .. })) if emulator.is_some() => None,
        Err(error) => return Err(engine::failed(error, &name)),
    };
    let hooks = scripts::of_deleted(&name, &args.stack, &args.config, None, (context, printer))?;
    if !args.yes && !confirmed(printer, &name, known.as_ref())? {
        printer.say("nothing was changed");
        return Ok(ExitCode::SUCCESS);
    }
    if let Some(hooks) = &hooks {
        hooks.before(Moment::BeforeDelete)?;
    }
    let mut progress = printer.progress("delete");
    if known.is_some() {
        stop(&name, &mut client, &mut progress)?;
    }
    if let Some(emulator) = emulator
        && let Some(idle) = emulator.leave(&name, &mut progress)?
    {
        stop(&idle, &mut client, &mut progress)?;
    }
    connected::forget_secrets(&name, context)?;
    drop(progress);
    if printer.is_json() {
        printer.json(&serde_json::json!({ "deleted": name }));
    } else {
        printer.say(format!("stack {name} is deleted"));
    }
    Ok(hooks.map_or(ExitCode::SUCCESS, |hooks| hooks.after(Moment::AfterDelete)))
}

/// Has the engine delete the services, and waits until they are gone.
fn stop(name: &StackName, client: &mut Client, progress: &mut Progress) -> Result<(), Failure> {
    let mut stack = client
        .delete_stack(name.clone())
        .map_err(|error| engine::failed(error, name))?;
    loop {
        let left = stack.services.iter().flat_map(|service| &service.tasks);
        let left = left.filter(|task| !task.state.is_stopped()).count();
        progress.now(&format!("{} to stop", count(left, "task")));
        match client.await_change(name, stack.version, Duration::from_secs(5)) {
            Ok(next) => stack = next,
            Err(ClientError::Refused(Refusal::UnknownStack { .. })) => return Ok(()),
            Err(error) => return Err(engine::failed(error, name)),
        }
    }
}

/// Asks on the terminal. Where there is none, `--yes` is needed.
fn confirmed(printer: &Printer, name: &StackName, stack: Option<&StackStatus>) -> Result<bool, Failure> {
    let resources = stack.map_or(&[][..], |stack| &stack.resources);
    let resources: Vec<&str> = resources.iter().map(|one| one.name.as_str()).collect();
    let data = match (stack, resources.as_slice()) {
        (None, _) => ", and all that is in its resources".to_string(),
        (Some(_), []) => String::new(),
        (Some(_), names) => format!(", and all that is in {}", names.join(", ")),
    };
    let question = format!(
        "Delete stack {name}: stop all tasks of {} and remove their logs{data}?",
        count(stack.map_or(0, |stack| stack.services.len()), "service")
    );
    prompt::agrees_to_delete(printer, &format!("stack {name}"), &question)
}
