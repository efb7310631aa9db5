//! The program that the tests of stand-ins start as a shim, `shim <task directory>`, as the real one.

use std::process::ExitCode;

fn main() -> ExitCode {
    let mut arguments = std::env::args_os().skip(1);
    match (arguments.next(), arguments.next()) {
        (Some(command), Some(task_directory)) if command == "shim" => {
            tapedeck_runtime::shim::main(task_directory.as_ref())
        }
        _ => ExitCode::FAILURE,
    }
}
