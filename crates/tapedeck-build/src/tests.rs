//! Decisions, tested as the pure functions they are. What acts is tested in `tests/packaging`.

mod buildpacks;
mod choices;
mod errors;
mod go;
mod installed;
mod java;
mod packets;
mod python;
mod stamps;
mod trees;
