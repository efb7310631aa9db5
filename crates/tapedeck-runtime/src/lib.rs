//! One task on this machine: container, network, cgroup, log capture and shim.
//!
//! The life of a task: [`spawn`] starts a shim (this program again, with the hidden command that calls [`shim::main`]),
//! which makes the container, takes its output and tells its state on a [`ShimConnection`]. [`connect`] finds a shim
//! again, [`read_exit`] says how a task ended whose shim is gone, [`cleanup`] removes whatever is left of it.
//!
//! [`sandbox::run`] has something done in such a container and waits for it: an errand. It ends with this process.
//!
//! [`visit`] runs a command in a container that runs already.
//!
//! [`end_with_caller`] is for programs that are no tasks but must not outlive this process either, [`Interruption`] for
//! ending them first when this process is asked to end.
//!
//! This is the only crate with `unsafe`. It decides nothing: when to start and stop what is `tapedeck-plan`'s to say.

pub mod cgroup;
pub mod failpoint;
pub mod log;
pub mod memory;
pub mod network;
pub mod protocol;
pub mod sandbox;
pub mod shim;
pub mod visit;

mod cleanup;
mod clock;
mod companion;
mod connection;
mod container;
mod definition;
mod descriptor;
mod executable;
mod interruption;
mod sides;
mod storage;
#[cfg(test)]
mod tests;

pub use cleanup::{CleanupError, CleanupErrors, cleanup};
pub use clock::TaskClock;
pub use companion::end_with_caller;
pub use connection::{ConnectError, ShimConnection, StartError, connect, spawn};
pub use definition::{
    DEFAULT_PIDS_LIMIT, DEFAULT_STOP_SIGNAL, Errand, FolderMount, TaskDefinition, TaskExit, TaskProcess,
    read_definition, read_exit, write_json,
};
pub use descriptor::{receive, send};
pub use interruption::Interruption;
pub use sides::{ContainerRules, SideDefinition, Sides};
pub use storage::{DEFAULT_STORAGE_MB, StorageError, StorageUse, TaskDisk, storage_use};
