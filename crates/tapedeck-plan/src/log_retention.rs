//! Which segments of logs go: those that are too old, and the oldest where a service has too much.
//!
//! How old something is, is judged by the clock of the machine, which people and time servers set. So time counts only
//! when two looks in a row agree about it: see [`ClockCheck`].

use std::collections::BTreeMap;
use std::time::Duration;

use tapedeck_model::{TaskId, Timestamp};

/// By how much two looks at the clock may disagree.
const TOLERANCE: Duration = Duration::from_secs(24 * 60 * 60);

/// One look at the clock of the machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reading {
    /// What it said.
    pub wall: Timestamp,
    /// A time that passes evenly, whatever is done to the clock.
    pub steady: Timestamp,
}

/// Remembers the last look at the clock of the machine, to notice that it was set.
#[derive(Debug, Clone, Copy, Default)]
pub struct ClockCheck {
    last: Option<Reading>,
}

impl ClockCheck {
    /// Begins with a look of an earlier engine, which said this; how long ago is not known.
    #[must_use]
    pub fn after(wall: Option<Timestamp>, steady: Timestamp) -> Self {
        Self {
            last: wall.map(|wall| Reading { wall, steady }),
        }
    }

    /// The time, if this look and the one before agree on it to a day.
    pub fn agreed(&mut self, now: Reading) -> Option<Timestamp> {
        let last = self.last.replace(now)?;
        let expected = last.wall + now.steady.since(last.steady);
        let apart = now.wall.since(expected).max(expected.since(now.wall));
        (apart <= TOLERANCE).then_some(now.wall)
    }
}

/// The log of one task.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TaskLog {
    /// The task.
    pub task: TaskId,
    /// Whether it may still write. Its last segment is never removed.
    pub live: bool,
    /// Its segments, oldest first.
    pub segments: Vec<LogSegment>,
}

/// One segment of a log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LogSegment {
    /// Its number in the log.
    pub number: u64,
    /// Its size.
    pub bytes: u64,
    /// When its last line was written; none if that is not known, as of one without lines.
    pub end: Option<Timestamp>,
}

/// What a service may keep.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LogLimits {
    /// How long after its last line a segment stays.
    pub retention: Duration,
    /// The most bytes.
    pub bytes: u64,
    /// The most logs of stopped tasks.
    pub stopped: usize,
}

/// What is to be removed.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum LogRemoval {
    /// One segment.
    Segment {
        /// Whose.
        task: TaskId,
        /// Its number.
        number: u64,
    },
    /// The whole log of a task that has stopped.
    Log {
        /// Whose.
        task: TaskId,
    },
}

/// What is to be removed of the logs of one service. Without a time, nothing goes because of its age.
///
/// Age first; then, beyond what may be kept, the oldest segments of stopped tasks before those of live ones.
#[must_use = "a decision does nothing until it is executed"]
pub fn expired(logs: &[TaskLog], limits: &LogLimits, now: Option<Timestamp>) -> Vec<LogRemoval> {
    // How many segments go of each log, from its beginning on: what is left has no gaps.
    let mut gone: BTreeMap<&TaskId, usize> = BTreeMap::new();
    for log in logs {
        let old = now.map_or(0, |now| too_old(log, limits.retention, now));
        gone.insert(&log.task, old);
    }
    for log in surplus(logs, &gone, limits.stopped) {
        gone.insert(&log.task, log.segments.len());
    }
    shrink(logs, &mut gone, limits.bytes);
    logs.iter()
        .flat_map(|log| removals(log, gone[&log.task]))
        .collect()
}

fn removals(log: &TaskLog, count: usize) -> Vec<LogRemoval> {
    let task = || log.task.clone();
    if count == log.segments.len() && !log.live {
        return vec![LogRemoval::Log { task: task() }];
    }
    let segments = log.segments.iter().take(count);
    segments
        .map(|segment| LogRemoval::Segment {
            task: task(),
            number: segment.number,
        })
        .collect()
}

/// The segments of a log that may be removed at all.
fn removable(log: &TaskLog) -> &[LogSegment] {
    let in_use = usize::from(log.live);
    &log.segments[..log.segments.len().saturating_sub(in_use)]
}

fn too_old(log: &TaskLog, retention: Duration, now: Timestamp) -> usize {
    let is_old = |end: Timestamp| now >= end + retention;
    // A segment ends before the next one does, so one whose end is not known is as old as that.
    let ends = removable(log).iter().map(|segment| segment.end);
    let last_old = ends
        .enumerate()
        .filter(|(_, end)| end.is_some_and(is_old))
        .map(|(place, _)| place + 1)
        .next_back();
    let first_young = log
        .segments
        .iter()
        .position(|segment| segment.end.is_some_and(|end| !is_old(end)));
    match first_young {
        // Also when it never had a line.
        None if !log.live => log.segments.len(),
        first_young => last_old.unwrap_or(0).min(first_young.unwrap_or(usize::MAX)),
    }
}

/// When the last line of a log was written.
fn end_of(log: &TaskLog) -> Timestamp {
    let ends = log.segments.iter().filter_map(|segment| segment.end);
    ends.max().unwrap_or_default()
}

/// The logs of stopped tasks beyond so many that stay, those that ended first.
fn surplus<'a>(logs: &'a [TaskLog], gone: &BTreeMap<&TaskId, usize>, kept: usize) -> Vec<&'a TaskLog> {
    let stays = |log: &&TaskLog| !log.live && gone[&log.task] < log.segments.len();
    let mut stopped: Vec<&TaskLog> = logs.iter().filter(stays).collect();
    stopped.sort_by_key(|log| (end_of(log), log.task.clone()));
    let surplus = stopped.len().saturating_sub(kept);
    stopped.truncate(surplus);
    stopped
}

/// Takes the oldest segments until the rest is no more than so many bytes.
fn shrink<'a>(logs: &'a [TaskLog], gone: &mut BTreeMap<&'a TaskId, usize>, bytes: u64) {
    let rest = logs.iter().flat_map(|log| &log.segments[gone[&log.task]..]);
    let mut total: u64 = rest.map(|segment| segment.bytes).sum();
    let mut candidates: Vec<(bool, Timestamp, &TaskId, usize, u64)> = Vec::new();
    for log in logs {
        let mut end = Timestamp::default();
        for (place, segment) in removable(log).iter().enumerate().skip(gone[&log.task]) {
            // Never before the segment ahead of it, whatever the clock said when they were written.
            end = end.max(segment.end.unwrap_or_default());
            candidates.push((log.live, end, &log.task, place, segment.bytes));
        }
    }
    candidates.sort();
    for (_, _, task, place, size) in candidates {
        if total <= bytes {
            return;
        }
        total -= size;
        gone.insert(task, place + 1);
    }
}
