//! Asking a person on the terminal.

use std::io::{self, BufRead as _, Read as _};

use rustix::termios::{LocalModes, OptionalActions, Termios, tcgetattr, tcsetattr};

use crate::exit::{ExitKind, Failure, OrFail};
use crate::printer::Printer;

/// Asks a question; anything but a yes is a no.
pub(crate) fn agrees(printer: &Printer, question: &str) -> bool {
    printer.tell(&format!("{question} [y/N]"));
    let mut answer = String::new();
    let read = io::stdin().lock().read_line(&mut answer);
    read.is_ok() && matches!(answer.trim(), "y" | "Y" | "yes")
}

/// As long as this lives, the terminal shows nothing of what is typed and leaves keys such as Ctrl-C to us: a signal
/// would leave it silent.
pub(crate) struct Silence {
    before: Termios,
}

impl Silence {
    /// Makes the terminal on standard input silent.
    ///
    /// # Errors
    /// When there is none, or it has gone away.
    pub(crate) fn begin() -> rustix::io::Result<Self> {
        let before = tcgetattr(io::stdin())?;
        let mut silent = before.clone();
        silent.local_modes -= LocalModes::ECHO
            | LocalModes::ECHONL
            | LocalModes::ICANON
            | LocalModes::ISIG
            | LocalModes::IEXTEN;
        tcsetattr(io::stdin(), OptionalActions::Now, &silent)?;
        Ok(Self { before })
    }

    /// Asks for a line.
    ///
    /// # Errors
    /// When it is broken off, or is not text.
    pub(crate) fn ask(&self, printer: &Printer, question: &str) -> Result<String, Failure> {
        printer.tell(question);
        let mut line = Line::default();
        for byte in io::stdin().lock().bytes() {
            match line.take(byte.or_fail(ExitKind::Environment)?) {
                Typed::More => {}
                Typed::Done => {
                    return String::from_utf8(line.bytes)
                        .map_err(|_| Failure::usage("what was typed is not text in UTF-8"));
                }
                Typed::BrokenOff => break,
            }
        }
        Err(Failure::usage("no value was given; nothing was changed"))
    }
}

impl Drop for Silence {
    fn drop(&mut self) {
        // A terminal that is gone needs nothing.
        let _ = tcsetattr(io::stdin(), OptionalActions::Now, &self.before);
    }
}

/// What has been typed so far.
#[derive(Debug, Default)]
pub(crate) struct Line {
    pub(crate) bytes: Vec<u8>,
}

/// What a key comes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Typed {
    More,
    Done,
    BrokenOff,
}

impl Line {
    /// Takes a byte of the terminal.
    pub(crate) fn take(&mut self, byte: u8) -> Typed {
        const CTRL_C: u8 = 3;
        const CTRL_D: u8 = 4;
        const CTRL_U: u8 = 21;
        const BACKSPACES: [u8; 2] = [8, 127];
        match byte {
            b'\n' | b'\r' => return Typed::Done,
            CTRL_C => return Typed::BrokenOff,
            CTRL_D if self.bytes.is_empty() => return Typed::BrokenOff,
            CTRL_D => return Typed::Done,
            CTRL_U => self.bytes.clear(),
            _ if BACKSPACES.contains(&byte) => self.erase(),
            _ => self.bytes.push(byte),
        }
        Typed::More
    }

    /// Takes the last letter away, which may have several bytes.
    fn erase(&mut self) {
        while let Some(byte) = self.bytes.pop() {
            if byte & 0b1100_0000 != 0b1000_0000 {
                break;
            }
        }
    }
}
