//! Running a command in a container that runs already, for somebody who waits for it: the visitor's side, and what is said.
//!
//! ```text
//! visitor ◀─ one connection ─▶ engine          until the engine hands its end over to the shim of the task
//! visitor ◀─ the same ───────▶ shim ─▶ command
//! ```
//!
//! The visitor sends three open files (its command's standard streams) and an [`Order`], or an order for a terminal alone. The
//! shim tells how that goes. When the connection ends, in whatever way, the command ends too: it is hung up on, and soon
//! killed with all it has started. So nothing of it outlives the visitor, and no engine is needed while it runs.
//!
//! Arguments travel here, and are on no command line but the visitor's own.

use std::collections::VecDeque;
use std::io::{self, Write as _};
use std::os::fd::{AsFd as _, BorrowedFd, OwnedFd};
use std::os::unix::net::UnixStream;

use serde::{Deserialize, Serialize};

use crate::descriptor;

/// Exit code of a command that was killed because its container ended, as of any that SIGKILL ends.
pub const CONTAINER_ENDED: u8 = 137;

/// Bytes taken from the connection at once.
const PORTION: usize = 512;

/// What is to be run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Order {
    /// Program and arguments, at least one. Without a slash the program is looked up in the container's `PATH`.
    pub arguments: Vec<String>,
    /// A terminal of the container for it, instead of three open files.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub terminal: Option<Terminal>,
}

/// A terminal that a command is to have.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Terminal {
    /// What kind it is, for `TERM`, unless the container says.
    pub kind: String,
    /// Its height in lines.
    pub rows: u16,
    /// Its width in letters.
    pub columns: u16,
}

/// What a visitor says, one JSON object a line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "say", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub(crate) enum Said {
    /// Run this. Said once, first.
    Run(Order),
    /// Send this signal to the command and those of its processes that are in its group.
    Signal {
        /// Its number.
        number: i32,
    },
}

/// What a visitor is told, one JSON object a line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "told", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum Told {
    /// It runs. Its terminal, if it has one, comes along: whoever holds it last hangs it up.
    Started,
    /// It never will.
    NotRun {
        /// Why.
        reason: String,
        /// What a shell gives for that: 127 when there is no such program, 126 when it cannot be executed.
        code: u8,
    },
    /// It has ended, and what it had started was ended.
    Ended {
        /// Its exit code, 128 + n after signal n.
        code: u8,
        /// Whether it was killed for want of memory.
        lacked_memory: bool,
    },
    /// The container has ended, and it with it.
    ContainerEnded,
}

/// The end of a visitor.
#[derive(Debug)]
pub struct Visitor {
    stream: UnixStream,
    received: Vec<u8>,
    descriptors: VecDeque<OwnedFd>,
}

/// Sends signals to the command of a visit.
#[derive(Debug)]
pub struct Signals {
    stream: UnixStream,
}

impl Visitor {
    /// Gives an order on a connection that leads to a shim. The streams are standard input, output and error; none of them
    /// with a terminal.
    ///
    /// # Errors
    /// When the connection has ended.
    pub fn begin(stream: UnixStream, order: &Order, streams: &[BorrowedFd<'_>]) -> io::Result<Self> {
        for descriptor in streams {
            descriptor::send(&stream, b"\n", *descriptor)?;
        }
        say(&stream, &Said::Run(order.clone()))?;
        Ok(Self {
            stream,
            received: Vec::new(),
            descriptors: VecDeque::new(),
        })
    }

    /// Where signals for the command go.
    ///
    /// # Errors
    /// When there is no room for another open file.
    pub fn signals(&self) -> io::Result<Signals> {
        let stream = self.stream.try_clone()?;
        Ok(Signals { stream })
    }

    /// Waits until something is told, and gives the terminal that came along. None when the connection has ended.
    ///
    /// # Errors
    /// When what arrives is not understood.
    pub fn next_told(&mut self) -> io::Result<Option<(Told, Option<OwnedFd>)>> {
        loop {
            if let Some(end) = self.received.iter().position(|byte| *byte == b'\n') {
                let line: Vec<u8> = self.received.drain(..=end).collect();
                let told = serde_json::from_slice(&line)?;
                let terminal = match told {
                    Told::Started => self.descriptors.pop_front(),
                    _ => None,
                };
                return Ok(Some((told, terminal)));
            }
            let mut portion = [0; PORTION];
            match descriptor::receive(&self.stream, &mut portion) {
                Ok((0, _)) => return Ok(None),
                Ok((length, descriptor)) => {
                    self.received.extend_from_slice(&portion[..length]);
                    self.descriptors.extend(descriptor);
                }
                Err(error) if error.kind() == io::ErrorKind::ConnectionReset => return Ok(None),
                Err(error) => return Err(error),
            }
        }
    }
}

impl Signals {
    /// Sends one. A command that has ended needs none.
    pub fn send(&self, number: i32) {
        let _ = say(&self.stream, &Said::Signal { number });
    }

    /// Ends the visit: the command is hung up on, then killed.
    pub fn hang_up(&self) {
        let _ = self.stream.shutdown(std::net::Shutdown::Write);
    }
}

fn say(mut stream: &UnixStream, said: &Said) -> io::Result<()> {
    let mut line = serde_json::to_vec(said)?;
    line.push(b'\n');
    stream.write_all(&line)
}

impl Told {
    /// Sends it, with an open file if there is one. Whoever does not take a short line does not listen any more.
    pub(crate) fn send(&self, stream: &UnixStream, descriptor: Option<&OwnedFd>) -> io::Result<()> {
        let mut line = serde_json::to_vec(self)?;
        line.push(b'\n');
        match descriptor {
            Some(descriptor) => descriptor::send(stream, &line, descriptor.as_fd()),
            None => (&*stream).write_all(&line),
        }
    }
}
