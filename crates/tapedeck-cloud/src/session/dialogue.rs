//! What is said on a data channel, and what that means. Pure: bytes and points in time are arguments.
//!
//! Each direction counts its messages. Every one is acknowledged; what is not is said again. The other side begins by asking what kind
//! of session this is; until that is settled, nothing is typed.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tapedeck_model::Timestamp;
use uuid::Uuid;

use super::Typed;
use super::frame::{
    ACKNOWLEDGE, CHANNEL_CLOSED, Frame, INPUT, NoFrame, OUTPUT, PAUSE_PUBLICATION, START_PUBLICATION,
};

/// The version of the protocol that is spoken: that of AWS's plugin with it.
const CLIENT_VERSION: &str = "1.2.764.0";

/// Kinds of sessions in which a program is typed to and shown.
const KINDS: [&str; 3] = ["Standard_Stream", "InteractiveCommands", "NonInteractiveCommands"];

/// What an action of the handshake came to.
const SUCCEEDED: u8 = 1;
const UNSUPPORTED: u8 = 3;

/// How much is typed in one message.
const PORTION: usize = 1024;

/// So many messages may be unacknowledged before typing has to wait.
const MOST_UNACKNOWLEDGED: usize = 64;

/// So many messages that come too early are kept.
const MOST_EARLY: usize = 10_000;

/// After which time something is said again.
const PATIENCE: Duration = Duration::from_secs(1);

/// The numbers of payloads.
mod content {
    pub(super) const BYTES: u32 = 1;
    pub(super) const SIZE: u32 = 3;
    pub(super) const HANDSHAKE_REQUEST: u32 = 5;
    pub(super) const HANDSHAKE_RESPONSE: u32 = 6;
    pub(super) const HANDSHAKE_COMPLETE: u32 = 7;
    pub(super) const FLAG: u32 = 10;
    pub(super) const STDERR: u32 = 11;
}

/// The flag that ends a session.
const TERMINATE: u32 = 2;

/// Something that the other side says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Heard {
    /// What the program has written.
    Output(Vec<u8>),
    /// The session is over, and perhaps why.
    Closed(String),
}

/// Why it cannot be gone on.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum Misunderstood {
    #[error(transparent)]
    Frame(#[from] NoFrame),
    #[error("a message is not as it should be: {0}")]
    Payload(String),
    #[error("{0}")]
    Unsupported(String),
}

/// A message that is not acknowledged yet.
struct Sent {
    sequence: i64,
    at: Timestamp,
    bytes: Vec<u8>,
}

/// See the module.
pub(super) struct Dialogue {
    /// Of this all ids are made, by counting.
    id: u128,
    /// The message that comes next.
    expected: i64,
    /// What came before it.
    early: BTreeMap<i64, Frame>,
    /// The number of the message that is said next.
    next: i64,
    unacknowledged: VecDeque<Sent>,
    /// What may not be said yet.
    waiting: VecDeque<(u32, Vec<u8>)>,
    is_open: bool,
    is_paused: bool,
    /// What is to be sent.
    outbox: VecDeque<Vec<u8>>,
}

/// That a message has arrived.
#[derive(Serialize, Deserialize)]
struct Acknowledgement {
    #[serde(rename = "AcknowledgedMessageType")]
    kind: String,
    #[serde(rename = "AcknowledgedMessageId")]
    id: String,
    #[serde(rename = "AcknowledgedMessageSequenceNumber")]
    sequence: i64,
    #[serde(rename = "IsSequentialMessage")]
    is_sequential: bool,
}

#[derive(Deserialize)]
struct HandshakeRequest {
    #[serde(rename = "RequestedClientActions", default)]
    actions: Vec<Action>,
}

#[derive(Deserialize)]
struct Action {
    #[serde(rename = "ActionType")]
    kind: String,
    #[serde(rename = "ActionParameters", default)]
    parameters: Value,
}

impl Dialogue {
    /// Nothing has been said. `id` is random.
    pub(super) fn new(id: Uuid) -> Self {
        Self {
            id: id.as_u128(),
            expected: 0,
            early: BTreeMap::new(),
            next: 0,
            unacknowledged: VecDeque::new(),
            waiting: VecDeque::new(),
            is_open: false,
            is_paused: false,
            outbox: VecDeque::new(),
        }
    }

    /// What opens the channel, as a text.
    pub(super) fn opening(&mut self, token: &str) -> String {
        let (request, client) = (self.new_id(), self.new_id());
        json!({
            "MessageSchemaVersion": "1.0", "RequestId": request.to_string(), "TokenValue": token,
            "ClientId": client.to_string(), "ClientVersion": CLIENT_VERSION,
        })
        .to_string()
    }

    /// Takes a message of the other side, and says what it means.
    ///
    /// # Errors
    /// When it means nothing, or something that cannot be done.
    pub(super) fn hear(&mut self, bytes: &[u8], now: Timestamp) -> Result<Vec<Heard>, Misunderstood> {
        let frame = Frame::decode(bytes)?;
        let mut heard = Vec::new();
        match frame.kind.as_str() {
            OUTPUT => {
                let is_far = frame.sequence.saturating_sub(self.expected) > MOST_EARLY as i64;
                if is_far {
                    return Ok(heard);
                }
                self.acknowledge(&frame, now);
                if frame.sequence >= self.expected {
                    self.early.insert(frame.sequence, frame);
                }
                while let Some(frame) = self.early.remove(&self.expected) {
                    self.expected += 1;
                    heard.extend(self.take(frame, now)?);
                }
            }
            ACKNOWLEDGE => {
                let told: Acknowledgement = read(&frame.payload)?;
                self.unacknowledged.retain(|sent| sent.sequence != told.sequence);
                self.flush(now);
            }
            PAUSE_PUBLICATION => self.is_paused = true,
            START_PUBLICATION => {
                self.is_paused = false;
                self.flush(now);
            }
            CHANNEL_CLOSED => {
                let told: Value = read(&frame.payload)?;
                let why = told["Output"].as_str().unwrap_or_default();
                heard.push(Heard::Closed(why.trim().to_owned()));
            }
            // What is new is not for this version.
            _ => {}
        }
        Ok(heard)
    }

    /// Says something, as soon as that may be.
    pub(super) fn say(&mut self, typed: &Typed, now: Timestamp) {
        match typed {
            Typed::Bytes(bytes) => {
                let portions = bytes.chunks(PORTION);
                self.waiting
                    .extend(portions.map(|portion| (content::BYTES, portion.to_vec())));
            }
            Typed::Size { rows, columns } => {
                let size = json!({ "cols": columns, "rows": rows });
                self.waiting
                    .push_back((content::SIZE, size.to_string().into_bytes()));
            }
            Typed::HangUp => self
                .waiting
                .push_back((content::FLAG, TERMINATE.to_be_bytes().to_vec())),
        }
        self.flush(now);
    }

    /// Whether more should be said only later.
    pub(super) fn is_full(&self) -> bool {
        self.waiting.len() + self.unacknowledged.len() >= MOST_UNACKNOWLEDGED
    }

    /// Says again what should have been acknowledged by now.
    pub(super) fn say_again(&mut self, now: Timestamp) {
        if let Some(oldest) = self.unacknowledged.front_mut()
            && now.since(oldest.at) >= PATIENCE
        {
            oldest.at = now;
            self.outbox.push_back(oldest.bytes.clone());
        }
    }

    /// What is to be sent next.
    pub(super) fn next_to_send(&mut self) -> Option<Vec<u8>> {
        self.outbox.pop_front()
    }

    /// Takes a message whose turn it is.
    fn take(&mut self, frame: Frame, now: Timestamp) -> Result<Option<Heard>, Misunderstood> {
        match frame.content {
            content::HANDSHAKE_REQUEST => {
                self.shake_hands(&frame, now)?;
                Ok(None)
            }
            content::HANDSHAKE_COMPLETE => {
                self.open(now);
                Ok(None)
            }
            content::BYTES | content::STDERR => {
                // Old agents shake no hands.
                self.open(now);
                Ok(Some(Heard::Output(frame.payload)))
            }
            _ => Ok(None),
        }
    }

    /// Answers what kind of session this is to be.
    fn shake_hands(&mut self, frame: &Frame, now: Timestamp) -> Result<(), Misunderstood> {
        let request: HandshakeRequest = read(&frame.payload)?;
        let mut problem = None;
        let mut processed = Vec::new();
        for action in &request.actions {
            let trouble = unsupported(action);
            let status = match trouble {
                None => SUCCEEDED,
                Some(_) => UNSUPPORTED,
            };
            processed.push(json!({
                "ActionType": action.kind, "ActionStatus": status, "ActionResult": null,
                "Error": trouble.clone().unwrap_or_default(),
            }));
            problem = problem.or(trouble);
        }
        let errors: Vec<&String> = problem.iter().collect();
        let response = json!({
            "ClientVersion": CLIENT_VERSION, "ProcessedClientActions": processed, "Errors": errors,
        });
        self.send(
            content::HANDSHAKE_RESPONSE,
            response.to_string().into_bytes(),
            now,
        );
        problem.map_or(Ok(()), |problem| Err(Misunderstood::Unsupported(problem)))
    }

    fn open(&mut self, now: Timestamp) {
        self.is_open = true;
        self.flush(now);
    }

    fn acknowledge(&mut self, frame: &Frame, now: Timestamp) {
        let told = json!(Acknowledgement {
            kind: frame.kind.clone(),
            id: frame.id.to_string(),
            sequence: frame.sequence,
            is_sequential: true,
        });
        let acknowledgement = Frame {
            kind: ACKNOWLEDGE.to_owned(),
            at: now,
            sequence: 0,
            id: self.new_id(),
            content: 0,
            payload: told.to_string().into_bytes(),
        };
        self.outbox.push_back(acknowledgement.encode());
    }

    /// Sends what has waited.
    fn flush(&mut self, now: Timestamp) {
        while self.is_open && !self.is_paused && self.unacknowledged.len() < MOST_UNACKNOWLEDGED {
            let Some((content, payload)) = self.waiting.pop_front() else {
                return;
            };
            self.send(content, payload, now);
        }
    }

    fn send(&mut self, content: u32, payload: Vec<u8>, now: Timestamp) {
        let frame = Frame {
            kind: INPUT.to_owned(),
            at: now,
            sequence: self.next,
            id: self.new_id(),
            content,
            payload,
        };
        self.next += 1;
        let bytes = frame.encode();
        self.unacknowledged.push_back(Sent {
            sequence: frame.sequence,
            at: now,
            bytes: bytes.clone(),
        });
        self.outbox.push_back(bytes);
    }

    fn new_id(&mut self) -> Uuid {
        self.id = self.id.wrapping_add(1);
        Uuid::from_u128(self.id)
    }
}

/// Why an action of the handshake cannot be done.
fn unsupported(action: &Action) -> Option<String> {
    let kind = action.parameters["SessionType"].as_str().unwrap_or_default();
    match action.kind.as_str() {
        "SessionType" if KINDS.contains(&kind) => None,
        "SessionType" => Some(format!("sessions of the kind `{kind}` are not known here")),
        "KMSEncryption" => {
            Some("the cluster has sessions encrypted with a key of KMS, which is not done here".to_owned())
        }
        other => Some(format!("`{other}` is asked for, which is not known here")),
    }
}

fn read<T: for<'a> Deserialize<'a>>(payload: &[u8]) -> Result<T, Misunderstood> {
    serde_json::from_slice(payload).map_err(|error| Misunderstood::Payload(error.to_string()))
}
