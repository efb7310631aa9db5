//! The connection to one shim.

use std::os::fd::AsFd as _;
use std::os::unix::net::UnixStream as BlockingStream;
use std::sync::Arc;
use std::time::Duration;

use tapedeck_model::TaskId;
use tapedeck_runtime::protocol::{ShimCommand, ShimState};
use tokio::io::{AsyncWriteExt, Interest};
use tokio::net::UnixStream;
use tokio::net::unix::OwnedReadHalf;
use tokio::sync::mpsc;
use tokio::task::JoinSet;

use crate::endpoint::Endpoint;
use crate::host::Host;
use crate::main_loop::Event;

/// Bytes taken at once: no line of a shim is longer, and there is one such buffer for each task.
const LINE: usize = 512;

/// Tells a shim what to do. Dropping it ends the connection; the shim lives on.
#[derive(Debug)]
pub(crate) struct Link {
    commands: mpsc::UnboundedSender<(ShimCommand, Option<BlockingStream>)>,
}

impl Link {
    /// Serves the connection in the background: what the shim says becomes events, and when it hands the socket of the
    /// task's endpoint over, that is served. Needs the engine's runtime.
    pub(crate) fn open(
        task: &TaskId,
        stream: BlockingStream,
        host: &Arc<Host>,
        events: mpsc::UnboundedSender<Event>,
    ) -> Result<Self, String> {
        let opened = stream
            .set_nonblocking(true)
            .and_then(|()| UnixStream::from_std(stream));
        let stream =
            opened.map_err(|error| format!("could not serve the connection to the shim: {error}"))?;
        let (reading, mut writing) = stream.into_split();
        let (commands, mut orders) = mpsc::unbounded_channel::<(ShimCommand, Option<BlockingStream>)>();
        tokio::spawn(async move {
            while let Some((command, visitor)) = orders.recv().await {
                let line = command.to_line();
                let sent = match visitor {
                    None => writing.write_all(line.as_bytes()).await,
                    Some(visitor) => {
                        let stream: &UnixStream = writing.as_ref();
                        let send = || tapedeck_runtime::send(stream, line.as_bytes(), visitor.as_fd());
                        stream.async_io(Interest::WRITABLE, send).await
                    }
                };
                if sent.is_err() {
                    // The reading side notices the end of the connection too, and tells.
                    break;
                }
            }
        });
        let endpoint = Endpoint::of(task.clone(), Arc::clone(host), events.clone());
        tokio::spawn(listen(task.clone(), reading, endpoint, events));
        Ok(Self { commands })
    }

    /// Asks for the stop signal now and SIGKILL after `timeout`.
    pub(crate) fn stop(&self, timeout: Duration) {
        let timeout_ms = u64::try_from(timeout.as_millis()).unwrap_or(u64::MAX);
        // A shim that is gone needs no telling; its end arrives as an event.
        let _ = self.commands.send((ShimCommand::Stop { timeout_ms }, None));
    }

    /// Hands over the connection of somebody who wants to run a command in a container.
    pub(crate) fn visit(&self, container: String, visitor: BlockingStream) {
        // Without a shim it ends, which tells the visitor.
        let _ = self
            .commands
            .send((ShimCommand::Visit { container }, Some(visitor)));
    }
}

async fn listen(
    task: TaskId,
    reading: OwnedReadHalf,
    endpoint: Endpoint,
    events: mpsc::UnboundedSender<Event>,
) {
    let mut endpoint = Some(endpoint);
    // Ends with the connection: a socket that stayed open would keep the namespace of the task.
    let mut serving = JoinSet::new();
    let mut received = Vec::new();
    let mut chunk = [0; LINE];
    loop {
        let stream: &UnixStream = reading.as_ref();
        let receive = || tapedeck_runtime::receive(stream, &mut chunk);
        let (length, socket) = match stream.async_io(Interest::READABLE, receive).await {
            Ok((0, _)) | Err(_) => break,
            Ok(arrived) => arrived,
        };
        received.extend_from_slice(&chunk[..length]);
        while let Some(end) = received.iter().position(|byte| *byte == b'\n') {
            let line: Vec<u8> = received.drain(..=end).collect();
            // A line of another version's shim that is not understood says nothing that we could act on.
            let Ok(state) = serde_json::from_slice::<ShimState>(&line) else {
                continue;
            };
            if events.send(Event::ShimSaid(task.clone(), state)).is_err() {
                return;
            }
        }
        // Only now, so that what is answered knows what the shim has said.
        if let Some((socket, endpoint)) = socket.and_then(|socket| Some((socket, endpoint.take()?))) {
            serving.spawn(endpoint.serve(socket));
        }
    }
    drop(serving);
    let _ = events.send(Event::ShimGone(task));
}
