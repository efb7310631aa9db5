//! Random ids and keys.

use tapedeck_model::{InstanceId, JobId, TaskId};

/// A new task id.
pub(crate) fn task_id() -> TaskId {
    TaskId::from_bytes(bytes())
}

/// A new id of an instance, likewise.
pub(crate) fn instance_id() -> InstanceId {
    InstanceId::from_bytes(bytes())
}

/// A new id of a job.
pub(crate) fn job_id() -> JobId {
    JobId::from_bytes(bytes())
}

/// Bytes of the kernel's randomness.
pub(crate) fn bytes<const LENGTH: usize>() -> [u8; LENGTH] {
    let mut bytes = [0; LENGTH];
    let mut filled = 0;
    while filled < bytes.len() {
        // Interrupted by a signal at worst: the kernel's pool is ready long before an engine runs.
        if let Ok(count) =
            rustix::rand::getrandom(&mut bytes[filled..], rustix::rand::GetRandomFlags::empty())
        {
            filled += count;
        }
    }
    bytes
}
