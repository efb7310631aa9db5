//! The built program against a region: an emulator of AWS whose ECS runs real containers and whose registry takes real images.
//!
//! Needs root, node and Docker; without them every test says on standard error what is missing, and passes.
#![expect(
    clippy::unwrap_used,
    clippy::print_stderr,
    reason = "in a test, a panic is a failure, and skipping must be seen"
)]

mod asked;
mod calls;
mod faults;
mod functions;
mod interrupted;
mod life;
mod looking;
mod measures;
mod official;
mod permissions;
#[path = "../machine/screen.rs"]
mod screen;
mod scripts;
mod secrets;
#[path = "../machine/seed.rs"]
#[expect(dead_code, reason = "tests of region local use the rest of it")]
mod seed;
mod session_peer;
mod stuck;
mod takeover;
mod visits;
mod world;
