//! The connection to one shim.

use std::os::unix::net::UnixStream as BlockingStream;
use std::time::Duration;

use tapedeck_model::TaskId;
use tapedeck_runtime::protocol::{ShimCommand, ShimState};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::UnixStream;
use tokio::net::unix::OwnedReadHalf;
use tokio::sync::mpsc;

use crate::main_loop::Event;

/// Longest line a shim sends; a small buffer, because there is one per task.
const LINE: usize = 512;

/// Tells a shim what to do. Dropping it ends the connection; the shim lives on.
#[derive(Debug)]
pub(crate) struct Link {
    commands: mpsc::UnboundedSender<ShimCommand>,
}

impl Link {
    /// Serves the connection in the background: what the shim says becomes events. Needs the engine's runtime.
    pub(crate) fn open(
        task: &TaskId,
        stream: BlockingStream,
        events: mpsc::UnboundedSender<Event>,
    ) -> Result<Self, String> {
        let opened = stream
            .set_nonblocking(true)
            .and_then(|()| UnixStream::from_std(stream));
        let stream =
            opened.map_err(|error| format!("could not serve the connection to the shim: {error}"))?;
        let (reading, mut writing) = stream.into_split();
        let (commands, mut orders) = mpsc::unbounded_channel::<ShimCommand>();
        tokio::spawn(async move {
            while let Some(command) = orders.recv().await {
                if writing.write_all(command.to_line().as_bytes()).await.is_err() {
                    // The reading side notices the end of the connection too, and tells.
                    break;
                }
            }
        });
        tokio::spawn(listen(task.clone(), reading, events));
        Ok(Self { commands })
    }

    /// Asks for the stop signal now and SIGKILL after `timeout`.
    pub(crate) fn stop(&self, timeout: Duration) {
        let timeout_ms = u64::try_from(timeout.as_millis()).unwrap_or(u64::MAX);
        // A shim that is gone needs no telling; its end arrives as an event.
        let _ = self.commands.send(ShimCommand::Stop { timeout_ms });
    }
}

async fn listen(task: TaskId, reading: OwnedReadHalf, events: mpsc::UnboundedSender<Event>) {
    let mut lines = BufReader::with_capacity(LINE, reading).lines();
    while let Ok(Some(line)) = lines.next_line().await {
        // A line of another version's shim that is not understood says nothing that we could act on.
        let Ok(state) = serde_json::from_str::<ShimState>(&line) else {
            continue;
        };
        if events.send(Event::ShimSaid(task.clone(), state)).is_err() {
            return;
        }
    }
    let _ = events.send(Event::ShimGone(task));
}
