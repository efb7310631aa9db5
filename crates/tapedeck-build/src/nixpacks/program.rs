//! Asking the program `nixpacks`: for a plan, and for the Dockerfile of it.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use serde_json::Value;

use super::error::NixpacksError;
use super::plan::Plan;
use crate::BuildError;
use crate::process::{Finished, Invocation};
use crate::request::{Subject, Workshop};
use crate::stamp::hash;

/// How many lines an error repeats.
const REPEATED_LINES: usize = 12;

/// The program and what it is asked to do.
pub(super) struct Program<'a> {
    pub(super) path: &'a Path,
    pub(super) subject: Subject<'a>,
    /// What the config says, as a plan.
    pub(super) wishes: Value,
}

impl Program<'_> {
    /// What it plans. Warnings of it are passed on.
    pub(super) fn plan(&self, source: &Path, workshop: &mut Workshop<'_>) -> Result<Plan, BuildError> {
        let words = ["plan".into(), source.into(), "--format".into(), "json".into()];
        let planned = self.ask(source, &words, workshop)?;
        for line in String::from_utf8_lossy(&planned.stderr).lines() {
            if let Some(warning) = line.trim().strip_prefix("Warning: ") {
                workshop.progress.notice(&format!("nixpacks: {warning}"));
            }
        }
        let service = || self.subject.service.to_string();
        let plan: Plan = serde_json::from_slice(&planned.stdout).map_err(|source| NixpacksError::Answer {
            service: service(),
            source,
        })?;
        if plan.phases.is_empty() {
            return Err(NixpacksError::Nothing {
                service: service(),
                folder: source.to_owned(),
            }
            .into());
        }
        if plan.start.as_ref().is_none_or(|start| start.cmd.is_none()) {
            return Err(NixpacksError::NoStart {
                service: service(),
                folder: source.to_owned(),
            }
            .into());
        }
        Ok(plan)
    }

    /// Has it write the Dockerfile, and what that needs, into `.nixpacks` of a copy of the source. Gives the folder that it is
    /// for, relative to the source: Nixpacks takes the only one below where it finds nothing in the source itself.
    pub(super) fn write(
        &self,
        source: &Path,
        copy: &Path,
        mounts_caches: bool,
        workshop: &Workshop<'_>,
    ) -> Result<PathBuf, BuildError> {
        let mut below = PathBuf::new();
        loop {
            let (source, copy) = (source.join(&below), copy.join(&below));
            let mut words: Vec<OsString> =
                vec!["build".into(), source.clone().into(), "--out".into(), copy.into()];
            words.extend(self.caches(mounts_caches));
            let written = self.ask(&source, &words, workshop)?;
            match subfolder(&String::from_utf8_lossy(&written.stdout)) {
                // It is in the copy, unless an ignore file keeps it back, and then nothing of it is built.
                Some(name) => below.push(name),
                None => return Ok(below),
            }
        }
    }

    /// Each service has caches of its own, wherever the copy of its source is.
    fn caches(&self, are_mounted: bool) -> Vec<OsString> {
        if !are_mounted {
            return vec!["--no-cache".into()];
        }
        let name = format!("{}\0{}", self.subject.root.display(), self.subject.service);
        let key = format!("tapedeck-{}", &hash(name.as_bytes())[..16]);
        vec!["--cache-key".into(), key.into()]
    }

    fn ask(
        &self,
        source: &Path,
        words: &[OsString],
        workshop: &Workshop<'_>,
    ) -> Result<Finished, BuildError> {
        let wishes = ["--json-plan".into(), self.wishes.to_string().into()];
        let asked = Invocation {
            program: self.path.to_owned(),
            arguments: words.iter().cloned().chain(wishes).collect(),
            folder: source.to_owned(),
            search_path: workshop.search_path.to_owned(),
            // It would show how it came to an error in itself.
            environment: vec![("RUST_BACKTRACE", "0".into())],
        };
        let finished = asked.run().map_err(|source| BuildError::Start {
            command: format!("nixpacks {} …", words[0].to_string_lossy()),
            source,
        })?;
        if finished.status.success() {
            return Ok(finished);
        }
        Err(NixpacksError::Plan {
            service: self.subject.service.to_string(),
            folder: source.to_owned(),
            output: said(&finished),
        }
        .into())
    }
}

/// The folder that it has gone into, of what it said.
fn subfolder(said: &str) -> Option<&str> {
    said.lines()
        .find_map(|line| line.strip_prefix("Using subdirectory \"")?.strip_suffix('"'))
        .filter(|name| !name.is_empty())
}

/// What it says went wrong.
fn said(finished: &Finished) -> String {
    let text = String::from_utf8_lossy(&finished.stderr).into_owned();
    let lines = text
        .lines()
        .map(|line| line.strip_prefix("Error: ").unwrap_or(line));
    let kept: Vec<&str> = lines
        .filter(|line| !line.trim().is_empty())
        .take(REPEATED_LINES)
        .collect();
    kept.join("\n")
}
