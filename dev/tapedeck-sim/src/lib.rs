//! A simulated world on a virtual clock, driving `tapedeck_plan::decide` as the engine does.
//!
//! [`World`] executes plans on tasks that start, exit and stop as told; each decision it asks for is checked against the
//! [`invariants`] of the scheduler. [`script`] runs scenarios written as text and returns a transcript. Nothing here
//! sleeps or reads a clock: an hour of a service takes milliseconds.

pub mod invariants;
pub mod script;
mod transcript;
mod world;

pub use world::{Behaviour, Fate, World};
