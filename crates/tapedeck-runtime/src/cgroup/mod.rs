//! Control groups: which hierarchies this machine has, and the group of a task in them.
//!
//! Three set-ups exist. *Version 2*: one tree at the mount root. *Version 1*: a tree per controller below it. *Hybrid*:
//! version 1 for the limits, and a version 2 tree without controllers at `unified`. A task gets a group in every tree
//! it needs: on a hybrid machine also in `unified`, which can kill a whole group at once and knows when it is empty.
//!
//! The mount root is a parameter everywhere, so that the version 2 side can be tried on a hybrid machine.

mod error;
mod group;
mod layout;
mod part;
mod sample;
#[cfg(test)]
mod tests;

pub use error::{CgroupError, MissingControllers};
pub use group::{Limits, TaskCgroup, Usage};
pub(crate) use part::Part;

pub use layout::{CgroupKind, CgroupLayout, MOUNT_ROOT};
pub use sample::{Sample, Sampler};

/// Finds out how this machine's cgroups are set up, and that the controllers a task needs (`cpu`, `memory`, `pids`)
/// can be used. On version 2 this enables them for the children of the root.
///
/// # Errors
/// [`MissingControllers`], naming them.
pub fn check_controllers() -> Result<CgroupLayout, MissingControllers> {
    CgroupLayout::detect(MOUNT_ROOT.as_ref()).and_then(CgroupLayout::checked)
}
