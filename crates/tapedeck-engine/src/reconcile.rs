//! From a plan to acts: each step is written down, then taken. Nothing is decided here.

use std::sync::Arc;

use tapedeck_model::{
    ContainerSpec, JobRun, Revision, RolloutState, StopCode, Task, TaskHealth, TaskId, TaskState,
};
use tapedeck_plan::{
    Bounds, Breaker, Desired, FAILED_HEALTH_CHECKS, Plan, Progress, Step, decide_placed, events,
};
use tapedeck_runtime::failpoint;

use crate::fleet::{Life, ServiceKey};
use crate::main_loop::{ENGINE_STOP, Engine, Event};
use crate::store::StoreError;

impl Engine {
    /// Decides for one service and takes the steps, until there is none left to take now.
    pub(crate) fn reconcile(&mut self, key: &ServiceKey) {
        if self
            .fleet
            .services
            .get(key)
            .is_some_and(|service| service.job.is_some())
        {
            return self.reconcile_jobs(key);
        }
        while let Some(service) = self.fleet.services.get(key) {
            let count = if self.is_emptying() { 0 } else { service.wanted() };
            let desired = Desired {
                revision: service.revision,
                count,
                grown: count.saturating_sub(service.deployed_count),
                attended: service.attended,
                bounds: bounds_of(service.container()),
                breaker: Breaker::default(),
                stage: service.deployments.stage(service.revision),
                pace: self.tempo.pace(),
            };
            let tasks: Vec<Task> = service.tasks.values().cloned().collect();
            let whereabouts = self.whereabouts(service);
            let mut plan = decide_placed(&desired, &tasks, &whereabouts, self.clock.now());
            let steps = std::mem::take(&mut plan.steps);
            let replacing = plan.replacing;
            let failed = self.keep(key, plan);
            // The steps were for a revision that is not desired any more.
            if failed {
                continue;
            }
            let took = self.take(key, &steps, replacing);
            if !self.place(key) && !took {
                break;
            }
        }
        self.remove_if_gone(key);
    }

    /// Remembers what was decided, for `info:stack`, and tells what differs from the decision before. The first decision
    /// of an engine differs from none: what it finds was told by the engine before. Says whether the deployment failed.
    pub(crate) fn keep(&mut self, key: &ServiceKey, plan: Plan) -> bool {
        let progress = plan.progress;
        let service = self.service_mut(key);
        let wanted = service.life == Life::Active;
        // Jobs come and go: that is told of each.
        let is_service = service.job.is_none();
        let completes = progress.steady && service.rollout() == RolloutState::InProgress;
        let differs = |before: &Plan| before.waiting != plan.waiting || before.progress != plan.progress;
        let changed = service.plan.as_ref().is_some_and(differs);
        let before = service.plan.replace(plan).map(|before| before.progress);
        if changed {
            self.touch(key);
        }
        if wanted && completes && !self.is_emptying() {
            self.complete(key, progress.revision);
        }
        if progress.failed {
            self.fail(key, &progress);
        }
        if before.is_some() && is_service {
            for message in events::transitions(&key.name, before.as_ref(), &progress) {
                self.record(key, message);
            }
        }
        progress.failed
    }

    /// Takes the steps; says whether that changed anything, so that it is worth deciding again.
    fn take(&mut self, key: &ServiceKey, steps: &[Step], replacing: u32) -> bool {
        let (mut started, mut stopped, mut unhealthy) = (Vec::new(), Vec::new(), Vec::new());
        let mut forgotten = Vec::new();
        for step in steps {
            match step {
                Step::Start { revision } => started.extend(self.start(key, *revision, None)),
                Step::Stop { task, code, reason } => {
                    if self.stop_task(key, task, *code, reason) {
                        match reason == FAILED_HEALTH_CHECKS {
                            true => unhealthy.push(task.clone()),
                            false => stopped.push(task.clone()),
                        }
                    }
                }
                Step::Forget { task } => forgotten.push(task.clone()),
            }
        }
        for task in &unhealthy {
            self.record(key, events::failed_health_checks(&key.name, task));
        }
        if !unhealthy.is_empty() {
            self.record(key, events::stopped_tasks(&key.name, &unhealthy));
        }
        let service = self.fleet.services.get(key);
        let is_placed = |task: &&TaskId| {
            let task = service.and_then(|service| service.tasks.get(*task));
            task.is_some_and(|task| !task.is_unplaced())
        };
        let placed: Vec<TaskId> = started.iter().filter(is_placed).cloned().collect();
        match (placed.is_empty(), replacing) {
            (true, _) => {}
            (false, 0) => self.record(key, events::started_tasks(&key.name, &placed)),
            (false, _) => self.record(key, events::started_replacements(&key.name, &placed, replacing)),
        }
        if !stopped.is_empty() {
            self.record(key, events::stopped_tasks(&key.name, &stopped));
        }
        let dropped = self.forget(key, &forgotten);
        !started.is_empty() || !stopped.is_empty() || !unhealthy.is_empty() || dropped
    }

    /// Writes a new task down and, where there is room for it, has its shim started.
    pub(crate) fn start(
        &mut self,
        key: &ServiceKey,
        revision: Revision,
        job: Option<JobRun>,
    ) -> Option<TaskId> {
        let container = self.fleet.services.get(key)?.revisions.get(&revision)?.clone();
        let Some(address) = self.free_task_address() else {
            let (name, subnet) = (&key.name, self.host.network.subnet);
            let message = format!(
                "(service {name}) was unable to place a task. Reason: all addresses of {subnet} are in use."
            );
            self.record_once(key, message);
            return None;
        };
        let placement = match &container.ec2 {
            Some(_) => None,
            None => self.admit(key, container.memory),
        };
        let task = Task {
            id: crate::random::task_id(),
            revision,
            address,
            created: self.clock.now(),
            placement,
            state: TaskState::Pending,
            protected_until: None,
            job,
            containers: Vec::new(),
            health: container.health_check.as_ref().map(|_| TaskHealth::default()),
        };
        failpoint::reach("task.addressed");
        if !self.save_tasks(key, std::slice::from_ref(&task)) {
            return None;
        }
        failpoint::reach("task.saved");
        self.service_mut(key).tasks.insert(task.id.clone(), task.clone());
        self.touch(key);
        failpoint::reach("task.known");
        let id = task.id.clone();
        if task.placement.is_some() {
            self.launch(key, task, container);
        }
        Some(id)
    }

    /// Has the shim of a task started.
    pub(crate) fn launch(&mut self, key: &ServiceKey, launching: Task, container: ContainerSpec) {
        let container = self.as_submitted(key, &launching, container);
        let directions = self.directions();
        let neighbours = self.neighbours(key, &container);
        let (host, events, key) = (Arc::clone(&self.host), self.events.clone(), key.clone());
        let instances = self
            .fleet
            .services
            .get(&key)
            .map(|service| &service.capacity.instances);
        let instance = launching
            .instance()
            .and_then(|instance| instances?.get(instance))
            .cloned();
        tokio::task::spawn_blocking(move || {
            failpoint::reach("launch.begun");
            let made = instance.map_or(Ok(()), |instance| host.make_instance(&instance));
            let made = made.and_then(|()| host.direct(&directions));
            let launched = made.and_then(|()| host.launch(&key, &launching, &container, neighbours));
            let open = |stream| crate::link::Link::open(&launching.id, stream, &host, events.clone());
            let link = launched.and_then(open);
            failpoint::reach("launch.linked");
            let _ = events.send(Event::Launched(launching.id, link));
        });
    }

    /// Writes down that a task is to stop, then tells its shim.
    pub(crate) fn stop_task(
        &mut self,
        key: &ServiceKey,
        task: &TaskId,
        code: StopCode,
        reason: &str,
    ) -> bool {
        let now = self.clock.now();
        let (code, reason) = if self.is_emptying() {
            ENGINE_STOP
        } else {
            (code, reason)
        };
        let Some(known) = self.service_mut(key).tasks.get_mut(task) else {
            return false;
        };
        if known.is_unplaced() {
            known.state = TaskState::Stopped {
                started: None,
                stopped: now,
                code,
                reason: reason.to_string(),
                exit_code: None,
            };
            let known = known.clone();
            self.save_tasks(key, &[known]);
            self.touch(key);
            return true;
        }
        let started = match known.state {
            TaskState::Pending => None,
            TaskState::Running { started, .. } => Some(started),
            TaskState::Stopping { .. } | TaskState::Stopped { .. } => return false,
        };
        known.state = TaskState::Stopping {
            started,
            stopping: now,
            code,
            reason: reason.to_string(),
        };
        let known = known.clone();
        failpoint::reach("stop.decided");
        self.save_tasks(key, std::slice::from_ref(&known));
        failpoint::reach("stop.saved");
        self.touch(key);
        let timeout = self.service_mut(key).stop_timeout_of(&known);
        if let Some(link) = self.links.get(task) {
            link.stop(timeout);
        }
        failpoint::reach("stop.told");
        true
    }

    /// Forgets stopped tasks; says whether there were any.
    pub(crate) fn forget(&mut self, key: &ServiceKey, tasks: &[TaskId]) -> bool {
        let gone: Vec<TaskId> = tasks
            .iter()
            .filter(|task| !self.leaving.contains(*task))
            .cloned()
            .collect();
        if gone.is_empty() || self.store.save_tasks(key, [], &gone).is_err() {
            return false;
        }
        let service = self.service_mut(key);
        for task in &gone {
            service.tasks.remove(task);
        }
        let unused = service.forget_unused_revisions();
        // Revisions that stay written down although unused are dropped with the next rollout.
        let _ = self.save_rollout(key, &unused);
        self.touch(key);
        true
    }

    /// Notices that a deleted service is gone.
    pub(crate) fn remove_if_gone(&mut self, key: &ServiceKey) {
        let Some(service) = self.fleet.services.get(key) else {
            return;
        };
        if service.life == Life::Draining {
            let left = service.tasks.keys().any(|task| self.leaving.contains(task));
            if !left && service.unstopped().next().is_none() && service.capacity.instances.is_empty() {
                self.remove(key);
            }
        }
    }

    /// Writes down how far the deployments of a service are, and which revisions it does not need any more.
    fn save_rollout(&mut self, key: &ServiceKey, unused: &[Revision]) -> Result<(), StoreError> {
        let service = self.fleet.services.get(key);
        service.map_or(Ok(()), |service| self.store.save_rollout(key, service, unused))
    }

    fn complete(&mut self, key: &ServiceKey, revision: Revision) {
        let now = self.clock.now();
        let service = self.service_mut(key);
        failpoint::reach("complete.decided");
        service.deployments.complete(revision, now);
        let unused = service.forget_unused_revisions();
        // If this cannot be written, the next engine completes the rollout once more, which changes nothing.
        let _ = self.save_rollout(key, &unused);
        failpoint::reach("complete.saved");
        self.record(key, events::deployment_completed(&key.name, revision));
        self.collect_garbage();
    }

    /// The breaker has ended a deployment: the one that completed last is desired again, if there is one.
    fn fail(&mut self, key: &ServiceKey, progress: &Progress) {
        let now = self.clock.now();
        let service = self.service_mut(key);
        let back_to = service
            .deployments
            .fail(progress.revision, progress.failed_tasks, now);
        service.revision = back_to.unwrap_or(service.revision);
        failpoint::reach("fail.decided");
        // If this cannot be written, the next engine finds the same tasks, and comes to the same.
        let _ = self.save_rollout(key, &[]);
        failpoint::reach("fail.saved");
        self.record(key, events::deployment_failed(&key.name, progress.revision));
        if let Some(back_to) = back_to {
            self.record(key, events::rolling_back(&key.name, back_to));
        }
    }

    fn remove(&mut self, key: &ServiceKey) {
        failpoint::reach("remove.decided");
        if let Err(error) = self.store.remove_service(key) {
            let message = format!("(service {}) {}", key.name, crate::chain(&error));
            return self.record(key, message);
        }
        failpoint::reach("remove.saved");
        self.fleet.services.remove(key);
        let siblings: Vec<ServiceKey> = self
            .fleet
            .of_stack(&key.stack)
            .map(|(key, _)| key.clone())
            .collect();
        self.touch(key);
        if siblings.is_empty() {
            self.fleet.resources.remove(&key.stack);
            // A row that stays is read by the next engine, and by whoever asks for a stack that is not there never.
            let _ = self.store.save_resources(&key.stack, &[]);
        }
        for sibling in siblings {
            self.touch(&sibling);
        }
        self.give_up_logs(key);
        self.remove_volumes_aside();
        failpoint::reach("remove.logs");
        self.collect_garbage();
    }

    /// Removes images that no service and no other resource refers to, in the background.
    pub(crate) fn collect_garbage(&self) {
        let resources = self.fleet.resources.values().flatten();
        let resources = resources.filter_map(|resource| resource.image.clone());
        let images: std::collections::BTreeSet<_> = self
            .fleet
            .services
            .values()
            .flat_map(|service| service.revisions.values())
            .flat_map(|container| container.images().cloned())
            .chain(resources)
            .collect();
        let host = Arc::clone(&self.host);
        failpoint::reach("garbage.begun");
        tokio::task::spawn_blocking(move || host.collect_garbage(&images.into_iter().collect::<Vec<_>>()));
    }
}

/// How far a deployment may go from the desired count: what is in a volume belongs to one task at a time.
fn bounds_of(container: &ContainerSpec) -> Bounds {
    match container.mount_points.is_empty() {
        true => Bounds::default(),
        false => Bounds::new(0, 100),
    }
}
