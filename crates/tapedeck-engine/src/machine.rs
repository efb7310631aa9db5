//! How large this machine is.

use std::num::NonZero;

/// What is taken for its memory when the kernel does not tell, in MiB.
const UNKNOWN: u64 = 1024;

/// Its memory in MiB.
pub(crate) fn memory() -> u64 {
    let text = fs_err::read_to_string("/proc/meminfo").unwrap_or_default();
    let line = text.lines().find_map(|line| line.strip_prefix("MemTotal:"));
    let kibibytes = line.and_then(|line| line.split_whitespace().next()?.parse::<u64>().ok());
    kibibytes.map_or(UNKNOWN, |kibibytes| kibibytes / 1024)
}

/// Its processors.
pub(crate) fn processors() -> u32 {
    let processors = std::thread::available_parallelism().map_or(1, NonZero::get);
    u32::try_from(processors).unwrap_or(u32::MAX)
}
