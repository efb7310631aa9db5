//! From the logs of tasks to batches, each with the places that it reaches up to.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use serde::{Deserialize, Serialize};
use tapedeck_api::Home;
use tapedeck_local::firehose::{LogEvent, LogStream};
use tapedeck_model::{TaskId, Timestamp};
use tapedeck_runtime::log::{Line, Pieces, Position};
use tapedeck_runtime::write_json;

use super::files;
use crate::log_group::LogGroup;

/// The most bytes of lines in a batch. The last one may exceed it.
const BATCH_BYTES: usize = 1 << 20;

/// What every event counts besides its line, as CloudWatch Logs counts it.
const EVENT_BYTES: usize = 26;

/// Up to where the log of a task is forwarded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Cursor {
    /// The place after the last line; none before the first.
    position: Option<Position>,
    /// Whether the task has stopped, so that there will be nothing more.
    finished: bool,
}

/// Lines to send, and what is true once they have been.
#[derive(Debug, Default)]
pub(super) struct Batch {
    /// The lines of each task.
    pub(super) streams: Vec<(LogStream, Vec<LogEvent>)>,
    /// Up to where each log is forwarded then.
    reaches: Vec<(TaskId, Cursor)>,
    /// Whether there is more.
    pub(super) is_full: bool,
    bytes: usize,
}

#[derive(Debug)]
struct Source {
    pieces: Pieces,
    /// As it was last put into a batch.
    cursor: Cursor,
}

/// The logs of one container of a service.
#[derive(Debug)]
pub(super) struct Sources {
    home: Home,
    group: LogGroup,
    open: BTreeMap<TaskId, Source>,
    /// Tasks of which nothing more will come.
    finished: BTreeSet<TaskId>,
    /// The task that filled the last batch: others come first in the next one.
    last_full: Option<TaskId>,
}

impl Sources {
    pub(super) fn new(home: &Home, group: &LogGroup) -> Self {
        Self {
            home: home.clone(),
            group: group.clone(),
            open: BTreeMap::new(),
            finished: BTreeSet::new(),
            last_full: None,
        }
    }

    /// The tasks that have a log with something to come.
    pub(super) fn tasks(&mut self) -> BTreeSet<TaskId> {
        let mut tasks = self.group.tasks(&self.home);
        // Logs also go because they are too old.
        self.finished.retain(|task| tasks.contains(task));
        self.open.retain(|task, _| tasks.contains(task));
        tasks.retain(|task| !self.finished.contains(task));
        tasks
    }

    /// Takes what is new in the logs of these tasks, as far as a batch goes. None when there is nothing.
    pub(super) fn take(&mut self, tasks: &BTreeSet<TaskId>, since: Timestamp) -> Option<Batch> {
        let mut batch = Batch::default();
        let last = self.last_full.take();
        let (before, after): (Vec<_>, Vec<_>) = tasks
            .iter()
            .filter(|task| !self.finished.contains(*task))
            .partition(|task| last.as_ref().is_some_and(|last| *task <= last));
        for task in after.into_iter().chain(before) {
            self.take_of(task, since, &mut batch);
            if batch.is_full {
                self.last_full = Some(task.clone());
                break;
            }
        }
        let has_lines = !batch.streams.is_empty();
        if !has_lines {
            // Blank lines, or the end of a task: nothing to wait for.
            self.commit(&batch);
        }
        has_lines.then_some(batch)
    }

    fn take_of(&mut self, task: &TaskId, since: Timestamp, batch: &mut Batch) {
        let log = self.group.log(&self.home, task);
        // Before the log is read: once it is not there any more, every line is in the log.
        let is_live = self.home.task(task).exists();
        let Some(source) = self.source(task, &log, since) else {
            return;
        };
        let before = source.cursor;
        let mut events = Vec::new();
        // A log that cannot be read now is read at the next look.
        while let Ok(Some(line)) = source.pieces.next_piece() {
            if !line.text.is_empty() {
                batch.bytes += line.text.len() + EVENT_BYTES;
                events.push(event(&line, source.pieces.position()));
            }
            if batch.bytes >= BATCH_BYTES {
                batch.is_full = true;
                break;
            }
        }
        source.cursor.position = source.pieces.position();
        source.cursor.finished = !is_live && !batch.is_full;
        if source.cursor != before {
            batch.reaches.push((task.clone(), source.cursor));
        }
        match source.cursor.finished {
            true => {
                self.open.remove(task);
                self.finished.insert(task.clone());
            }
            false => source.pieces.rest(),
        }
        if !events.is_empty() {
            batch.streams.push((self.stream(task), events));
        }
    }

    fn source(&mut self, task: &TaskId, log: &Path, since: Timestamp) -> Option<&mut Source> {
        if !self.open.contains_key(task) {
            let cursor: Option<Cursor> = files::read(&files::cursor(log));
            if cursor.is_some_and(|cursor| cursor.finished) {
                self.finished.insert(task.clone());
                return None;
            }
            let cursor = cursor.unwrap_or(Cursor {
                position: None,
                finished: false,
            });
            let since_ns = since.millis().saturating_mul(1_000_000);
            let pieces = Pieces::open(log, since_ns, cursor.position).ok()?;
            self.open.insert(task.clone(), Source { pieces, cursor });
        }
        self.open.get_mut(task)
    }

    /// Whether the log of a task that has stopped was taken to its end, or is gone.
    pub(super) fn is_read(&self, task: &TaskId) -> bool {
        self.finished.contains(task) || !self.group.log(&self.home, task).exists()
    }

    /// Writes down what a batch reaches up to. If that fails, the next engine sends some lines twice.
    pub(super) fn commit(&self, batch: &Batch) {
        for (task, cursor) in &batch.reaches {
            let log = self.group.log(&self.home, task);
            let _ = write_json(&files::cursor(&log), cursor, true);
        }
    }

    /// Removes the logs of tasks, and what is around them if nothing is left.
    pub(super) fn remove(&mut self, tasks: &BTreeSet<TaskId>) {
        for task in tasks {
            self.open.remove(task);
            self.finished.remove(task);
        }
        self.group.remove_logs(&self.home, tasks);
    }

    fn stream(&self, task: &TaskId) -> LogStream {
        LogStream {
            group: self.group.to_string(),
            name: format!("ecs/{}/{task}", self.group.container()),
        }
    }
}

/// An event with an id that it has again when it is sent again: CloudWatch's have 56 digits, too.
fn event(line: &Line, position: Option<Position>) -> LogEvent {
    let Position { segment, offset } = position.unwrap_or_default();
    LogEvent {
        id: format!("{:020}{segment:016}{offset:020}", line.timestamp_ns),
        timestamp: line.timestamp_ns / 1_000_000,
        message: String::from_utf8_lossy(&line.text).into_owned(),
    }
}
