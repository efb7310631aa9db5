//! A task asks not to be stopped when fewer tasks are wanted or another revision is deployed. Source: ECS developer guide,
//! "task scale-in protection endpoint", and the API reference of `UpdateTaskProtection`.

use std::time::Duration;

use serde::Deserialize;
use serde_json::{Value, json};
use tapedeck_model::{TaskId, Timestamp};
use tokio::sync::oneshot;

use super::identity::{container_names, task_arn};
use super::metadata::text_of;
use super::{Endpoint, json_answer};
use crate::fleet::ServiceKey;
use crate::http::Answer;
use crate::main_loop::{Engine, Event};

/// How long a protection lasts unless the task says otherwise.
const DEFAULT_MINUTES: u64 = 120;

/// The longest protection.
const MOST_MINUTES: u64 = 2880;

/// What becomes of a protection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Change {
    /// It is only asked for.
    None,
    /// It begins, or begins anew.
    For(Duration),
    /// It ends.
    End,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Asked {
    protection_enabled: Option<bool>,
    expires_in_minutes: Option<u64>,
}

impl Change {
    /// What the body of a request asks for; else what is wrong with it.
    pub(super) fn parse(body: &[u8]) -> Result<Self, &'static str> {
        let asked: Asked =
            serde_json::from_slice(body).map_err(|_| "UpdateTaskProtection: failed to decode request")?;
        let enabled = asked
            .protection_enabled
            .ok_or("Invalid request: does not contain 'ProtectionEnabled' field")?;
        let minutes = asked.expires_in_minutes.unwrap_or(DEFAULT_MINUTES);
        match enabled {
            false => Ok(Self::End),
            true if (1..=MOST_MINUTES).contains(&minutes) => Ok(Self::For(Duration::from_secs(minutes * 60))),
            true => Err("Invalid request: 'ExpiresInMinutes' is to be from 1 to 2880"),
        }
    }
}

impl Endpoint {
    /// Answers what is asked of the protection of the task of the container with this id.
    pub(super) async fn protection(&self, id: &str, change: Result<Change, &str>) -> Answer {
        let change = match change {
            Ok(change) => change,
            Err(why) => return error(400, None, "InvalidParameterException", why),
        };
        let (reply, answer) = oneshot::channel();
        let asked = Event::AskedForProtection(self.task.clone(), id.to_owned(), change, reply);
        let answered = match self.events.send(asked) {
            Ok(()) => answer.await.ok(),
            Err(_) => None,
        };
        answered.unwrap_or_else(|| error(503, None, "ServerException", "the engine is ending"))
    }
}

impl Engine {
    /// Changes the protection of a task as it asks itself, and tells what it is then.
    pub(crate) fn protect(
        &mut self,
        task: &TaskId,
        id: &str,
        change: Change,
        reply: oneshot::Sender<Answer>,
    ) {
        let found = self.fleet.owner_of(task).filter(|key| {
            let service = self.fleet.services.get(key);
            let container = service.and_then(|service| {
                let task = service.tasks.get(task)?;
                service.revisions.get(&task.revision)
            });
            let names = container.map(|container| container_names(&key.name, container));
            let mut names = names.unwrap_or_default().into_iter();
            names.any(|name| self.host.endpoint_key.id_of(task, &name) == id)
        });
        let answer = match found {
            Some(key) => self.change_protection(&key, task, change),
            None => error(
                404,
                None,
                "ResourceNotFoundException",
                "Failed to find a task for the request",
            ),
        };
        // A connection that has ended does not need its answer.
        let _ = reply.send(answer);
    }

    fn change_protection(&mut self, key: &ServiceKey, task: &TaskId, change: Change) -> Answer {
        let (now, arn) = (self.clock.now(), task_arn(&key.stack, task));
        let service = self.service_mut(key);
        let is_blocked = service
            .plan
            .as_ref()
            .is_some_and(|plan| plan.progress.overprotected);
        let Some(known) = service.tasks.get_mut(task) else {
            return failure(&arn, "MISSING", "the task is gone");
        };
        let until = match change {
            Change::None => {
                return protection(&arn, known.protected_until.filter(|_| known.is_protected(now)));
            }
            Change::End => None,
            Change::For(_) if !known.state.is_live() => {
                return failure(&arn, "TASK_NOT_VALID", "the task is being stopped");
            }
            Change::For(_) if is_blocked && !known.is_protected(now) => {
                return failure(
                    &arn,
                    "DEPLOYMENT_BLOCKED",
                    "more tasks are protected than are wanted already: end one of the protections, or wait until it expires",
                );
            }
            Change::For(span) => Some(now + span),
        };
        let before = std::mem::replace(&mut known.protected_until, until);
        let changed = known.clone();
        // A protection that would be forgotten with this engine is none.
        if !self.save_tasks(key, std::slice::from_ref(&changed)) {
            if let Some(known) = self.service_mut(key).tasks.get_mut(task) {
                known.protected_until = before;
            }
            return error(500, Some(&arn), "ServerException", "it could not be written down");
        }
        self.touch(key);
        self.reconcile(key);
        protection(&arn, until)
    }
}

fn protection(arn: &str, until: Option<Timestamp>) -> Answer {
    let protection = json!({
        "ExpirationDate": until.map(text_of),
        "ProtectionEnabled": until.is_some(),
        "TaskArn": arn,
    });
    json_answer(200, &json!({ "protection": protection }))
}

fn failure(arn: &str, reason: &str, detail: &str) -> Answer {
    let failure = json!({ "Arn": arn, "Reason": reason, "Detail": detail });
    json_answer(200, &json!({ "failure": failure }))
}

fn error(status: u16, arn: Option<&str>, code: &str, message: &str) -> Answer {
    let mut error = json!({ "Code": code, "Message": message });
    if let (Some(arn), Value::Object(fields)) = (arn, &mut error) {
        fields.insert("Arn".to_owned(), arn.into());
    }
    json_answer(status, &json!({ "error": error }))
}
