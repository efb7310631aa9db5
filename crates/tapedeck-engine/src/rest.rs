//! Holding little memory while nothing happens.

use tapedeck_runtime::memory;

/// Counts of changes at which memory was looked at.
#[derive(Debug, Default)]
pub(crate) struct Rest {
    /// At the last look.
    seen: u64,
    /// When the engine last came to rest.
    released: Option<u64>,
}

impl Rest {
    /// Given how many changes there have been: once there are no more since the last look, what only they have needed is
    /// given back.
    pub(crate) fn look(&mut self, changes: u64) {
        if changes == self.seen && self.released != Some(changes) {
            memory::release_program();
            self.released = Some(changes);
        }
        self.seen = changes;
    }
}
