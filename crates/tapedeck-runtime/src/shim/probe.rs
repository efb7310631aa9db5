//! The health check of one container: its probes are run when they are due, and killed when they take too long.
//!
//! What the results come to is [`Health`]'s to say. There is one probe at a time; it is in a part of the container's group, so
//! that whatever it has started ends with it, and nothing else does.

use std::os::fd::{AsFd as _, BorrowedFd, OwnedFd};
use std::time::Instant;

use rustix::io::Errno;
use tapedeck_model::{HealthCheck, ProbeOutcome, TaskHealth};
use tapedeck_plan::health::{Health, Probed};

use super::contained::signal;
use super::process::Ended;
use crate::cgroup::{Part, TaskCgroup};
use crate::clock::TaskClock;
use crate::container::join::{self, Command, Container, Entry, Streams};
use crate::container::note;
use crate::definition::TaskProcess;

/// Name of the part of the group that probes are in.
const PART: &str = "probe";

/// The health of one container that runs.
pub(super) struct Prober<'a> {
    health: Health,
    timeout_seconds: u16,
    /// What is run, or why it cannot be.
    command: Result<Command, String>,
    /// PID 1 of the container.
    pid: i32,
    cgroup: TaskCgroup<'a>,
    part: Option<Part>,
    /// By which results are dated.
    clock: TaskClock,
    started: Instant,
    running: Option<Running>,
}

/// A probe that has not ended.
struct Running {
    began: Instant,
    entrant: i32,
    has_entered: bool,
    told: OwnedFd,
    /// Open until it has ended.
    output: Option<OwnedFd>,
    /// Its process, once it exists.
    pid: Option<i32>,
    written: Vec<u8>,
    was_killed: bool,
}

impl<'a> Prober<'a> {
    /// The container has just started as `pid`, a child of this process.
    pub(super) fn new(
        check: &HealthCheck,
        process: &TaskProcess,
        pid: i32,
        cgroup: TaskCgroup<'a>,
        clock: TaskClock,
    ) -> Self {
        let command = Command::new(&check.arguments(), process);
        Self {
            health: Health::new(check.clone()),
            timeout_seconds: check.timeout_seconds,
            command: command.map_err(|error| error.to_string()),
            pid,
            cgroup,
            part: None,
            clock,
            started: Instant::now(),
            running: None,
        }
    }

    /// What is known so far.
    pub(super) fn told(&self) -> &TaskHealth {
        self.health.told()
    }

    /// What to wait for.
    pub(super) fn descriptors(&self) -> impl Iterator<Item = BorrowedFd<'_>> {
        let output = self.running.as_ref().and_then(|running| running.output.as_ref());
        output.map(|output| output.as_fd()).into_iter()
    }

    /// When to look again, whatever happens.
    pub(super) fn wake_at(&self) -> Option<Instant> {
        match &self.running {
            // Once it was killed, its end is waited for.
            Some(running) if running.was_killed => None,
            Some(running) => running.began.checked_add(self.health.timeout()),
            None => self.started.checked_add(self.health.due()),
        }
    }

    /// Whether a process of a probe may be among those that have ended.
    pub(super) fn is_running(&self) -> bool {
        self.running.is_some()
    }

    /// Does what is due, given the children that have ended. Says whether there is a new result.
    pub(super) fn advance(&mut self, ended: &[Ended]) -> bool {
        if let Some(running) = &mut self.running {
            running.read();
            if let Some(outcome) = running.outcome(ended) {
                return self.conclude(outcome);
            }
            let is_late = self.wake_at().is_some_and(|at| at <= Instant::now());
            if is_late {
                self.kill();
            }
            return false;
        }
        if self.started.elapsed() < self.health.due() {
            return false;
        }
        match self.begin() {
            Ok((entry, output)) => {
                self.running = Some(Running::new(entry, output));
                false
            }
            Err(reason) => {
                self.take(Instant::now(), ProbeOutcome::NotRun, reason);
                true
            }
        }
    }

    /// Probes no more: what runs is killed, and not waited for.
    pub(super) fn end(mut self) {
        self.kill();
    }

    fn begin(&mut self) -> Result<(Entry, OwnedFd), String> {
        let command = self.command.as_ref().map_err(Clone::clone)?;
        if self.part.is_none() {
            let part = self.cgroup.part(PART);
            self.part = Some(part.map_err(|error| error.to_string())?);
        }
        let Some(part) = &self.part else {
            return Err("there is no group for it".to_owned());
        };
        let container = Container {
            pid: self.pid,
            cgroup: &self.cgroup,
            part,
        };
        let (output, end) = join::pipe().map_err(|error| error.to_string())?;
        let streams = Streams {
            stdin: None,
            stdout: end.as_fd(),
            stderr: end.as_fd(),
            is_terminal: false,
            reasons: end.as_fd(),
        };
        let entry = command.enter(&container, &streams);
        entry
            .map(|entry| (entry, output))
            .map_err(|error| error.to_string())
    }

    fn kill(&mut self) {
        if let Some(running) = &mut self.running {
            running.was_killed = true;
            // Neither has been waited for: their ends are not known.
            if !running.has_entered {
                signal(running.entrant, libc::SIGKILL);
            }
            if let Some(pid) = running.pid {
                signal(pid, libc::SIGKILL);
            }
        }
        self.clear();
    }

    /// Kills whatever of a probe is left.
    fn clear(&self) {
        let Some(part) = &self.part else { return };
        match part.kill() {
            Ok(true) => {}
            Ok(false) => note(format_args!("shim: processes of a health check do not end")),
            Err(error) => note(format_args!("shim: could not end a health check: {error}")),
        }
    }

    fn conclude(&mut self, outcome: ProbeOutcome) -> bool {
        self.clear();
        let Some(mut running) = self.running.take() else {
            return false;
        };
        running.read();
        let mut output = String::from_utf8_lossy(&running.written).into_owned();
        if outcome == ProbeOutcome::TimedOut {
            let timeout = self.timeout_seconds;
            let told = format!("health check exceeded its timeout of {timeout} s");
            output = match output.trim_end() {
                "" => told,
                written => format!("{told}: {written}"),
            };
        }
        self.take(running.began, outcome, output);
        true
    }

    fn take(&mut self, began: Instant, outcome: ProbeOutcome, output: String) {
        self.health.take(Probed {
            began: began.saturating_duration_since(self.started),
            ended: self.started.elapsed(),
            at: self.clock.now(),
            outcome,
            output,
        });
    }
}

impl Running {
    fn new(entry: Entry, output: OwnedFd) -> Self {
        Self {
            began: Instant::now(),
            entrant: entry.entrant,
            has_entered: false,
            told: entry.told,
            output: Some(output),
            pid: None,
            written: Vec::new(),
            was_killed: false,
        }
    }

    /// Takes what it has written: the beginning is kept, the rest is let go, so that it never has to wait.
    fn read(&mut self) {
        let mut buffer = [0; 4096];
        // Not for ever: one that never stops writing is to be noticed when it takes too long.
        for _ in 0..64 {
            let Some(output) = &self.output else { return };
            match rustix::io::read(output, &mut buffer) {
                Ok(0) => self.output = None,
                Ok(length) => {
                    let room = TaskHealth::OUTPUT.saturating_sub(self.written.len());
                    self.written.extend_from_slice(&buffer[..length.min(room)]);
                }
                Err(Errno::INTR) => {}
                Err(Errno::AGAIN) => return,
                Err(_) => self.output = None,
            }
        }
    }

    /// How it ended, if it has.
    fn outcome(&mut self, ended: &[Ended]) -> Option<ProbeOutcome> {
        let code_of = |pid: i32| {
            ended
                .iter()
                .find(|ended| ended.pid == pid)
                .map(|ended| ended.code)
        };
        if !self.has_entered {
            let code = code_of(self.entrant)?;
            self.has_entered = true;
            let mut pid = [0; 4];
            let is_told = rustix::io::read(&self.told, &mut pid[..]) == Ok(pid.len());
            self.pid = (code == 0 && is_told).then(|| i32::from_ne_bytes(pid));
        }
        let Some(pid) = self.pid else {
            return Some(match self.was_killed {
                true => ProbeOutcome::TimedOut,
                false => ProbeOutcome::NotRun,
            });
        };
        let code = code_of(pid)?;
        // It has ended, so nobody else may be signalled by this number.
        self.pid = None;
        let mut failure = [0; 1];
        let failed = rustix::io::read(&self.told, &mut failure[..]) == Ok(1);
        Some(match (self.was_killed, failed) {
            (true, _) => ProbeOutcome::TimedOut,
            (false, true) => ProbeOutcome::NotRun,
            (false, false) => ProbeOutcome::Exited(code),
        })
    }
}
