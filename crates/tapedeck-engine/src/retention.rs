//! How long logs are kept, and how much of them. What goes is decided by [`tapedeck_plan::log_retention`].
//!
//! Looked at in the background: once an hour, and when the engine starts, by age; once a minute by size.

use std::collections::HashSet;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use tapedeck_api::Home;
use tapedeck_model::{TaskId, Timestamp};
use tapedeck_plan::log_retention::{
    ClockCheck, LogLimits, LogRemoval, LogSegment, Reading, TaskLog, expired,
};
use tapedeck_runtime::log::{SegmentFile, last_timestamp, remove_segment, segments};

use crate::clock::wall;
use crate::fleet::{Service, ServiceKey};
use crate::log_group::LogGroup;
use crate::main_loop::Engine;
use crate::store::Store;

/// How often logs are looked through for what is too old.
const AGE_PERIOD: Duration = Duration::from_secs(60 * 60);

/// How often they are looked through for what is too much.
const SIZE_PERIOD: Duration = Duration::from_secs(60);

/// How many logs of stopped tasks a container may keep, so that one that crashes all the time does not fill the disk.
pub(crate) const LOGS_KEPT: usize = 1000;

/// How many bytes of logs a container may keep, as each has a log group of its own.
const BYTES_KEPT: u64 = 1 << 30;

/// Name of the setting with what the clock of the machine said at the last look.
const SETTING: &str = "wall clock";

/// When logs were last looked through.
#[derive(Debug)]
pub(crate) struct Looks {
    clock: ClockCheck,
    by_age: Option<Timestamp>,
    by_size: Timestamp,
}

impl Looks {
    /// None yet by this engine.
    pub(crate) fn starting(store: &Store, now: Timestamp) -> Self {
        // One that cannot be read is as good as none: then the second look decides.
        let wall = store.setting::<Timestamp>(SETTING).unwrap_or_default();
        Self {
            clock: ClockCheck::after(wall, now),
            by_age: None,
            by_size: now,
        }
    }
}

impl Engine {
    /// Looks through the logs when it is time. Says whether an hour has passed.
    pub(crate) fn expire_logs_if_due(&mut self) -> bool {
        let now = self.clock.now();
        let aged = self
            .log_looks
            .by_age
            .is_none_or(|last| now.since(last) >= AGE_PERIOD);
        if !aged && now.since(self.log_looks.by_size) < SIZE_PERIOD {
            return false;
        }
        self.log_looks.by_size = now;
        let hour_passed = aged && self.log_looks.by_age.is_some();
        let mut time = None;
        if aged {
            self.log_looks.by_age = Some(now);
            let wall = wall();
            time = self.log_looks.clock.agreed(Reading { wall, steady: now });
            // Without it the next engine needs a second look, an hour later.
            let _ = self.store.set_setting(SETTING, &wall);
        }
        self.thin_out_logs(time);
        hour_passed
    }

    fn thin_out_logs(&self, time: Option<Timestamp>) {
        let of_service = |(key, service): (&ServiceKey, &Service)| {
            let live: HashSet<TaskId> = service.unstopped().map(|task| task.id.clone()).collect();
            (key.clone(), service.logs.policy.clone(), live)
        };
        let services: Vec<_> = self.fleet.services.iter().map(of_service).collect();
        let host = Arc::clone(&self.host);
        tokio::task::spawn_blocking(move || {
            for (key, policy, live) in services {
                // One that was started since then has a folder.
                let is_live = |task: &TaskId| live.contains(task) || host.home.task(task).exists();
                for group in LogGroup::with_logs(&key, &host.home) {
                    let days = policy.retention_days_of(group.side.as_deref());
                    let limits = LogLimits {
                        retention: Duration::from_secs(u64::from(days) * 24 * 60 * 60),
                        bytes: BYTES_KEPT,
                        stopped: LOGS_KEPT,
                    };
                    thin_out(&group, &host.home, &is_live, &limits, time);
                }
            }
        });
    }
}

/// Removes what a container of a service may not keep. A log that cannot be read is left alone: better too much than too
/// little.
pub(crate) fn thin_out(
    group: &LogGroup,
    home: &Home,
    live: &dyn Fn(&TaskId) -> bool,
    limits: &LogLimits,
    now: Option<Timestamp>,
) {
    let mut logs = Vec::new();
    for task in group.tasks(home) {
        let live = live(&task);
        let folder = group.log(home, &task);
        if let Ok(files) = segments(&folder) {
            let earliest = now.map(|now| now - limits.retention);
            let segments = with_ends(&folder, &files, live, earliest);
            logs.push(TaskLog { task, live, segments });
        }
    }
    for removal in expired(&logs, limits, now) {
        // What cannot be removed now is tried again at the next look.
        let _ = match removal {
            LogRemoval::Segment { task, number } => remove_segment(&group.log(home, &task), number).is_ok(),
            LogRemoval::Log { task } => group.remove_log(home, &task),
        };
    }
}

/// When each segment ended: where the next one begins. The last one of a stopped task is read to its end if that may be
/// too long ago, since it began before `earliest`; else when it began is good enough.
fn with_ends(
    folder: &Path,
    files: &[SegmentFile],
    live: bool,
    earliest: Option<Timestamp>,
) -> Vec<LogSegment> {
    let moment = |nanoseconds: u64| Timestamp::from_millis(nanoseconds / 1_000_000);
    let end_of = |place: usize| match files.get(place + 1) {
        Some(next) => next.begin_ns.map(moment),
        None => {
            let begin = files[place].begin_ns.map(moment)?;
            let is_old = !live && earliest.is_some_and(|earliest| begin <= earliest);
            let read = is_old.then(|| last_timestamp(folder).ok().flatten()).flatten();
            Some(read.map_or(begin, moment))
        }
    };
    let segment = |(place, file): (usize, &SegmentFile)| LogSegment {
        number: file.number,
        bytes: file.bytes,
        end: end_of(place),
    };
    files.iter().enumerate().map(segment).collect()
}
