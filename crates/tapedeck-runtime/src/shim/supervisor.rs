//! The loop of a shim, and what it does about each event.

use std::io;
use std::os::fd::{AsFd as _, OwnedFd};
use std::path::Path;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use fs_err as fs;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use tapedeck_model::Timestamp;

use super::connections::Connections;
use super::output::Output;
use super::process::{Ended, Inheritance, child_events, reap, trim_memory};
use crate::cgroup::{CgroupLayout, MOUNT_ROOT};
use crate::cleanup::{CleanupError, CleanupErrors, remove_resources};
use crate::container::{self, Creation, Report, note};
use crate::definition::{TaskDefinition, TaskDirectory, TaskExit, write_json};
use crate::descriptor;
use crate::network::{self, NetworkError};
use crate::protocol::{ShimCommand, ShimState};

/// What ECS gives as the reason when memory ran out.
const OUT_OF_MEMORY: &str = "OutOfMemoryError: Container killed due to memory usage";

/// What is told when a task was stopped before its program had started.
const STOPPED_EARLY: &str = "CannotStartContainerError: the task was stopped before its process had started";

/// What is told when the creator disappears without a word.
const CREATOR_KILLED: &str = "CannotCreateContainerError: the process that creates the container was killed";

/// Exit code of a process that was killed with SIGKILL.
const KILLED: i32 = 128 + libc::SIGKILL;

/// Runs the task in this folder to its end.
pub(super) fn run(task_directory: &Path, inheritance: Inheritance) -> io::Result<()> {
    let Inheritance { listener, definition } = inheritance;
    let children = child_events()?;
    let layout = CgroupLayout::detect(MOUNT_ROOT.as_ref()).map_err(io::Error::other)?;
    let connections = Connections::new(listener, &ShimState::Starting);
    let creation = network_of_errand(&definition)
        .map_err(|error| container::reason(&error))
        .and_then(|()| {
            container::begin(&definition, TaskDirectory(task_directory), &layout)
                .map_err(|error| error.reason())
        });
    let mut supervisor = Supervisor {
        task_directory,
        layout: &layout,
        definition: &definition,
        connections,
        children,
        output: Output::new(&definition),
        reports: None,
        handover: None,
        reported: Vec::new(),
        creator: None,
        disk: None,
        pid: None,
        failure: None,
        clock: Clock::from(definition.now.unwrap_or_else(machine_time)),
        started: None,
        ended: Vec::new(),
        stop: None,
    };
    let exit = match creation {
        Ok(creation) => {
            supervisor.attend(creation);
            supervisor.supervise()?
        }
        Err(reason) => supervisor.never_ran(reason),
    };
    supervisor.finish(exit)
}

/// That the task was told to stop.
struct Stop {
    /// When everything is killed; none once that has been done.
    kill_at: Option<Instant>,
    /// Whether PID 1 was asked.
    asked: bool,
}

/// A time, and how long ago that was.
#[derive(Debug, Clone, Copy)]
struct Clock {
    began: Instant,
    at: Timestamp,
}

impl Clock {
    fn from(at: Timestamp) -> Self {
        Self {
            began: Instant::now(),
            at,
        }
    }

    fn now(&self) -> Timestamp {
        self.at + self.began.elapsed()
    }
}

struct Supervisor<'a> {
    task_directory: &'a Path,
    definition: &'a TaskDefinition,
    layout: &'a CgroupLayout,
    output: Output,
    connections: Connections,
    children: OwnedFd,
    /// Open while the container is being made.
    reports: Option<OwnedFd>,
    /// Where the socket arrives that listens at the endpoint of the task.
    handover: Option<OwnedFd>,
    /// The beginning of a report that has not arrived in full.
    reported: Vec<u8>,
    creator: Option<i32>,
    /// The disk of the task.
    disk: Option<OwnedFd>,
    /// PID 1 of the task, once it exists.
    pid: Option<i32>,
    /// The first failure that was reported.
    failure: Option<String>,
    clock: Clock,
    /// When the program of the task has taken over.
    started: Option<Timestamp>,
    /// Children that have ended.
    ended: Vec<Ended>,
    stop: Option<Stop>,
}

impl Supervisor<'_> {
    fn attend(&mut self, creation: Creation) {
        let Creation {
            creator,
            reports,
            stdout,
            stderr,
            disk,
            endpoint,
        } = creation;
        self.disk = disk;
        self.handover = Some(endpoint);
        self.creator = Some(creator);
        self.reports = Some(reports);
        self.output.attend(stdout, stderr);
    }

    /// Waits for the end of the task.
    fn supervise(&mut self) -> io::Result<TaskExit> {
        loop {
            self.wait()?;
            self.read_children();
            self.read_reports();
            if let Some(exit) = self.exit() {
                return Ok(exit);
            }
            self.output.take();
            for ShimCommand::Stop { timeout_ms } in self.connections.listen() {
                self.stop(Duration::from_millis(timeout_ms));
            }
            if self.is_abandoned() {
                self.stop(Duration::ZERO);
            }
            self.advance_stop();
        }
    }

    /// Waits until something has happened, or the time for the kill has come.
    fn wait(&self) -> io::Result<()> {
        let always = [self.children.as_fd()]
            .into_iter()
            .chain(self.connections.descriptors());
        let descriptors = always
            .chain(self.reports.as_ref().map(OwnedFd::as_fd))
            .chain(self.output.pipes());
        let mut events: Vec<PollFd<'_>> = descriptors
            .map(|descriptor| PollFd::from_borrowed_fd(descriptor, PollFlags::IN))
            .collect();
        let kill_at = self.stop.as_ref().and_then(|stop| stop.kill_at);
        let timeout = kill_at.map(|at| at.saturating_duration_since(Instant::now()));
        // A length that does not fit is as good as none.
        let timeout = timeout.and_then(|timeout| Timespec::try_from(timeout).ok());
        match poll(&mut events, timeout.as_ref()) {
            Ok(_) | Err(Errno::INTR) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    fn read_children(&mut self) {
        let mut buffer = [0; 1024];
        while rustix::io::read(&self.children, &mut buffer).is_ok_and(|length| length > 0) {}
        self.ended.extend(reap());
    }

    fn read_reports(&mut self) {
        let mut buffer = [0; 512];
        while let Some(reports) = &self.reports {
            match rustix::io::read(reports, &mut buffer) {
                Ok(0) => self.reports_end(),
                Ok(length) => self.reported.extend_from_slice(&buffer[..length]),
                Err(Errno::INTR) => {}
                Err(_) => break,
            }
        }
        while let Some(end) = self.reported.iter().position(|byte| *byte == b'\n') {
            let line: Vec<u8> = self.reported.drain(..=end).collect();
            match serde_json::from_slice(&line) {
                Ok(Report::Created(pid)) => self.pid = Some(pid),
                Ok(Report::Failed(reason)) => {
                    self.failure.get_or_insert(reason);
                }
                Err(error) => note(format_args!("shim: a report makes no sense: {error}")),
            }
        }
        if self.reports.is_none() && self.started.is_none() {
            self.creation_ended();
        }
    }

    fn reports_end(&mut self) {
        self.reports = None;
        trim_memory();
    }

    /// The program has taken over, or never will.
    fn creation_ended(&mut self) {
        match (self.pid, &self.failure) {
            (Some(pid), None) => {
                let started = self.clock.now();
                self.started = Some(started);
                self.take_endpoint();
                self.connections.tell(&ShimState::Running {
                    pid: pid.unsigned_abs(),
                    started,
                });
            }
            (None, None) => {
                let reason = if self.stop.is_some() {
                    STOPPED_EARLY
                } else {
                    CREATOR_KILLED
                };
                self.failure = Some(reason.to_owned());
            }
            (_, Some(_)) => {}
        }
    }

    /// Takes the socket of the endpoint, for whoever is connected and will be. It was sent before the report that PID 1
    /// exists; without it, a task goes without answers.
    fn take_endpoint(&mut self) {
        let Some(handover) = self.handover.take() else {
            return;
        };
        match descriptor::receive(&handover, &mut [0]) {
            Ok((_, Some(endpoint))) => self.connections.offer(endpoint),
            Ok((_, None)) => note(format_args!("shim: the socket of the endpoint did not arrive")),
            Err(error) => note(format_args!(
                "shim: could not take the socket of the endpoint: {error}"
            )),
        }
    }

    /// How the task ended, if it has.
    fn exit(&self) -> Option<TaskExit> {
        if self.reports.is_some() {
            return None;
        }
        if let Some(failure) = &self.failure {
            return Some(self.never_ran(failure.clone()));
        }
        let ended = self.ended.iter().find(|ended| Some(ended.pid) == self.pid)?;
        let kills = self
            .layout
            .task(&self.definition.cgroup)
            .and_then(|cgroup| cgroup.oom_kills());
        let oom_killed = kills.is_ok_and(|kills| kills > 0);
        Some(TaskExit {
            started: self.started,
            stopped: self.clock.now(),
            exit_code: Some(ended.code),
            oom_killed,
            failure: (oom_killed && ended.code == KILLED).then(|| OUT_OF_MEMORY.to_owned()),
        })
    }

    fn never_ran(&self, failure: String) -> TaskExit {
        TaskExit {
            started: None,
            stopped: self.clock.now(),
            exit_code: None,
            oom_killed: false,
            failure: Some(failure),
        }
    }

    /// Whoever sends an errand connects before the shim begins to listen.
    fn is_abandoned(&self) -> bool {
        self.definition.errand.is_some() && self.connections.is_alone()
    }

    fn stop(&mut self, timeout: Duration) {
        let kill_at = Instant::now().checked_add(timeout);
        match &mut self.stop {
            // Once everything has been killed, there is nothing more to do.
            Some(stop) => stop.kill_at = stop.kill_at.map(|at| kill_at.map_or(at, |new| at.min(new))),
            None => {
                self.stop = Some(Stop {
                    kill_at,
                    asked: timeout.is_zero(),
                });
                let pid = self.started.and(self.pid).map(i32::unsigned_abs);
                self.connections.tell(&ShimState::Stopping {
                    pid,
                    started: self.started,
                });
            }
        }
    }

    /// Asks PID 1 to end as soon as it runs, and kills everything when the time has come.
    fn advance_stop(&mut self) {
        let kill = self.kill_is_due();
        let Some(stop) = &mut self.stop else { return };
        if kill {
            stop.kill_at = None;
            self.kill();
        } else if let (false, Some(_), Some(pid)) = (stop.asked, self.started, self.pid) {
            stop.asked = true;
            signal(pid, self.definition.stop_signal);
        }
    }

    fn kill_is_due(&self) -> bool {
        self.stop
            .as_ref()
            .and_then(|stop| stop.kill_at)
            .is_some_and(|at| at <= Instant::now())
    }

    fn kill(&mut self) {
        for pid in [self.creator, self.pid].into_iter().flatten() {
            // The numbers of children that have been waited for may belong to somebody else by now.
            if !self.ended.iter().any(|ended| ended.pid == pid) {
                signal(pid, libc::SIGKILL);
            }
        }
        let killed = self
            .layout
            .task(&self.definition.cgroup)
            .and_then(|cgroup| cgroup.kill_all());
        if let Err(error) = killed {
            note(format_args!("shim: {error}"));
        }
    }

    /// Makes sure that nothing is left, makes the exit known, and gives everything back.
    fn finish(mut self, exit: TaskExit) -> io::Result<()> {
        self.kill();
        self.output.finish();
        let path = TaskDirectory(self.task_directory).exit();
        let written = write_json(&path, &exit, true);
        if let Err(error) = &written {
            note(format_args!("shim: the exit of the task is not on disk: {error}"));
        }
        // Also without it: whoever listens now is better off knowing.
        self.connections.listen();
        self.connections.withdraw();
        self.connections.tell(&ShimState::Exited { exit });

        // Its last mount: what the kernel still has to write goes to a file that nobody will read, but takes time.
        drop(self.disk.take());
        let mut errors = Vec::new();
        remove_resources(self.task_directory, self.definition, self.layout, &mut errors);
        self.connections.listen();
        if let Some(errand) = self.definition.errand.as_ref().filter(|_| self.is_abandoned()) {
            errors.extend(fs::remove_dir_all(&errand.folder).err().map(CleanupError::Files));
        }
        if !errors.is_empty() {
            return Err(io::Error::other(CleanupErrors(errors)));
        }
        written
    }
}

/// Makes the network of an errand; a task has that of its engine.
fn network_of_errand(definition: &TaskDefinition) -> Result<(), NetworkError> {
    definition
        .errand
        .as_ref()
        .map_or(Ok(()), |errand| network::ensure(&errand.network))
}

fn signal(pid: i32, number: i32) {
    // SAFETY: numbers in, number out; the pid is that of a child that has not been waited for.
    let sent = unsafe { libc::kill(pid, number) };
    if sent != 0 {
        note(format_args!(
            "shim: could not send signal {number}: {}",
            io::Error::last_os_error()
        ));
    }
}

fn machine_time() -> Timestamp {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Timestamp::from_millis(u64::try_from(since.as_millis()).unwrap_or(u64::MAX))
}
