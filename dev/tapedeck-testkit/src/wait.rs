//! Waiting for something that is bound to happen.

use std::time::{Duration, Instant};

/// Far longer than anything in a test takes, also on a busy machine; reached only when something hangs.
pub const DEADLINE: Duration = Duration::from_secs(60);

/// Pause between two looks.
const PAUSE: Duration = Duration::from_millis(3);

/// Waits until `look` finds something, and returns it.
///
/// # Panics
/// When it has found nothing until `deadline` is over; the panic names `what` was waited for.
pub fn eventually<T>(what: &str, deadline: Duration, look: impl FnMut() -> Option<T>) -> T {
    within(deadline, look).unwrap_or_else(|| panic!("waited {deadline:?} in vain for {what}"))
}

/// Waits until `look` finds something, but not longer than until `deadline` is over.
pub fn within<T>(deadline: Duration, mut look: impl FnMut() -> Option<T>) -> Option<T> {
    let began = Instant::now();
    loop {
        if let Some(found) = look() {
            return Some(found);
        }
        if began.elapsed() > deadline {
            return None;
        }
        std::thread::sleep(PAUSE);
    }
}
