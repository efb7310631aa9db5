//! The built program with real containers: what is deployed runs, restarts, stops and leaves nothing.
//!
//! Needs root and a few programs; without them every test says on standard error what is missing, and passes. Each
//! test has an engine of its own, so they run side by side.
#![expect(
    clippy::unwrap_used,
    clippy::print_stderr,
    reason = "in a test, a panic is a failure, and skipping must be seen"
)]

mod buildpacks;
mod cgroup_v2;
mod commands;
mod confinement;
mod crash_loop;
mod deployments;
mod dev;
mod diff;
mod disk;
mod elsewhere;
mod endpoint;
mod engine_life;
mod failpoints;
mod forwarding;
mod functions;
mod go;
mod health;
mod installing;
mod instances;
mod java;
mod jobs;
mod keeping;
mod leaks;
mod life;
mod limits;
mod log_capture;
mod log_endpoint;
mod log_keeping;
mod logs;
mod matrix;
mod network;
mod orders;
mod others;
mod python;
mod rollout;
mod scaling;
mod screen;
mod scripts;
mod secrets;
mod seed;
mod session;
mod side_by_side;
mod side_logs;
mod sides;
mod source;
mod stage;
mod stopping;
mod storage;
mod survival;
mod systemd;
mod trust;
mod upgrade;
mod visits;
mod visits_terminal;
