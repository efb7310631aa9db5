//! What tests of several crates share: an engine's home of their own, leak checks, waiting.
//!
//! Everything here serves tests on a real machine and panics when it cannot do its work: a test that cannot look is a
//! failed test. What a machine must have is asked for with [`missing`], so that a test can be skipped instead.

mod bash_image;
mod buildah;
mod busybox;
mod docker;
mod emulator;
mod home;
mod leaks;
mod lifecycle;
mod moto;
mod needs;
mod processes;
mod proxy;
mod python;
pub mod registry;
mod server;
mod wait;

pub use bash_image::push_bash_image;
pub use buildah::{buildah_in, let_buildah_pull_from};
pub use busybox::{busybox, busybox_layer};
pub use docker::Docker;
pub use emulator::Emulator;
pub use home::{Finished, Home, stable};
pub use leaks::{Leaks, Names};
pub use lifecycle::{Lifecycle, lifecycle_in};
pub use moto::Moto;
pub use needs::missing;
pub use processes::{Process, kill, processes};
pub use proxy::Proxy;
pub use python::python_with;
pub use wait::{DEADLINE, eventually, within};
