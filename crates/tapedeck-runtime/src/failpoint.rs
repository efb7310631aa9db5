//! Moments at which a test has the engine killed, to see that the next one can go on. Only builds with debug assertions
//! have them.

#[cfg(debug_assertions)]
use std::sync::OnceLock;

/// The moment that was asked for.
#[cfg(debug_assertions)]
static ARMED: OnceLock<String> = OnceLock::new();

/// Every moment there is, in about the order in which they come.
#[cfg(debug_assertions)]
pub const FAILPOINTS: [&str; 52] = [
    "start.locked",
    "start.opened",
    "start.network",
    "start.storage",
    "start.loaded",
    "adopt.connected",
    "adopt.lost",
    "adopt.lost-saved",
    "adopt.boot-saved",
    "adopt.done",
    "start.bound",
    "start.ready",
    "desired.decided",
    "desired.in-transaction",
    "desired.saved",
    "desired.known",
    "desired.answered",
    "task.addressed",
    "task.in-transaction",
    "task.saved",
    "task.known",
    "launch.begun",
    "launch.image",
    "launch.prepared",
    "launch.connected",
    "launch.spawned",
    "launch.linked",
    "launch.known",
    "change.observed",
    "change.saved",
    "event.saved",
    "complete.decided",
    "complete.in-transaction",
    "complete.saved",
    "stop.decided",
    "stop.saved",
    "stop.told",
    "shim.gone",
    "clean.begun",
    "clean.resources",
    "clean.done",
    "clean.known",
    "garbage.begun",
    "fail.decided",
    "fail.saved",
    "delete.decided",
    "remove.decided",
    "remove.saved",
    "remove.logs",
    "end.asked",
    "end.unbound",
    "end.shared",
];

/// Those that come with jobs alone.
#[cfg(debug_assertions)]
pub const JOB_FAILPOINTS: [&str; 3] = ["job.decided", "job.submitted", "job.saved"];

/// Has this process killed at that moment.
#[cfg(debug_assertions)]
pub fn arm(moment: String) {
    // A second one would come too late anyway.
    let _ = ARMED.set(moment);
}

/// That moment has come.
///
/// # Panics
/// When it is not among the [`FAILPOINTS`] and [`JOB_FAILPOINTS`].
#[cfg(debug_assertions)]
pub fn reach(moment: &str) {
    let is_known = FAILPOINTS.contains(&moment) || JOB_FAILPOINTS.contains(&moment);
    debug_assert!(is_known, "{moment} is not in the list");
    if ARMED.get().is_some_and(|armed| armed == moment) {
        // As abruptly as the machine does it when memory runs out.
        let _ = rustix::process::kill_process(rustix::process::getpid(), rustix::process::Signal::KILL);
    }
}

/// That moment has come, and means nothing in this build.
#[cfg(not(debug_assertions))]
#[inline]
pub fn reach(_: &str) {}
