//! One task on this machine: container, network, cgroup, log capture and shim.

pub mod log;
pub mod network;
