//! Commands that have to succeed, and how long things take.

use std::process::Command;
use std::time::Instant;

use anyhow::{Context as _, ensure};

/// Runs a command and gives what it printed, without the ends of it.
pub(crate) fn output_of(command: &mut Command) -> anyhow::Result<String> {
    let output = command.output().with_context(|| format!("start {command:?}"))?;
    ensure!(
        output.status.success(),
        "{command:?} failed: {}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
    Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

/// The milliseconds that something takes.
pub(crate) fn timed(act: impl FnOnce() -> anyhow::Result<()>) -> anyhow::Result<f64> {
    let timer = Instant::now();
    act()?;
    Ok(timer.elapsed().as_secs_f64() * 1e3)
}
