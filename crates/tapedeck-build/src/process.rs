//! Other programs: finding them and running them to their end, with everything they say kept for an error.

use std::ffi::{OsStr, OsString};
use std::fmt;
use std::io::{self, BufRead, BufReader, Read, Seek as _};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Stdio};

use crate::BuildError;

/// How many lines an error repeats of the beginning and of the end of what a failed program said. Some tell
/// the cause first and then how they are used, others tell it last.
const REPEATED_LINES: usize = 12;

/// The first executable file of that name in the folders of `search_path` (the form of `PATH`).
#[must_use]
pub fn find_executable(name: &str, search_path: &OsStr) -> Option<PathBuf> {
    std::env::split_paths(search_path)
        .filter(|folder| folder.is_absolute())
        .map(|folder| folder.join(name))
        .find(|candidate| is_executable(candidate))
}

fn is_executable(path: &Path) -> bool {
    fs_err::metadata(path).is_ok_and(|facts| facts.is_file() && facts.permissions().mode() & 0o111 != 0)
}

/// A program that is needed.
///
/// # Errors
/// [`BuildError::MissingProgram`], with the package of Debian to install.
pub(crate) fn require_executable(
    program: &'static str,
    purpose: &'static str,
    package: &'static str,
    search_path: &OsStr,
) -> Result<PathBuf, BuildError> {
    find_executable(program, search_path).ok_or(BuildError::MissingProgram {
        program,
        purpose,
        package,
    })
}

/// A program with its arguments, where to run it and the `PATH` it gets.
#[derive(Debug, Clone)]
pub(crate) struct Invocation {
    pub(crate) program: PathBuf,
    pub(crate) arguments: Vec<OsString>,
    pub(crate) folder: PathBuf,
    pub(crate) search_path: OsString,
    /// Variables beside those of this process, which it gets, too.
    pub(crate) environment: Vec<(&'static str, OsString)>,
}

/// What a program that ended by itself left behind.
#[derive(Debug)]
pub(crate) struct Finished {
    pub(crate) status: ExitStatus,
    pub(crate) stdout: Vec<u8>,
    pub(crate) stderr: Vec<u8>,
}

impl Finished {
    /// The first and last lines of what it said: its errors, or its output when it wrote no errors.
    pub(crate) fn excerpt(&self) -> String {
        let said = if self.stderr.iter().all(u8::is_ascii_whitespace) {
            &self.stdout
        } else {
            &self.stderr
        };
        let text = String::from_utf8_lossy(said);
        let lines: Vec<&str> = text.lines().filter(|line| !line.trim().is_empty()).collect();
        if lines.len() <= 2 * REPEATED_LINES {
            return lines.join("\n");
        }
        let (first, last) = (&lines[..REPEATED_LINES], &lines[lines.len() - REPEATED_LINES..]);
        format!("{}\n…\n{}", first.join("\n"), last.join("\n"))
    }
}

impl Invocation {
    fn command(&self) -> Command {
        let mut command = Command::new(&self.program);
        command
            .args(&self.arguments)
            .current_dir(&self.folder)
            .env("PATH", &self.search_path)
            .env("NO_COLOR", "1")
            .envs(self.environment.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::null());
        command
    }

    /// Runs it without standard input and waits for its end.
    ///
    /// # Errors
    /// When it cannot be started. Ending with a failure is no error here: see [`Finished::status`].
    pub(crate) fn run(&self) -> io::Result<Finished> {
        let output = self.command().output()?;
        Ok(Finished {
            status: output.status,
            stdout: output.stdout,
            stderr: output.stderr,
        })
    }

    /// Runs it to its end and gives each line that it says, errors and output as they come.
    ///
    /// # Errors
    /// When it cannot be started.
    pub(crate) fn watch(&self, mut each: impl FnMut(&str)) -> io::Result<ExitStatus> {
        let (from, to) = io::pipe()?;
        let mut command = self.command();
        command.stdout(to.try_clone()?).stderr(to);
        let mut child = command.spawn()?;
        // Holds the other end of the pipe open, too.
        drop(command);
        let mut from = BufReader::new(from);
        let mut line = Vec::new();
        while from.read_until(b'\n', &mut line)? > 0 {
            each(&String::from_utf8_lossy(&line));
            line.clear();
        }
        child.wait()
    }

    /// Runs it to its end while `read` takes what it writes.
    ///
    /// # Errors
    /// When it cannot be started.
    pub(crate) fn pipe<T>(&self, read: impl FnOnce(&mut dyn Read) -> T) -> io::Result<(T, Finished)> {
        // A file holds whatever it complains of, so that it never waits for a reader.
        let mut complaints = tempfile::tempfile()?;
        let mut child = self
            .command()
            .stdout(Stdio::piped())
            .stderr(complaints.try_clone()?)
            .spawn()?;
        let mut output = child.stdout.take();
        let taken = match &mut output {
            Some(output) => read(output),
            None => read(&mut io::empty()),
        };
        // One that is not read to its end would fail for that alone.
        if let Some(mut rest) = output {
            io::copy(&mut rest, &mut io::sink())?;
        }
        let status = child.wait()?;
        let mut stderr = Vec::new();
        complaints.rewind()?;
        complaints.read_to_end(&mut stderr)?;
        let finished = Finished {
            status,
            stdout: Vec::new(),
            stderr,
        };
        Ok((taken, finished))
    }

    /// Like [`Self::run`], with the error that a build has when it cannot be started.
    pub(crate) fn finish(&self) -> Result<Finished, BuildError> {
        self.run().map_err(|source| BuildError::Start {
            command: self.to_string(),
            source,
        })
    }

    /// Runs a package manager.
    ///
    /// # Errors
    /// [`BuildError::Install`] with its first and last lines when it fails.
    pub(crate) fn install(&self) -> Result<Finished, BuildError> {
        let finished = self.finish()?;
        if finished.status.success() {
            return Ok(finished);
        }
        Err(BuildError::Install {
            command: self.to_string(),
            folder: self.folder.clone(),
            status: finished.status.to_string(),
            output: finished.excerpt(),
        })
    }
}

/// As a person would type it: the program by its name, then the arguments.
impl fmt::Display for Invocation {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.program.file_name().unwrap_or_default().to_string_lossy())?;
        self.arguments
            .iter()
            .try_for_each(|argument| write!(out, " {}", argument.to_string_lossy()))
    }
}
