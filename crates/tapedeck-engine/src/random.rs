//! Random task ids.

use tapedeck_model::TaskId;

/// A new task id, of the kernel's randomness.
pub(crate) fn task_id() -> TaskId {
    let mut bytes = [0; 16];
    let mut filled = 0;
    while filled < bytes.len() {
        // Interrupted by a signal at worst: the kernel's pool is ready long before an engine runs.
        if let Ok(count) =
            rustix::rand::getrandom(&mut bytes[filled..], rustix::rand::GetRandomFlags::empty())
        {
            filled += count;
        }
    }
    TaskId::from_bytes(bytes)
}
