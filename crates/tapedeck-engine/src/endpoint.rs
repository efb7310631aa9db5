//! What a program in a task finds at the address in its network: who it is, what it uses, and a way to ask that it is not
//! stopped. As on ECS (developer guide, "task metadata endpoint version 4" and "task scale-in protection endpoint").
//!
//! Each task has a listener of its own, made in its namespace when it was started and kept by its shim, so that what is
//! asked while no engine runs waits. The listener tells which task asks; ids in paths are checked besides.

mod batch;
mod credentials;
mod identity;
mod limit;
mod metadata;
mod protection;
mod route;
mod stats;
#[cfg(test)]
mod tests;

use std::os::fd::OwnedFd;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tapedeck_model::TaskId;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinSet;

pub(crate) use self::batch::batch_error;
use self::credentials::Session;
use self::identity::container_names;
pub(crate) use self::identity::{EndpointKey, task_arn};
use self::limit::Limit;
pub(crate) use self::metadata::Facts;
use self::metadata::Surroundings;
pub(crate) use self::protection::Change;
use self::route::{About, Route, route};
use self::stats::Reading;
use crate::host::Host;
use crate::http::{self, Answer, Request};
use crate::main_loop::Event;

/// How long a request and its answer may take.
const PATIENCE: Duration = Duration::from_secs(10);

/// Connections of one task at the same time.
const CONNECTIONS: usize = 32;

/// The endpoint of one task.
#[derive(Debug)]
pub(crate) struct Endpoint {
    task: TaskId,
    host: Arc<Host>,
    events: mpsc::UnboundedSender<Event>,
    limit: Mutex<Limit>,
    /// What was read when somebody last asked for it: statistics are differences.
    read: Mutex<Option<Reading>>,
    /// The credentials that were last asked for.
    session: tokio::sync::Mutex<Option<Session>>,
}

impl Endpoint {
    /// The endpoint of a task.
    pub(crate) fn of(task: TaskId, host: Arc<Host>, events: mpsc::UnboundedSender<Event>) -> Self {
        Self {
            task,
            host,
            events,
            limit: Mutex::new(Limit::full(Instant::now())),
            read: Mutex::new(None),
            session: tokio::sync::Mutex::new(None),
        }
    }

    /// Answers whoever connects to the socket, until this is dropped.
    pub(crate) async fn serve(self, socket: OwnedFd) {
        let listener = std::net::TcpListener::from(socket);
        let listening = listener
            .set_nonblocking(true)
            .and_then(|()| TcpListener::from_std(listener));
        // A socket that cannot be watched answers nothing, which those who ask notice.
        let Ok(listener) = listening else { return };
        let endpoint = Arc::new(self);
        let mut connections = JoinSet::new();
        loop {
            while connections.try_join_next().is_some() {}
            if connections.len() >= CONNECTIONS {
                connections.join_next().await;
            }
            match listener.accept().await {
                Ok((stream, _)) => {
                    let endpoint = Arc::clone(&endpoint);
                    connections.spawn(tokio::time::timeout(PATIENCE, endpoint.converse(stream)));
                }
                // Out of file descriptors, most likely: others may be closed soon.
                Err(_) => tokio::time::sleep(Duration::from_millis(50)).await,
            }
        }
    }

    async fn converse(self: Arc<Self>, mut stream: TcpStream) -> std::io::Result<()> {
        let answer = match http::read(&mut stream).await? {
            None => refused(
                400,
                "BadRequest",
                "this is no HTTP request that is understood here",
            ),
            Some(request) if self.is_within_limit() => self.answer(&request).await,
            Some(_) => refused(429, "TooManyRequests", "You have reached maximum request limit."),
        };
        http::write(&mut stream, &answer).await
    }

    fn is_within_limit(&self) -> bool {
        let mut limit = self.limit.lock().unwrap_or_else(PoisonError::into_inner);
        limit.take(Instant::now())
    }

    async fn answer(&self, request: &Request) -> Answer {
        let (method, path) = (request.method.as_str(), request.path());
        match (route(path), method) {
            (Some(Route::Metadata { id, about }), "GET") => self.metadata(id, about).await,
            (Some(Route::Protection { id }), "GET") => self.protection(id, Ok(Change::None)).await,
            (Some(Route::Protection { id }), "PUT") => {
                self.protection(id, Change::parse(&request.body)).await
            }
            (Some(Route::Credentials { id }), "GET") => self.credentials(id).await,
            (Some(Route::Jobs { action }), "POST") => self.jobs(action, &request.body).await,
            (Some(_), _) => refused(405, "MethodNotAllowed", &format!("{path} does not take {method}")),
            (None, _) => refused(404, "NotFound", &format!("there is nothing at {path}")),
        }
    }

    /// What the engine knows of the task, or why it does not tell.
    async fn facts(&self) -> Result<Facts, Answer> {
        let (reply, facts) = oneshot::channel();
        let asked = self.events.send(Event::AskedWithin(self.task.clone(), reply));
        let facts = match asked {
            Ok(()) => facts.await.ok().flatten(),
            Err(_) => None,
        };
        facts.ok_or_else(|| {
            refused(
                503,
                "ServiceUnavailable",
                "the engine does not know the task right now",
            )
        })
    }

    /// Credentials of the role of the task. They are asked for when somebody needs them, and kept until shortly before
    /// they expire; who asks meanwhile waits for the same ones.
    async fn credentials(&self, id: Option<&str>) -> Answer {
        let Some(id) = id else {
            return refused(
                400,
                "NoIdInRequest",
                "CredentialsV2Request: No Credential ID in the request",
            );
        };
        let facts = match self.facts().await {
            Ok(facts) => facts,
            Err(answer) => return answer,
        };
        let (Some(_), Some(role)) = (self.container(&facts, id), &facts.container.role) else {
            return refused(
                404,
                "InvalidIdInRequest",
                "CredentialsV2Request: Credentials not found",
            );
        };
        let mut session = self.session.lock().await;
        let now = self.host.clock.now();
        if let Some(session) = session.as_ref().filter(|session| session.is_good(role, now)) {
            return session.answer();
        }
        match Session::begin(&self.host, &self.task, role).await {
            Ok(begun) => session.insert(begun).answer(),
            Err(why) => refused(500, "InternalServerError", &why),
        }
    }

    async fn metadata(&self, id: &str, about: About) -> Answer {
        let facts = match self.facts().await {
            Ok(facts) => facts,
            Err(answer) => return answer,
        };
        let Some(container) = self.container(&facts, id) else {
            return refused(404, "NotFound", "no container of this task has this id");
        };
        let before = self.read.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let host = Arc::clone(&self.host);
        let described = tokio::task::spawn_blocking(move || {
            let surroundings = Surroundings::of(&host, &facts);
            let reading = Reading::of(&host, &facts);
            let body = match about {
                About::Container => metadata::container(&facts, &surroundings, &container),
                About::Task => metadata::task(&facts, &surroundings),
                About::ContainerStats => stats::of_container(&facts, &reading, before.as_ref(), &container),
                About::TaskStats => stats::of_task(&facts, &reading, before.as_ref()),
            };
            (body, reading)
        });
        let Ok((body, reading)) = described.await else {
            return refused(500, "InternalServerError", "it could not be found out");
        };
        if matches!(about, About::ContainerStats | About::TaskStats) {
            *self.read.lock().unwrap_or_else(PoisonError::into_inner) = Some(reading);
        }
        json_answer(200, &body)
    }

    /// The name of the container that has this id.
    fn container(&self, facts: &Facts, id: &str) -> Option<String> {
        let names = container_names(&facts.key.name, &facts.container).into_iter();
        names
            .into_iter()
            .find(|name| self.host.endpoint_key.id_of(&self.task, name) == id)
    }
}

/// An error as JSON.
fn refused(status: u16, code: &str, message: &str) -> Answer {
    json_answer(status, &json!({ "code": code, "message": message }))
}

pub(crate) fn json_answer(status: u16, body: &Value) -> Answer {
    Answer {
        status,
        content_type: "application/json",
        body: body.to_string(),
    }
}
