//! Commands that somebody runs in a container and waits for: see [`crate::visit`].
//!
//! ```text
//! Awaited ──order──▶ Running ──its program ends──▶ over: what it has started is killed, then its end is told
//!    │                  └─ the visitor goes: SIGHUP, and SIGKILL after a while ─▶ over
//!    └─ the visitor goes, or the container has ended ─▶ over
//! ```
//!
//! Each is in a part of the container's group of its own, so that whatever it has started ends with it, and nothing else does.

use std::collections::VecDeque;
use std::io::{self, ErrorKind};
use std::os::fd::{AsFd as _, BorrowedFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::time::{Duration, Instant};

use fs_err as fs;

use super::contained::signal;
use super::process::{Ended, trim_memory};
use crate::cgroup::{CgroupLayout, Part};
use crate::container::join::{self, Command, Container, Streams};
use crate::container::{note, terminal};
use crate::definition::{TaskDefinition, TaskProcess};
use crate::descriptor;
use crate::visit::{Order, Said, Told};

/// Longest line of a visitor that is listened to, in bytes: more than the kernel takes of arguments.
const LONGEST_LINE: usize = 4 << 20;

/// How long a command may take to end by itself once its visitor has gone.
const GRACE: Duration = Duration::from_secs(2);

/// Exit code of a process that was killed with SIGKILL.
const KILLED: i32 = 128 + libc::SIGKILL;

/// `PF_EXITING` of `linux/sched.h`.
const EXITING: u64 = 4;

/// All visits of one container.
#[derive(Default)]
pub(super) struct Visits {
    open: Vec<Visit>,
    /// How many there were.
    count: u64,
}

/// The container that is visited.
pub(super) struct Host<'a> {
    pub(super) definition: &'a TaskDefinition,
    pub(super) layout: &'a CgroupLayout,
    /// Its PID 1, once it runs.
    pub(super) pid: Option<i32>,
    /// Whether all of it is being killed.
    pub(super) is_killed: bool,
}

struct Visit {
    number: u64,
    channel: Channel,
    phase: Phase,
}

/// The connection to a visitor.
struct Channel {
    stream: UnixStream,
    received: Vec<u8>,
    descriptors: VecDeque<OwnedFd>,
    /// Signals that came before there was anybody to get them.
    signals: Vec<i32>,
    /// Whether the visitor has gone.
    is_over: bool,
}

enum Phase {
    Awaited,
    Running(Running),
    Over,
}

/// A command that has not ended.
struct Running {
    part: Part,
    entrant: i32,
    has_entered: bool,
    /// Open until it is known whether its program has taken over.
    told: Option<OwnedFd>,
    reasons: OwnedFd,
    /// The terminal that it has, until the visitor has it.
    terminal: Option<OwnedFd>,
    /// Its process, once it exists.
    pid: Option<i32>,
    /// What a shell gives for why its program could not take over.
    failed: Option<u8>,
    /// Processes of the container that were killed for want of memory before it.
    oom_kills: u64,
    visited: Visited,
}

/// Whether the visitor is still there.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Visited {
    /// They are.
    Yes,
    /// It was hung up on then.
    Until(Instant),
    /// It was killed.
    NoMore,
}

impl Visits {
    /// Somebody comes.
    pub(super) fn admit(&mut self, channel: OwnedFd) {
        let stream = UnixStream::from(channel);
        if stream.set_nonblocking(true).is_err() {
            return;
        }
        self.count += 1;
        self.open.push(Visit {
            number: self.count,
            channel: Channel {
                stream,
                received: Vec::new(),
                descriptors: VecDeque::new(),
                signals: Vec::new(),
                is_over: false,
            },
            phase: Phase::Awaited,
        });
    }

    /// What to wait for.
    pub(super) fn descriptors(&self) -> impl Iterator<Item = BorrowedFd<'_>> {
        self.open.iter().flat_map(|visit| {
            let channel = (!visit.channel.is_over).then(|| visit.channel.stream.as_fd());
            let told = match &visit.phase {
                // Before its entrant has ended, that is waited for.
                Phase::Running(running) if running.has_entered => running.told.as_ref(),
                _ => None,
            };
            channel.into_iter().chain(told.map(OwnedFd::as_fd))
        })
    }

    /// When to look again, whatever happens.
    pub(super) fn wake_at(&self) -> Option<Instant> {
        let left = self.open.iter().filter_map(|visit| match &visit.phase {
            Phase::Running(Running {
                visited: Visited::Until(left),
                ..
            }) => left.checked_add(GRACE),
            _ => None,
        });
        left.min()
    }

    /// Whether a process of a visit may be among those that have ended although nothing was asked about it yet.
    pub(super) fn awaits_ends(&self) -> bool {
        self.open
            .iter()
            .any(|visit| matches!(&visit.phase, Phase::Running(running) if !running.has_entered))
    }

    /// Does what is due, given the children that have ended.
    pub(super) fn advance(&mut self, host: &Host<'_>, ended: &[Ended]) {
        for visit in &mut self.open {
            visit.advance(host, ended);
        }
        let before = self.open.len();
        self.open.retain(|visit| !matches!(visit.phase, Phase::Over));
        if self.open.len() < before {
            trim_memory();
        }
    }

    /// The container has ended, and all of its processes with it.
    pub(super) fn end(&mut self) {
        for visit in self.open.drain(..) {
            visit.channel.tell(&Told::ContainerEnded, None);
        }
    }
}

/// Tells somebody who comes in vain.
pub(super) fn turn_away(channel: OwnedFd, reason: String) {
    let stream = UnixStream::from(channel);
    if stream.set_nonblocking(true).is_ok() {
        let _ = Told::NotRun { reason, code: 126 }.send(&stream, None);
    }
}

impl Visit {
    fn advance(&mut self, host: &Host<'_>, ended: &[Ended]) {
        let order = self.channel.listen();
        let phase = std::mem::replace(&mut self.phase, Phase::Over);
        self.phase = match (phase, order) {
            (Phase::Awaited, _) if self.channel.is_over => Phase::Over,
            (Phase::Awaited, Some(order)) => match self.begin(&order, host) {
                Ok(running) => Phase::Running(running),
                Err(reason) => {
                    self.channel.tell(&Told::NotRun { reason, code: 126 }, None);
                    Phase::Over
                }
            },
            (Phase::Running(running), _) => self.go_on(running, host, ended),
            (phase, _) => phase,
        };
    }

    fn begin(&mut self, order: &Order, host: &Host<'_>) -> Result<Running, String> {
        let pid = host.pid.ok_or("the container has not started yet")?;
        let cgroup = host.layout.task(&host.definition.cgroup);
        let cgroup = cgroup.map_err(|error| error.to_string())?;
        let text = |error: io::Error| error.to_string();
        let (process, master, streams) = match &order.terminal {
            Some(wanted) => {
                let (master, end) = terminal::open(pid, wanted.rows, wanted.columns).map_err(text)?;
                let copy = || end.try_clone().map_err(text);
                let streams = [copy()?, copy()?, end];
                (
                    with_terminal(&host.definition.process, &wanted.kind),
                    Some(master),
                    streams,
                )
            }
            None => {
                let streams: Vec<OwnedFd> = self.channel.descriptors.drain(..).collect();
                let streams = streams.try_into().map_err(|_| "there are not three streams")?;
                (host.definition.process.clone(), None, streams)
            }
        };
        let command = Command::new(&order.arguments, &process).map_err(|error| error.to_string())?;
        let part = cgroup.part(&format!("visit-{}", self.number));
        let part = part.map_err(|error| error.to_string())?;
        let (reasons, reasons_end) = join::pipe().map_err(text)?;
        let [stdin, stdout, stderr] = &streams;
        let streams = Streams {
            stdin: Some(stdin.as_fd()),
            stdout: stdout.as_fd(),
            stderr: stderr.as_fd(),
            is_terminal: master.is_some(),
            reasons: reasons_end.as_fd(),
        };
        let container = Container {
            pid,
            cgroup: &cgroup,
            part: &part,
        };
        match command.enter(&container, &streams) {
            Ok(entry) => Ok(Running {
                part,
                entrant: entry.entrant,
                has_entered: false,
                told: Some(entry.told),
                reasons,
                terminal: master,
                pid: None,
                failed: None,
                oom_kills: cgroup.oom_kills().unwrap_or(0),
                visited: Visited::Yes,
            }),
            Err(error) => {
                remove(&part);
                Err(error.to_string())
            }
        }
    }

    fn go_on(&mut self, mut running: Running, host: &Host<'_>, ended: &[Ended]) -> Phase {
        let code_of = |pid: i32| {
            ended
                .iter()
                .find(|ended| ended.pid == pid)
                .map(|ended| ended.code)
        };
        if !running.has_entered
            && let Some(code) = code_of(running.entrant)
        {
            running.has_entered = true;
            let mut pid = [0; 4];
            let told = running.told.as_ref();
            let is_told = told.is_some_and(|told| rustix::io::read(told, &mut pid[..]) == Ok(pid.len()));
            running.pid = (code == 0 && is_told).then(|| i32::from_ne_bytes(pid));
            if running.pid.is_none() {
                let reason = running.reason();
                self.channel.tell(&Told::NotRun { reason, code: 126 }, None);
                return running.over();
            }
        }
        running.take_start(&self.channel);
        if let Some(code) = running.pid.and_then(code_of) {
            running.pid = None;
            self.channel.tell(&running.end(code, host), None);
            return running.over();
        }
        running.take_signals(&mut self.channel);
        if self.channel.is_over {
            running.leave();
        }
        Phase::Running(running)
    }
}

impl Running {
    /// Looks whether the program has taken over, or could not.
    fn take_start(&mut self, channel: &Channel) {
        let Some(told) = self.told.as_ref().filter(|_| self.has_entered) else {
            return;
        };
        let mut code = [0; 1];
        match rustix::io::read(told, &mut code) {
            Ok(0) => {
                self.told = None;
                // From now on the visitor alone has it, so that it is hung up when they go.
                channel.tell(&Told::Started, self.terminal.take().as_ref());
            }
            Ok(_) => {
                self.told = None;
                self.failed = Some(code[0]);
            }
            Err(_) => {}
        }
    }

    /// What its end comes to.
    fn end(&self, code: i32, host: &Host<'_>) -> Told {
        if let Some(code) = self.failed {
            let reason = self.reason();
            return Told::NotRun { reason, code };
        }
        // The kernel kills all other processes of a container before the end of its PID 1 is seen.
        if code == KILLED && (host.is_killed || host.pid.is_none_or(is_exiting)) {
            return Told::ContainerEnded;
        }
        let cgroup = host.layout.task(&host.definition.cgroup);
        let oom_kills = cgroup.and_then(|cgroup| cgroup.oom_kills()).unwrap_or(0);
        Told::Ended {
            code: u8::try_from(code).unwrap_or(u8::MAX),
            lacked_memory: code == KILLED && oom_kills > self.oom_kills,
        }
    }

    /// Why it could not be run.
    fn reason(&self) -> String {
        let mut text = [0; 4096];
        let length = rustix::io::read(&self.reasons, &mut text).unwrap_or(0);
        match String::from_utf8_lossy(&text[..length]).into_owned() {
            text if text.is_empty() => "it was killed before it had started".to_owned(),
            text => text,
        }
    }

    /// The process, once it is that of the program: before, signals mean nothing to it.
    fn program(&self) -> Option<i32> {
        self.pid.filter(|_| self.told.is_none())
    }

    /// Passes signals on, to the process and those that are in the group that it leads.
    fn take_signals(&self, channel: &mut Channel) {
        if let Some(pid) = self.program() {
            channel.signals.drain(..).for_each(|number| signal(-pid, number));
        }
    }

    /// The visitor has gone: it is hung up on, and killed with all that it has started when it has had its time. Its end is
    /// noticed.
    fn leave(&mut self) {
        let Some(pid) = self.program() else { return };
        match self.visited {
            Visited::Yes => {
                self.visited = Visited::Until(Instant::now());
                signal(-pid, libc::SIGHUP);
            }
            Visited::Until(left) if left.elapsed() >= GRACE => {
                self.visited = Visited::NoMore;
                signal(pid, libc::SIGKILL);
                kill(&self.part);
            }
            Visited::Until(_) | Visited::NoMore => {}
        }
    }

    fn over(self) -> Phase {
        remove(&self.part);
        Phase::Over
    }
}

impl Channel {
    /// Takes what has arrived. Returns the order, if it is among that.
    fn listen(&mut self) -> Option<Order> {
        let mut order = None;
        let mut buffer = [0; 4096];
        while !self.is_over {
            match descriptor::receive(&self.stream, &mut buffer) {
                Ok((0, _)) => self.is_over = true,
                Ok((length, descriptor)) => {
                    self.received.extend_from_slice(&buffer[..length]);
                    self.descriptors.extend(descriptor);
                }
                Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                Err(_) => self.is_over = true,
            }
            if self.received.len() > LONGEST_LINE {
                self.is_over = true;
            }
        }
        while let Some(end) = self.received.iter().position(|byte| *byte == b'\n') {
            let line: Vec<u8> = self.received.drain(..=end).collect();
            match serde_json::from_slice(&line) {
                Ok(Said::Run(wanted)) => order = Some(wanted),
                Ok(Said::Signal { number }) if (1..=64).contains(&number) => self.signals.push(number),
                // What a younger visitor says beside.
                Ok(Said::Signal { .. }) | Err(_) => {}
            }
        }
        order
    }

    /// A visitor who does not listen has gone.
    fn tell(&self, told: &Told, descriptor: Option<&OwnedFd>) {
        let _ = told.send(&self.stream, descriptor);
    }
}

/// The process of a container with a variable for a terminal.
fn with_terminal(process: &TaskProcess, kind: &str) -> TaskProcess {
    let mut process = process.clone();
    if !process.environment.iter().any(|(name, _)| name == "TERM") {
        process.environment.push(("TERM".to_owned(), kind.to_owned()));
    }
    process
}

/// Whether a child, which has not been waited for, is about to end.
fn is_exiting(pid: i32) -> bool {
    let status = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    // After the name, which may hold anything, come state, parent, group, session, terminal, its group, and the flags.
    let flags = status
        .rsplit_once(')')
        .and_then(|(_, rest)| rest.split_whitespace().nth(6));
    flags
        .and_then(|flags| flags.parse::<u64>().ok())
        .is_none_or(|flags| flags & EXITING != 0)
}

fn kill(part: &Part) {
    match part.kill() {
        Ok(true) => {}
        Ok(false) => note(format_args!("shim: processes of a visit do not end")),
        Err(error) => note(format_args!("shim: could not end a visit: {error}")),
    }
}

/// What it has started ends with it.
fn remove(part: &Part) {
    kill(part);
    part.remove();
}
