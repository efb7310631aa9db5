//! What programs in tasks ask of jobs, answered as far as the role of their task lets them.

use serde_json::{Value, json};
use tapedeck_model::{Job, JobGrant, JobId, JobSpec, JobStatus, JobWaiter, TaskId, is_granted, name_in};
use tapedeck_plan::jobs;
use tokio::sync::oneshot;

use super::call::{JobCall, Submission};
use super::told;
use crate::endpoint::{batch_error, json_answer};
use crate::fleet::{Life, Service, ServiceKey};
use crate::http::Answer;
use crate::main_loop::Engine;

/// Who asks.
struct Caller {
    key: ServiceKey,
    grants: Vec<JobGrant>,
    /// The role that it acts in, for people.
    role: String,
}

/// Why a submission is not taken.
pub(super) enum Refused {
    /// It asks for what is not there.
    Unknown(String),
    /// It could not be written down.
    Unwritten(String),
}

/// What ARNs of Batch begin with where nothing is known that has one.
const NOWHERE: &str = "arn:aws:batch:local:000000000000";

impl Engine {
    /// Answers what a task asks of jobs.
    pub(crate) fn answer_of_jobs(&mut self, task: &TaskId, call: JobCall, reply: oneshot::Sender<Answer>) {
        let answer = match self.caller(task) {
            Some(caller) => self
                .answer_caller(&caller, call)
                .unwrap_or_else(|refusal| refusal),
            None => batch_error(
                503,
                "ServerException",
                "the engine does not know the task right now",
            ),
        };
        // A connection that has ended does not need its answer.
        let _ = reply.send(answer);
    }

    fn caller(&self, task: &TaskId) -> Option<Caller> {
        let key = self.fleet.owner_of(task)?;
        let service = self.fleet.services.get(&key)?;
        let task = service.tasks.get(task)?;
        let container = service.revisions.get(&task.revision)?;
        let role = container.role.as_ref();
        Some(Caller {
            grants: container.job_grants.clone(),
            role: role.map_or_else(|| format!("service/{}", key.name), |role| role.arn.clone()),
            key,
        })
    }

    fn answer_caller(&mut self, caller: &Caller, call: JobCall) -> Result<Answer, Answer> {
        match call {
            JobCall::Submit(submission) => self.submit_for(caller, &submission),
            JobCall::Describe { jobs } => {
                caller.may("batch:DescribeJobs", &["*"])?;
                let found = jobs.iter().filter_map(|id| {
                    let (key, service, job) = self.job_of(&caller.key, id)?;
                    Some(told::detail(key, service, job))
                });
                Ok(json_answer(
                    200,
                    &json!({ "jobs": found.collect::<Vec<Value>>() }),
                ))
            }
            JobCall::List { queue, status } => {
                caller.may("batch:ListJobs", &["*"])?;
                Ok(json_answer(
                    200,
                    &json!({ "jobSummaryList": self.list(&caller.key, &queue, status) }),
                ))
            }
            JobCall::End {
                job,
                reason,
                only_waiting,
            } => self.end_for(caller, &job, &reason, only_waiting),
        }
    }

    fn submit_for(&mut self, caller: &Caller, submission: &Submission) -> Result<Answer, Answer> {
        let of_stack = self.fleet.of_stack(&caller.key.stack);
        let found = of_stack.filter_map(|(key, service)| Some((key, service.job.as_ref()?)));
        let found = found.into_iter().find_map(|(key, job)| {
            let is_meant = is_definition(job, &submission.definition);
            is_meant.then(|| (key.clone(), job.definition_arn.clone()))
        });
        let place = found
            .as_ref()
            .map_or(NOWHERE, |(_, arn)| place_of(arn))
            .to_owned();
        let arn = |kind: &str, text: &str| match text.starts_with("arn:") {
            true => text.to_owned(),
            false => format!("{place}:{kind}/{text}"),
        };
        let (definition, queue) = (
            arn("job-definition", &submission.definition),
            arn("job-queue", &submission.queue),
        );
        caller.may("batch:SubmitJob", &[&definition, &queue])?;
        let Some((key, _)) = found else {
            let why = format!("JobDefinition {} not found", submission.definition);
            return Err(batch_error(400, "ClientException", &why));
        };
        match self.submit(&key, submission, None) {
            Ok(job) => Ok(json_answer(
                200,
                &json!({
                    "jobArn": told::job_arn(&job.queue_arn, &job.id),
                    "jobId": job.id,
                    "jobName": job.name,
                }),
            )),
            Err(Refused::Unknown(why)) => Err(batch_error(400, "ClientException", &why)),
            Err(Refused::Unwritten(why)) => Err(batch_error(500, "ServerException", &why)),
        }
    }

    /// Writes a job down, and has it run when it is its turn. A message that is received again has the same job.
    pub(super) fn submit(
        &mut self,
        key: &ServiceKey,
        submission: &Submission,
        waiter: Option<JobWaiter>,
    ) -> Result<Job, Refused> {
        let now = self.clock.now();
        let service = self.service_mut(key);
        let definition = service.job.clone().filter(|_| service.life == Life::Active);
        let Some(definition) = definition else {
            return Err(Refused::Unknown(format!(
                "JobDefinition {} is deregistered",
                submission.definition
            )));
        };
        if let Some(waiter) = &waiter {
            let mut known = service.jobs.values();
            let is_same = |job: &&Job| {
                job.waiter
                    .as_ref()
                    .is_some_and(|one| one.message == waiter.message)
            };
            if let Some(job) = known.find(is_same) {
                return Ok(job.clone());
            }
        }
        let mut queues = definition.queue_arns.iter();
        let queue = queues.find(|arn| **arn == submission.queue || name_in(arn) == submission.queue);
        let Some(queue_arn) = queue else {
            return Err(Refused::Unknown(format!(
                "JobQueue {} not found",
                submission.queue
            )));
        };
        let job = Job {
            id: crate::random::job_id(),
            name: submission.name.clone(),
            queue_arn: queue_arn.clone(),
            definition_arn: format!("{}:{}", definition.definition_arn, service.revision),
            created: now,
            environment: submission.environment.clone(),
            command: submission.command.clone(),
            most_attempts: submission.attempts,
            timeout_seconds: submission.timeout_seconds.or(definition.timeout_seconds),
            attempts: Vec::new(),
            ending: None,
            end: None,
            waiter,
        };
        if let Err(error) = self.store.add_job(key, &job) {
            return Err(Refused::Unwritten(crate::chain(&error)));
        }
        tapedeck_runtime::failpoint::reach("job.submitted");
        self.service_mut(key).jobs.insert(job.id.clone(), job.clone());
        self.touch(key);
        self.reconcile(key);
        Ok(job)
    }

    fn end_for(
        &mut self,
        caller: &Caller,
        id: &str,
        reason: &str,
        only_waiting: bool,
    ) -> Result<Answer, Answer> {
        let found = self.job_of(&caller.key, id).map(|(key, service, job)| {
            let present = service.tasks.values().find(|task| job.is_tried_by(task));
            (key.clone(), job.clone(), job.status(present))
        });
        let arn = match &found {
            Some((_, job, _)) => told::job_arn(&job.queue_arn, &job.id),
            None => format!("{NOWHERE}:job/{id}"),
        };
        let action = if only_waiting {
            "batch:CancelJob"
        } else {
            "batch:TerminateJob"
        };
        caller.may(action, &[&arn])?;
        let Some((key, job, status)) = found else {
            let why = format!("Job with ID {id} doesn't exist");
            return Err(batch_error(400, "ClientException", &why));
        };
        let is_meant = job.end.is_none() && (!only_waiting || status == JobStatus::Runnable);
        if is_meant {
            let reason = reason.to_owned();
            if !self.change_job(&key, &job.id, |job| job.ending = Some(reason)) {
                return Err(batch_error(
                    500,
                    "ServerException",
                    "it could not be written down",
                ));
            }
            self.reconcile(&key);
        }
        Ok(json_answer(200, &json!({})))
    }

    /// A job of the stack of a service: those of others are nobody's business.
    fn job_of(&self, caller: &ServiceKey, id: &str) -> Option<(&ServiceKey, &Service, &Job)> {
        // An ARN of a job ends with its id.
        let id = JobId::new(name_in(id)).ok()?;
        let mut services = self.fleet.of_stack(&caller.stack);
        services.find_map(|(key, service)| Some((key, service, service.jobs.get(&id)?)))
    }

    fn list(&self, caller: &ServiceKey, queue: &str, wanted: JobStatus) -> Vec<Value> {
        let mut found = Vec::new();
        for (_, service) in self.fleet.of_stack(&caller.stack) {
            let tasks: Vec<_> = service.tasks.values().collect();
            let in_queue = |job: &Job| job.queue_arn == queue || name_in(&job.queue_arn) == queue;
            let listed = jobs::statuses(&service.jobs, &tasks).into_iter();
            let listed = listed.filter(|(job, status)| *status == wanted && in_queue(job));
            found.extend(listed.map(|(job, status)| {
                let present = tasks.iter().find(|task| job.is_tried_by(task));
                Value::Object(told::summary(job, status, present.copied()))
            }));
        }
        found
    }
}

impl Caller {
    /// Whether its role lets it do this; else how that is answered.
    fn may(&self, action: &str, resources: &[&str]) -> Result<(), Answer> {
        if is_granted(&self.grants, action, resources) {
            return Ok(());
        }
        let refused = resources
            .iter()
            .find(|resource| !is_granted(&self.grants, action, &[resource]));
        let resource = refused.or(resources.first()).copied().unwrap_or("*");
        let why = format!(
            "User: {} is not authorized to perform: {action} on resource: {resource} because no identity-based policy allows \
             the {action} action",
            self.role
        );
        Err(batch_error(403, "AccessDeniedException", &why))
    }
}

/// Whether a name or an ARN, with a revision or without, is that of a definition.
pub(super) fn is_definition(job: &JobSpec, named: &str) -> bool {
    let name = name_in(named);
    let bare = match name.rsplit_once(':') {
        Some((bare, revision)) if revision.bytes().all(|byte| byte.is_ascii_digit()) => bare,
        _ => name,
    };
    let is_of_place = !named.starts_with("arn:") || named.starts_with(place_of(&job.definition_arn));
    bare == job.definition_name() && is_of_place
}

/// An ARN up to its account.
fn place_of(arn: &str) -> &str {
    arn.rsplit_once(":job-definition/")
        .map_or(NOWHERE, |(place, _)| place)
}
