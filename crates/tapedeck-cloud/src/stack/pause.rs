//! How long to wait between two looks.

use std::time::Duration;

/// Pauses that grow while nothing happens.
#[derive(Debug, Clone, Copy)]
pub(super) struct Pauses {
    first: Duration,
    longest: Duration,
    next: Duration,
}

impl Pauses {
    /// An emulator answers in milliseconds, AWS throttles who asks too often.
    pub(super) fn new(is_near: bool) -> Self {
        let (first, longest) = match is_near {
            true => (Duration::from_millis(50), Duration::from_secs(2)),
            false => (Duration::from_secs(1), Duration::from_secs(5)),
        };
        Self {
            first,
            longest,
            next: first,
        }
    }

    /// Something happened: more may follow soon.
    pub(super) fn restart(&mut self) {
        self.next = self.first;
    }

    pub(super) fn next(&mut self) -> Duration {
        let now = self.next;
        self.next = (now * 3 / 2).min(self.longest);
        now
    }
}
