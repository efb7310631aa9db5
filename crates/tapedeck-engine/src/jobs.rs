//! Jobs: services whose tasks run to their end, one attempt of a submitted job each.
//!
//! What is to be done is decided in [`tapedeck_plan::jobs`]; here it is written down and done. Jobs are asked for by programs
//! in tasks ([`call`] and [`answer`]) and by steps of state machines ([`inbox`]), and told to both in the words of
//! AWS Batch ([`told`]).

mod answer;
mod call;
mod inbox;
#[cfg(test)]
mod tests;
mod told;

use tapedeck_api::{JobDefinitionStatus, JobSummary};
use tapedeck_cloud::Message;
use tapedeck_model::{
    ContainerSpec, Cpu, Job, JobEnd, JobId, JobInbox, JobRun, Task, TaskId, TaskState, name_in,
};
use tapedeck_plan::jobs::{self, JobBounds, JobPlan, JobStep};
use tapedeck_plan::{Plan, Progress};
use tapedeck_runtime::failpoint;
use tokio::sync::oneshot;

pub(crate) use self::call::{JobCall, NoCall};
pub(crate) use self::inbox::Steps;
use self::inbox::Unwanted;
use crate::fleet::{Life, Service, ServiceKey};
use crate::http::Answer;
use crate::main_loop::Engine;

/// What wakes the engine about jobs.
#[derive(Debug)]
pub(crate) enum JobEvent {
    /// A program in a task asks for jobs, or about them.
    Asked(TaskId, JobCall, oneshot::Sender<Answer>),
    /// A step of a state machine asks for a job. Answered with why not, if it may not; none when it could not be written down.
    Wanted(JobInbox, Message, oneshot::Sender<Option<Result<(), Unwanted>>>),
    /// An inbox could not be read.
    InboxFailed(JobInbox, String),
    /// The step that waits for a job was told of its end, or could not be.
    StepTold(ServiceKey, JobId, Result<(), String>),
}

impl Engine {
    /// Handles an event.
    pub(crate) fn handle_jobs(&mut self, event: JobEvent) {
        match event {
            JobEvent::Asked(task, call, reply) => self.answer_of_jobs(&task, call, reply),
            JobEvent::Wanted(inbox, message, reply) => self.job_wanted(&inbox, &message, reply),
            JobEvent::InboxFailed(inbox, why) => self.inbox_failed(&inbox, &why),
            JobEvent::StepTold(key, job, outcome) => self.step_told(&key, &job, outcome),
        }
    }

    /// Decides for the jobs of one definition and takes the steps, until there is none left to take now.
    pub(crate) fn reconcile_jobs(&mut self, key: &ServiceKey) {
        while let Some(service) = self.fleet.services.get(key) {
            let bounds = JobBounds {
                cpu: service.container().cpu,
                machine: Cpu::of_machine(self.processors),
                ends: service.life == Life::Draining || self.is_emptying(),
            };
            let tasks: Vec<&Task> = service.tasks.values().collect();
            let JobPlan { steps, wake_at, .. } =
                jobs::decide(&service.jobs, &tasks, &bounds, self.clock.now());
            let plan = Plan {
                steps: Vec::new(),
                waiting: Vec::new(),
                wake_at,
                progress: progress(service),
                replacing: 0,
            };
            self.keep(key, plan);
            let mut took = false;
            for step in steps {
                took |= self.take_job_step(key, step);
            }
            if !self.place(key) && !took {
                break;
            }
        }
        self.tell_steps(key);
        self.remove_if_gone(key);
    }

    /// Takes one step; says whether that changed anything, so that it is worth deciding again.
    fn take_job_step(&mut self, key: &ServiceKey, step: JobStep) -> bool {
        match step {
            JobStep::Close { job, attempt, end } => self.change_job(key, &job, |job| {
                job.attempts.push(attempt);
                job.end = end;
            }),
            JobStep::End { job, end } => self.change_job(key, &job, |job| job.end = Some(end)),
            JobStep::Stop { task, code, reason } => self.stop_task(key, &task, code, &reason),
            JobStep::Start { job, attempt } => self.start_attempt(key, JobRun { job, attempt }),
            JobStep::ForgetTask { task } => self.forget(key, &[task]),
            JobStep::ForgetJob { job } => {
                let is_forgotten = self.store.forget_job(&job).is_ok();
                if is_forgotten {
                    self.service_mut(key).jobs.remove(&job);
                    self.touch(key);
                }
                is_forgotten
            }
        }
    }

    fn start_attempt(&mut self, key: &ServiceKey, run: JobRun) -> bool {
        let revision = self.service_mut(key).revision;
        let told = self.told_of(key, &run.job);
        let attempt = run.attempt;
        let Some(task) = self.start(key, revision, Some(run)) else {
            return false;
        };
        self.record(
            key,
            format!("({told}) has started attempt {attempt} (task {task})."),
        );
        true
    }

    /// Changes a job. What cannot be written down is not done, and tried again at the next look.
    pub(super) fn change_job(&mut self, key: &ServiceKey, id: &JobId, change: impl FnOnce(&mut Job)) -> bool {
        let Some(known) = self
            .fleet
            .services
            .get(key)
            .and_then(|service| service.jobs.get(id))
        else {
            return false;
        };
        let had_ended = known.end.is_some();
        let mut changed = known.clone();
        change(&mut changed);
        if let Err(error) = self.store.save_job(key, &changed) {
            let message = format!("({}) {}", self.told_of(key, id), crate::chain(&error));
            self.record_once(key, message);
            return false;
        }
        failpoint::reach("job.saved");
        let end = changed.end.clone().filter(|_| !had_ended);
        self.service_mut(key).jobs.insert(id.clone(), changed);
        self.touch(key);
        if let Some(JobEnd {
            succeeded, reason, ..
        }) = end
        {
            let outcome = if succeeded { "succeeded" } else { "failed" };
            let message = format!("({}) has {outcome}: {reason}", self.told_of(key, id));
            self.record(key, message);
        }
        true
    }

    fn told_of(&self, key: &ServiceKey, job: &JobId) -> String {
        let known = self
            .fleet
            .services
            .get(key)
            .and_then(|service| service.jobs.get(job));
        let name = known.map_or("", |job| job.name.as_str());
        format!("job {name} {job}")
    }

    /// What a task runs: of an attempt of a job, with what that brings.
    pub(crate) fn as_submitted(
        &self,
        key: &ServiceKey,
        task: &Task,
        mut container: ContainerSpec,
    ) -> ContainerSpec {
        let service = self.fleet.services.get(key);
        let found = task
            .job
            .as_ref()
            .and_then(|run| Some((run, service?.jobs.get(&run.job)?)));
        let Some((run, job)) = found else {
            return container;
        };
        let own = [
            ("AWS_BATCH_JOB_ID", job.id.to_string()),
            ("AWS_BATCH_JOB_ATTEMPT", run.attempt.to_string()),
            ("AWS_BATCH_JQ_NAME", name_in(&job.queue_arn).to_owned()),
        ];
        let own = own.map(|(name, value)| (name.to_owned(), value));
        for (name, value) in job.environment.clone().into_iter().chain(own) {
            container.secrets.remove(&name);
            container.environment.insert(name, value);
        }
        if !job.command.is_empty() {
            container.command.clone_from(&job.command);
        }
        container
    }
}

impl Service {
    /// The definition and the jobs, as clients are told; none of a service that is none.
    pub(crate) fn job_status(&self) -> Option<JobDefinitionStatus> {
        let definition = self.job.as_ref()?;
        let tasks: Vec<&Task> = self.tasks.values().collect();
        let summary = |(job, status): (&Job, _)| {
            let present = tasks.iter().find(|task| job.is_tried_by(task));
            let last = job.attempts.last();
            let made = job.attempts.len() + usize::from(present.is_some());
            JobSummary {
                id: job.id.clone(),
                name: job.name.clone(),
                status,
                created: job.created,
                started: match present {
                    Some(task) => task.state.started(),
                    None => last.and_then(|attempt| attempt.started),
                },
                stopped: job.end.as_ref().map(|end| end.stopped),
                attempts: u32::try_from(made).unwrap_or(u32::MAX),
                most_attempts: job.most_attempts,
                exit_code: last.and_then(|attempt| attempt.exit_code),
                reason: match &job.end {
                    Some(end) => Some(end.reason.clone()),
                    None => last.map(|attempt| attempt.reason.clone()),
                },
            }
        };
        let statuses = jobs::statuses(&self.jobs, &tasks).into_iter();
        Some(JobDefinitionStatus {
            definition_arn: format!("{}:{}", definition.definition_arn, self.revision),
            timeout_seconds: definition.timeout_seconds,
            jobs: statuses.map(summary).collect(),
        })
    }
}

/// How far a definition of jobs is: it is as desired as soon as it is known, and gone when nothing runs.
fn progress(service: &Service) -> Progress {
    let count = |matches: fn(&TaskState) -> bool| {
        let tasks = service.tasks.values().filter(|task| matches(&task.state));
        u32::try_from(tasks.count()).unwrap_or(u32::MAX)
    };
    let running = count(|state| matches!(state, TaskState::Running { .. }));
    Progress {
        revision: service.revision,
        desired: service.wanted(),
        running,
        pending: count(|state| matches!(state, TaskState::Pending)),
        healthy: running,
        outdated: 0,
        unhealthy: 0,
        stopping: count(|state| matches!(state, TaskState::Stopping { .. })),
        consecutive_failures: 0,
        failed_tasks: 0,
        failed: false,
        blocked: false,
        overprotected: false,
        steady: service.life == Life::Active || service.unstopped().next().is_none(),
    }
}
