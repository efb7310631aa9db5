//! Programs in Python, with real packages.
//!
//! Needs a `python3` with pip on this machine and an index of packages that it reaches, without which these tests say
//! that they are skipped.

mod choices;
mod life;
mod locks;
mod project;
mod refused;
