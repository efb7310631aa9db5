//! The end of a session, whoever wants it: the stack goes, then what was started for it.

use tapedeck_api::{ClientError, Refusal};

use super::engine_line::EngineLine;
use super::happening::{Happening, Key, Signal};
use super::{Phase, Session};
use crate::commands::engine_stop;
use crate::exit::Failure;

impl Session {
    pub(super) fn gone(&mut self) -> Result<(), Failure> {
        // What cannot be read any more was deleted with the stack.
        let _ = self.print_output();
        match std::mem::replace(&mut self.phase, Phase::Left) {
            Phase::Going => Err(Failure::operation(format!(
                "stack {} was deleted by somebody else",
                self.name
            ))
            .help("start `tapedeck dev` again")),
            _ => Ok(()),
        }
    }

    pub(super) fn engine_lost(&mut self, number: u64) -> Result<(), Failure> {
        let is_ours = self.line.as_ref().is_some_and(|line| line.number() == number);
        match (&self.spec, self.phase) {
            (Some(spec), Phase::Going) if is_ours => {
                self.say("the engine ended; connecting to another one");
                let spec = spec.clone();
                self.attend(&spec, false).map(drop)
            }
            (_, Phase::Leaving { .. }) if is_ours => {
                self.printer.warn(format!(
                    "the engine ended before stack {} was deleted; the next engine does that",
                    self.name
                ));
                self.phase = Phase::Left;
                Ok(())
            }
            _ => Ok(()),
        }
    }

    /// Begins to end; when that goes on already, ends at once, and then without waiting for anything.
    pub(super) fn leave(&mut self) {
        let killed = match self.phase {
            Phase::Going => false,
            Phase::Leaving { killed: false } => true,
            Phase::Leaving { killed: true } | Phase::Left => {
                self.phase = Phase::Left;
                return;
            }
        };
        self.phase = Phase::Leaving { killed };
        let Some(line) = &mut self.line else {
            self.phase = Phase::Left;
            return;
        };
        match line.delete(killed) {
            Ok(()) => {}
            Err(ClientError::Refused(Refusal::UnknownStack { .. })) => self.phase = Phase::Left,
            Err(error) => {
                self.printer.warn(format!(
                    "could not delete stack {}: {error}; the engine does that by itself",
                    self.name
                ));
                self.phase = Phase::Left;
            }
        }
        self.say(match killed {
            true => "killing what does not stop",
            false => "stopping; once more kills",
        });
    }

    /// Programs that packaging started must not outlive it. Somebody who cannot wait says so once more.
    pub(super) fn await_packaging(&mut self) {
        if self.work.is_some() {
            self.say("waiting for packaging to end; Ctrl-C does not");
        }
        while self.work.is_some() {
            match self.inbox.recv() {
                Ok(Happening::Packaged(_)) => self.work = None,
                Ok(Happening::Signal(Signal::End) | Happening::Key(Key::Quit)) | Err(_) => return,
                Ok(_) => {}
            }
        }
    }

    pub(super) fn close(&mut self) {
        if self.engine_is_ours && self.line.as_mut().is_some_and(EngineLine::stop_engine_if_idle) {
            // One that takes longer is told by the next command.
            let _ = engine_stop::await_end(&self.context);
        }
        if self.printer.is_json() {
            self.printer
                .json(&serde_json::json!({ "event": "ended", "stack": self.name }));
        }
        self.say(&format!("stack {} is gone", self.name));
    }
}
