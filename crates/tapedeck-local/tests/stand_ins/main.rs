//! Stand-ins as tasks of this machine: made of real packages, asked by real clients, killed and started again.
//!
//! They need root, `nft`, apt and `nsenter`, for ministack and Upstash npm and a `python3` with pip, and registries that those reach;
//! they say on standard error which is missing. Images are kept in cargo's folder for test data, so that they are made once.

#![expect(
    clippy::unwrap_used,
    clippy::print_stderr,
    reason = "all of this is test, and says why it is skipped"
)]

mod aws;
mod kafka;
mod mariadb;
mod mongo;
mod postgres;
mod prepared;
mod redis;
mod stage;
mod upstash;
