//! The simulated world: tasks that behave as told, and an engine that executes each plan at once.

mod clock;
mod physics;
mod scaling;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use tapedeck_model::{
    HealthStatus, ResourceName, Revision, RolloutState, StopCode, Task, TaskId, TaskState, Timestamp,
};
use tapedeck_plan::{Bounds, Deployments, Desired, Plan, Progress, Stage, Step, decide, events};

use self::physics::Due;
pub use self::scaling::Load;
use self::scaling::Scaler;
use crate::invariants;
use crate::transcript::Transcript;

/// How the tasks of one revision behave.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Behaviour {
    /// Time from the decision to start until the process runs or fails to; at least 1 ms is taken.
    pub starts_in: Duration,
    /// Time from the decision to stop until the process is gone; at least 1 ms is taken.
    pub stops_in: Duration,
    /// What becomes of the tasks, one after the other, from the first again after the last. Empty: they run for ever.
    pub fates: Vec<Fate>,
    /// What their health check says, and how long after the start; none when they have no health check. Of tasks that exit
    /// nothing is said.
    pub health: Option<(Duration, HealthStatus)>,
}

/// What becomes of a task that nobody stops.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    /// It runs for ever.
    Runs,
    /// Its process never runs.
    FailsToStart,
    /// Its process exits.
    Exits {
        /// Time from its start.
        after: Duration,
        /// Its exit code.
        code: i32,
    },
}

impl Default for Behaviour {
    fn default() -> Self {
        Self {
            starts_in: Duration::from_millis(50),
            stops_in: Duration::from_millis(100),
            fates: Vec::new(),
            health: None,
        }
    }
}

/// One service, its tasks, the engine and the clock.
#[derive(Debug)]
pub struct World {
    service: ResourceName,
    now: Timestamp,
    desired: Option<Desired>,
    deployments: Deployments,
    /// Revisions whose deployment the breaker has ended.
    given_up: BTreeSet<Revision>,
    tasks: Vec<Task>,
    behaviours: BTreeMap<Revision, Behaviour>,
    /// What happens next to each task by itself, by number.
    due: BTreeMap<u32, (Timestamp, Due)>,
    created: BTreeMap<Revision, u32>,
    engine: Engine,
    /// How the service is scaled, if it is.
    scaler: Option<Scaler>,
    load: Load,
    /// By how many milliseconds the clock of the machine is ahead of that of the engine.
    lead: i64,
    violations: Vec<String>,
    pub(crate) transcript: Transcript,
}

#[derive(Debug, Default)]
struct Engine {
    is_down: bool,
    /// It dies after executing that many steps of the next plan that has steps.
    dies_after: Option<usize>,
    wake_at: Option<Timestamp>,
    progress: Option<Progress>,
}

impl World {
    /// Far enough from the epoch that days before it exist.
    const BEGINNING: Timestamp = Timestamp::from_millis(1_000_000_000_000);

    /// An empty world with one service that is not deployed.
    #[must_use]
    pub fn new(service: ResourceName) -> Self {
        Self {
            transcript: Transcript::new(service.clone(), Self::BEGINNING),
            service,
            now: Self::BEGINNING,
            desired: None,
            deployments: Deployments::default(),
            given_up: BTreeSet::new(),
            tasks: Vec::new(),
            behaviours: BTreeMap::new(),
            due: BTreeMap::new(),
            created: BTreeMap::new(),
            engine: Engine::default(),
            scaler: None,
            load: Load::default(),
            lead: 0,
            violations: Vec::new(),
        }
    }

    /// Writes no transcript from now on, which takes most of the time of a schedule.
    #[must_use]
    pub fn silent(mut self) -> Self {
        self.transcript.silence();
        self
    }

    /// The name of the service.
    #[must_use]
    pub fn service(&self) -> &ResourceName {
        &self.service
    }

    /// The virtual time.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.now
    }

    /// What is wanted, if it was ever deployed.
    #[must_use]
    pub fn desired(&self) -> Option<&Desired> {
        self.desired.as_ref()
    }

    /// The records of all tasks, in the order of their creation.
    #[must_use]
    pub fn tasks(&self) -> &[Task] {
        &self.tasks
    }

    /// How many tasks of a revision were ever started.
    #[must_use]
    pub fn attempts(&self, revision: Revision) -> u32 {
        self.created.get(&revision).copied().unwrap_or(0)
    }

    /// Whether a decision now would find the service steady.
    #[must_use]
    pub fn is_steady(&self) -> bool {
        self.look().is_some_and(|plan| plan.progress.steady)
    }

    /// What was found wrong with any decision so far, as sentences.
    #[must_use]
    pub fn violations(&self) -> &[String] {
        &self.violations
    }

    /// What would be decided now, without doing it. None before the first deployment.
    #[must_use]
    pub fn look(&self) -> Option<Plan> {
        self.desired
            .as_ref()
            .map(|desired| decide(desired, &self.tasks, self.now))
    }

    /// The number of a task, counted from 1 in the order of creation.
    #[must_use]
    pub fn number(id: &TaskId) -> u32 {
        u32::from_str_radix(id.short(), 16).unwrap_or(0)
    }

    /// Says how the tasks of a revision behave that are started from now on. Whether they have a health check is part of a
    /// revision, and stays as it is.
    pub fn behave(&mut self, revision: Revision, mut behaviour: Behaviour) {
        if let Some(before) = self.behaviours.get(&revision) {
            let checked = before.health.is_some();
            behaviour.health = checked.then(|| behaviour.health.unwrap_or(physics::PASSES));
        }
        self.behaviours.insert(revision, behaviour);
    }

    /// Changes what is wanted; the engine, if it is up, decides at once.
    pub fn deploy(&mut self, desired: Desired) {
        self.desire(desired);
        self.decide();
    }

    /// The same for a revision that is taken to have held before, so that it is tried for ever.
    pub fn deploy_held(&mut self, desired: Desired) {
        self.deployments.complete(desired.revision, self.now);
        self.desired = Some(desired);
        self.desire(desired);
        self.decide();
    }

    fn desire(&mut self, desired: Desired) {
        if self
            .desired
            .is_none_or(|before| before.revision != desired.revision)
        {
            self.deployments.begin(desired.revision, self.now);
        }
        let stage = self.deployments.stage(desired.revision);
        let begun_with = self
            .desired
            .filter(|before| before.revision == desired.revision)
            .map_or(desired.count, |before| before.count.saturating_sub(before.grown));
        let grown = desired.count.saturating_sub(begun_with);
        self.desired = Some(Desired {
            stage,
            grown,
            ..desired
        });
    }

    /// Ends the process of a running task. Does nothing to one that does not run.
    pub fn kill(&mut self, number: u32, code: i32) {
        let is_running = self
            .task(number)
            .is_some_and(|task| matches!(task.state, TaskState::Running { .. }));
        if is_running {
            self.happen(number, Due::Exited { code });
            self.decide();
        }
    }

    /// Tells a live task to stop, as a person would.
    pub fn stop(&mut self, number: u32) {
        if self.task(number).is_some_and(|task| task.state.is_live()) {
            self.tell_to_stop(number, StopCode::UserInitiated, "Task stopped by user".to_owned());
            self.decide();
        }
    }

    /// Protects a live task for some time, or ends its protection, as the task would ask for it itself.
    pub fn protect(&mut self, number: u32, span: Option<Duration>) {
        let until = span.map(|span| self.now + span);
        if let Some(task) = self.task(number).filter(|task| task.state.is_live()) {
            task.protected_until = until;
            self.decide();
        }
    }

    /// Lets the health check of a running task come to something else. Does nothing to one that has none.
    pub fn diagnose(&mut self, number: u32, status: HealthStatus) {
        let is_checked = self
            .task(number)
            .is_some_and(|task| task.health.is_some() && matches!(task.state, TaskState::Running { .. }));
        if is_checked {
            self.happen(number, Due::Diagnosed { status });
            self.decide();
        }
    }

    /// Ends the engine. Tasks go on without it, and what becomes of them is recorded.
    pub fn engine_down(&mut self) {
        self.engine = Engine {
            is_down: true,
            ..Engine::default()
        };
    }

    /// Starts the engine, which finds the records and decides.
    pub fn engine_up(&mut self) {
        self.engine = Engine::default();
        self.look_at_clock();
        self.forget_samples();
        self.decide();
    }

    /// Lets the engine die after so many steps of the next plan that has steps.
    pub fn engine_dies_after(&mut self, steps: usize) {
        self.engine.dies_after = Some(steps);
    }

    /// Whether the engine is down.
    #[must_use]
    pub fn is_engine_down(&self) -> bool {
        self.engine.is_down
    }

    /// Lets time pass.
    pub fn advance(&mut self, span: Duration) {
        let end = self.now + span;
        loop {
            let happening = self.due.values().map(|(time, _)| *time);
            let wake = self.engine.wake_at.filter(|_| !self.engine.is_down);
            let sampled = self.scaler.as_ref().map(|scaler| scaler.next);
            let sampled = sampled.filter(|_| !self.engine.is_down);
            let nexts = happening.chain(wake).chain(sampled);
            let Some(next) = nexts.min().filter(|next| *next <= end) else {
                break;
            };
            self.now = next.max(self.now);
            let happened: Vec<(u32, Due)> = self
                .due
                .iter()
                .filter(|(_, (time, _))| *time <= self.now)
                .map(|(number, (_, due))| (*number, *due))
                .collect();
            for (number, due) in happened {
                self.happen(number, due);
            }
            if sampled.is_some_and(|next| next <= self.now) {
                self.sample();
            }
            self.decide();
        }
        self.now = end;
    }

    /// From here on nothing fails that is started, no task is protected, and the engine is up. Then, however long it takes, the service has to
    /// come to rest.
    pub fn settle(&mut self) {
        let revisions: Vec<Revision> = self.behaviours.keys().copied().collect();
        for revision in revisions {
            self.behave(revision, Behaviour::default());
        }
        for task in &mut self.tasks {
            task.protected_until = None;
        }
        self.engine_up();
        let Some(before) = self.desired else { return };
        // Bounds without room hold up a deployment for ever.
        let bounds = Bounds::default();
        self.deploy(Desired { bounds, ..before });
        self.advance(self.time_to_settle());
        // What failed and had nothing to go back to waits for another deployment.
        if let Some(desired) = self.desired
            && desired.stage == Stage::GivenUp
            && desired.count > 0
        {
            let revision = Revision(desired.revision.0.max(before.revision.0) + 1);
            self.deploy(Desired { revision, ..desired });
            self.advance(self.time_to_settle());
        }
        if !self.is_steady() {
            self.violations
                .push(format!("it does not come to rest: {:#?}", self.look()));
        }
    }

    /// What was started before may still exit as it was told to, up to 100 s after its start. Then there is one delay
    /// at most and one trial of a minute, and the rest goes task by task.
    fn time_to_settle(&self) -> Duration {
        let Some(desired) = self.desired else {
            return Duration::ZERO;
        };
        let pace = desired.pace;
        let most_tasks = 10;
        let rollout = pace.back_off.cap
            + 3 * Duration::from_secs(100)
            + most_tasks * (pace.proven_after + pace.back_off.second);
        rollout
            + self
                .scaler
                .as_ref()
                .map_or(Duration::ZERO, Scaler::time_to_settle)
    }

    /// The deployments that are remembered.
    #[must_use]
    pub fn deployments(&self) -> &Deployments {
        &self.deployments
    }

    fn decide(&mut self) {
        let Some(desired) = self.desired.filter(|_| !self.engine.is_down) else {
            return;
        };
        let plan = decide(&desired, &self.tasks, self.now);
        self.violations
            .extend(invariants::of_plan(&desired, &self.tasks, self.now, &plan));
        self.transcript.waits(self.now, &plan.waiting);
        let concluded = self.conclude(&plan.progress);
        for event in events::transitions(&self.service, self.engine.progress.as_ref(), &plan.progress) {
            self.transcript.line(self.now, &event);
        }
        self.engine.progress = Some(plan.progress);
        if concluded {
            return self.decide();
        }
        let Some(desired) = self.desired else { return };
        let dies_after = self.engine.dies_after.filter(|_| !plan.steps.is_empty());
        if plan.replacing > 0 {
            let replacing = plan.replacing;
            self.transcript.line(
                self.now,
                &format!("{replacing} of the starts for unhealthy tasks"),
            );
        }
        for step in plan.steps.iter().take(dies_after.unwrap_or(usize::MAX)) {
            self.execute(step);
        }
        if dies_after.is_some() {
            self.engine_down();
            return;
        }
        let again = decide(&desired, &self.tasks, self.now);
        self.violations.extend(invariants::of_second_plan(
            &desired,
            &self.tasks,
            self.now,
            &again,
        ));
        self.engine.wake_at = again.wake_at;
    }

    /// Acts on a deployment that has completed or failed; says whether one has.
    fn conclude(&mut self, progress: &Progress) -> bool {
        let (revision, now) = (progress.revision, self.now);
        let Some(desired) = &mut self.desired else {
            return false;
        };
        let mut told = Vec::new();
        if progress.failed {
            told.push(events::deployment_failed(&self.service, revision));
            self.given_up.insert(revision);
            if let Some(back_to) = self.deployments.fail(revision, progress.failed_tasks, now) {
                told.push(events::rolling_back(&self.service, back_to));
                desired.revision = back_to;
            }
        } else if progress.steady
            && desired.count > 0
            && self.deployments.state(revision) == RolloutState::InProgress
        {
            self.deployments.complete(revision, now);
            told.push(events::deployment_completed(&self.service, revision));
        }
        let stage = self.deployments.stage(desired.revision);
        for event in told {
            self.transcript.line(now, &event);
        }
        let before = std::mem::replace(&mut desired.stage, stage);
        progress.failed || before != stage
    }

    fn execute(&mut self, step: &Step) {
        match step {
            Step::Start { revision } => {
                if self.given_up.contains(revision) {
                    self.violations.push(format!(
                        "revision {revision} is started although its deployment failed"
                    ));
                }
                self.start(*revision);
            }
            Step::Stop { task, code, reason } => self.tell_to_stop(Self::number(task), *code, reason.clone()),
            Step::Forget { task } => self.tasks.retain(|record| record.id != *task),
        }
    }
}
