//! Wall-clock time, which every process of this machine reads the same, containers included.

use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::Context as _;

/// Nanoseconds since 1970.
pub(crate) fn now() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_nanos()).unwrap_or(u64::MAX)
}

/// Milliseconds between two such times.
pub(crate) fn milliseconds(from: u64, to: u64) -> f64 {
    to.saturating_sub(from) as f64 / 1e6
}

/// A time that the probe wrote as its last word on a line.
pub(crate) fn parse(line: &str) -> anyhow::Result<u64> {
    let word = line.split_whitespace().last().unwrap_or_default();
    word.parse().with_context(|| format!("read the time in `{line}`"))
}
