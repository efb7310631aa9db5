//! The loop of a shim, and what it does about each event. When containers start and stop is decided by
//! [`tapedeck_plan::containers`].

use std::io;
use std::os::fd::{AsFd as _, OwnedFd};
use std::path::Path;
use std::time::{Duration, Instant};

use fs_err as fs;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use tapedeck_model::{ContainerStatus, HealthStatus, Timestamp};
use tapedeck_plan::containers::{Container, Ending, Step, steer};

use super::connections::Connections;
use super::contained::Contained;
use super::process::{Ended, Inheritance, child_events, reap};
use super::{verdict, visits};
use crate::cgroup::{CgroupLayout, MOUNT_ROOT};
use crate::cleanup::{CleanupError, CleanupErrors, remove_resources};
use crate::clock::TaskClock;
use crate::container::{self, Share, note};
use crate::definition::{TaskDefinition, TaskDirectory, TaskExit, write_json};
use crate::descriptor;
use crate::network::{self, NetworkError, Traffic};
use crate::protocol::{ShimCommand, ShimState};

/// Runs the task in this folder to its end.
pub(super) fn run(task_directory: &Path, inheritance: Inheritance) -> io::Result<()> {
    let Inheritance { listener, definition } = inheritance;
    let children = child_events()?;
    let layout = CgroupLayout::detect(MOUNT_ROOT.as_ref()).map_err(io::Error::other)?;
    let mut supervisor = Supervisor {
        task_directory,
        layout: &layout,
        definition: &definition,
        connections: Connections::new(listener, &ShimState::Starting),
        children,
        containers: Contained::all(&definition, task_directory),
        told: Vec::new(),
        share: None,
        clock: definition.clock.unwrap_or_else(TaskClock::of_machine),
        ended: Vec::new(),
        ending: None,
        wake_at: None,
    };
    let exit = match supervisor.prepare() {
        Ok(()) => supervisor.supervise()?,
        Err(reason) => verdict::never_ran(supervisor.clock.now(), reason),
    };
    supervisor.finish(exit)
}

struct Supervisor<'a> {
    task_directory: &'a Path,
    definition: &'a TaskDefinition,
    layout: &'a CgroupLayout,
    connections: Connections,
    children: OwnedFd,
    /// The main one first.
    containers: Vec<Contained<'a>>,
    /// What was told of them last.
    told: Vec<ContainerStatus>,
    /// What they have together, when there are several.
    share: Option<Share>,
    clock: TaskClock,
    /// Children that have ended.
    ended: Vec<Ended>,
    /// Why the task ends, if it does.
    ending: Option<Ending>,
    /// When to decide anew although nothing has happened.
    wake_at: Option<Timestamp>,
}

impl<'a> Supervisor<'a> {
    /// Makes what there has to be before the first container.
    fn prepare(&mut self) -> Result<(), String> {
        network_of_errand(self.definition).map_err(|error| container::reason(&error))?;
        if self.definition.sides.is_some() {
            let directory = TaskDirectory(self.task_directory);
            let (share, endpoint) = Share::make(self.definition, directory, self.layout)
                .map_err(|error| container::reason(&error))?;
            self.share = Some(share);
            self.connections.offer(endpoint);
        }
        Ok(())
    }

    /// Waits for the end of the task.
    fn supervise(&mut self) -> io::Result<TaskExit> {
        loop {
            if self.follow_directions() {
                return Ok(verdict::of(&self.containers, self.ending, self.clock.now()));
            }
            self.tell_of_containers();
            self.wait()?;
            self.read_children();
            self.look_at_containers();
            for heard in self.connections.listen() {
                match (heard.command, heard.descriptor) {
                    (ShimCommand::Stop { timeout_ms }, _) => self.stop(Duration::from_millis(timeout_ms)),
                    (ShimCommand::Visit { container }, Some(channel)) => self.admit(&container, channel),
                    (ShimCommand::Visit { .. }, None) => {}
                }
            }
            if self.is_abandoned() {
                self.stop(Duration::ZERO);
            }
            for container in &mut self.containers {
                container.attend_visits(&self.ended, self.layout);
            }
            self.probe();
        }
    }

    fn admit(&mut self, name: &str, channel: OwnedFd) {
        let container = self
            .containers
            .iter_mut()
            .find(|container| container.name == name);
        match container {
            Some(container) => container.admit(channel),
            None => visits::turn_away(channel, format!("the task has no container named {name}")),
        }
    }

    /// Does what has to be done now. Returns whether nothing is left to do.
    fn follow_directions(&mut self) -> bool {
        loop {
            let now = self.clock.now();
            let seen: Vec<Container> = self.containers.iter().map(Contained::view).collect();
            let directions = steer(&seen, self.ending, now);
            self.ending = directions.ending;
            self.wake_at = directions.wake_at;
            if directions.steps.is_empty() {
                self.containers.iter_mut().for_each(Contained::deliver);
                return directions.is_over;
            }
            for step in directions.steps {
                self.take(step, now);
            }
        }
    }

    fn take(&mut self, step: Step, now: Timestamp) {
        let (Step::Start(place) | Step::Ask(place) | Step::Kill(place)) = step;
        let container = &mut self.containers[place];
        match step {
            Step::Start(_) => container.begin(self.layout, self.share.as_ref(), now),
            Step::Ask(_) => container.ask(now),
            Step::Kill(_) => container.kill(&self.ended, self.layout),
        }
    }

    /// Waits until something has happened, or it is time to decide anew.
    fn wait(&self) -> io::Result<()> {
        let always = [self.children.as_fd()]
            .into_iter()
            .chain(self.connections.descriptors());
        let descriptors = always.chain(self.containers.iter().flat_map(Contained::descriptors));
        let mut events: Vec<PollFd<'_>> = descriptors
            .map(|descriptor| PollFd::from_borrowed_fd(descriptor, PollFlags::IN))
            .collect();
        let timeout = self.wake_at.map(|at| at.since(self.clock.now()));
        let wake_at = self.containers.iter().filter_map(Contained::wake_at).min();
        let until_wake = wake_at.map(|at| at.saturating_duration_since(Instant::now()));
        let timeout = timeout.into_iter().chain(until_wake).min();
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

    fn look_at_containers(&mut self) {
        for place in 0..self.containers.len() {
            let now = self.clock.now();
            let container = &mut self.containers[place];
            let had_ended = container.end.is_some();
            let has_started = container.read_reports(now);
            if has_started {
                self.container_started(place);
            }
            let container = &mut self.containers[place];
            container.look_for_end(&self.ended, self.layout, now);
            if container.end.is_some() {
                if !had_ended {
                    container.clear(&self.ended, self.layout);
                }
            } else {
                container.take_output();
            }
        }
    }

    /// Does what is due of the health checks, and tells what came of them.
    fn probe(&mut self) {
        let mut is_new = false;
        for container in &mut self.containers {
            is_new |= container.probe(&self.ended);
        }
        // Whose process a number was matters only while somebody may still ask for it.
        if !self.containers.iter().any(Contained::awaits_ends) {
            self.ended.clear();
        }
        if is_new && !matches!(self.ending, Some(Ending::Ordered { .. })) {
            self.tell_running();
        }
    }

    /// The main container is the task to whoever knows of no other, but for its health: that is of the first essential
    /// one that is unhealthy, if there is any.
    fn tell_running(&mut self) {
        let Some(main) = self.containers.first() else {
            return;
        };
        let (Some(pid), Some(started)) = (main.pid, main.started) else {
            return;
        };
        let essential = self.containers.iter().filter(|one| one.is_essential());
        let unhealthy = essential
            .filter_map(Contained::health)
            .find(|health| health.status == HealthStatus::Unhealthy);
        let health = unhealthy.or(main.health()).cloned();
        self.connections.tell(&ShimState::Running {
            pid: pid.unsigned_abs(),
            started,
            health,
        });
    }

    fn container_started(&mut self, place: usize) {
        self.take_endpoint(place);
        self.containers[place].begin_probing(self.layout, self.clock);
        if place == 0 {
            self.tell_running();
        }
    }

    /// Tells what the containers do, when there are several and that has changed.
    fn tell_of_containers(&mut self) {
        if self.share.is_none() {
            return;
        }
        let containers: Vec<ContainerStatus> = self.containers.iter().map(Contained::status).collect();
        if containers != self.told {
            self.told.clone_from(&containers);
            self.connections
                .tell_beside(&ShimState::Containers { containers });
        }
    }

    /// Takes the socket of the endpoint, for whoever is connected and will be. It was sent before the report that PID 1
    /// exists; without it, a task goes without answers. Where there are several containers, the shim has it already.
    fn take_endpoint(&mut self, place: usize) {
        let handover = self.containers[place].handover.take();
        let Some(handover) = handover.filter(|_| self.share.is_none()) else {
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

    /// Whoever sends an errand connects before the shim begins to listen.
    fn is_abandoned(&self) -> bool {
        self.definition.errand.is_some() && self.connections.is_alone()
    }

    /// Has the task end. Told again, the earlier deadline holds.
    fn stop(&mut self, timeout: Duration) {
        let now = self.clock.now();
        let at_once = timeout.is_zero();
        let is_first = !matches!(self.ending, Some(Ending::Ordered { .. }));
        if is_first || at_once {
            self.ending = Some(Ending::Ordered { at_once });
        }
        let Some(main) = self.containers.first_mut() else {
            return;
        };
        main.limit_stop(timeout, now);
        self.containers.iter_mut().for_each(Contained::end_probing);
        let Some(main) = self.containers.first() else {
            return;
        };
        if is_first {
            let pid = main.started.and(main.pid).map(i32::unsigned_abs);
            let started = main.started;
            self.connections.tell(&ShimState::Stopping { pid, started });
        }
    }

    /// Makes sure that nothing is left, makes the exit known, and gives everything back.
    fn finish(mut self, exit: TaskExit) -> io::Result<()> {
        for container in &mut self.containers {
            container.clear(&self.ended, self.layout);
            container.attend_visits(&self.ended, self.layout);
        }
        let path = TaskDirectory(self.task_directory).exit();
        let written = write_json(&path, &exit, true);
        if let Err(error) = &written {
            note(format_args!("shim: the exit of the task is not on disk: {error}"));
        }
        // Also without it: whoever listens now is better off knowing.
        self.connections.listen();
        self.connections.withdraw();
        self.connections.tell(&ShimState::Exited { exit });

        // Its last mounts: what the kernel still has to write goes to a file that nobody will read, but takes time.
        drop(self.containers);
        drop(self.share.take().and_then(Share::into_disk));
        let mut errors = Vec::new();
        remove_resources(self.task_directory, self.definition, self.layout, &mut errors);
        self.connections.listen();
        let is_abandoned = self.definition.errand.is_some() && self.connections.is_alone();
        if let Some(errand) = self.definition.errand.as_ref().filter(|_| is_abandoned) {
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
    definition.errand.as_ref().map_or(Ok(()), |errand| {
        network::ensure(&errand.network, &Traffic::default())
    })
}
