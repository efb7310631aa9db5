//! What a build sees: the files of its context that are sent, and the Dockerfile. Both the question whether anything changed
//! and the key of the image are answered from the same list.

use std::fmt::Write as _;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use fs_err as fs;
use tapedeck_model::CustomDockerfile;

use super::error::DockerfileError;
use super::ignore::IgnoreRules;
use crate::BuildError;
use crate::path::normalized;
use crate::request::Subject;
use crate::stamp::{Observations, hash};

/// Where a build looks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Context {
    /// The folder, absolute.
    pub(super) folder: PathBuf,
    /// Absolute.
    pub(super) dockerfile: PathBuf,
}

/// What a build sees.
#[derive(Debug)]
pub(super) struct Sent {
    /// A hash of it all.
    pub(super) key: String,
    /// Absolute paths of the files, sorted, links among them.
    pub(super) files: Vec<PathBuf>,
    /// The ignore file that counts.
    pub(super) ignore_file: Option<PathBuf>,
}

impl Context {
    /// Checks that there are a folder and a Dockerfile.
    pub(super) fn find(subject: Subject<'_>, packaging: &CustomDockerfile) -> Result<Self, DockerfileError> {
        let folder = normalized(&subject.root.join(&packaging.build_context_path));
        if !folder.is_dir() {
            return Err(DockerfileError::NoContext {
                service: subject.service.to_string(),
                written: packaging.build_context_path.clone(),
                resolved: folder,
            });
        }
        let dockerfile = normalized(&folder.join(&packaging.dockerfile_path));
        if !dockerfile.is_file() {
            return Err(DockerfileError::NoDockerfile {
                service: subject.service.to_string(),
                written: packaging.dockerfile_path.clone(),
                resolved: dockerfile,
            });
        }
        Ok(Self { folder, dockerfile })
    }

    /// Looks at everything that is sent. Ignore files are tried in the order of `names`, where a name that begins with a
    /// dot after `Dockerfile` stands for one beside the Dockerfile.
    pub(super) fn look(
        &self,
        names: &[IgnoreFile],
        observations: &mut Observations,
    ) -> Result<Sent, BuildError> {
        let failed = BuildError::file("look at the context of the Dockerfile");
        let mut text = String::new();
        observe(&self.dockerfile, "Dockerfile", &mut text, observations).map_err(&failed)?;
        let mut ignore_file = None;
        for name in names {
            let path = name.path(self);
            observations.observe(&path).map_err(&failed)?;
            if path.is_file() {
                ignore_file = Some(path);
                break;
            }
        }
        let rules = match &ignore_file {
            Some(path) => IgnoreRules::parse(&String::from_utf8_lossy(&fs::read(path).map_err(&failed)?)),
            None => IgnoreRules::default(),
        };
        let mut walk = Walk {
            context: self,
            rules,
            text,
            files: Vec::new(),
            observations,
        };
        walk.folder("").map_err(&failed)?;
        Ok(Sent {
            key: hash(walk.text.as_bytes()),
            files: walk.files,
            ignore_file,
        })
    }
}

/// A place where a builder looks for an ignore file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum IgnoreFile {
    /// Beside the Dockerfile, named like it with this added.
    OfDockerfile(&'static str),
    /// In the context.
    OfContext(&'static str),
}

impl IgnoreFile {
    fn path(self, context: &Context) -> PathBuf {
        match self {
            Self::OfDockerfile(ending) => {
                let mut path = context.dockerfile.clone().into_os_string();
                path.push(ending);
                path.into()
            }
            Self::OfContext(name) => context.folder.join(name),
        }
    }
}

struct Walk<'a> {
    context: &'a Context,
    rules: IgnoreRules,
    /// All that is sent, as text.
    text: String,
    files: Vec<PathBuf>,
    observations: &'a mut Observations,
}

impl Walk<'_> {
    /// Looks at a folder, given relative to the context. Whether anything in it is sent.
    fn folder(&mut self, relative: &str) -> io::Result<bool> {
        let folder = self.context.folder.join(relative);
        // A new file changes the names in it.
        self.observations.observe(&folder)?;
        let mut items = fs::read_dir(&folder)?.collect::<io::Result<Vec<_>>>()?;
        items.sort_by_key(fs::DirEntry::file_name);
        let mut is_any_sent = false;
        for item in items {
            let name = item.file_name().to_string_lossy().into_owned();
            let path = match relative {
                "" => name,
                folder => format!("{folder}/{name}"),
            };
            let is_excluded = self.rules.excludes(&path);
            let kind = item.file_type()?;
            if kind.is_dir() {
                if is_excluded && !self.rules.may_take_back_below(&path) {
                    continue;
                }
                let before = self.text.len();
                if self.folder(&path)? || !is_excluded {
                    let mode = self.observations.observe(&item.path())?.permissions();
                    let line = format!("folder\0{path}\0{mode:o}\n");
                    self.text.insert_str(before, &line);
                    is_any_sent = true;
                }
            } else if !is_excluded && (kind.is_file() || kind.is_symlink()) {
                self.file(&item.path(), &path, kind.is_symlink())?;
                is_any_sent = true;
            }
        }
        Ok(is_any_sent)
    }

    fn file(&mut self, path: &Path, relative: &str, is_link: bool) -> io::Result<()> {
        if is_link {
            let link = self.observations.observe_link(path)?;
            // Writing to a text cannot fail.
            let _ = writeln!(self.text, "link\0{relative}\0{}", link.contents);
        } else {
            observe(path, relative, &mut self.text, self.observations)?;
        }
        self.files.push(path.to_owned());
        Ok(())
    }
}

/// Adds a file to the text. Only what it holds and who may do what with it counts.
fn observe(path: &Path, shown: &str, text: &mut String, observations: &mut Observations) -> io::Result<()> {
    let input = observations.observe(path)?;
    if input.contents.is_empty() {
        return Err(io::Error::new(
            ErrorKind::NotFound,
            format!("{} has gone", path.display()),
        ));
    }
    // Writing to a text cannot fail.
    let _ = writeln!(
        text,
        "file\0{shown}\0{:o}\0{}",
        input.permissions(),
        input.contents
    );
    Ok(())
}
