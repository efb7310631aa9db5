//! Asking a person on the terminal.

use std::io::{self, BufRead as _, IsTerminal as _, Read as _};

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

/// Asks before something is deleted; anything but a yes is a no.
///
/// # Errors
/// Where there is no terminal to ask on: it takes `--yes` then. `what` is as in `stack shop-dev`.
pub(crate) fn agrees_to_delete(printer: &Printer, what: &str, question: &str) -> Result<bool, Failure> {
    if !io::stdin().is_terminal() {
        let message = format!("deleting {what} needs a yes, and there is no terminal to ask on");
        return Err(Failure::usage(message).help("add --yes"));
    }
    Ok(agrees(printer, question))
}

/// Asks for one of several: its number, or its name. Gives its place among them.
///
/// # Errors
/// When there is no answer.
pub(crate) fn choice(printer: &Printer, question: &str, names: &[&str]) -> Result<usize, Failure> {
    for (place, name) in names.iter().enumerate() {
        printer.tell(&format!("  {}  {name}", place + 1));
    }
    loop {
        printer.tell(&format!("{question} A number or a name [1]"));
        let mut line = String::new();
        if io::stdin()
            .lock()
            .read_line(&mut line)
            .or_fail(ExitKind::Environment)?
            == 0
        {
            return Err(Failure::usage("nothing was chosen; nothing was changed"));
        }
        let answer = match line.trim() {
            "" => "1",
            answer => answer,
        };
        let number = answer
            .parse()
            .ok()
            .and_then(|number: usize| number.checked_sub(1));
        let place = number.filter(|place| *place < names.len());
        match place.or_else(|| names.iter().position(|name| *name == answer)) {
            Some(place) => return Ok(place),
            None => printer.tell(&format!("  `{answer}` is not one of them")),
        }
    }
}

/// As long as this lives, the terminal shows nothing of what is typed and leaves keys such as Ctrl-C to us: a signal
/// would leave it silent.
#[derive(Debug)]
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

    /// The same for keys one by one: Ctrl-C and the like stay signals.
    ///
    /// # Errors
    /// When there is no terminal, or it has gone away.
    pub(crate) fn of_keys() -> rustix::io::Result<Self> {
        let silence = Self {
            before: tcgetattr(io::stdin())?,
        };
        silence.again()?;
        Ok(silence)
    }

    /// Makes it silent again after somebody else had the terminal.
    ///
    /// # Errors
    /// When it has gone away.
    pub(crate) fn again(&self) -> rustix::io::Result<()> {
        let mut silent = self.before.clone();
        silent.local_modes -= LocalModes::ECHO | LocalModes::ECHONL | LocalModes::ICANON;
        tcsetattr(io::stdin(), OptionalActions::Now, &silent)
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
