//! Our side: `tapedeck package`, and the same in a process that goes on running.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, ensure};
use fs_err as fs;
use tapedeck_build::Resident;
use tapedeck_image::base::{BaseRequest, Runtime, ensure_base};
use tapedeck_image::{Image, NoProgress, Platform};

use super::language::Language;
use crate::command::output_of;
use crate::stage::{self, Stage};

/// What somebody changes in a project.
#[derive(Debug, Clone, Copy)]
pub(super) enum Change {
    /// One line of the source as it came, in a way that changes the program; another for each number.
    Line(usize),
    /// The version of a dependency.
    Dependency(&'static str),
}

/// A copy of an example, with its other states beside it.
pub(super) struct Project {
    pub(super) folder: PathBuf,
    language: &'static Language,
    /// The text of its entry file, as it came.
    entry: String,
    /// A folder for each version of the dependency that changes.
    states: PathBuf,
}

impl Project {
    /// Copies an example and makes its states; everything that these need is in `caches` and in those of the machine then.
    fn prepare(
        examples: &Path,
        language: &'static Language,
        folder: PathBuf,
        caches: &Path,
    ) -> anyhow::Result<Self> {
        let example = examples.join(language.example);
        let states = folder.with_extension("states");
        fs::create_dir_all(&states)?;
        fs::create_dir_all(caches)?;
        let scratch = states.join("unchanged");
        copy(&example, &scratch)?;
        language.fill(&scratch, caches)?;
        for version in language.versions {
            let state = states.join(version);
            copy(&example, &state)?;
            language
                .depend(&state, version, caches)
                .with_context(|| format!("depend on version {version}"))?;
        }
        copy(&example, &folder)?;
        Ok(Self {
            entry: fs::read_to_string(folder.join(language.entry))?,
            folder,
            language,
            states,
        })
    }

    /// The same once more, in another folder.
    pub(super) fn again(&self, folder: PathBuf) -> anyhow::Result<Self> {
        copy(&self.folder, &folder)?;
        Ok(Self {
            folder,
            language: self.language,
            entry: self.entry.clone(),
            states: self.states.clone(),
        })
    }

    pub(super) fn apply(&self, change: Change) -> anyhow::Result<()> {
        match change {
            Change::Line(number) => {
                let (from, to) = self.language.line;
                let text = self
                    .entry
                    .replacen(from, &to.replace("ROUND", &number.to_string()), 1);
                ensure!(text != self.entry, "{} has no {from}", self.language.entry);
                Ok(fs::write(self.folder.join(self.language.entry), text)?)
            }
            Change::Dependency(version) => {
                let state = self.states.join(version).join(".");
                output_of(Command::new("cp").arg("-r").arg(state).arg(&self.folder)).map(drop)
            }
        }
    }
}

fn copy(from: &Path, to: &Path) -> anyhow::Result<()> {
    output_of(Command::new("cp").arg("-a").arg(from).arg(to)).map(drop)
}

pub(super) struct Ours<'a> {
    pub(super) stage: &'a Stage,
    language: &'static Language,
    pub(super) project: Project,
    /// For whatever else is made.
    pub(super) scratch: PathBuf,
    /// What an image of docker's gets as `/cache`.
    pub(super) caches: PathBuf,
    resident: Resident,
}

impl<'a> Ours<'a> {
    pub(super) fn prepare(
        stage: &'a Stage,
        examples: &Path,
        language: &'static Language,
    ) -> anyhow::Result<Self> {
        let top = stage.work.join("packaging").join(language.tag());
        fs::create_dir_all(&top)?;
        let caches = top.join("caches");
        let project = Project::prepare(examples, language, top.join("project"), &caches)?;
        let scratch = top.join("scratch");
        fs::create_dir_all(&scratch)?;
        let ours = Self {
            stage,
            language,
            project,
            scratch,
            caches,
            resident: Resident::default(),
        };
        ours.package(&[])?;
        ours.package_here()?;
        Ok(ours)
    }

    /// The whole command.
    pub(super) fn package(&self, more: &[&str]) -> anyhow::Result<()> {
        let mut command = self.stage.command(&["package"]);
        output_of(command.args(more).current_dir(&self.project.folder)).map(drop)
    }

    /// What `tapedeck dev` does at a save.
    pub(super) fn package_here(&self) -> anyhow::Result<()> {
        let Language { service, entry, .. } = self.language;
        let packaging = stage::packaging(entry, self.language.config());
        self.stage
            .package(service, &packaging, &self.project.folder, &self.resident)
    }

    /// A base.
    pub(super) fn base(&self, runtime: Runtime) -> anyhow::Result<Image> {
        let request = BaseRequest {
            runtime,
            platform: Platform::host(),
            extra_packages: &[],
        };
        Ok(ensure_base(&self.stage.images, &request, &mut NoProgress)?.image)
    }
}
