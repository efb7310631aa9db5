//! What the engine knows: every stack with its services and their tasks. Plain values; [`crate::store`] keeps them.

use std::collections::{BTreeMap, VecDeque};
use std::net::Ipv4Addr;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use tapedeck_api::{DeploymentStatus, ServiceEvent, ServiceStatus, StackStatus, StackSummary};
use tapedeck_model::{
    ContainerSpec, Job, JobId, JobSpec, LocalResource, LogPolicy, ResourceName, Revision, RolloutState,
    Scaling, ServicePort, ServiceSpec, StackName, Task, TaskId, TaskState, Timestamp,
};
use tapedeck_plan::{Deployments, Plan, Waiting};

use crate::capacity::Capacity;
use crate::scaling::Scaler;

/// How many events of a service are remembered, as ECS does.
pub(crate) const EVENTS_KEPT: usize = 100;

/// Names a service among all stacks.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct ServiceKey {
    pub(crate) stack: StackName,
    pub(crate) name: ResourceName,
}

impl ServiceKey {
    /// The service that a port belongs to.
    pub(crate) fn of(port: &ServicePort) -> Self {
        Self {
            stack: port.stack.clone(),
            name: port.service.clone(),
        }
    }
}

impl std::fmt::Display for ServiceKey {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "{}/{}", self.stack, self.name)
    }
}

/// Whether a service is wanted at all.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Life {
    /// It is deployed.
    Active,
    /// It is being deleted, and is forgotten when nothing of it is left.
    Draining,
}

/// What becomes of the logs of a service.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct LogRules {
    /// As it was asked for.
    pub(crate) policy: LogPolicy,
    /// Since when they have a destination. Lines from before do not go there.
    pub(crate) forwarded_since: Timestamp,
    /// The same of containers beside the main one, by name.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) sides_since: BTreeMap<String, Timestamp>,
}

/// One service.
#[derive(Debug, Clone)]
pub(crate) struct Service {
    pub(crate) life: Life,
    /// Tasks wanted: as asked for, then as scaled.
    pub(crate) desired_count: u32,
    /// Tasks that were wanted when the deployment of the desired revision began, as far as this engine knows.
    pub(crate) deployed_count: u32,
    /// How it is scaled, if it is.
    pub(crate) scaler: Option<Box<Scaler>>,
    pub(crate) revision: Revision,
    /// What is remembered of its deployments, among them that of the desired revision.
    pub(crate) deployments: Deployments,
    /// The desired revision, every other that a remembered task runs or ran, and those that can be gone back to.
    pub(crate) revisions: BTreeMap<Revision, ContainerSpec>,
    pub(crate) tasks: BTreeMap<TaskId, Task>,
    pub(crate) events: VecDeque<ServiceEvent>,
    /// What becomes of its logs.
    pub(crate) logs: LogRules,
    /// Its instances, and what waits for room.
    pub(crate) capacity: Capacity,
    /// Whether it lives only as long as somebody attends to it: see [`crate::attendance`].
    pub(crate) attended: bool,
    /// The address that it has for others, of a service with ports.
    pub(crate) address: Option<Ipv4Addr>,
    /// What makes it a definition of jobs, if it is one.
    pub(crate) job: Option<JobSpec>,
    /// The jobs that were submitted and are remembered.
    pub(crate) jobs: BTreeMap<JobId, Job>,
    /// What was decided last; it says what is waited for. None until this engine has looked at the service.
    pub(crate) plan: Option<Plan>,
    /// Value of the engine's change counter when anything here last changed.
    pub(crate) version: u64,
}

impl Service {
    /// A service with its first revision.
    pub(crate) fn new(desired_count: u32, container: ContainerSpec, now: Timestamp) -> Self {
        let first = Revision(1);
        let mut service = Self::of(desired_count, first, BTreeMap::from([(first, container)]));
        service.deployments.begin(first, now);
        service
    }

    /// A service without tasks and deployments; `revision` is one of `revisions`.
    pub(crate) fn of(
        desired_count: u32,
        revision: Revision,
        revisions: BTreeMap<Revision, ContainerSpec>,
    ) -> Self {
        Self {
            life: Life::Active,
            desired_count,
            deployed_count: desired_count,
            scaler: None,
            revision,
            deployments: Deployments::default(),
            revisions,
            tasks: BTreeMap::new(),
            events: VecDeque::new(),
            logs: LogRules::default(),
            capacity: Capacity::default(),
            attended: false,
            address: None,
            job: None,
            jobs: BTreeMap::new(),
            plan: None,
            version: 0,
        }
    }

    /// What the desired revision runs.
    pub(crate) fn container(&self) -> &ContainerSpec {
        self.revisions
            .get(&self.revision)
            .expect("the desired revision is always among the revisions")
    }

    /// Makes `container` the desired revision, as a new one when it differs. Says whether anything changed.
    ///
    /// A revision that does not come up is given a new number too, so that it is tried again at once: whoever deploys
    /// it once more has mended something around it. Another count alone is no deployment.
    pub(crate) fn update(&mut self, desired_count: u32, container: &ContainerSpec, now: Timestamp) -> bool {
        let revived = self.life == Life::Draining;
        let counts = self.desired_count != desired_count;
        self.life = Life::Active;
        self.desired_count = desired_count;
        let impaired = self.plan.as_ref().is_some_and(|plan| plan.progress.is_impaired());
        // What failed before it was deleted must not count against it now.
        let failed = self.rollout() == RolloutState::Failed || (revived && self.has_failures());
        if impaired || failed || self.container() != container {
            self.add_revision(container.clone(), now);
            return true;
        }
        if revived {
            self.deployments.begin(self.revision, now);
        }
        revived || counts
    }

    /// Whether a remembered task of the desired revision failed.
    fn has_failures(&self) -> bool {
        let mut tasks = self.tasks.values();
        tasks.any(|task| {
            let failed = matches!(&task.state, TaskState::Stopped { code, .. } if code.is_failure());
            failed && task.revision == self.revision
        })
    }

    /// How many tasks are wanted when this is asked for: what it was scaled to stays, within the new bounds.
    pub(crate) fn count_within(&self, wanted: &ServiceSpec) -> u32 {
        match wanted.scaling {
            Some(bounds) if self.life == Life::Active => self
                .desired_count
                .clamp(bounds.min_instances, bounds.max_instances),
            _ => wanted.desired_count,
        }
    }

    /// Sets between which bounds it is scaled, if it is; says whether that differs.
    pub(crate) fn set_scaling(&mut self, wanted: Option<Scaling>) -> bool {
        let known = self.scaler.as_ref().map(|scaler| scaler.bounds);
        if known == wanted {
            return false;
        }
        match (&mut self.scaler, wanted) {
            (Some(scaler), Some(bounds)) => scaler.bounds = bounds,
            (scaler, wanted) => *scaler = wanted.map(|bounds| Box::new(Scaler::new(bounds))),
        }
        true
    }

    /// Sets what becomes of its logs from `wall`, a time of the machine's clock, on; says whether that differs.
    pub(crate) fn set_logs(&mut self, wanted: &LogPolicy, wall: Timestamp) -> bool {
        let differs = self.logs.policy != *wanted;
        if wanted.destination.is_some() && self.logs.policy.destination.is_none() {
            self.logs.forwarded_since = wall;
        }
        for (name, side) in &wanted.sides {
            if side.destination.is_some() && self.logs.policy.destination_of(Some(name)).is_none() {
                self.logs.sides_since.insert(name.clone(), wall);
            }
        }
        self.logs
            .sides_since
            .retain(|name, _| wanted.sides.contains_key(name));
        self.logs.policy = wanted.clone();
        differs
    }

    /// Gives the desired container a new number, so that all tasks are replaced by their like.
    pub(crate) fn renew(&mut self, now: Timestamp) {
        self.add_revision(self.container().clone(), now);
    }

    /// Goes back to what ran before. Says whether there was anything.
    ///
    /// A deployment that has not completed is given up, and tasks of the last one that had run on. After one that has, what
    /// ran before it is deployed anew, under a new number.
    pub(crate) fn roll_back(&mut self, now: Timestamp) -> bool {
        let is_under_way = self
            .deployments
            .get(self.revision)
            .is_some_and(|known| known.state != RolloutState::Completed && !known.is_rollback);
        if is_under_way {
            let back_to = self.deployments.stop(self.revision, now);
            self.revision = back_to.unwrap_or(self.revision);
            return back_to.is_some();
        }
        let before = self.deployments.last_completed(self.revision);
        let Some(container) = before.and_then(|before| self.revisions.get(&before)) else {
            return false;
        };
        self.add_revision(container.clone(), now);
        true
    }

    fn add_revision(&mut self, container: ContainerSpec, now: Timestamp) {
        let newest = self.revisions.keys().next_back().copied();
        let newest = newest.max(self.deployments.newest()).unwrap_or(self.revision);
        self.revision = Revision(newest.0 + 1);
        self.revisions.insert(self.revision, container);
        self.deployed_count = self.desired_count;
        self.deployments.begin(self.revision, now);
    }

    /// When the desired revision was asked for.
    pub(crate) fn deployed(&self) -> Option<Timestamp> {
        self.deployments.get(self.revision).map(|known| known.created)
    }

    /// How far the deployment of the desired revision is.
    pub(crate) fn rollout(&self) -> RolloutState {
        self.deployments.state(self.revision)
    }

    /// Whether the last decision found nothing left to do.
    pub(crate) fn is_steady(&self) -> bool {
        self.plan.as_ref().is_some_and(|plan| plan.progress.steady)
    }

    /// Time between SIGTERM and SIGKILL of one of its tasks.
    pub(crate) fn stop_timeout_of(&self, task: &Task) -> Duration {
        self.revisions
            .get(&task.revision)
            .unwrap_or_else(|| self.container())
            .stop_timeout
            .duration()
    }

    /// Tasks of which something may be left on this machine.
    pub(crate) fn unstopped(&self) -> impl Iterator<Item = &Task> {
        self.tasks.values().filter(|task| !task.state.is_stopped())
    }

    /// Adds an event, dropping the oldest beyond [`EVENTS_KEPT`].
    pub(crate) fn record(&mut self, at: Timestamp, message: String) {
        self.events.push_back(ServiceEvent { at, message });
        while self.events.len() > EVENTS_KEPT {
            self.events.pop_front();
        }
    }

    /// Forgets revisions that nobody runs, wants or may go back to; returns them.
    pub(crate) fn forget_unused_revisions(&mut self) -> Vec<Revision> {
        let used = |revision: &Revision| {
            *revision == self.revision
                || self.deployments.needs(*revision, self.revision)
                || self.tasks.values().any(|task| task.revision == *revision)
        };
        let unused: Vec<Revision> = self
            .revisions
            .keys()
            .copied()
            .filter(|number| !used(number))
            .collect();
        self.revisions.retain(|number, _| !unused.contains(number));
        for number in &unused {
            self.deployments.forget(*number);
        }
        unused
    }

    /// Tasks whose process runs.
    pub(crate) fn running_count(&self) -> u32 {
        self.count(|state| matches!(state, TaskState::Running { .. }))
    }

    fn count(&self, matches: impl Fn(&TaskState) -> bool) -> u32 {
        u32::try_from(self.tasks.values().filter(|task| matches(&task.state)).count()).unwrap_or(u32::MAX)
    }

    fn status(&self, name: &ResourceName) -> ServiceStatus {
        let container = self.container();
        let mut tasks: Vec<Task> = self.tasks.values().cloned().collect();
        let waiting = self.plan.as_ref().map_or(&[][..], |plan| &plan.waiting);
        tasks.sort_by_key(|task| {
            (
                task.state.is_stopped(),
                std::cmp::Reverse(task.created),
                task.id.clone(),
            )
        });
        ServiceStatus {
            name: name.clone(),
            status: match self.life {
                Life::Active => "ACTIVE",
                Life::Draining => "DRAINING",
            }
            .to_string(),
            revision: self.revision,
            rollout: self.rollout(),
            deployments: self.deployment_statuses(),
            image: container.image.clone(),
            cpu: container.cpu,
            shares_cpu: container.ec2.as_ref().is_some_and(|ec2| ec2.shares_cpu),
            memory: container.memory,
            stop_timeout: container.stop_timeout,
            desired_count: self.wanted(),
            running_count: self.running_count(),
            pending_count: self.count(|state| matches!(state, TaskState::Pending)),
            steady: self.is_steady(),
            consecutive_failures: self
                .plan
                .as_ref()
                .map_or(0, |plan| plan.progress.consecutive_failures),
            failed_tasks: self.plan.as_ref().map_or(0, |plan| plan.progress.failed_tasks),
            scaling: self.scaler.as_ref().map(|scaler| scaler.status()),
            waiting: waiting
                .iter()
                .map(ToString::to_string)
                .chain(self.capacity.waiting.iter().cloned())
                .collect(),
            waiting_for_room: self.capacity.waiting.clone(),
            next_attempt_at: waiting
                .iter()
                .filter(|waiting| matches!(waiting, Waiting::ForBackOff { .. }))
                .find_map(Waiting::until),
            address: self.address,
            ports: container.ports.clone(),
            instances: self.capacity.statuses(self),
            job: self.job_status(),
            tasks,
            events: self.events.iter().cloned().collect(),
        }
    }

    fn deployment_statuses(&self) -> Vec<DeploymentStatus> {
        let has_tasks = |revision| self.unstopped().any(|task| task.revision == revision);
        let status = |revision| match () {
            () if revision == self.revision => "PRIMARY",
            () if has_tasks(revision) => "ACTIVE",
            () => "INACTIVE",
        };
        let known = self.deployments.newest_first();
        known
            .map(|(revision, deployment)| DeploymentStatus {
                revision,
                status: status(revision).to_string(),
                deployment: deployment.clone(),
            })
            .collect()
    }

    /// The same service as it is while it is being deleted.
    pub(crate) fn draining(&self) -> Self {
        Self {
            life: Life::Draining,
            ..self.clone()
        }
    }

    /// Tasks wanted: none while the service is being deleted; of jobs, those that there are.
    pub(crate) fn wanted(&self) -> u32 {
        match self.life {
            Life::Active if self.job.is_some() => self.count(TaskState::is_live),
            Life::Active => self.desired_count,
            Life::Draining => 0,
        }
    }
}

/// Every service of every stack.
#[derive(Debug, Default)]
pub(crate) struct Fleet {
    pub(crate) services: BTreeMap<ServiceKey, Service>,
    /// What else is in stacks, where there is something.
    pub(crate) resources: BTreeMap<StackName, Vec<LocalResource>>,
}

impl Fleet {
    /// The services of one stack, by name.
    pub(crate) fn of_stack(&self, stack: &StackName) -> impl Iterator<Item = (&ServiceKey, &Service)> {
        self.services.iter().filter(move |(key, _)| key.stack == *stack)
    }

    /// The latest time that is known of any task.
    pub(crate) fn latest_time(&self) -> Timestamp {
        let services = self.services.values();
        let tasks = services.clone().flat_map(|service| service.tasks.values());
        let jobs = services.flat_map(|service| service.jobs.values());
        let times = tasks.map(Task::latest_time).chain(jobs.map(Job::latest_time));
        times.max().unwrap_or_default()
    }

    /// The service that a task belongs to.
    pub(crate) fn owner_of(&self, task: &TaskId) -> Option<ServiceKey> {
        self.services
            .iter()
            .find(|(_, service)| service.tasks.contains_key(task))
            .map(|(key, _)| key.clone())
    }

    /// A task and the service that it belongs to.
    pub(crate) fn task(&self, task: &TaskId) -> Option<(&Service, &Task)> {
        self.services
            .values()
            .find_map(|service| Some((service, service.tasks.get(task)?)))
    }

    /// How one stack is, if there is one of that name.
    pub(crate) fn stack_status(&self, stack: &StackName) -> Option<StackStatus> {
        let mut version = 0;
        let mut services = Vec::new();
        for (key, service) in self.of_stack(stack) {
            version = version.max(service.version);
            services.push(service.status(&key.name));
        }
        (!services.is_empty()).then(|| StackStatus {
            name: stack.clone(),
            version,
            attended: self.of_stack(stack).any(|(_, service)| service.attended),
            services,
            resources: self.resources.get(stack).cloned().unwrap_or_default(),
        })
    }

    /// A row for each stack.
    pub(crate) fn summaries(&self) -> Vec<StackSummary> {
        let mut rows: BTreeMap<&StackName, StackSummary> = BTreeMap::new();
        for (key, service) in &self.services {
            let row = rows.entry(&key.stack).or_insert_with(|| StackSummary {
                name: key.stack.clone(),
                services: 0,
                desired_count: 0,
                running_count: 0,
                steady: true,
                attended: false,
            });
            row.attended |= service.attended;
            row.services += 1;
            row.desired_count += service.wanted();
            row.running_count += service.running_count();
            row.steady &= service.is_steady();
        }
        rows.into_values().collect()
    }
}
