//! ECS Exec: a program in a container of a task, and the channel through which it is typed to and shown.
//!
//! ECS starts the program and says where the channel is; the channel is a WebSocket of the Session Manager. What is said on it is in
//! [`dialogue`], how that looks in bytes in [`frame`]: both pure.

mod dialogue;
mod frame;
#[cfg(test)]
mod tests;

use std::fmt;
use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use futures_util::{SinkExt as _, StreamExt as _};
use rustls::{ClientConfig, RootCertStore};
use tapedeck_model::Timestamp;
use tokio::net::TcpStream;
use tokio::sync::mpsc::Receiver;
use tokio::time::{Instant, timeout};
use tokio_tungstenite::tungstenite::{Error as SocketError, Message};
use tokio_tungstenite::{Connector, MaybeTlsStream, WebSocketStream, connect_async_tls_with_config};
use uuid::Uuid;

use self::dialogue::{Dialogue, Heard};
use crate::call::{CallError, Fault};
use crate::connect::Cloud;
use crate::error::CloudError;

const EXECUTE: &str = "ecs:ExecuteCommand";
/// The token is the permission for it; policies do not name it.
const OPEN_CHANNEL: &str = "ssmmessages:OpenDataChannel";

/// How often is looked whether something has to be said again.
const TICK: Duration = Duration::from_millis(250);

/// How often the other side is asked whether it is there.
const PING: Duration = Duration::from_secs(30);

/// After how long without any answer it is not.
const SILENCE: Duration = Duration::from_secs(90);

/// A program to be run in a container.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExecuteCommand<'a> {
    /// The name of the cluster.
    pub cluster: &'a str,
    /// The id or ARN of the task.
    pub task: &'a str,
    /// The name of the container.
    pub container: &'a str,
    /// The program and its arguments.
    pub arguments: &'a [String],
}

impl ExecuteCommand<'_> {
    /// The program and its arguments as ECS takes them: one line, which is split into words as a shell does it, but given to none.
    fn line(&self) -> String {
        let words: Vec<String> = self.arguments.iter().map(|word| quoted(word)).collect();
        words.join(" ")
    }
}

/// A word that a shell takes as it is.
fn quoted(word: &str) -> String {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_./:=@%+,".contains(&byte);
    match !word.is_empty() && word.bytes().all(is_plain) {
        true => word.to_owned(),
        false => format!("'{}'", word.replace('\'', r"'\''")),
    }
}

/// A program that runs in a container, and waits to be attended.
#[derive(Clone, PartialEq, Eq)]
pub struct Session {
    /// Its id, `ecs-execute-command-0123456789abcdef0`.
    pub id: String,
    stream_url: String,
    token: String,
}

impl fmt::Debug for Session {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Session")
            .field("id", &self.id)
            .finish_non_exhaustive()
    }
}

/// Something for the program.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Typed {
    /// Bytes for its terminal.
    Bytes(Vec<u8>),
    /// How large its terminal is from now on.
    Size {
        /// Lines.
        rows: u16,
        /// Characters of a line.
        columns: u16,
    },
    /// It shall end.
    HangUp,
}

/// How a session ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SessionEnd {
    /// The other side has closed it, perhaps saying why.
    Closed(String),
    /// It was left: whoever was shown the output wanted no more.
    Left,
}

type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

impl Cloud {
    /// Has a program run in a container, on a terminal of its own.
    ///
    /// # Errors
    /// [`CloudError::NotDone`] when the task does not run, takes no commands, or nobody answers.
    pub async fn execute_command(&self, command: &ExecuteCommand<'_>) -> Result<Session, CloudError> {
        let session = self.begin_session(command).await;
        session.map_err(|cause| {
            let ExecuteCommand { container, task, .. } = command;
            self.not_done(
                format!("run a command in container {container} of task {task}"),
                cause,
            )
        })
    }

    async fn begin_session(&self, command: &ExecuteCommand<'_>) -> Result<Session, CallError> {
        let call = self
            .ecs
            .execute_command()
            .cluster(command.cluster)
            .task(command.task)
            .container(command.container)
            .command(command.line())
            .interactive(true);
        let answer = call
            .send()
            .await
            .map_err(|error| CallError::new(EXECUTE, error))?;
        let session = answer.session.and_then(|session| {
            Some(Session {
                id: session.session_id?,
                stream_url: session.stream_url?,
                token: session.token_value?,
            })
        });
        session.ok_or_else(|| CallError::lacking(EXECUTE, "session"))
    }

    /// Types to a program, and shows what it writes, until it ends or `show` breaks.
    ///
    /// # Errors
    /// [`CloudError::NotDone`] when there is no connection, it is lost, or something is asked for that is not known here.
    pub async fn attend(
        &self,
        session: &Session,
        typed: &mut Receiver<Typed>,
        show: impl FnMut(&[u8]) -> ControlFlow<()>,
    ) -> Result<SessionEnd, CloudError> {
        let end = self.converse(session, typed, show).await;
        end.map_err(|fault| {
            let cause = CallError {
                action: OPEN_CHANNEL,
                fault,
            };
            self.not_done(format!("go on with session {}", session.id), cause)
        })
    }

    async fn converse(
        &self,
        session: &Session,
        typed: &mut Receiver<Typed>,
        mut show: impl FnMut(&[u8]) -> ControlFlow<()>,
    ) -> Result<SessionEnd, Fault> {
        let socket = self.open(&session.stream_url).await?;
        let mut channel = Channel::begin(socket, &session.token).await?;
        let mut tick = tokio::time::interval(TICK);
        let mut is_typing = true;
        loop {
            let end = tokio::select! {
                message = channel.socket.next() => channel.hear(message, &mut show).await?,
                next = typed.recv(), if is_typing && !channel.dialogue.is_full() => {
                    is_typing = next.is_some();
                    channel.say(next.as_ref()).await?;
                    None
                }
                _ = tick.tick() => {
                    channel.look_after().await?;
                    None
                }
            };
            if let Some(end) = end {
                return Ok(end);
            }
        }
    }

    async fn open(&self, url: &str) -> Result<Socket, Fault> {
        let tls = Connector::Rustls(Arc::new(tls()));
        let opened = connect_async_tls_with_config(url, None, false, Some(tls));
        match timeout(self.limits.call, opened).await {
            Ok(Ok((socket, _))) => Ok(socket),
            Ok(Err(error)) => Err(lost(error)),
            Err(_) => Err(Fault::TooLate),
        }
    }
}

/// A data channel.
struct Channel {
    socket: Socket,
    dialogue: Dialogue,
    heard_at: Instant,
    pinged_at: Instant,
}

impl Channel {
    async fn begin(mut socket: Socket, token: &str) -> Result<Self, Fault> {
        let mut dialogue = Dialogue::new(Uuid::new_v4());
        let opening = Message::text(dialogue.opening(token));
        socket.send(opening).await.map_err(lost)?;
        Ok(Self {
            socket,
            dialogue,
            heard_at: Instant::now(),
            pinged_at: Instant::now(),
        })
    }

    /// Takes what has arrived. Says whether that was the end.
    async fn hear(
        &mut self,
        message: Option<Result<Message, SocketError>>,
        show: &mut impl FnMut(&[u8]) -> ControlFlow<()>,
    ) -> Result<Option<SessionEnd>, Fault> {
        self.heard_at = Instant::now();
        let bytes = match message.transpose().map_err(lost)? {
            Some(Message::Binary(bytes)) => bytes,
            Some(Message::Close(_)) | None => return Ok(Some(SessionEnd::Closed(String::new()))),
            Some(_) => return Ok(None),
        };
        let heard = self.dialogue.hear(&bytes, now());
        // Also what cannot be done is answered.
        self.send().await?;
        let heard = heard.map_err(|error| Fault::Garbled {
            why: error.to_string(),
        })?;
        for heard in heard {
            match heard {
                Heard::Closed(why) => return Ok(Some(SessionEnd::Closed(why))),
                Heard::Output(bytes) if show(&bytes).is_break() => {
                    self.say(Some(&Typed::HangUp)).await?;
                    self.socket.close(None).await.map_err(lost)?;
                    return Ok(Some(SessionEnd::Left));
                }
                Heard::Output(_) => {}
            }
        }
        Ok(None)
    }

    async fn say(&mut self, typed: Option<&Typed>) -> Result<(), Fault> {
        if let Some(typed) = typed {
            self.dialogue.say(typed, now());
        }
        self.send().await
    }

    /// Sees that the other side is there and has heard everything.
    async fn look_after(&mut self) -> Result<(), Fault> {
        if self.heard_at.elapsed() > SILENCE {
            return Err(Fault::TooLate);
        }
        if self.pinged_at.elapsed() > PING {
            self.pinged_at = Instant::now();
            self.socket
                .feed(Message::Ping(Vec::new().into()))
                .await
                .map_err(lost)?;
        }
        self.dialogue.say_again(now());
        self.send().await
    }

    /// Sends what is to be sent.
    async fn send(&mut self) -> Result<(), Fault> {
        while let Some(bytes) = self.dialogue.next_to_send() {
            self.socket.feed(Message::binary(bytes)).await.map_err(lost)?;
        }
        self.socket.flush().await.map_err(lost)
    }
}

fn lost(error: SocketError) -> Fault {
    Fault::NoAnswer {
        why: error.to_string(),
    }
}

fn now() -> Timestamp {
    let passed = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Timestamp::from_millis(u64::try_from(passed.as_millis()).unwrap_or(u64::MAX))
}

/// TLS with the certificates that this machine trusts.
fn tls() -> ClientConfig {
    let mut trusted = RootCertStore::empty();
    trusted.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("the versions are those of the provider")
        .with_root_certificates(trusted)
        .with_no_client_auth()
}
