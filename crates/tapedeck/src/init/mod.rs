//! What `tapedeck init` knows: what is seen of a project, what in it can be run, and the config that runs it.
//!
//! Only [`seen`] and [`project`] read the project, and only [`write`] changes it; [`detect`], [`decide`], [`check`] and
//! [`render`] are functions of values.

pub(crate) mod ask;
pub(crate) mod candidate;
pub(crate) mod check;
pub(crate) mod decide;
pub(crate) mod detect;
mod name;
mod path;
pub(crate) mod project;
pub(crate) mod render;
mod seen;
pub(crate) mod told;
pub(crate) mod write;

#[cfg(test)]
mod tests;
