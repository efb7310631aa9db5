//! A simulated world on a virtual clock, driving `tapedeck_plan::decide` as the engine does.
//!
//! [`World`] executes plans on tasks that start, exit and stop as told; each decision it asks for is checked against the
//! [`invariants`] of the scheduler. [`script`] runs scenarios written as text and returns a transcript. Nothing here
//! sleeps or reads a clock: an hour of a service takes milliseconds. A [`schedule`] is a script that chance writes: a seed
//! makes it, and one that breaks a promise is told as the shortest script that does.

pub mod invariants;
pub mod schedule;
pub mod script;
mod transcript;
mod world;

pub use world::{Behaviour, Fate, Load, World};
