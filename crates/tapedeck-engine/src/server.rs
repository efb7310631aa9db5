//! The socket of the engine: lines of JSON in, lines of JSON out. Knows the protocol, decides nothing.

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use tapedeck_api::{Greeting, PROTOCOL, Refusal, Request, Response};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::{mpsc, oneshot, watch};

use crate::attendance::ClientId;
use crate::host::Host;
use crate::main_loop::Event;

/// The longest request line: a stack of some thousand services.
const LONGEST_REQUEST: u64 = 16 * 1024 * 1024;

/// What each connection needs.
#[derive(Debug, Clone)]
pub(crate) struct Server {
    pub(crate) events: mpsc::UnboundedSender<Event>,
    pub(crate) changes: watch::Receiver<u64>,
    pub(crate) host: Arc<Host>,
    /// Told when an answer to [`Request::StopEngine`] has left, so that the engine does not end before.
    pub(crate) farewell: mpsc::Sender<()>,
}

/// Listens on a socket that only its owner can use. A socket left behind by a dead engine is replaced: the caller
/// holds the lock of the state folder, so nobody listens on it.
pub(crate) fn bind(socket: &Path) -> std::io::Result<UnixListener> {
    match fs_err::remove_file(socket) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    // Bound under another name and renamed, so that the socket never shows up with a wider mode.
    let hidden = PathBuf::from(format!("{}.new", socket.display()));
    let _ = fs_err::remove_file(&hidden);
    let listener = UnixListener::bind(&hidden)?;
    fs_err::set_permissions(&hidden, std::fs::Permissions::from_mode(0o600))?;
    fs_err::rename(&hidden, socket)?;
    Ok(listener)
}

impl Server {
    /// Serves connections until the engine ends.
    pub(crate) async fn serve(self, listener: UnixListener) {
        let mut accepted = 0;
        loop {
            match listener.accept().await {
                Ok((stream, _)) => {
                    accepted += 1;
                    tokio::spawn(self.clone().attend_to(stream, ClientId(accepted)));
                }
                // Out of file descriptors or memory: serve the ones there are, then listen again.
                Err(_) => tokio::time::sleep(Duration::from_millis(50)).await,
            }
        }
    }

    async fn attend_to(self, stream: UnixStream, client: ClientId) {
        let events = self.events.clone();
        self.converse(stream, client).await;
        let _ = events.send(Event::ClientGone(client));
    }

    async fn converse(mut self, stream: UnixStream, client: ClientId) {
        let (reading, mut writing) = stream.into_split();
        let greeting = Greeting {
            protocol: PROTOCOL,
            version: env!("CARGO_PKG_VERSION").to_string(),
            pid: std::process::id(),
        };
        if send(&mut writing, &greeting).await.is_err() {
            return;
        }
        let mut reading = BufReader::new(tokio::io::AsyncReadExt::take(reading, LONGEST_REQUEST));
        let mut line = String::new();
        loop {
            line.clear();
            match reading.read_line(&mut line).await {
                Ok(length) if length > 0 => {}
                _ => return,
            }
            let request = serde_json::from_str(&line);
            let visited = match &request {
                Ok(Request::Visit { task, container }) => Some((task.clone(), container.clone())),
                _ => None,
            };
            let response = match request {
                Ok(request) => self.respond(client, request).await,
                Err(error) => Some(Response::Refused {
                    refusal: Refusal::Unreadable {
                        reason: error.to_string(),
                    },
                }),
            };
            let Some(response) = response else { return };
            let sent = send(&mut writing, &response).await;
            if let (Response::HandedOver, Some((task, container))) = (&response, visited) {
                // Whoever was told so says nothing before it hears from the shim's end, so nothing has been read ahead.
                let visitor = reading.into_inner().into_inner().reunite(writing).ok();
                if let Some(visitor) = visitor.and_then(|visitor| visitor.into_std().ok()) {
                    let _ = self.events.send(Event::Visit(task, container, visitor));
                }
                return;
            }
            if matches!(response, Response::Stopping { .. }) {
                let _ = self.farewell.try_send(());
            }
            if sent.is_err() {
                return;
            }
            reading.get_mut().set_limit(LONGEST_REQUEST);
        }
    }

    /// The answer; none when the engine ends before it gives one.
    async fn respond(&mut self, client: ClientId, request: Request) -> Option<Response> {
        match &request {
            Request::ApplyStack { stack } | Request::AttendStack { stack, .. } => {
                let (host, stack) = (Arc::clone(&self.host), stack.clone());
                let checked = tokio::task::spawn_blocking(move || host.check_images(&stack))
                    .await
                    .ok()?;
                match checked {
                    Ok(()) => self.ask(client, request).await,
                    Err(refusal) => Some(Response::Refused { refusal }),
                }
            }
            Request::DescribeStack {
                newer_than: Some(known),
                patience_ms,
                ..
            } => {
                let (known, patience) = (*known, Duration::from_millis(*patience_ms));
                self.describe_newer((client, request), known, patience).await
            }
            _ => self.ask(client, request).await,
        }
    }

    /// Asks again after every change until the stack is newer than what the client knows.
    async fn describe_newer(
        &mut self,
        (client, request): (ClientId, Request),
        known: u64,
        patience: Duration,
    ) -> Option<Response> {
        let deadline = tokio::time::Instant::now() + patience;
        loop {
            self.changes.mark_unchanged();
            let response = self.ask(client, request.clone()).await?;
            match &response {
                Response::Stack { stack } if stack.version <= known => {}
                _ => return Some(response),
            }
            match tokio::time::timeout_at(deadline, self.changes.changed()).await {
                Ok(Ok(())) => {}
                Ok(Err(_)) | Err(_) => return Some(response),
            }
        }
    }

    async fn ask(&self, client: ClientId, request: Request) -> Option<Response> {
        let (reply, answer) = oneshot::channel();
        self.events.send(Event::Asked(client, request, reply)).ok()?;
        answer.await.ok()
    }
}

async fn send(
    writing: &mut (impl AsyncWriteExt + Unpin),
    message: &impl serde::Serialize,
) -> std::io::Result<()> {
    let mut line = serde_json::to_vec(message)?;
    line.push(b'\n');
    writing.write_all(&line).await
}
