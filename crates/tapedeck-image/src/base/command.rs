//! Running the programs that fetch things, and saying what went wrong in their own words.

use std::ffi::OsStr;
use std::io;
use std::process::{Command, Output};

use super::BaseError;

/// How many of the last lines of a failed program are shown.
const LINES: usize = 6;

/// A program of this machine that fetches packages.
#[derive(Debug)]
pub(super) struct Fetcher {
    pub(super) program: &'static str,
    /// What to do when it is not installed.
    pub(super) if_missing: &'static str,
    /// What to do when it fails.
    pub(super) if_failing: &'static str,
}

impl Fetcher {
    /// Runs the program with these arguments and returns what it printed.
    pub(super) fn run<Argument: AsRef<OsStr>>(&self, arguments: &[Argument]) -> Result<Vec<u8>, BaseError> {
        let mut command = Command::new(self.program);
        command
            .args(arguments)
            .env("LC_ALL", "C.UTF-8")
            .env("DEBIAN_FRONTEND", "noninteractive");
        command.stdin(std::process::Stdio::null());
        let output = command.output().map_err(|source| match source.kind() {
            io::ErrorKind::NotFound => BaseError::NoProgram {
                program: self.program,
                way_out: self.if_missing,
            },
            _ => BaseError::Start {
                command: self.line(arguments),
                source,
            },
        })?;
        if output.status.success() {
            return Ok(output.stdout);
        }
        Err(BaseError::Command {
            command: self.line(arguments),
            status: output.status.to_string(),
            output: last_lines(&output),
            way_out: self.if_failing,
        })
    }

    /// The command line for people.
    pub(super) fn line<Argument: AsRef<OsStr>>(&self, arguments: &[Argument]) -> String {
        let words = arguments
            .iter()
            .map(|argument| argument.as_ref().to_string_lossy().into_owned());
        [self.program.to_owned()]
            .into_iter()
            .chain(words)
            .collect::<Vec<_>>()
            .join(" ")
    }
}

fn last_lines(output: &Output) -> String {
    let text = if output.stderr.is_empty() {
        &output.stdout
    } else {
        &output.stderr
    };
    let text = String::from_utf8_lossy(text);
    let lines: Vec<&str> = text
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty())
        .collect();
    if lines.is_empty() {
        return "it printed nothing".to_owned();
    }
    lines[lines.len().saturating_sub(LINES)..].join(" | ")
}
