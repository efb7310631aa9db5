//! Whether a program hears that it is asked to stop. Process 1 of a PID namespace gets no signal that it has no handler for:
//! not even the default of SIGTERM, which would end it.

use fs_err as fs;

/// Whether a process that still runs has no handler for a signal. When in doubt it has one.
pub(super) fn is_deaf_to(pid: i32, signal: i32) -> bool {
    let status = fs::read_to_string(format!("/proc/{pid}/status"));
    status.is_ok_and(|status| lacks_handler(&status, signal))
}

/// The same, from what the kernel says of the process. A signal that is blocked is one that it fetches, as an init does.
fn lacks_handler(status: &str, signal: i32) -> bool {
    let field = |name: &str| {
        let line = status.lines().find_map(|line| line.strip_prefix(name))?;
        Some(line.trim())
    };
    let has_ended = field("State:").is_none_or(|state| state.starts_with(['Z', 'X']));
    let mask = |name: &str| field(name).and_then(|mask| u64::from_str_radix(mask, 16).ok());
    let heard = mask("SigCgt:").zip(mask("SigBlk:"));
    let bit = signal.checked_sub(1).and_then(|bit| u32::try_from(bit).ok());
    match (heard, bit.and_then(|bit| 1_u64.checked_shl(bit))) {
        (Some((caught, blocked)), Some(mask)) => !has_ended && (caught | blocked) & mask == 0,
        _ => false,
    }
}

#[cfg(test)]
mod tests;
