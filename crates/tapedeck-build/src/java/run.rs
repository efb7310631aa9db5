//! Running whoever builds, and what is made of a failure.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use super::jdk::Jdk;
use super::{JavaError, messages};
use crate::BuildError;
use crate::path::ancestors_in_repository;
use crate::process::{Finished, Invocation, find_executable, require_executable};
use crate::request::{Source, Workshop};

/// Reads wrappers that cannot be executed.
const SHELL: &str = "/bin/sh";
/// Lines of Maven and Gradle that help nobody here.
const EMPTY_WORDS: [&str; 9] = [
    "To see the full stack trace",
    "Re-run Maven using",
    "For more information about the errors",
    "http://cwiki.apache.org",
    "After correcting the problems",
    "mvn <args> -rf",
    "Run with --",
    "> Run with --",
    "Get more help at",
];

/// The names of a build tool.
pub(crate) struct Named {
    /// A script of the project's own, which brings the version that it wants.
    pub(crate) wrapper: &'static str,
    pub(crate) program: &'static str,
    pub(crate) purpose: &'static str,
    /// Of Debian.
    pub(crate) package: &'static str,
}

/// A build tool that was found.
pub(crate) struct Tool {
    pub(crate) program: PathBuf,
    /// A wrapper that nobody may execute, as it comes out of many an archive: the shell reads it.
    script: Option<PathBuf>,
}

impl Tool {
    /// The wrapper in the nearest folder from the root upward, else the program of this machine.
    pub(crate) fn find(root: &Path, named: &Named, workshop: &Workshop<'_>) -> Result<Self, BuildError> {
        let wrapper = ancestors_in_repository(root)
            .map(|folder| folder.join(named.wrapper))
            .find(|path| path.is_file());
        let Some(wrapper) = wrapper else {
            let path = workshop.search_path;
            return Ok(Self {
                program: require_executable(named.program, named.purpose, named.package, path)?,
                script: None,
            });
        };
        let folder = wrapper.parent().unwrap_or(root).as_os_str();
        Ok(match find_executable(named.wrapper, folder) {
            Some(program) => Self {
                program,
                script: None,
            },
            None => Self {
                program: SHELL.into(),
                script: Some(wrapper),
            },
        })
    }

    /// The file that decides what is run.
    pub(crate) fn file(&self) -> &Path {
        self.script.as_deref().unwrap_or(&self.program)
    }

    /// The first arguments.
    pub(crate) fn arguments(&self) -> Vec<OsString> {
        self.script.iter().map(OsString::from).collect()
    }
}

/// Runs it to its end. Gives what it said.
pub(crate) fn run(invocation: &Invocation, source: &Source<'_>, jdk: &Jdk) -> Result<String, BuildError> {
    let finished = invocation.finish()?;
    if finished.status.success() {
        return Ok(String::from_utf8_lossy(&finished.stdout).into_owned());
    }
    Err(failure(invocation, &finished, source, jdk).into())
}

fn failure(invocation: &Invocation, finished: &Finished, source: &Source<'_>, jdk: &Jdk) -> JavaError {
    let said = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let text = format!("{}\n{}", said(&finished.stdout), said(&finished.stderr));
    if let Some(wanted) = messages::unsupported_release(&text).filter(|&wanted| wanted > jdk.major) {
        return JavaError::TooOld {
            found: jdk.version.clone(),
            wanted,
            asked_by: "the build".to_owned(),
        };
    }
    let errors = messages::parse(&text);
    if !errors.is_empty() {
        let shown = |path: &Path| source.relative(path);
        return JavaError::Source {
            entry: source.relative(&source.entry()),
            errors: errors.iter().map(|error| error.to_source_error(shown)).collect(),
        };
    }
    JavaError::Failed {
        command: invocation.to_string(),
        folder: invocation.folder.clone(),
        status: finished.status.to_string(),
        output: Finished {
            stdout: Vec::new(),
            stderr: of_use(&text).into_bytes(),
            status: finished.status,
        }
        .excerpt(),
    }
}

/// The lines that say something about the project, each once.
fn of_use(text: &str) -> String {
    let mut lines: Vec<&str> = Vec::new();
    // Where Maven tells all details, its errors are marked.
    let has_details = text.lines().any(|line| line.starts_with("[DEBUG] "));
    let is_error = |line: &&str| !has_details || line.starts_with("[ERROR]") || line.starts_with("[FATAL]");
    for line in text.lines().filter(is_error) {
        let bare = line.trim_start_matches("[ERROR]").trim_start();
        let is_empty = bare.is_empty() || EMPTY_WORDS.iter().any(|words| bare.contains(words));
        if !is_empty && !lines.contains(&line) {
            lines.push(line);
        }
    }
    lines.join("\n")
}
