//! Steps of state machines that want a job and wait for its end.
//!
//! A step leaves a message in a queue of the stack, with a token by which it is told later. The message is deleted only once
//! its job is written down, and one that is received again has the same job, so that each try of a step gets one job and no more. That the
//! step was told is written down too.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;
use tapedeck_cloud::{Cloud, CloudError, Credentials, Message, StepOutcome, Target};
use tapedeck_local::access_key::AccessKey;
use tapedeck_local::secrets::SecretStore;
use tapedeck_model::{Job, JobEnd, JobId, JobInbox, JobWaiter};
use tokio::sync::{mpsc, oneshot};
use tokio::task::AbortHandle;

use super::answer::{Refused, is_definition};
use super::call::Submission;
use super::{JobEvent, told};
use crate::fleet::ServiceKey;
use crate::host::Host;
use crate::main_loop::{Engine, Event};

/// Pauses after an inbox could not be read: the first, and the longest.
const PAUSES: (Duration, Duration) = (Duration::from_millis(200), Duration::from_secs(10));

/// The name of the error of a step whose job failed. Source: developer guide of Step Functions, "Error names".
const FAILED: &str = "States.TaskFailed";

/// The same of a step whose job is not taken.
const REFUSED: &str = "Batch.ClientException";

/// What reads inboxes, and what is being told.
#[derive(Debug, Default)]
pub(crate) struct Steps {
    readers: BTreeMap<JobInbox, AbortHandle>,
    /// Jobs of whose end a step is being told.
    told: BTreeSet<JobId>,
}

/// A step whose job is not taken.
#[derive(Debug)]
pub(crate) struct Unwanted {
    token: String,
    why: String,
}

impl Engine {
    /// Sees to it that each inbox of a definition is read, and no other.
    pub(crate) fn sync_inboxes(&mut self) {
        let services = self.fleet.services.values();
        let wanted: BTreeSet<JobInbox> = services
            .filter_map(|service| service.job.as_ref()?.inbox.clone())
            .collect();
        self.steps.readers.retain(|inbox, reader| {
            let stays = wanted.contains(inbox) && !reader.is_finished();
            if !stays {
                reader.abort();
            }
            stays
        });
        for inbox in wanted {
            if self.steps.readers.contains_key(&inbox) {
                continue;
            }
            let reader = read(inbox.clone(), Arc::clone(&self.host), self.events.clone());
            let reader = tokio::spawn(reader).abort_handle();
            self.steps.readers.insert(inbox, reader);
        }
    }

    /// A step asks for a job.
    pub(crate) fn job_wanted(
        &mut self,
        inbox: &JobInbox,
        message: &Message,
        reply: oneshot::Sender<Option<Result<(), Unwanted>>>,
    ) {
        let answer = match asked(&message.body) {
            // A message that is none of ours, for which nobody waits.
            None => Some(Ok(())),
            Some((token, Err(why))) => Some(Err(Unwanted { token, why })),
            Some((token, Ok(submission))) => self.submit_for_step(inbox, message, token, &submission),
        };
        // A reader that was ended leaves the message where it is.
        let _ = reply.send(answer);
    }

    fn submit_for_step(
        &mut self,
        inbox: &JobInbox,
        message: &Message,
        token: String,
        submission: &Submission,
    ) -> Option<Result<(), Unwanted>> {
        let mut services = self.fleet.services.iter();
        let found = services.find(|(_, service)| {
            let job = service.job.as_ref();
            job.is_some_and(|job| {
                job.inbox.as_ref() == Some(inbox) && is_definition(job, &submission.definition)
            })
        });
        let Some(key) = found.map(|(key, _)| key.clone()) else {
            let why = format!("JobDefinition {} not found", submission.definition);
            return Some(Err(Unwanted { token, why }));
        };
        let waiter = JobWaiter {
            token: token.clone(),
            message: message.id.clone(),
            inbox: inbox.clone(),
            told: false,
        };
        match self.submit(&key, submission, Some(waiter)) {
            Ok(_) => Some(Ok(())),
            Err(Refused::Unknown(why)) => Some(Err(Unwanted { token, why })),
            Err(Refused::Unwritten(why)) => {
                self.record_once(&key, format!("(job {}) {why}", key.name));
                None
            }
        }
    }

    /// An inbox could not be read: whoever waits for a job is told why.
    pub(crate) fn inbox_failed(&mut self, inbox: &JobInbox, why: &str) {
        let services = self.fleet.services.iter();
        let reading = services.filter(|(_, service)| {
            let job = service.job.as_ref();
            job.is_some_and(|job| job.inbox.as_ref() == Some(inbox))
        });
        let keys: Vec<ServiceKey> = reading.map(|(key, _)| key.clone()).collect();
        for key in keys {
            self.record_once(
                &key,
                format!("(job {}) state machines are not heard: {why}", key.name),
            );
        }
    }

    /// Tells steps that wait of the end of their jobs, in the background.
    pub(super) fn tell_steps(&mut self, key: &ServiceKey) {
        let Some(service) = self.fleet.services.get(key) else {
            return;
        };
        let waited_for = service.jobs.values().filter_map(|job| {
            let waiter = job.waiter.as_ref().filter(|waiter| !waiter.told)?;
            let end = job.end.as_ref().filter(|_| !self.steps.told.contains(&job.id))?;
            Some((job, waiter.clone(), end))
        });
        let telling: Vec<_> = waited_for
            .map(|(job, waiter, end): (&Job, JobWaiter, &JobEnd)| {
                let detail = told::capitalized(told::detail(key, service, job));
                (job.id.clone(), waiter, end.succeeded, detail.to_string())
            })
            .collect();
        for (job, waiter, succeeded, detail) in telling {
            self.steps.told.insert(job.clone());
            let (host, events, key) = (Arc::clone(&self.host), self.events.clone(), key.clone());
            tokio::spawn(async move {
                let outcome = match succeeded {
                    true => StepOutcome::Done { output: &detail },
                    false => StepOutcome::Failed {
                        error: FAILED,
                        cause: &detail,
                    },
                };
                let told = match connect(&waiter.inbox, &host).await {
                    Ok(cloud) => cloud.tell_step(&waiter.token, outcome).await.map_err(in_words),
                    Err(why) => Err(why),
                };
                let _ = events.send(Event::OfJobs(JobEvent::StepTold(key, job, told.map(drop))));
            });
        }
    }

    /// The step that waits for a job was told, or could not be; then it is tried again at the next look.
    pub(crate) fn step_told(&mut self, key: &ServiceKey, job: &JobId, outcome: Result<(), String>) {
        let written = match outcome {
            Ok(()) => self.change_job(key, job, |job| {
                if let Some(waiter) = &mut job.waiter {
                    waiter.told = true;
                }
            }),
            Err(why) => {
                if self.fleet.services.contains_key(key) {
                    let message = format!("(job {}) a state machine could not be told: {why}", key.name);
                    self.record_once(key, message);
                }
                false
            }
        };
        self.steps.told.remove(job);
        if written {
            self.touch(key);
        }
    }
}

/// The token of a step and the job that it asks for, or what is wrong with that; none of what is no such message.
fn asked(body: &str) -> Option<(String, Result<Submission, String>)> {
    let message: Value = serde_json::from_str(body).ok()?;
    let token = message["Token"].as_str()?.to_owned();
    let job = told::uncapitalized(message["Job"].clone());
    Some((token, Submission::parse(&job)))
}

/// Reads an inbox until it is ended.
async fn read(inbox: JobInbox, host: Arc<Host>, events: mpsc::UnboundedSender<Event>) {
    let mut pause = PAUSES.0;
    let mut cloud = None;
    loop {
        match round(&inbox, &host, &events, &mut cloud).await {
            Ok(()) => pause = PAUSES.0,
            Err(why) => {
                cloud = None;
                // It is told only when it stays so: what stands in for AWS may just be starting.
                if pause == PAUSES.1
                    && events
                        .send(Event::OfJobs(JobEvent::InboxFailed(inbox.clone(), why)))
                        .is_err()
                {
                    return;
                }
                tokio::time::sleep(pause).await;
                pause = (pause * 2).min(PAUSES.1);
            }
        }
    }
}

async fn round(
    inbox: &JobInbox,
    host: &Host,
    events: &mpsc::UnboundedSender<Event>,
    connected: &mut Option<Cloud>,
) -> Result<(), String> {
    let cloud = match connected {
        Some(cloud) => cloud,
        None => connected.insert(connect(inbox, host).await?),
    };
    for message in cloud.receive(&inbox.queue_url).await.map_err(in_words)? {
        let (reply, answer) = oneshot::channel();
        let _ = events.send(Event::OfJobs(JobEvent::Wanted(
            inbox.clone(),
            message.clone(),
            reply,
        )));
        match answer.await.ok().flatten() {
            // It is there again in a while.
            None => continue,
            Some(Ok(())) => {}
            Some(Err(Unwanted { token, why })) => {
                let outcome = StepOutcome::Failed {
                    error: REFUSED,
                    cause: &why,
                };
                cloud.tell_step(&token, outcome).await.map_err(in_words)?;
            }
        }
        cloud
            .delete_message(&inbox.queue_url, &message.receipt)
            .await
            .map_err(in_words)?;
    }
    Ok(())
}

async fn connect(inbox: &JobInbox, host: &Host) -> Result<Cloud, String> {
    let key = SecretStore::open(host.home.secrets())
        .map_err(|error| crate::chain(&error))
        .and_then(|store| AccessKey::read(&store, &inbox.read_by).map_err(|error| crate::chain(&error)))?;
    let credentials = Credentials::fixed(key.access_key_id, key.secret_access_key);
    let target = Target::emulator(inbox.region.as_str(), inbox.endpoint_url.as_str(), credentials);
    Cloud::connect(target).await.map_err(in_words)
}

#[expect(clippy::needless_pass_by_value, reason = "to stand in `map_err`")]
fn in_words(error: CloudError) -> String {
    crate::chain(&error)
}
