//! Containers in a region of AWS, entered by ECS Exec.

mod door;
#[cfg(test)]
mod tests;
mod typing;
mod wrapping;

use std::io;
use std::ops::ControlFlow;
use std::sync::mpsc;

use rustix::process::Signal;
use rustix::rand::{GetRandomFlags, getrandom};
use tapedeck_cloud::{ExecuteCommand, Session, SessionEnd};
use tokio::sync::mpsc::channel;

use self::door::Door;
use self::typing::Signals;
use self::wrapping::{Manner, Reader, Written};
use super::choice::{Place, Wanted};
use super::terminal::Raw;
use super::{End, Visited};
use crate::args::PlaceArgs;
use crate::aws::{self, Aws};
use crate::commands::info_stack;
use crate::context::Context;
use crate::exit::{ExitKind, Failure, OrFail};
use crate::printer::Printer;

/// How much may be typed ahead of what is sent.
const AHEAD: usize = 16;

/// What a shell adds to the number of a signal.
const SIGNALLED: i32 = 128;

/// Kinds of terminals, where nothing is said of it.
const ANY_TERMINAL: &str = "xterm";

/// A command that is attended.
struct Attendance<'a> {
    printer: &'a Printer,
    reader: Reader,
    /// What was written, where it is collected.
    kept: Option<Vec<u8>>,
    /// Is told when the input is read.
    reads: Option<mpsc::Sender<()>>,
    /// With which code it ended.
    code: Option<u8>,
}

/// Runs a program in a container. With `--json` what it writes is collected.
///
/// # Errors
/// When there is no such container, it takes no commands, or the connection is lost.
pub(super) fn through_pipes(
    aws: &Aws,
    args: &PlaceArgs,
    arguments: &[String],
    context: &Context,
    printer: &Printer,
) -> Result<Visited, Failure> {
    let manner = match typing::is_nothing() {
        true => Manner::NoInput,
        false => Manner::Pipes,
    };
    visit(aws, args, arguments, manner, context, printer)
}

/// Runs a program in a container on a terminal, which is this one as long as it lasts.
///
/// # Errors
/// As of [`through_pipes`], or when this terminal goes away.
pub(super) fn on_terminal(
    aws: &Aws,
    args: &PlaceArgs,
    arguments: &[String],
    context: &Context,
    printer: &Printer,
) -> Result<Visited, Failure> {
    let kind = context.variable("TERM").filter(|kind| is_plain(kind));
    let manner = Manner::Terminal(kind.as_deref().unwrap_or(ANY_TERMINAL));
    visit(aws, args, arguments, manner, context, printer)
}

/// Whether a text can stand in a script as it is.
fn is_plain(text: &str) -> bool {
    !text.is_empty()
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"-+._".contains(&byte))
}

fn visit(
    aws: &Aws,
    args: &PlaceArgs,
    arguments: &[String],
    manner: Manner<'_>,
    context: &Context,
    printer: &Printer,
) -> Result<Visited, Failure> {
    let stack = info_stack::name_of(&args.stack, context, printer)?;
    let Door { place, cluster } = door::find(aws, &stack, &Wanted::of(args))?;
    if let Some(line) = place.worth_telling() {
        printer.say(line);
    }
    let word = word().or_fail(ExitKind::Environment)?;
    let arguments = wrapping::wrapped(arguments, manner, &word);
    let command = ExecuteCommand {
        cluster: &cluster,
        task: &place.task,
        container: &place.container,
        arguments: &arguments,
    };
    let session = aws.run(aws.cloud.execute_command(&command))?;
    let mut attendance = Attendance {
        printer,
        reader: Reader::new(&word),
        kept: printer.is_json().then(Vec::new),
        reads: None,
        code: None,
    };
    let (end, signal) = attend(aws, &session, manner, &mut attendance)?;
    let signalled = signal.and_then(|signal| u8::try_from(SIGNALLED + signal.as_raw()).ok());
    let code = attendance.code.or(signalled);
    let output = attendance.finish();
    let code = code.ok_or_else(|| not_told(&place, &end))?;
    Ok(Visited {
        end: End::Ended {
            code,
            lacked_memory: false,
        },
        place,
        output,
    })
}

/// Attends a command until it ends, with what is typed here and signals to this process. Says which was the last that was to end it.
fn attend(
    aws: &Aws,
    session: &Session,
    manner: Manner<'_>,
    attendance: &mut Attendance<'_>,
) -> Result<(SessionEnd, Option<Signal>), Failure> {
    let (typing, mut typed) = channel(AHEAD);
    // From now on the terminal is that of the command, until this is dropped.
    let raw = match manner {
        Manner::Terminal(_) => Some(Raw::begin().or_fail(ExitKind::Environment)?),
        Manner::Pipes | Manner::NoInput => None,
    };
    match manner {
        Manner::Terminal(_) => typing::type_on(typing.clone()),
        Manner::Pipes => attendance.reads = Some(typing::feed(typing.clone())),
        Manner::NoInput => {}
    }
    aws.wait(async {
        let mut signals = Signals::watch(raw.as_ref()).or_fail(ExitKind::Internal)?;
        let conversation = aws
            .cloud
            .attend(session, &mut typed, |bytes| attendance.show(bytes));
        let end = tokio::select! {
            end = conversation => end.map_err(aws::failed)?,
            () = signals.forward(&typing) => SessionEnd::Left,
        };
        Ok((end, signals.last))
    })
}

impl Attendance<'_> {
    /// Takes what is written. Breaks when the command has ended, or nobody reads it any more.
    fn show(&mut self, bytes: &[u8]) -> ControlFlow<()> {
        for written in self.reader.take(bytes) {
            match written {
                Written::Bytes(bytes) => self.take(&bytes)?,
                Written::Reads => {
                    // Who has nothing to pipe does not listen.
                    let _ = self.reads.as_ref().map(|reads| reads.send(()));
                }
                Written::Ended(code) => {
                    self.code = Some(code);
                    return ControlFlow::Break(());
                }
            }
        }
        ControlFlow::Continue(())
    }

    fn take(&mut self, bytes: &[u8]) -> ControlFlow<()> {
        match &mut self.kept {
            Some(kept) => kept.extend_from_slice(bytes),
            None if self.printer.stdout_bytes(bytes) => {}
            None => return ControlFlow::Break(()),
        }
        ControlFlow::Continue(())
    }

    /// What was kept of what it wrote.
    fn finish(mut self) -> Vec<u8> {
        let rest = self.reader.rest();
        // Nothing comes after it.
        let _ = self.take(&rest);
        self.kept.unwrap_or_default()
    }
}

/// The failure of a command of whose end nothing was told.
fn not_told(place: &Place, end: &SessionEnd) -> Failure {
    let why = match end {
        SessionEnd::Closed(why) if !why.is_empty() => format!(": {why}"),
        _ => String::new(),
    };
    let (container, task) = (&place.container, place.short_task());
    Failure::operation(format!(
        "the session in container {container} of task {task} ended before its command did{why}"
    ))
    .help("`tapedeck info:stack` shows whether the task has ended; commands are run by `sh`, which the image has to have")
}

/// A word that no program writes.
fn word() -> io::Result<String> {
    let mut bytes = [0_u8; 16];
    getrandom(&mut bytes, GetRandomFlags::empty())?;
    Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}
