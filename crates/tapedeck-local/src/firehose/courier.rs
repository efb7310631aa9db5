//! Posting a request, and judging the answer.
//!
//! What proves who we are, and where to, may be secret: neither is in any error or debug text.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use serde::Deserialize;
use ureq::Agent;
use ureq::tls::{Certificate, RootCerts, TlsConfig};

use super::request::{Request, compressed};

/// How long a connection may take to be there, name service and TLS included.
const CONNECT: Duration = Duration::from_secs(10);

/// How long everything may take: Firehose waits for three minutes.
const WHOLE: Duration = Duration::from_secs(3 * 60);

/// How long a connection is kept for the next request.
const IDLE: Duration = Duration::from_secs(4);

/// The most bytes of an answer that are read.
const ANSWER_BYTES: u64 = 64 * 1024;

/// The most characters of an answer's words that are told.
const WORDS: usize = 200;

/// Where to send to.
#[derive(Clone, PartialEq, Eq)]
pub struct Destination {
    /// `https://…`.
    pub url: String,
    /// What to prove oneself with.
    pub access_key: Option<String>,
    /// Attributes of every request.
    pub attributes: BTreeMap<String, String>,
    /// Whether bodies are compressed.
    pub gzip: bool,
    /// Names the delivery stream.
    pub source: String,
}

impl fmt::Debug for Destination {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Destination")
            .field("source", &self.source)
            .finish_non_exhaustive()
    }
}

/// Why a request was not delivered.
#[derive(Debug, thiserror::Error)]
pub enum DeliveryError {
    /// It cannot be sent as it is.
    #[error("its {what} cannot be sent: {why}")]
    Unsendable {
        /// What of it.
        what: &'static str,
        /// Why not.
        why: &'static str,
    },
    /// There was no answer.
    #[error("the endpoint does not answer: {why}")]
    NoAnswer {
        /// Why.
        why: String,
    },
    /// The answer is not that all is well.
    #[error("the endpoint answers with status {status}{}", words.as_ref().map_or(String::new(), |words| format!(": {words}")))]
    Refused {
        /// Its status.
        status: u16,
        /// What it says about it.
        words: Option<String>,
    },
    /// The answer is not about this request.
    #[error("the endpoint does not acknowledge the request: {why}")]
    Unacknowledged {
        /// What is wrong with the answer.
        why: &'static str,
    },
}

/// What an endpoint answers.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Answer {
    request_id: Option<String>,
    error_message: Option<String>,
}

/// Posts requests, trusting the certificates that this machine trusts.
#[derive(Debug, Clone)]
pub struct Courier {
    agent: Agent,
}

impl Courier {
    /// A courier. Reads the certificates of the machine (or those that `SSL_CERT_FILE` and `SSL_CERT_DIR` name).
    #[must_use]
    pub fn new() -> Self {
        let config = Agent::config_builder()
            .user_agent(concat!("tapedeck/", env!("CARGO_PKG_VERSION")))
            .http_status_as_error(false)
            .https_only(true)
            // As Firehose does; and nobody else is to learn the access key.
            .max_redirects(0)
            .max_redirects_will_error(false)
            // Others end idle connections early, and one that was ended costs a try.
            .max_idle_age(IDLE)
            .timeout_connect(Some(CONNECT))
            .timeout_global(Some(WHOLE))
            .tls_config(tls());
        Self {
            agent: config.build().into(),
        }
    }

    /// Sends a request, and waits until the endpoint has acknowledged it.
    ///
    /// # Errors
    /// [`DeliveryError`] when it has not.
    pub fn send(&self, destination: &Destination, request: &Request) -> Result<(), DeliveryError> {
        let body = match destination.gzip {
            true => compressed(&request.body()),
            false => request.body(),
        };
        let post = self.prepare(destination, request)?;
        let mut response = post.send(&body).map_err(|error| no_answer(&error))?;
        let status = response.status().as_u16();
        let answer = response
            .body_mut()
            .with_config()
            .limit(ANSWER_BYTES)
            .read_to_vec();
        let answer = answer
            .ok()
            .and_then(|text| serde_json::from_slice::<Answer>(&text).ok());
        judge(status, answer, &request.request_id)
    }

    fn prepare(
        &self,
        destination: &Destination,
        request: &Request,
    ) -> Result<ureq::RequestBuilder<ureq::typestate::WithBody>, DeliveryError> {
        if !destination.url.starts_with("https://") {
            return Err(DeliveryError::Unsendable {
                what: "`endpointUrl`",
                why: "it does not begin with https://",
            });
        }
        let mut post = self
            .agent
            .post(&destination.url)
            .header("Content-Type", "application/json")
            .header("X-Amz-Firehose-Protocol-Version", "1.0")
            .header("X-Amz-Firehose-Request-Id", &request.request_id)
            .header("X-Amz-Firehose-Source-Arn", &destination.source);
        if destination.gzip {
            post = post.header("Content-Encoding", "gzip");
        }
        if let Some(key) = &destination.access_key {
            is_header(key, "access key")?;
            post = post.header("X-Amz-Firehose-Access-Key", key);
        }
        if !destination.attributes.is_empty() {
            let attributes = common_attributes(&destination.attributes);
            post = post.header("X-Amz-Firehose-Common-Attributes", attributes);
        }
        Ok(post)
    }
}

impl Default for Courier {
    fn default() -> Self {
        Self::new()
    }
}

fn tls() -> TlsConfig {
    let trusted = rustls_native_certs::load_native_certs().certs;
    let trusted = trusted
        .iter()
        .map(|certificate| Certificate::from_der(certificate).to_owned());
    TlsConfig::builder()
        .unversioned_rustls_crypto_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .root_certs(RootCerts::from(trusted))
        .build()
}

fn is_header(text: &str, what: &'static str) -> Result<(), DeliveryError> {
    match text.bytes().all(|byte| (0x20..0x7f).contains(&byte)) {
        true => Ok(()),
        false => Err(DeliveryError::Unsendable {
            what,
            why: "it has characters that no header can have",
        }),
    }
}

/// The header of that name: JSON that is ASCII alone.
pub(super) fn common_attributes(attributes: &BTreeMap<String, String>) -> String {
    let json = serde_json::json!({ "commonAttributes": attributes }).to_string();
    let mut header = String::with_capacity(json.len());
    for character in json.chars() {
        if (' '..='~').contains(&character) {
            header.push(character);
        } else {
            let mut units = [0; 2];
            for unit in character.encode_utf16(&mut units) {
                header.push_str(&format!("\\u{unit:04x}"));
            }
        }
    }
    header
}

/// All is well only with status 200 and the id of the request.
fn judge(status: u16, answer: Option<Answer>, request_id: &str) -> Result<(), DeliveryError> {
    if status != 200 {
        let words = answer.and_then(|answer| answer.error_message);
        let printable = |text: String| {
            text.chars()
                .filter(|character| !character.is_control())
                .take(WORDS)
                .collect()
        };
        return Err(DeliveryError::Refused {
            status,
            words: words.map(printable),
        });
    }
    let why = match answer.map(|answer| answer.request_id) {
        Some(Some(id)) if id == request_id => return Ok(()),
        Some(Some(_)) => "its answer has another `requestId`",
        Some(None) => "its answer has no `requestId`",
        None => "its answer is not what Firehose expects",
    };
    Err(DeliveryError::Unacknowledged { why })
}

/// What went wrong, without the address, which may hold a key.
fn no_answer(error: &ureq::Error) -> DeliveryError {
    let why = match error {
        ureq::Error::BadUri(_) => "its `endpointUrl` is not a URL".to_owned(),
        ureq::Error::HostNotFound => "there is no such host".to_owned(),
        ureq::Error::ConnectionFailed => "there is no connection".to_owned(),
        ureq::Error::Timeout(_) => "it takes too long".to_owned(),
        ureq::Error::Io(source) => source.to_string(),
        ureq::Error::Rustls(source) => source.to_string(),
        ureq::Error::Tls(source) => (*source).to_owned(),
        _ => "the connection does not work".to_owned(),
    };
    DeliveryError::NoAnswer { why }
}
