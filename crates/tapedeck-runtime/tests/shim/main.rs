//! The program that the tests on a real machine start as a shim, `shim <task directory>`, as the real one; and as an
//! engine, `engine <task directory>`, which starts the task whose definition it reads and then waits to be killed.

use std::error::Error;
use std::path::Path;
use std::process::ExitCode;

fn main() -> ExitCode {
    let mut arguments = std::env::args_os().skip(1);
    match (arguments.next(), arguments.next()) {
        (Some(command), Some(task_directory)) if command == "shim" => {
            tapedeck_runtime::shim::main(task_directory.as_ref())
        }
        (Some(command), Some(task_directory)) if command == "engine" => match engine(task_directory.as_ref())
        {
            Ok(()) => ExitCode::SUCCESS,
            Err(_) => ExitCode::FAILURE,
        },
        _ => ExitCode::FAILURE,
    }
}

fn engine(task_directory: &Path) -> Result<(), Box<dyn Error>> {
    let definition = serde_json::from_reader(std::io::stdin())?;
    let connection = tapedeck_runtime::spawn(&std::env::current_exe()?, task_directory, &definition)?;
    loop {
        std::thread::park();
        std::hint::black_box(&connection);
    }
}
