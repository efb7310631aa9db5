//! Running programs of an image while an image is made. What walls them off from this machine is given to [`build`]:
//! this crate knows no containers.
//!
//! [`build`]: crate::build()

use std::collections::VecDeque;
use std::error::Error;
use std::fmt;
use std::path::{Path, PathBuf};

use tapedeck_image::Progress;

/// How many lines an error repeats of the end of what a program said.
const REPEATED_LINES: usize = 20;

/// Who runs programs of an image, walled off from this machine and with a way to the internet.
pub trait Sandbox: fmt::Debug + Sync {
    /// Runs a program to its end on top of some layers, and gives each line that it says. What runs before in the same
    /// folder is seen by what runs later.
    ///
    /// When this process ends meanwhile, in whatever way, the program does, too, and `folder` is removed.
    ///
    /// # Errors
    /// When the program could not be run, or it is not known how it ended.
    fn run(
        &self,
        work: &SandboxWork<'_>,
        each_line: &mut dyn FnMut(&str),
    ) -> Result<SandboxEnd, SandboxError>;
}

/// Why a program could not be run.
pub type SandboxError = Box<dyn Error + Send + Sync>;

/// A program to be run.
#[derive(Debug, Clone, Copy)]
pub struct SandboxWork<'a> {
    /// A folder of the caller's for this alone, where it has room for what it needs.
    pub folder: &'a Path,
    /// Unpacked layers, top first; never written to.
    pub layers: &'a [PathBuf],
    /// The program and its arguments.
    pub command: &'a [String],
    /// All variables that it gets, beside `HOME` when that is not among them.
    pub environment: &'a [(String, String)],
    /// Where it starts.
    pub working_directory: &'a Path,
    /// User and group that it runs as.
    pub user: (u32, u32),
    /// Folders of this machine, and where it finds them. It may write there.
    pub mounts: &'a [(PathBuf, PathBuf)],
}

/// How a program ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SandboxEnd {
    /// Its exit code, 128 + n after signal n.
    pub code: i32,
    /// Whether a process of it was killed for want of memory.
    pub lacked_memory: bool,
    /// The upper folder of the overlay that it saw: what it has changed in the layers.
    pub changes: PathBuf,
}

impl SandboxEnd {
    /// How it ended, in words.
    pub(crate) fn in_words(&self) -> String {
        match (self.lacked_memory, self.code) {
            (true, code) => format!("exit code {code} for want of memory"),
            (false, code) => format!("exit code {code}"),
        }
    }
}

/// Runs a program and shows what it says as it goes. Gives how it ended and its last lines.
pub(crate) fn run_shown(
    sandbox: &dyn Sandbox,
    work: &SandboxWork<'_>,
    progress: &mut dyn Progress,
) -> Result<(SandboxEnd, String), SandboxError> {
    let mut said = LastLines::default();
    let end = sandbox.run(work, &mut |line| {
        if let Some(line) = said.hear(line) {
            progress.step(line);
        }
    })?;
    Ok((end, said.text()))
}

/// The end of what a program says.
#[derive(Debug, Default)]
pub(crate) struct LastLines(VecDeque<String>);

impl LastLines {
    /// Keeps a line and gives it as a person would see it: what is written over is not seen. None when there is nothing in
    /// it.
    pub(crate) fn hear<'a>(&mut self, line: &'a str) -> Option<&'a str> {
        let line = line.trim_end().rsplit('\r').next()?;
        if line.trim().is_empty() {
            return None;
        }
        if self.0.len() == REPEATED_LINES {
            self.0.pop_front();
        }
        self.0.push_back(line.to_owned());
        Some(line)
    }

    /// All that is kept.
    pub(crate) fn text(&self) -> String {
        Vec::from_iter(self.0.iter().map(String::as_str)).join("\n")
    }
}
