//! What the task writes, on its way into its log.

use std::os::fd::{AsFd as _, BorrowedFd, OwnedFd};

use rustix::io::Errno;

use crate::container::note;
use crate::definition::TaskDefinition;
use crate::log::{Options, Stream, Writer};

/// Bytes taken from a pipe at once.
const PORTION: usize = 64 * 1024;

/// Portions taken from one pipe before it is the other's turn.
const TURN: usize = 16;

/// Both output pipes of a task and its log. Without a log, because none is wanted or its folder cannot be made, the output
/// is dropped: a task is not to hang or die for the want of a log.
pub(super) struct Output {
    log: Option<Writer>,
    pipes: [Option<OwnedFd>; 2],
    buffer: Vec<u8>,
}

impl Output {
    /// Opens the log.
    pub(super) fn new(definition: &TaskDefinition) -> Self {
        let log = (!definition.discards_output)
            .then(|| Writer::open(&definition.log_directory, Options::default()))
            .transpose();
        if let Err(error) = &log {
            note(format_args!("shim: the output of the task is lost: {error}"));
        }
        Self {
            log: log.ok().flatten(),
            pipes: [None, None],
            buffer: Vec::new(),
        }
    }

    /// Takes the pipes over. Both must be in non-blocking mode.
    pub(super) fn attend(&mut self, stdout: OwnedFd, stderr: OwnedFd) {
        self.pipes = [Some(stdout), Some(stderr)];
    }

    /// The pipes that are still open.
    pub(super) fn pipes(&self) -> impl Iterator<Item = BorrowedFd<'_>> {
        self.pipes.iter().flatten().map(OwnedFd::as_fd)
    }

    /// Takes some of what waits in the pipes. Returns whether there may be more.
    pub(super) fn take(&mut self) -> bool {
        let mut more = false;
        self.buffer.resize(PORTION, 0);
        for (index, stream) in [Stream::Stdout, Stream::Stderr].into_iter().enumerate() {
            for turn in 0..TURN {
                let Some(pipe) = &self.pipes[index] else { break };
                match rustix::io::read(pipe, &mut self.buffer[..]) {
                    Ok(0) => self.end(index, stream),
                    Ok(length) => {
                        if let Some(log) = &mut self.log {
                            log.append(stream, &self.buffer[..length], now_nanos());
                        }
                        more |= turn + 1 == TURN;
                    }
                    Err(Errno::INTR) => {}
                    Err(Errno::AGAIN) => break,
                    Err(_) => self.end(index, stream),
                }
            }
        }
        if let (false, Some(log)) = (more, &mut self.log) {
            log.flush();
        }
        more
    }

    /// Takes all that is left and closes the log. For when no process is left that could write.
    pub(super) fn finish(&mut self) {
        while self.take() {}
        if let Some(log) = self.log.take() {
            log.close(now_nanos());
        }
        self.pipes = [None, None];
    }

    fn end(&mut self, index: usize, stream: Stream) {
        self.pipes[index] = None;
        if let Some(log) = &mut self.log {
            log.finish_stream(stream, now_nanos());
        }
    }
}

fn now_nanos() -> u64 {
    let since = std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .unwrap_or_default();
    u64::try_from(since.as_nanos()).unwrap_or(u64::MAX)
}
