//! Which records of stopped tasks may be dropped.

use std::collections::BTreeSet;

use tapedeck_model::{TaskId, Timestamp};

use crate::tally::{Tally, stop_time};

/// What becomes of the records of stopped tasks.
#[derive(Debug, Default)]
pub(crate) struct Retention<'a> {
    /// Records to drop, oldest first. The order matters when only some of the steps are taken: a task that ran long makes
    /// up for the failures before it, so these have to go before it does.
    pub(crate) forget: Vec<&'a TaskId>,
    /// When the next record becomes old enough.
    pub(crate) next: Option<Timestamp>,
}

impl<'a> Retention<'a> {
    /// Drops what is older than the time or beyond the number to keep, but nothing in `needed`.
    pub(crate) fn of(tally: &Tally<'a>, needed: &BTreeSet<&TaskId>) -> Self {
        let pace = &tally.desired.pace;
        let beyond = tally.stopped.len().saturating_sub(pace.keep_stopped_count);
        let mut retention = Self::default();
        for (index, task) in tally.stopped.iter().enumerate() {
            if needed.contains(&task.id) {
                continue;
            }
            let expires = stop_time(task) + pace.keep_stopped;
            if index < beyond || expires <= tally.now {
                retention.forget.push(&task.id);
            } else {
                retention.next = Some(expires);
                break;
            }
        }
        retention
    }
}
