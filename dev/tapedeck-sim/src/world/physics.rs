//! What happens to tasks: they are started, run, exit, are told to stop and stop.

use std::net::Ipv4Addr;
use std::time::Duration;

use tapedeck_model::{HealthStatus, Revision, StopCode, Task, TaskHealth, TaskId, TaskState, Timestamp};

use super::{Fate, World};

/// What happens to a task without the engine doing anything.
#[derive(Debug, Clone, Copy)]
pub(super) enum Due {
    Started { fate: Fate },
    Diagnosed { status: HealthStatus },
    Exited { code: i32 },
    Stopped,
}

/// What the health check of a task says of which nothing is told.
pub(super) const PASSES: (Duration, HealthStatus) = (Duration::ZERO, HealthStatus::Healthy);

impl World {
    pub(super) fn start(&mut self, revision: Revision) {
        let number = self.created.values().sum::<u32>() + 1;
        let attempt = self.created.entry(revision).or_default();
        let behaviour = self.behaviours.entry(revision).or_default();
        let turn = usize::try_from(*attempt).unwrap_or(usize::MAX);
        *attempt += 1;
        let fate = match behaviour.fates.as_slice() {
            [] => Fate::Runs,
            fates => fates[turn % fates.len()],
        };
        let checked = behaviour.health.is_some();
        let takes = behaviour.starts_in.max(Duration::from_millis(1));
        let mut id = [0; 16];
        id[..4].copy_from_slice(&number.to_be_bytes());
        self.tasks.push(Task {
            id: TaskId::from_bytes(id),
            revision,
            address: Ipv4Addr::LOCALHOST,
            created: self.now,
            placement: None,
            state: TaskState::Pending,
            protected_until: None,
            job: None,
            containers: Vec::new(),
            health: checked.then(TaskHealth::default),
        });
        self.due.insert(number, (self.now + takes, Due::Started { fate }));
        self.transcript.line(
            self.now,
            &format!("start {} of revision {revision}", self.transcript.name(number)),
        );
    }

    pub(super) fn tell_to_stop(&mut self, number: u32, code: StopCode, reason: String) {
        self.transcript.line(
            self.now,
            &format!("stop {}: {reason}", self.transcript.name(number)),
        );
        let now = self.now;
        let Some(task) = self.task(number) else { return };
        let started = task.state.started();
        task.state = TaskState::Stopping {
            started,
            stopping: now,
            code,
            reason,
        };
        let revision = task.revision;
        let takes = self.behaviours.entry(revision).or_default().stops_in;
        self.due
            .insert(number, (now + takes.max(Duration::from_millis(1)), Due::Stopped));
    }

    /// Lets something happen to a task now.
    pub(super) fn happen(&mut self, number: u32, due: Due) {
        self.due.remove(&number);
        let now = self.now;
        if let Due::Diagnosed { status } = due {
            return self.come_to(number, status);
        }
        let Some(task) = self.task(number) else { return };
        let (revision, is_checked) = (task.revision, task.health.is_some());
        let (state, what) = outcome(&task.state, due, now, number);
        task.state = state;
        if let Due::Started {
            fate: Fate::Exits { after, code },
        } = due
        {
            self.due.insert(number, (now + after, Due::Exited { code }));
        }
        if is_checked && matches!(due, Due::Started { fate: Fate::Runs }) {
            let told = self.behaviours.entry(revision).or_default().health;
            let (after, status) = told.unwrap_or(PASSES);
            self.due.insert(number, (now + after, Due::Diagnosed { status }));
        }
        let name = self.transcript.name(number);
        self.transcript.line(now, &format!("{name} {what}"));
    }

    fn come_to(&mut self, number: u32, status: HealthStatus) {
        let now = self.now;
        let Some(health) = self.task(number).and_then(|task| task.health.as_mut()) else {
            return;
        };
        if health.status == status {
            return;
        }
        health.status = status;
        health.since = Some(now);
        if status == HealthStatus::Healthy {
            health.first_healthy.get_or_insert(now);
        }
        let name = self.transcript.name(number);
        self.transcript.line(now, &format!("{name} is {status}"));
    }

    pub(super) fn task(&mut self, number: u32) -> Option<&mut Task> {
        self.tasks
            .iter_mut()
            .find(|task| Self::number(&task.id) == number)
    }
}

/// The state that a task comes to, and what to say about it.
fn outcome(state: &TaskState, due: Due, now: Timestamp, number: u32) -> (TaskState, String) {
    let started = state.started();
    match (due, state) {
        (
            Due::Started {
                fate: Fate::FailsToStart,
            },
            _,
        ) => (stopped_by_itself(None, now, None), "failed to start".to_owned()),
        (Due::Started { .. }, _) => {
            let pid = 1000 + number;
            (TaskState::Running { started: now, pid }, "runs".to_owned())
        }
        (Due::Stopped, TaskState::Stopping { code, reason, .. }) => {
            let stopped = TaskState::Stopped {
                started,
                stopped: now,
                code: *code,
                reason: reason.clone(),
                exit_code: started.map(|_| 143),
            };
            (stopped, "stopped".to_owned())
        }
        (Due::Stopped, _) => (stopped_by_itself(started, now, Some(0)), "ended".to_owned()),
        (Due::Diagnosed { .. }, _) => (state.clone(), "is diagnosed".to_owned()),
        (Due::Exited { code }, _) => (
            stopped_by_itself(started, now, Some(code)),
            format!("exited with code {code}"),
        ),
    }
}

fn stopped_by_itself(started: Option<Timestamp>, stopped: Timestamp, exit_code: Option<i32>) -> TaskState {
    let (code, reason) = if started.is_some() {
        (
            StopCode::EssentialContainerExited,
            "Essential container in task exited",
        )
    } else {
        (
            StopCode::TaskFailedToStart,
            "CannotStartContainerError: told to fail",
        )
    };
    TaskState::Stopped {
        started,
        stopped,
        code,
        reason: reason.to_owned(),
        exit_code,
    }
}
