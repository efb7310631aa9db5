//! HTTP towards one registry: who is asked, and with which credentials.

use std::io::Read;
use std::sync::{Mutex, PoisonError};

use serde::Deserialize;
use ureq::http::{HeaderName, Method, Request, Response, StatusCode, header};
use ureq::{Agent, Body, SendBody};

use super::challenge::Challenge;
use super::credentials::{Credentials, Login, Proof};
use super::documents::complaint;
use super::error::RegistryError;
use super::patience::Patience;
use super::reference::Reference;
use super::transport::{agent, host, is_safe, origin, redirected};

/// How often a request may be sent on.
const REDIRECTS: usize = 5;
/// Bytes that are read of a refusal or a token.
const LONGEST_ANSWER: u64 = 1 << 20;

/// The registry of one reference.
pub(super) struct Client {
    reference: Reference,
    agent: Agent,
    login: Option<Login>,
    way_out: String,
    /// Whether what may work in a moment is tried again.
    pub(super) is_patient: bool,
    /// The header that the registry accepted last.
    authorization: Mutex<Option<String>>,
}

/// A request to the registry.
#[derive(Debug, Clone, Copy)]
pub(super) struct Ask<'a> {
    /// What it is for, such as `the manifest`.
    pub(super) what: &'static str,
    /// Below `/v2/<repository>/`.
    pub(super) path: &'a str,
    /// Types of content that are understood.
    pub(super) accept: &'a str,
    /// Whether only the headers of the answer are wanted.
    pub(super) is_head: bool,
}

/// Something that is sent.
pub(super) struct Message<'a> {
    pub(super) method: Method,
    pub(super) url: String,
    pub(super) headers: Vec<(HeaderName, String)>,
    pub(super) content: Content<'a>,
}

/// What is in it.
pub(super) enum Content<'a> {
    Nothing,
    Bytes(&'a [u8]),
    /// So many bytes.
    Stream(&'a mut dyn Read, u64),
}

impl Content<'_> {
    fn length(&self) -> u64 {
        match self {
            Self::Nothing => 0,
            Self::Bytes(bytes) => bytes.len() as u64,
            Self::Stream(_, length) => *length,
        }
    }

    fn is_repeatable(&self) -> bool {
        !matches!(self, Self::Stream(..))
    }
}

impl Client {
    pub(super) fn new(reference: &Reference, credentials: &Credentials) -> Self {
        let registry = reference.registry();
        Self {
            agent: agent(reference.is_loopback()),
            login: credentials.for_registry(registry).cloned(),
            way_out: credentials.way_out(registry),
            is_patient: false,
            authorization: Mutex::new(None),
            reference: reference.clone(),
        }
    }

    /// Asks, logging in where the registry wants it and following where it sends to.
    pub(super) fn get(&self, ask: Ask<'_>) -> Result<Response<Body>, RegistryError> {
        self.patiently(true, || self.get_once(ask))
    }

    fn get_once(&self, ask: Ask<'_>) -> Result<Response<Body>, RegistryError> {
        let url = self.url(ask.path);
        let known = self.authorization().clone();
        let mut response = self.request(&url, ask, known.as_deref())?;
        if response.status() == StatusCode::UNAUTHORIZED
            && let Some(authorization) = self.log_in(&response)?
        {
            response = self.request(&url, ask, Some(&authorization))?;
            if response.status() != StatusCode::UNAUTHORIZED {
                *self.authorization() = Some(authorization);
            }
        }
        let response = self.follow(url, response, ask)?;
        if response.status() == StatusCode::OK {
            return Ok(response);
        }
        Err(self.refused(ask.what, response))
    }

    /// Sends something to the registry, or to where it sent before, logging in where it wants that. The answer may be a
    /// refusal. What can be sent only once is not sent again after a login: then the answer is still that refusal.
    pub(super) fn send(&self, mut message: Message<'_>) -> Result<Response<Body>, RegistryError> {
        self.patiently(message.content.is_repeatable(), || self.send_once(&mut message))
    }

    fn send_once(&self, message: &mut Message<'_>) -> Result<Response<Body>, RegistryError> {
        let home = self.url("");
        let is_home = origin(&message.url) == origin(&home);
        let known = self.authorization().clone().filter(|_| is_home);
        let response = self.transmit(message, known.as_deref())?;
        if !is_home || response.status() != StatusCode::UNAUTHORIZED {
            return Ok(response);
        }
        let Some(authorization) = self.log_in(&response)? else {
            return Ok(response);
        };
        *self.authorization() = Some(authorization.clone());
        match message.content.is_repeatable() {
            true => self.transmit(message, Some(&authorization)),
            false => Ok(response),
        }
    }

    /// Does what can be done twice again for as long as there is patience, when that may help.
    fn patiently(
        &self,
        is_repeatable: bool,
        mut attempt: impl FnMut() -> Result<Response<Body>, RegistryError>,
    ) -> Result<Response<Body>, RegistryError> {
        let mut patience = Patience::default();
        loop {
            let answered = attempt();
            let (is_passing, asked) = match &answered {
                Ok(response) => (is_passing(response.status()), again_after(response)),
                Err(error) => (error.is_passing(), error.again_after()),
            };
            if !(self.is_patient && is_repeatable && is_passing && patience.wait(asked)) {
                return answered;
            }
        }
    }

    fn transmit(
        &self,
        message: &mut Message<'_>,
        authorization: Option<&str>,
    ) -> Result<Response<Body>, RegistryError> {
        let mut request = Request::builder()
            .method(message.method.clone())
            .uri(&message.url);
        for (name, value) in &message.headers {
            request = request.header(name, value);
        }
        if let Some(authorization) = authorization {
            request = request.header(header::AUTHORIZATION, authorization);
        }
        if message.method != Method::GET {
            request = request.header(header::CONTENT_LENGTH, message.content.length());
        }
        let invalid = ureq::Error::Http;
        let answered = match &mut message.content {
            Content::Nothing => request
                .body(())
                .map_err(invalid)
                .and_then(|one| self.agent.run(one)),
            Content::Bytes(bytes) => request
                .body(*bytes)
                .map_err(invalid)
                .and_then(|one| self.agent.run(one)),
            Content::Stream(stream, _) => request
                .body(SendBody::from_reader(*stream))
                .map_err(invalid)
                .and_then(|one| self.agent.run(one)),
        };
        answered.map_err(|error| self.failed(&message.url, error))
    }

    /// Where an answer leads to, if it says so.
    pub(super) fn location(
        &self,
        from: &str,
        response: &Response<Body>,
        what: &'static str,
    ) -> Result<Option<String>, RegistryError> {
        let Some(location) = response.headers().get(header::LOCATION) else {
            return Ok(None);
        };
        let location = location.to_str().map_err(|_| "its address has odd letters");
        location
            .and_then(|location| redirected(from, location))
            .map(Some)
            .map_err(|reason| self.misled(what, reason))
    }

    /// The address of something below `/v2/<repository>/`.
    pub(super) fn url(&self, path: &str) -> String {
        let scheme = if self.reference.is_loopback() {
            "http"
        } else {
            "https"
        };
        let (host, repository) = (self.reference.host(), self.reference.repository());
        format!("{scheme}://{host}/v2/{repository}/{path}")
    }

    fn authorization(&self) -> std::sync::MutexGuard<'_, Option<String>> {
        self.authorization.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn request(
        &self,
        url: &str,
        ask: Ask<'_>,
        authorization: Option<&str>,
    ) -> Result<Response<Body>, RegistryError> {
        let request = match ask.is_head {
            true => self.agent.head(url),
            false => self.agent.get(url),
        };
        let mut request = request.header(header::ACCEPT, ask.accept);
        if let Some(authorization) = authorization {
            request = request.header(header::AUTHORIZATION, authorization);
        }
        request.call().map_err(|error| self.failed(url, error))
    }

    /// Goes where the registry sends to. Credentials go along only to the registry itself.
    fn follow(
        &self,
        mut url: String,
        mut response: Response<Body>,
        ask: Ask<'_>,
    ) -> Result<Response<Body>, RegistryError> {
        let home = origin(&url).to_owned();
        for _ in 0..REDIRECTS {
            if !response.status().is_redirection() {
                return Ok(response);
            }
            let location = response.headers().get(header::LOCATION);
            let location = location.and_then(|location| location.to_str().ok());
            url = location
                .ok_or("it says no address")
                .and_then(|location| redirected(&url, location))
                .map_err(|reason| self.misled(ask.what, reason))?;
            let authorization = self.authorization().clone().filter(|_| origin(&url) == home);
            let next = self.request(&url, ask, authorization.as_deref());
            response = next.map_err(|error| self.away_from(&home, &url, ask.what, error))?;
        }
        Err(self.misled(ask.what, "it sends on and on"))
    }

    /// The header to come back with after a 401; none when there is nothing else to try.
    fn log_in(&self, refusal: &Response<Body>) -> Result<Option<String>, RegistryError> {
        let headers = refusal.headers().get_all(header::WWW_AUTHENTICATE);
        let texts = headers.iter().filter_map(|value| value.to_str().ok());
        let challenge = Challenge::parse(&texts.collect::<Vec<_>>().join(", "));
        match (challenge, &self.login) {
            // The registry takes this token as it is.
            (Some(Challenge::Bearer { .. }), Some(login @ Login(Proof::Token(_)))) => Ok(login.header()),
            (
                Some(Challenge::Bearer {
                    realm,
                    service,
                    scope,
                }),
                login,
            ) => {
                let scope =
                    scope.unwrap_or_else(|| format!("repository:{}:pull", self.reference.repository()));
                self.token(&realm, service.as_deref(), &scope, login.as_ref())
                    .map(Some)
            }
            (Some(Challenge::Basic), login) => Ok(login.as_ref().and_then(Login::header)),
            (None, _) => {
                Err(self
                    .no_login("the registry names no way of logging in that is known here (Bearer or Basic)"))
            }
        }
    }

    /// Fetches a token, as somebody if there is a login for this registry, else as anybody.
    fn token(
        &self,
        realm: &str,
        service: Option<&str>,
        scope: &str,
        login: Option<&Login>,
    ) -> Result<String, RegistryError> {
        #[derive(Deserialize)]
        struct Answer {
            token: Option<String>,
            access_token: Option<String>,
        }
        if !is_safe(realm, self.reference.is_loopback()) {
            return Err(
                self.no_login("the registry hands out tokens where a password would be sent in the clear")
            );
        }
        let answered = match login {
            Some(Login(Proof::Identity(token))) => self.agent.post(realm).send_form([
                ("grant_type", "refresh_token"),
                ("service", service.unwrap_or_default()),
                ("scope", scope),
                ("client_id", "tapedeck"),
                ("refresh_token", token),
            ]),
            _ => {
                let mut request = self.agent.get(realm);
                for one in scope.split(' ') {
                    request = request.query("scope", one);
                }
                if let Some(service) = service {
                    request = request.query("service", service);
                }
                if let Some(header) = login.and_then(Login::header) {
                    request = request.header(header::AUTHORIZATION, header);
                }
                request.call()
            }
        };
        let response = answered.map_err(|error| self.failed(realm, error))?;
        if response.status() != StatusCode::OK {
            return Err(self.refused("a token", response));
        }
        let mut content = Vec::new();
        response
            .into_body()
            .into_reader()
            .take(LONGEST_ANSWER)
            .read_to_end(&mut content)
            .map_err(|source| self.interrupted("a token", source))?;
        serde_json::from_slice::<Answer>(&content)
            .ok()
            .and_then(|answer| answer.token.or(answer.access_token))
            .filter(|token| token.bytes().all(|byte| byte.is_ascii_graphic()))
            .map(|token| format!("Bearer {token}"))
            .ok_or_else(|| self.no_login("the answer of the place that hands out tokens is not understood"))
    }

    fn failed(&self, url: &str, error: ureq::Error) -> RegistryError {
        let host = host(url);
        let is_silence = match &error {
            ureq::Error::HostNotFound
            | ureq::Error::ConnectionFailed
            | ureq::Error::ConnectProxyFailed(_)
            | ureq::Error::Timeout(_) => true,
            // What TLS does not like comes as invalid data.
            ureq::Error::Io(error) => error.kind() != std::io::ErrorKind::InvalidData,
            _ => false,
        };
        if is_silence {
            return RegistryError::NoAnswer {
                registry: host.to_owned(),
                source: Box::new(error),
            };
        }
        RegistryError::Connection {
            reference: self.reference.to_string(),
            host: host.to_owned(),
            source: Box::new(error),
        }
    }

    /// The registry did answer if it redirected to somebody who does not.
    fn away_from(&self, home: &str, url: &str, what: &'static str, error: RegistryError) -> RegistryError {
        match error {
            RegistryError::NoAnswer {
                registry: host,
                source,
            } if origin(url) != home => RegistryError::NoStorage {
                reference: self.reference.to_string(),
                what,
                host,
                source,
            },
            other => other,
        }
    }

    pub(super) fn refused(&self, what: &'static str, response: Response<Body>) -> RegistryError {
        let status = response.status();
        let again_after = again_after(&response);
        let mut content = Vec::new();
        let body = response.into_body().into_reader();
        // Half a complaint is better than none.
        let _ = body.take(LONGEST_ANSWER).read_to_end(&mut content);
        let said = complaint(&content);
        let way_out = match status {
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => self.way_out.clone(),
            StatusCode::NOT_FOUND => "check the name and the tag".to_owned(),
            StatusCode::TOO_MANY_REQUESTS => "wait, or log in to be allowed more".to_owned(),
            _ => "try again later, or ask who runs the registry".to_owned(),
        };
        RegistryError::Refused {
            reference: self.reference.to_string(),
            what,
            status: status.to_string(),
            said: if said.is_empty() {
                said
            } else {
                format!(", {said}")
            },
            way_out: way_out.into(),
            again_after,
        }
    }

    pub(super) fn interrupted(&self, what: &'static str, source: std::io::Error) -> RegistryError {
        RegistryError::Interrupted {
            reference: self.reference.to_string(),
            what,
            source,
        }
    }

    fn misled(&self, what: &'static str, reason: &'static str) -> RegistryError {
        RegistryError::Redirect {
            reference: self.reference.to_string(),
            what,
            reason,
        }
    }

    fn no_login(&self, reason: &'static str) -> RegistryError {
        RegistryError::Login {
            reference: self.reference.to_string(),
            reason,
        }
    }
}

/// Whether somebody with this answer may have another one in a moment.
fn is_passing(status: StatusCode) -> bool {
    status == StatusCode::TOO_MANY_REQUESTS || status.is_server_error()
}

/// After how many seconds an answer wants the same to be asked again. A date is not read: the usual pauses do.
fn again_after(response: &Response<Body>) -> Option<u32> {
    let value = response.headers().get(header::RETRY_AFTER)?.to_str().ok()?;
    value.trim().parse().ok()
}
