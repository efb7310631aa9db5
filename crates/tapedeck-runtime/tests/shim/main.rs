//! The program that the tests on a real machine start as a shim: `shim <task directory>`, as the real one.

use std::process::ExitCode;

fn main() -> ExitCode {
    match std::env::args_os().nth(2) {
        Some(task_directory) => tapedeck_runtime::shim::main(task_directory.as_ref()),
        None => ExitCode::FAILURE,
    }
}
