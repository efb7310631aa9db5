//! Tests of tasks on this very machine: real namespaces, cgroups, mounts and processes. They need root, `nft`, and a
//! statically linked `busybox` for the root file system of the tasks, and say on standard error which is missing.

#![expect(
    clippy::unwrap_used,
    clippy::print_stderr,
    reason = "all of this is test, and says why it is skipped"
)]

mod adoption;
mod confinement;
mod health;
mod leaks;
mod lifecycle;
mod limits;
mod mounts;
mod sandbox;
mod sides;
mod stage;
mod storage;
