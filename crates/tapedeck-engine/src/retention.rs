//! How long logs are kept.

use std::path::{Path, PathBuf};
use std::time::Duration;

use tapedeck_model::{TaskId, Timestamp};
use tapedeck_runtime::log::{last_timestamp, remove_expired};

/// How long a line of a log is kept (product page, "Logging": `retentionDays`, default 90).
const LOG_RETENTION: Duration = Duration::from_secs(90 * 24 * 60 * 60);

/// How many logs of stopped tasks a service may keep, so that one that crashes all the time does not fill the disk.
pub(crate) const LOGS_KEPT: usize = 1000;

/// Thins out the logs of a service's stopped tasks: lines older than the retention, then the oldest logs beyond what a
/// service may keep. A log that cannot be read is left alone: better too much than too little.
pub(crate) fn thin_out(service_logs: &Path, live: &dyn Fn(&TaskId) -> bool, now: Timestamp) {
    let before = (now - LOG_RETENTION).millis().saturating_mul(1_000_000);
    let Ok(folders) = fs_err::read_dir(service_logs) else {
        return;
    };
    let mut ended: Vec<(u64, PathBuf)> = Vec::new();
    for folder in folders.flatten() {
        if !TaskId::new(folder.file_name().to_string_lossy()).is_ok_and(|task| !live(&task)) {
            continue;
        }
        let _ = remove_expired(&folder.path(), before);
        if let Ok(last) = last_timestamp(&folder.path()) {
            ended.push((last.unwrap_or(0), folder.path()));
        }
    }
    ended.sort();
    let surplus = ended.len().saturating_sub(LOGS_KEPT);
    for (index, (last, folder)) in ended.iter().enumerate() {
        if index < surplus || *last < before {
            let _ = fs_err::remove_dir_all(folder);
        }
    }
}
