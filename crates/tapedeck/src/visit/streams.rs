//! What flows between this process and a command in a container.
//!
//! Threads copy, one for each direction, so that a slow reader of the one never holds up the other. When the command has ended,
//! what it wrote is all there: that is still copied, but not waited for, as somebody in the container may hold an end.

use std::fs::File;
use std::io::{self, IsTerminal as _, Read as _, Write as _};
use std::os::fd::{AsFd as _, BorrowedFd, OwnedFd};
use std::thread::JoinHandle;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use rustix::pipe::{PipeFlags, pipe_with};
use rustix::process::getpgrp;
use rustix::termios::tcgetpgrp;

use crate::printer::Printer;

/// Bytes copied at once.
const PORTION: usize = 64 * 1024;

/// How long output that is on its way may take to arrive once the command has ended: a terminal passes it on by and by.
const LINGER: Timespec = Timespec {
    tv_sec: 0,
    tv_nsec: 200_000_000,
};

/// Pipes for the three streams of a command, both ends.
pub(super) struct Pipes {
    stdin: (OwnedFd, OwnedFd),
    stdout: (OwnedFd, OwnedFd),
    /// None when it is where standard output is.
    stderr: Option<(OwnedFd, OwnedFd)>,
}

/// Where a stream goes.
enum Sink {
    Stdout(Printer),
    Stderr(Printer),
    Kept(Vec<u8>),
}

/// What flows.
pub(super) struct Flow {
    /// Ends when the command has ended.
    over: OwnedFd,
    copies: Vec<JoinHandle<Sink>>,
}

impl Pipes {
    /// Makes them. When they are `merged`, standard output and error are one.
    pub(super) fn new(merged: bool) -> io::Result<Self> {
        let pipe = || pipe_with(PipeFlags::CLOEXEC);
        Ok(Self {
            stdin: pipe()?,
            stdout: pipe()?,
            stderr: (!merged).then(pipe).transpose()?,
        })
    }

    /// The ends for the command.
    pub(super) fn ends(&self) -> [BorrowedFd<'_>; 3] {
        let stdout = &self.stdout.1;
        let stderr = self.stderr.as_ref().map_or(stdout, |(_, end)| end);
        [self.stdin.0.as_fd(), stdout.as_fd(), stderr.as_fd()]
    }

    /// Lets it flow. The command has its ends now.
    pub(super) fn flow(self, printer: &Printer) -> io::Result<Flow> {
        let (over_end, over) = pipe_with(PipeFlags::CLOEXEC)?;
        feed(self.stdin.1);
        let stdout = match self.stderr {
            Some(_) => Sink::Stdout(printer.clone()),
            None => Sink::Kept(Vec::new()),
        };
        let mut copies = vec![copy(self.stdout.0, over_end.try_clone()?, stdout)];
        if let Some((stderr, _)) = self.stderr {
            copies.push(copy(stderr, over_end, Sink::Stderr(printer.clone())));
        }
        Ok(Flow { over, copies })
    }
}

impl Flow {
    /// The command has ended: waits until all that it wrote has arrived, and returns what was kept of it.
    pub(super) fn finish(self) -> Vec<u8> {
        drop(self.over);
        let sinks = self.copies.into_iter().filter_map(|copy| copy.join().ok());
        sinks
            .flat_map(|sink| match sink {
                Sink::Kept(kept) => kept,
                Sink::Stdout(_) | Sink::Stderr(_) => Vec::new(),
            })
            .collect()
    }
}

/// Shows a terminal of a container, and types what is typed here.
///
/// # Errors
/// When there is no room for another open file.
pub(super) fn screen(master: &OwnedFd, printer: &Printer) -> io::Result<Flow> {
    let (over_end, over) = pipe_with(PipeFlags::CLOEXEC)?;
    type_on(File::from(master.try_clone()?));
    let copies = vec![copy(master.try_clone()?, over_end, Sink::Stdout(printer.clone()))];
    Ok(Flow { over, copies })
}

/// Copies keys until the terminal is gone. Not waited for: the next key may never come.
fn type_on(mut keyboard: File) {
    std::thread::spawn(move || {
        let _ = pump(|keys| keyboard.write_all(keys).is_ok());
    });
}

/// Hands on standard input until it ends or nobody takes it.
pub(super) fn pump(mut take: impl FnMut(&[u8]) -> bool) -> io::Result<()> {
    let mut portion = [0; 4096];
    let mut stdin = io::stdin().lock();
    loop {
        let count = stdin.read(&mut portion)?;
        if count == 0 || !take(&portion[..count]) {
            return Ok(());
        }
    }
}

/// Copies standard input until it ends, or nobody reads it. Not waited for: it may never end.
fn feed(end: OwnedFd) {
    let stdin = io::stdin();
    // In the background of a shell, reading would stop this process.
    if stdin.is_terminal() && tcgetpgrp(&stdin).is_ok_and(|group| group != getpgrp()) {
        return;
    }
    std::thread::spawn(move || {
        let _ = io::copy(&mut stdin.lock(), &mut File::from(end));
    });
}

fn copy(source: OwnedFd, over: OwnedFd, mut sink: Sink) -> JoinHandle<Sink> {
    std::thread::spawn(move || {
        let mut portion = vec![0; PORTION];
        while let Some(count) = next(&source, &over, &mut portion) {
            // A command whose output nobody reads any more is to notice that, as it would here.
            if !sink.take(&portion[..count]) {
                break;
            }
        }
        sink
    })
}

/// Reads what comes next; none when that is nothing.
fn next(source: &OwnedFd, over: &OwnedFd, portion: &mut [u8]) -> Option<usize> {
    loop {
        let mut events = [
            PollFd::new(source, PollFlags::IN),
            PollFd::new(over, PollFlags::IN),
        ];
        match poll(&mut events, None) {
            Ok(_) | Err(Errno::INTR) => {}
            Err(_) => return None,
        }
        let is_over = !events[1].revents().is_empty();
        if events[0].revents().is_empty() {
            if !is_over {
                continue;
            }
            let mut rest = [PollFd::new(source, PollFlags::IN)];
            match poll(&mut rest, Some(&LINGER)) {
                Ok(0) | Err(_) => return None,
                Ok(_) => {}
            }
        }
        match rustix::io::read(source, &mut *portion) {
            Ok(count @ 1..) => return Some(count),
            Err(Errno::INTR | Errno::AGAIN) => {}
            // Of a terminal without programs the kernel says that it cannot be read.
            Ok(0) | Err(_) => return None,
        }
    }
}

impl Sink {
    /// Takes some bytes. Says whether it takes more.
    fn take(&mut self, bytes: &[u8]) -> bool {
        match self {
            Self::Stdout(printer) => printer.stdout_bytes(bytes),
            Self::Stderr(printer) => printer.stderr_bytes(bytes),
            Self::Kept(kept) => {
                kept.extend_from_slice(bytes);
                true
            }
        }
    }
}
