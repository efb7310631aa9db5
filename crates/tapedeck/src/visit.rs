//! Entering a container: which one, over the engine to its shim, and what becomes of the command there. Of those of AWS [`elsewhere`]
//! knows.
//!
//! The engine is asked once, and hands this connection over; from then on the shim and this process talk alone. Streams go through
//! pipes, or through a terminal of the container: no open file of this machine is ever given away.

mod choice;
mod elsewhere;
mod happening;
mod streams;
mod terminal;
#[cfg(test)]
mod tests;

use std::cell::RefCell;
use std::io::IsTerminal as _;
use std::os::fd::BorrowedFd;
use std::os::unix::net::UnixStream;
use std::process::ExitCode;

use tapedeck_api::{ClientError, Refusal};
use tapedeck_model::TaskId;
use tapedeck_runtime::visit::{CONTAINER_ENDED, Order, Terminal, Visitor};

use self::choice::{Place, Wanted};
pub(crate) use self::happening::End;
use self::happening::Visit;
use self::streams::Pipes;
use self::terminal::Raw;
use crate::args::PlaceArgs;
use crate::aws::Aws;
use crate::commands::info_stack;
use crate::context::Context;
use crate::engine;
use crate::exit::{ExitKind, Failure, OrFail, Outcome};
use crate::printer::Printer;

/// What came of a command.
#[derive(Debug)]
pub(crate) struct Visited {
    pub(crate) place: Place,
    pub(crate) end: End,
    /// What it wrote, where that is collected.
    pub(crate) output: Vec<u8>,
}

/// The arguments of a line for the container's shell.
pub(crate) fn by_shell(line: &str) -> Vec<String> {
    ["sh", "-c", line].map(str::to_owned).to_vec()
}

/// Runs a program in a container; its streams are those of this process. With `--json` what it writes is collected.
///
/// # Errors
/// When there is no such container, or the connection to it is lost.
pub(crate) fn through_pipes(
    args: &PlaceArgs,
    arguments: Vec<String>,
    context: &Context,
    printer: &Printer,
) -> Result<Visited, Failure> {
    if let Some(aws) = Aws::unless_local(context, &args.stack.stack)? {
        return elsewhere::through_pipes(&aws, args, &arguments, context, printer);
    }
    let (place, stream) = enter(args, context, printer)?;
    let pipes = Pipes::new(printer.is_json()).or_fail(ExitKind::Environment)?;
    let order = Order {
        arguments,
        terminal: None,
    };
    let visit = begin(stream, &order, &pipes.ends())?;
    let flow = pipes.flow(printer).or_fail(ExitKind::Environment)?;
    let end = visit.attend(|_| Ok(()), || {});
    // Also when it failed: what has arrived is shown.
    let output = flow.finish();
    Ok(Visited {
        end: end.map_err(|failure| failure.of(&place))?,
        place,
        output,
    })
}

/// Runs a program in a container on a terminal, which is this one as long as it lasts.
///
/// # Errors
/// When standard input is no terminal, there is no such container, or the connection to it is lost.
pub(crate) fn on_terminal(
    args: &PlaceArgs,
    arguments: Vec<String>,
    context: &Context,
    printer: &Printer,
) -> Outcome {
    if !std::io::stdin().is_terminal() {
        return Err(Failure::usage("standard input is no terminal").help(
            "start it on a terminal; `tapedeck container:exec -- …`, without --tty, runs a program without one",
        ));
    }
    if let Some(aws) = Aws::unless_local(context, &args.stack.stack)? {
        let visited = elsewhere::on_terminal(&aws, args, &arguments, context, printer)?;
        return Ok(visited.told(printer));
    }
    let (place, stream) = enter(args, context, printer)?;
    let (rows, columns) = terminal::size();
    let order = Order {
        arguments,
        terminal: Some(Terminal {
            kind: context.variable("TERM").unwrap_or_else(|| "xterm".to_owned()),
            rows,
            columns,
        }),
    };
    let visit = begin(stream, &order, &[])?;
    let raw = RefCell::new(None);
    let mut screen = None;
    let end = visit.attend(
        |master| {
            *raw.borrow_mut() = Some(Raw::begin()?);
            screen = Some(streams::screen(master, printer)?);
            Ok(())
        },
        || drop(raw.borrow().as_ref().map(Raw::again)),
    );
    drop(screen.map(streams::Flow::finish));
    drop(raw);
    let visited = Visited {
        end: end.map_err(|failure| failure.of(&place))?,
        place,
        output: Vec::new(),
    };
    Ok(visited.told(printer))
}

/// Chooses a container and gets a connection to its shim.
fn enter(args: &PlaceArgs, context: &Context, printer: &Printer) -> Result<(Place, UnixStream), Failure> {
    let name = info_stack::name_of(&args.stack, context, printer)?;
    let mut client = engine::connect_to_stack(context, &name)?;
    let stack = client
        .describe_stack(&name)
        .map_err(|error| engine::failed(error, &name))?;
    let place = choice::choose(&name, &choice::candidates(&stack), &Wanted::of(args))?;
    if let Some(line) = place.worth_telling() {
        printer.say(line);
    }
    let task = TaskId::new(place.task.clone()).or_fail(ExitKind::Internal)?;
    match client.visit(task, place.container.clone()) {
        Ok(stream) => Ok((place, stream)),
        Err(error @ ClientError::Refused(Refusal::NotRunning { .. })) => {
            Err(Failure::new(ExitKind::Operation, error)
                .help("it has ended just now; run the same command again"))
        }
        Err(error) => Err(engine::failed(error, &name)),
    }
}

fn begin(stream: UnixStream, order: &Order, streams: &[BorrowedFd<'_>]) -> Result<Visit, Failure> {
    // Before the program can run, so that no signal falls between.
    let happenings = happening::watch()?;
    match Visitor::begin(stream, order, streams) {
        Ok(visitor) => Visit::new(visitor, happenings).or_fail(ExitKind::Environment),
        Err(error) => Err(Failure::new(ExitKind::Operation, error)
            .help("the task has ended just now; run the same command again")),
    }
}

impl Visited {
    /// Tells what is worth it, and gives the exit code.
    pub(crate) fn told(&self, printer: &Printer) -> ExitCode {
        let container = &self.place.container;
        match &self.end {
            End::Ended { code, lacked_memory } => {
                if *lacked_memory {
                    printer.warn(format!(
                        "the command was killed: it and container {container} wanted more memory than the task has"
                    ));
                }
                ExitCode::from(*code)
            }
            End::ContainerEnded => {
                printer.warn(format!(
                    "container {container} of task {} has ended, and the command with it",
                    self.place.short_task()
                ));
                ExitCode::from(CONTAINER_ENDED)
            }
            End::NotRun { reason, code } => {
                let failure =
                    Failure::operation(format!("could not run it in container {container}: {reason}"));
                let help = match code {
                    127 => {
                        "programs are looked up in the container's own PATH; its image may have no such program"
                    }
                    _ => "it has to be a program that the container's user may execute",
                };
                printer.failure(&failure.help(help));
                ExitCode::from(*code)
            }
        }
    }
}
