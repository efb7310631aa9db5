//! The clock of the machine, which somebody may set. An engine counts on from what it says at its start, or from the latest time
//! that an engine before wrote down.

use std::time::Duration;

use tapedeck_model::{Task, Timestamp};

use super::World;

impl World {
    /// Sets the clock forward, or back. The engine notices when it is started next.
    pub fn set_clock(&mut self, forward: bool, span: Duration) {
        let millis = i64::try_from(span.as_millis()).unwrap_or(i64::MAX);
        self.lead += if forward { millis } else { -millis };
    }

    /// An engine is started and looks at the clock. What happens next does so after as much time as before.
    pub(super) fn look_at_clock(&mut self) {
        let before = self.now;
        let of_machine = before.millis().saturating_add_signed(self.lead);
        let latest = self.tasks.iter().map(Task::latest_time).max().unwrap_or_default();
        self.now = Timestamp::from_millis(of_machine).max(latest);
        let jump = self.now.millis().cast_signed() - before.millis().cast_signed();
        self.lead -= jump;
        let moved = |time: Timestamp| Timestamp::from_millis(time.millis().saturating_add_signed(jump));
        for (time, _) in self.due.values_mut() {
            *time = moved(*time);
        }
    }
}
