//! The daemon of region `local`: it keeps the services running that were deployed to this machine.
//!
//! One task, [`main_loop`], owns all state. It is woken by a closed set of events, has [`tapedeck_plan`] decide, and
//! carries the steps out ([`reconcile`]). What people ask for arrives through [`server`] and is applied in
//! [`desired`]; what shims say is turned into states in [`observe`]; [`host`] touches the machine, and [`secrets`]
//! asks for what a task gets in memory alone; [`meters`] keeps what tasks use, [`scaling`] has the number of tasks follow
//! it, and [`prometheus`] and [`exporter`] tell it to others; [`forwarding`] hands logs on; [`jobs`] run to their end; [`store`] remembers; [`capacity`] finds room for tasks; [`notice`] tells a
//! service manager; [`traffic`] lets tasks reach services, and [`trust`] has them believe these; [`rest`] gives back memory; [`visits`] lets people run commands in containers; [`attendance`] lets a stack end with whoever develops it; [`endpoint`] answers what a program asks in its task. A new
//! engine first adopts what the one before left running ([`adopt`]).

mod addresses;
mod adopt;
mod attendance;
mod capacity;
mod clock;
mod containers;
mod desired;
mod endpoint;
mod exporter;
mod fleet;
mod forwarding;
mod health;
mod host;
mod http;
mod image_files;
mod image_user;
mod jobs;
mod link;
mod lock;
mod log_group;
mod machine;
mod main_loop;
mod meters;
mod notice;
mod observe;
mod prometheus;
mod random;
mod reconcile;
mod rest;
mod retention;
mod scaling;
mod secrets;
mod server;
mod specification;
mod start;
mod store;
mod traffic;
mod trust;
mod visits;
mod volumes;

pub use exporter::{LoopbackAddress, NotLoopback};
pub use lock::LockError;
pub use scaling::EngineTempo;
pub use start::{EngineError, Options, is_locked, make_folders, run};
pub use store::StoreError;
pub use tapedeck_runtime::DEFAULT_STORAGE_MB;

/// An error and its causes in one line.
fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(inner) = cause {
        text.push_str(": ");
        text.push_str(&inner.to_string());
        cause = inner.source();
    }
    text
}

#[cfg(test)]
mod tests;
