//! `tapedeck shim`: hidden, started by the engine.

use std::path::Path;

use crate::exit::Outcome;

/// Owns one task until it has ended.
pub(crate) fn run(task_directory: &Path) -> Outcome {
    Ok(tapedeck_runtime::shim::main(task_directory))
}
