//! Small pieces of text: counts, names that were meant, spans of time, points in time.

use std::time::Duration;

use tapedeck_diagnostic::nearest;
use tapedeck_model::{Task, Timestamp};

/// `1 task`, `2 tasks`.
pub(crate) fn count(number: usize, noun: &str) -> String {
    if number == 1 {
        format!("{number} {noun}")
    } else {
        format!("{number} {noun}s")
    }
}

/// What could have been meant by a name that is not among those that are known.
pub(crate) fn instead(wanted: &str, known: &[&str]) -> String {
    match (nearest(wanted, known), known) {
        (Some(near), _) => format!("did you mean `{near}`?"),
        (None, []) => "it has none".to_string(),
        (None, known) => format!("it has: {}", known.join(", ")),
    }
}

/// What the last run of the health check of a task came to: `failed with code 1: no connection`.
pub(crate) fn last_check(task: &Task) -> Option<String> {
    let probe = task.last_probe()?;
    let mut text = probe.outcome.to_string();
    if let Some(line) = probe.output.lines().map(str::trim).find(|line| !line.is_empty()) {
        text.push_str(": ");
        text.extend(line.chars().filter(|letter| !letter.is_control()));
    }
    Some(text)
}

/// A number of bytes as people read it: `0.3 MB`, `12 MB`.
pub(crate) fn megabytes(bytes: u64) -> String {
    match bytes {
        0..10_000_000 => format!("{}.{} MB", bytes / 1_000_000, bytes % 1_000_000 / 100_000),
        _ => format!("{} MB", bytes / 1_000_000),
    }
}

/// A span of time in the two words that matter: `340 ms`, `4.2 s`, `3 min 5 s`, `2 h 10 min`, `3 d 4 h`.
pub(crate) fn span(span: Duration) -> String {
    let seconds = span.as_secs();
    match seconds {
        0 => format!("{} ms", span.as_millis()),
        1..60 => format!("{:.1} s", span.as_secs_f64()),
        60..3600 => format!("{} min {} s", seconds / 60, seconds % 60),
        3600..86_400 => format!("{} h {} min", seconds / 3600, seconds % 3600 / 60),
        _ => format!("{} d {} h", seconds / 86_400, seconds % 86_400 / 3600),
    }
}

/// A point in time as ISO 8601 with milliseconds, in UTC.
pub(crate) fn instant(at: Timestamp) -> String {
    let millis = i64::try_from(at.millis()).unwrap_or(i64::MAX);
    match jiff::Timestamp::from_millisecond(millis) {
        Ok(at) => format!("{at:.3}"),
        Err(_) => at.to_string(),
    }
}

/// The point in time that a text means: `30s`, `15m`, `2h`, `1d`, `1w` before now, a time of ISO 8601, a date (its
/// beginning in UTC), or seconds or milliseconds since the Unix epoch.
///
/// # Errors
/// A sentence that names the text and the forms, when it is none of these.
pub(crate) fn point_in_time(text: &str, now: jiff::Timestamp) -> Result<Timestamp, String> {
    let unreadable = || {
        format!(
            "`{text}` is not a point in time: use `30s`, `15m`, `2h`, `1d`, `1w`, a time such as \
             2026-11-23T08:00:00Z, a date, or seconds since the Unix epoch"
        )
    };
    let millis = |at: jiff::Timestamp| u64::try_from(at.as_millisecond()).map_err(|_| unreadable());
    if let Ok(at) = text.parse::<jiff::Timestamp>() {
        return millis(at).map(Timestamp::from_millis);
    }
    if let Ok(date) = text.parse::<jiff::civil::Date>() {
        let start = date.to_zoned(jiff::tz::TimeZone::UTC).map_err(|_| unreadable())?;
        return millis(start.timestamp()).map(Timestamp::from_millis);
    }
    if let Ok(number) = text.parse::<u64>() {
        // Seconds until the year 5138; beyond that they are milliseconds.
        return Ok(Timestamp::from_millis(if number < 100_000_000_000 {
            number * 1000
        } else {
            number
        }));
    }
    let unit = text.chars().next_back().ok_or_else(unreadable)?;
    let seconds = match unit {
        's' => 1,
        'm' => 60,
        'h' => 3600,
        'd' => 86_400,
        'w' => 604_800,
        _ => return Err(unreadable()),
    };
    let number: u64 = text[..text.len() - 1].parse().map_err(|_| unreadable())?;
    let back = Duration::from_secs(number.checked_mul(seconds).ok_or_else(unreadable)?);
    Ok(Timestamp::from_millis(millis(now)?) - back)
}
