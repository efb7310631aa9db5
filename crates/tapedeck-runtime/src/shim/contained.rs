//! One container of a task, as its shim sees it: from its creator to its exit code.

use std::borrow::Cow;
use std::io;
use std::os::fd::{BorrowedFd, OwnedFd};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use rustix::io::Errno;
use tapedeck_model::{ContainerState, ContainerStatus, HealthStatus, MAIN_CONTAINER, TaskHealth, Timestamp};
use tapedeck_plan::containers::{Container, Phase};

use super::heed;
use super::output::Output;
use super::probe::Prober;
use super::process::{Ended, trim_memory};
use super::visits::{Host, Visits};
use crate::cgroup::CgroupLayout;
use crate::clock::TaskClock;
use crate::container::{self, Creation, Report, Share, note};
use crate::definition::{TaskDefinition, TaskDirectory};
use crate::sides::{self, ContainerRules};

/// What ECS gives as the reason when memory ran out.
const OUT_OF_MEMORY: &str = "OutOfMemoryError: Container killed due to memory usage";

/// What is told when a container was stopped before its program had started.
pub(super) const STOPPED_EARLY: &str =
    "CannotStartContainerError: the task was stopped before its process had started";

/// What is told when the creator disappears without a word.
const CREATOR_KILLED: &str = "CannotCreateContainerError: the process that creates the container was killed";

/// Exit code of a process that was killed with SIGKILL.
const KILLED: i32 = 128 + libc::SIGKILL;

/// How a container ended.
#[derive(Debug, Clone)]
pub(super) struct End {
    pub(super) stopped: Timestamp,
    /// None when it never ran.
    pub(super) exit_code: Option<i32>,
    pub(super) oom_killed: bool,
    pub(super) failure: Option<String>,
}

/// A container.
pub(super) struct Contained<'a> {
    pub(super) name: &'a str,
    rules: ContainerRules,
    definition: Cow<'a, TaskDefinition>,
    directory: PathBuf,
    output: Output,
    /// Whether it was begun to be made.
    is_begun: bool,
    /// Open while it is being made.
    reports: Option<OwnedFd>,
    /// The beginning of a report that has not arrived in full.
    reported: Vec<u8>,
    creator: Option<i32>,
    /// Where the socket of the task's endpoint arrives.
    pub(super) handover: Option<OwnedFd>,
    /// The disk that it writes to.
    pub(super) disk: Option<OwnedFd>,
    /// PID 1, once it exists.
    pub(super) pid: Option<i32>,
    /// The first failure that was reported.
    failure: Option<String>,
    /// When its program has taken over.
    pub(super) started: Option<Timestamp>,
    asked: Option<Timestamp>,
    /// Its health check, while it runs and was not asked to end.
    prober: Option<Prober<'a>>,
    /// Commands that somebody runs in it.
    visits: Visits,
    is_signalled: bool,
    /// Whether it was killed although it was asked to stop, as it had no handler for the signal.
    pub(super) is_deaf: bool,
    is_killed: bool,
    is_cleared: bool,
    pub(super) end: Option<End>,
}

impl<'a> Contained<'a> {
    /// The containers of a task, the main one first. Nothing of them exists yet.
    pub(super) fn all(definition: &'a TaskDefinition, directory: &Path) -> Vec<Self> {
        let Some(beside) = &definition.sides else {
            let (rules, alone) = (ContainerRules::alone(), Cow::Borrowed(definition));
            return vec![Self::new(MAIN_CONTAINER, &rules, alone, directory.to_owned())];
        };
        let main = Cow::Owned(definition.of_main());
        let main = Self::new(MAIN_CONTAINER, &beside.main, main, directory.to_owned());
        let others = beside.containers.iter().map(|side| {
            let own = Cow::Owned(definition.of_side(side));
            Self::new(
                &side.name,
                &side.rules,
                own,
                sides::folder(directory).join(&side.name),
            )
        });
        std::iter::once(main).chain(others).collect()
    }

    fn new(
        name: &'a str,
        rules: &ContainerRules,
        definition: Cow<'a, TaskDefinition>,
        directory: PathBuf,
    ) -> Self {
        Self {
            name,
            rules: rules.clone(),
            output: Output::new(&definition),
            definition,
            directory,
            is_begun: false,
            reports: None,
            reported: Vec::new(),
            creator: None,
            handover: None,
            disk: None,
            pid: None,
            failure: None,
            started: None,
            asked: None,
            prober: None,
            visits: Visits::default(),
            is_signalled: false,
            is_deaf: false,
            is_killed: false,
            is_cleared: false,
            end: None,
        }
    }

    /// Begins to make it.
    pub(super) fn begin(&mut self, layout: &CgroupLayout, share: Option<&Share>, now: Timestamp) {
        self.is_begun = true;
        let directory = TaskDirectory(&self.directory);
        match container::begin(&self.definition, directory, layout, share) {
            Ok(creation) => self.attend(creation),
            Err(error) => self.fail(error.reason(), now),
        }
    }

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

    /// It never ran.
    pub(super) fn fail(&mut self, failure: String, now: Timestamp) {
        self.is_begun = true;
        self.end = Some(End {
            stopped: now,
            exit_code: None,
            oom_killed: false,
            failure: Some(failure),
        });
    }

    /// What to wait for.
    pub(super) fn descriptors(&self) -> impl Iterator<Item = BorrowedFd<'_>> {
        let reports = self.reports.as_ref().map(std::os::fd::AsFd::as_fd);
        let probe = self.prober.iter().flat_map(Prober::descriptors);
        let others = probe.chain(self.visits.descriptors());
        reports.into_iter().chain(others).chain(self.output.pipes())
    }

    /// When to look at its health check and at its visits again.
    pub(super) fn wake_at(&self) -> Option<Instant> {
        let probe = self.prober.as_ref().and_then(Prober::wake_at);
        probe.into_iter().chain(self.visits.wake_at()).min()
    }

    /// Somebody wants to run a command in it.
    pub(super) fn admit(&mut self, channel: OwnedFd) {
        self.visits.admit(channel);
    }

    /// Does what is due of the commands that are run in it.
    pub(super) fn attend_visits(&mut self, ended: &[Ended], layout: &CgroupLayout) {
        if self.end.is_some() {
            return self.visits.end();
        }
        let host = Host {
            definition: &self.definition,
            layout,
            pid: self.started.and(self.pid),
            is_killed: self.is_killed,
        };
        self.visits.advance(&host, ended);
    }

    /// Begins to check its health, if that is asked for. For when its program has just taken over.
    pub(super) fn begin_probing(&mut self, layout: &'a CgroupLayout, clock: TaskClock) {
        let (Some(check), Some(pid)) = (&self.definition.health_check, self.pid) else {
            return;
        };
        match layout.task(&self.definition.cgroup) {
            Ok(cgroup) => {
                self.prober = Some(Prober::new(check, &self.definition.process, pid, cgroup, clock));
            }
            Err(error) => note(format_args!("shim: its health is not checked: {error}")),
        }
    }

    /// Does what is due of the health check. Says whether there is a new result.
    pub(super) fn probe(&mut self, ended: &[Ended]) -> bool {
        self.prober.as_mut().is_some_and(|prober| prober.advance(ended))
    }

    /// Checks its health no more.
    pub(super) fn end_probing(&mut self) {
        if let Some(prober) = self.prober.take() {
            prober.end();
        }
    }

    /// What its health check says, while it is checked.
    pub(super) fn health(&self) -> Option<&TaskHealth> {
        self.prober.as_ref().map(Prober::told)
    }

    /// Whether its end is the end of the task.
    pub(super) fn is_essential(&self) -> bool {
        self.rules.essential
    }

    /// Whether a process of its own, other than PID 1, may be among those that have ended.
    pub(super) fn awaits_ends(&self) -> bool {
        let probes = self.prober.as_ref().is_some_and(Prober::is_running);
        self.is_creating() || probes || self.visits.awaits_ends()
    }

    /// Whether it is being made.
    fn is_creating(&self) -> bool {
        self.is_begun && self.started.is_none() && self.end.is_none()
    }

    /// Takes what it has written.
    pub(super) fn take_output(&mut self) {
        self.output.take();
    }

    /// Takes what is told of its creation. Returns whether its program has taken over just now.
    pub(super) fn read_reports(&mut self, now: Timestamp) -> bool {
        if !self.is_creating() {
            return false;
        }
        let mut buffer = [0; 512];
        while let Some(reports) = &self.reports {
            match rustix::io::read(reports, &mut buffer) {
                Ok(0) => {
                    self.reports = None;
                    trim_memory();
                }
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
        if self.reports.is_none() {
            self.creation_ended(now);
        }
        self.started.is_some()
    }

    /// The program has taken over, or never will.
    fn creation_ended(&mut self, now: Timestamp) {
        match (self.pid, self.failure.take()) {
            (Some(_), None) => {
                self.started = Some(now);
                // It is gone, or about to be.
                self.creator = None;
            }
            (_, Some(failure)) => self.fail(failure, now),
            (None, None) if self.asked.is_some() || self.is_killed => {
                self.fail(STOPPED_EARLY.to_owned(), now);
            }
            (None, None) => self.fail(CREATOR_KILLED.to_owned(), now),
        }
    }

    /// Looks whether its PID 1 is among the processes that have ended.
    pub(super) fn look_for_end(&mut self, ended: &[Ended], layout: &CgroupLayout, now: Timestamp) {
        if self.started.is_none() || self.end.is_some() {
            return;
        }
        let Some(ended) = ended.iter().find(|ended| Some(ended.pid) == self.pid) else {
            return;
        };
        let kills = layout
            .task(&self.definition.cgroup)
            .and_then(|cgroup| cgroup.oom_kills());
        let oom_killed = kills.is_ok_and(|kills| kills > 0);
        self.end = Some(End {
            stopped: now,
            exit_code: Some(ended.code),
            oom_killed,
            failure: (oom_killed && ended.code == KILLED).then(|| OUT_OF_MEMORY.to_owned()),
        });
    }

    /// Asks it to end, as soon as its program runs.
    pub(super) fn ask(&mut self, now: Timestamp) {
        self.asked = Some(now);
        self.end_probing();
    }

    /// Sends the signal that it was to be asked with, if it can be.
    pub(super) fn deliver(&mut self) {
        if let (Some(_), Some(_), Some(pid), None, false) =
            (self.asked, self.started, self.pid, &self.end, self.is_signalled)
        {
            self.is_signalled = true;
            signal(pid, self.definition.stop_signal);
        }
    }

    /// Sets how long it may take to end. Where it was asked already, the earlier deadline holds.
    pub(super) fn limit_stop(&mut self, timeout: Duration, now: Timestamp) {
        let given = self.asked.map_or(Duration::ZERO, |asked| now.since(asked));
        let timeout = u64::try_from((given + timeout).as_millis()).unwrap_or(u64::MAX);
        self.rules.stop_timeout_ms = self.rules.stop_timeout_ms.min(timeout);
    }

    /// Kills all of it.
    pub(super) fn kill(&mut self, ended: &[Ended], layout: &CgroupLayout) {
        self.is_killed = true;
        if let (true, Some(pid), None) = (self.is_signalled, self.pid, &self.end) {
            let is_there = !ended.iter().any(|ended| ended.pid == pid);
            self.is_deaf |= is_there && heed::is_deaf_to(pid, self.definition.stop_signal);
        }
        for pid in [self.creator, self.pid].into_iter().flatten() {
            // The numbers of children that have been waited for may belong to somebody else by now.
            let is_there = self.end.as_ref().is_none_or(|end| end.exit_code.is_none());
            if is_there && !ended.iter().any(|ended| ended.pid == pid) {
                signal(pid, libc::SIGKILL);
            }
        }
        let killed = layout
            .task(&self.definition.cgroup)
            .and_then(|cgroup| cgroup.kill_all());
        if let Err(error) = killed {
            note(format_args!("shim: {error}"));
        }
    }

    /// Makes sure that nothing of it is left, and that all its output is in its log. For once it has ended.
    pub(super) fn clear(&mut self, ended: &[Ended], layout: &CgroupLayout) {
        self.end_probing();
        if self.is_begun && !self.is_cleared {
            self.kill(ended, layout);
        }
        self.is_cleared = true;
        self.reports = None;
        self.output.finish();
    }

    /// As it is seen by who decides.
    pub(super) fn view(&self) -> Container {
        let phase = match (&self.end, self.started, self.is_begun) {
            (Some(end), started, _) => Phase::Stopped {
                started,
                stopped: end.stopped,
                exit_code: end.exit_code,
            },
            (None, Some(started), _) => Phase::Running {
                started,
                health: self
                    .health()
                    .map_or(HealthStatus::Unknown, |health| health.status),
            },
            (None, None, true) => Phase::Creating,
            (None, None, false) => Phase::Waiting,
        };
        Container {
            essential: self.rules.essential,
            depends_on: self.rules.depends_on.clone(),
            start_timeout: self.rules.start_timeout(),
            stop_timeout: self.rules.stop_timeout(),
            phase,
            asked: self.asked,
            killed: self.is_killed,
        }
    }

    /// As it is told.
    pub(super) fn status(&self) -> ContainerStatus {
        let state = match (&self.end, self.started, self.pid) {
            (Some(end), started, _) => ContainerState::Stopped {
                started,
                stopped: end.stopped,
                exit_code: end.exit_code,
                reason: end.failure.clone(),
            },
            (None, started, _) if self.asked.is_some() || self.is_killed => {
                ContainerState::Stopping { started }
            }
            (None, Some(started), Some(pid)) => ContainerState::Running {
                started,
                pid: pid.unsigned_abs(),
            },
            _ => ContainerState::Pending,
        };
        ContainerStatus {
            name: self.name.to_owned(),
            state,
        }
    }
}

/// Sends a signal to a child.
pub(super) fn signal(pid: i32, number: i32) {
    // SAFETY: numbers in, number out; the pid is that of a child that has not been waited for.
    let sent = unsafe { libc::kill(pid, number) };
    if sent != 0 {
        note(format_args!(
            "shim: could not send signal {number}: {}",
            io::Error::last_os_error()
        ));
    }
}
