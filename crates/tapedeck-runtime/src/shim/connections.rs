//! Everybody who is connected to the shim.

use std::collections::VecDeque;
use std::io::{self, Write as _};
use std::os::fd::{AsFd as _, BorrowedFd, OwnedFd};
use std::os::unix::net::{UnixListener, UnixStream};

use crate::descriptor;
use crate::protocol::{ShimCommand, ShimState};

/// Longest command that is listened to, in bytes.
const LONGEST_COMMAND: usize = 4096;

/// The listening socket and all connections made to it.
pub(super) struct Connections {
    listener: UnixListener,
    open: Vec<Connection>,
    /// What somebody who connects is told.
    greeting: String,
    /// And then this.
    beside: String,
    /// The socket that listens at the endpoint of the task. Kept here, so that those who connect to it wait while nobody
    /// serves it; handed to everybody who is connected, with the next line.
    endpoint: Option<OwnedFd>,
}

/// A command, and the open file that came with it.
pub(super) struct Heard {
    pub(super) command: ShimCommand,
    pub(super) descriptor: Option<OwnedFd>,
}

struct Connection {
    stream: UnixStream,
    received: Vec<u8>,
    /// Open files whose commands have not arrived in full.
    descriptors: VecDeque<OwnedFd>,
    has_endpoint: bool,
}

impl Connections {
    /// Nobody is connected yet. `listener` must be in non-blocking mode.
    pub(super) fn new(listener: UnixListener, state: &ShimState) -> Self {
        Self {
            listener,
            open: Vec::new(),
            greeting: state.to_line(),
            beside: String::new(),
            endpoint: None,
        }
    }

    /// Has a socket that everybody gets.
    pub(super) fn offer(&mut self, endpoint: OwnedFd) {
        self.endpoint = Some(endpoint);
    }

    /// Nobody is left who would ask.
    pub(super) fn withdraw(&mut self) {
        self.endpoint = None;
    }

    /// What to wait for: the listener, then each connection.
    pub(super) fn descriptors(&self) -> impl Iterator<Item = BorrowedFd<'_>> {
        std::iter::once(self.listener.as_fd())
            .chain(self.open.iter().map(|connection| connection.stream.as_fd()))
    }

    /// Tells everybody, now and when they connect.
    pub(super) fn tell(&mut self, state: &ShimState) {
        self.greeting = state.to_line();
        let (line, endpoint) = (self.greeting.as_bytes(), self.endpoint.as_ref());
        self.open.retain_mut(|connection| connection.tell(line, endpoint));
    }

    /// Tells everybody something that does not replace what was told before, but the last thing that was told so.
    pub(super) fn tell_beside(&mut self, state: &ShimState) {
        self.beside = state.to_line();
        let (line, endpoint) = (self.beside.as_bytes(), self.endpoint.as_ref());
        self.open.retain_mut(|connection| connection.tell(line, endpoint));
    }

    /// Whether nobody is connected.
    pub(super) fn is_alone(&self) -> bool {
        self.open.is_empty()
    }

    /// Accepts who wants to connect and returns the commands that have arrived.
    pub(super) fn listen(&mut self) -> Vec<Heard> {
        let greeting = format!("{}{}", self.greeting, self.beside);
        while let Ok((stream, _)) = self.listener.accept() {
            let mut connection = Connection {
                stream,
                received: Vec::new(),
                descriptors: VecDeque::new(),
                has_endpoint: false,
            };
            if connection.stream.set_nonblocking(true).is_ok()
                && connection.tell(greeting.as_bytes(), self.endpoint.as_ref())
            {
                self.open.push(connection);
            }
        }
        let mut commands = Vec::new();
        self.open.retain_mut(|connection| connection.read(&mut commands));
        commands
    }
}

impl Connection {
    /// Whoever cannot take one short line does not listen, and is let go: they can connect again. Returns whether the
    /// connection is still of use.
    fn tell(&mut self, line: &[u8], endpoint: Option<&OwnedFd>) -> bool {
        match endpoint.filter(|_| !self.has_endpoint) {
            None => self.stream.write_all(line).is_ok(),
            Some(endpoint) => {
                self.has_endpoint = true;
                descriptor::send(&self.stream, line, endpoint.as_fd()).is_ok()
            }
        }
    }

    /// Adds the commands that have arrived. Returns whether the connection is still of use.
    fn read(&mut self, heard: &mut Vec<Heard>) -> bool {
        let mut buffer = [0; 512];
        loop {
            match descriptor::receive(&self.stream, &mut buffer) {
                Ok((0, _)) => return false,
                Ok((length, descriptor)) => {
                    self.received.extend_from_slice(&buffer[..length]);
                    self.descriptors.extend(descriptor);
                }
                Err(error) => return error.kind() == io::ErrorKind::WouldBlock,
            }
            while let Some(end) = self.received.iter().position(|byte| *byte == b'\n') {
                let line: Vec<u8> = self.received.drain(..=end).collect();
                // A command of a younger engine that this shim does not know must not end the task.
                let Ok(command) = serde_json::from_slice::<ShimCommand>(&line) else {
                    continue;
                };
                let descriptor = match command {
                    ShimCommand::Visit { .. } => self.descriptors.pop_front(),
                    ShimCommand::Stop { .. } => None,
                };
                heard.push(Heard { command, descriptor });
            }
            if self.received.len() > LONGEST_COMMAND {
                return false;
            }
        }
    }
}
