//! Trying again what a registry may do in a moment.

#[cfg(test)]
mod tests;

use std::time::Duration;

/// Between attempts that get no further, each made longer or shorter by chance, so that not all who wait come back at once.
const PAUSES: [Duration; 4] = [
    Duration::from_millis(100),
    Duration::from_millis(300),
    Duration::from_secs(1),
    Duration::from_secs(2),
];

/// The longest that a registry can have anybody wait.
const LONGEST: Duration = Duration::from_secs(20);

/// What is left of it.
#[derive(Debug, Default)]
pub(super) struct Patience {
    attempts: usize,
}

impl Patience {
    /// Waits before another attempt, for as many seconds as the registry asked for if it did. Says whether it is worth one: not after
    /// so many in vain.
    pub(super) fn wait(&mut self, asked: Option<u32>) -> bool {
        let Some(usual) = PAUSES.get(self.attempts) else {
            return false;
        };
        self.attempts += 1;
        std::thread::sleep(pause(*usual, asked, fastrand::f64()));
        true
    }
}

/// How long to wait, by a chance from 0 to 1.
fn pause(usual: Duration, asked: Option<u32>, chance: f64) -> Duration {
    match asked {
        Some(asked) => Duration::from_secs(asked.into()).min(LONGEST) + usual.mul_f64(chance),
        None => usual.mul_f64(0.5 + chance),
    }
}
