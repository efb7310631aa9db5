//! A Python of its own for programs that tests need.

use std::path::{Path, PathBuf};
use std::process::Command;

/// The Python of an environment in `folder` in which `check`, its arguments, succeeds: `packages` are installed if it does not
/// yet.
///
/// # Errors
/// What was said when they could not be installed.
pub fn python_with(folder: &Path, check: &[&str], packages: &[&str]) -> Result<PathBuf, String> {
    let python = folder.join("bin/python3");
    if run(Command::new(&python).args(check)).is_err() {
        run(Command::new("python3")
            .args(["-m", "venv", "--clear"])
            .arg(folder))?;
        run(Command::new(&python)
            .args(["-m", "pip", "install", "--quiet"])
            .args(packages))?;
    }
    Ok(python)
}

fn run(command: &mut Command) -> Result<(), String> {
    let output = command.output().map_err(|error| {
        format!(
            "{} could not be started: {error}",
            command.get_program().display()
        )
    })?;
    match output.status.success() {
        true => Ok(()),
        false => Err(String::from_utf8_lossy(&output.stderr).trim().to_string()),
    }
}
