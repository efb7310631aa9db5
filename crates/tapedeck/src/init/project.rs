//! The project that the config is for: its folder, its name, and what was seen of it.

use std::path::{Path, PathBuf};

use super::candidate::Candidate;
use super::detect::{Unusable, named, split_variable};
use super::path::without_dots;
use super::seen::{Seen, look, read_start};
use crate::context::Context;
use crate::exit::{ExitKind, Failure, OrFail};

/// A project.
#[derive(Debug)]
pub(crate) struct Project {
    /// Its folder, whole.
    pub(crate) folder: PathBuf,
    /// The same as it was given; empty for the working directory.
    given: PathBuf,
    /// The folder's name, in whatever characters; empty for the root of the machine.
    pub(crate) name: String,
    /// What was seen in it.
    pub(crate) seen: Seen,
}

impl Project {
    /// Looks at the project in a folder, which is relative to the working directory.
    ///
    /// # Errors
    /// When there is no such folder, or it cannot be read.
    pub(crate) fn look(context: &Context, folder: Option<&Path>) -> Result<Self, Failure> {
        let given = folder.unwrap_or(Path::new(""));
        let folder = context.working_directory.join(given);
        if !folder.is_dir() {
            let message = format!("there is no folder {}", folder.display());
            return Err(
                Failure::usage(message).help("--projectDirectory is relative to the working directory")
            );
        }
        let folder = fs_err::canonicalize(&folder).or_fail(ExitKind::Usage)?;
        let name = folder.file_name().map(|name| name.to_string_lossy().into_owned());
        let seen = look(&folder).or_fail(ExitKind::Environment)?;
        Ok(Self {
            folder,
            given: given.to_path_buf(),
            name: name.unwrap_or_default(),
            seen,
        })
    }

    /// The path of a file in it, from the working directory.
    pub(crate) fn shown(&self, file: &str) -> String {
        self.given.join(file).display().to_string()
    }

    /// A file that somebody named: one of the candidates, or any other that can be an entry file.
    ///
    /// # Errors
    /// When there is no such file, or it can be none.
    pub(crate) fn named(&self, given: &str, found: &[Candidate]) -> Result<Candidate, Failure> {
        let path = self.relative(given)?;
        if let Some(known) = found.iter().find(|candidate| candidate.packaging.path() == path) {
            return Ok(known.clone());
        }
        let (file, _) = split_variable(&path);
        let whole = self.folder.join(file);
        if !whole.is_file() {
            let message = format!("there is no file {file} in {}", self.folder.display());
            return Err(
                Failure::usage(message).help("an entry file is relative to the folder of the project")
            );
        }
        let text = read_start(&whole).unwrap_or_default();
        named(&path, &text, &self.seen).map_err(|error| {
            let help = help_for(&error);
            Failure::new(ExitKind::Usage, error).help(help)
        })
    }

    /// A path from the project's folder, without dots; with those that lead out of it.
    fn relative(&self, given: &str) -> Result<String, Failure> {
        let Ok(path) = Path::new(given).strip_prefix(&self.folder) else {
            if given.starts_with('/') {
                let message = format!("{given} is not in the project's folder {}", self.folder.display());
                return Err(Failure::usage(message).help("name a file in it, or give --projectDirectory"));
            }
            return Ok(without_dots(given).unwrap_or_else(|| given.to_string()));
        };
        Ok(path.to_string_lossy().into_owned())
    }
}

fn help_for(error: &Unusable) -> &'static str {
    match error {
        Unusable::UnknownLanguage(_) => {
            "name a file in TypeScript, JavaScript, Python, Go, Java, Ruby, PHP or C#, or a Dockerfile"
        }
        Unusable::AppOutsidePython { .. } => "name the file alone",
        Unusable::UnknownApp { .. } => {
            "name the file alone; in the config, put the app behind it and add `languageSpecificConfig: { runAppAs: \
             ASGI }` or `WSGI`"
        }
    }
}
