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
pub(crate) struct Context {
    /// The folder, absolute.
    pub(crate) folder: PathBuf,
    /// Absolute.
    pub(crate) dockerfile: PathBuf,
}

/// What a build sees.
#[derive(Debug)]
pub(crate) struct Sent {
    /// A hash of it all.
    pub(crate) key: String,
    /// Absolute paths of the files, links among them.
    pub(crate) files: Vec<PathBuf>,
    /// Absolute paths of the folders, each before what is in it, without the context itself.
    pub(crate) folders: Vec<PathBuf>,
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
        let mut text = String::new();
        observe(&self.dockerfile, "Dockerfile", &mut text, observations)
            .map_err(BuildError::file("look at the Dockerfile"))?;
        let ignore_files = names.iter().map(|name| name.path(self));
        Sent::of(&self.folder, ignore_files, text, observations)
            .map_err(BuildError::file("look at the context of the Dockerfile"))
    }
}

impl Sent {
    /// Looks at everything in a folder that the first of the ignore files that there is lets through. `text` tells what
    /// else is sent.
    pub(crate) fn of(
        folder: &Path,
        ignore_files: impl IntoIterator<Item = PathBuf>,
        text: String,
        observations: &mut Observations,
    ) -> io::Result<Self> {
        let mut ignore_file = None;
        for path in ignore_files {
            observations.observe(&path)?;
            if path.is_file() {
                ignore_file = Some(path);
                break;
            }
        }
        let rules = match &ignore_file {
            Some(path) => IgnoreRules::parse(&String::from_utf8_lossy(&fs::read(path)?)),
            None => IgnoreRules::default(),
        };
        let mut walk = Walk {
            context: folder,
            rules,
            text,
            files: Vec::new(),
            folders: Vec::new(),
            observations,
        };
        walk.folder("")?;
        Ok(Self {
            key: hash(walk.text.as_bytes()),
            files: walk.files,
            folders: walk.folders,
            ignore_file,
        })
    }
}

/// A place where a builder looks for an ignore file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum IgnoreFile {
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
    context: &'a Path,
    rules: IgnoreRules,
    /// All that is sent, as text.
    text: String,
    files: Vec<PathBuf>,
    folders: Vec<PathBuf>,
    observations: &'a mut Observations,
}

impl Walk<'_> {
    /// Looks at a folder, given relative to the context. Whether anything in it is sent.
    fn folder(&mut self, relative: &str) -> io::Result<bool> {
        let folder = self.context.join(relative);
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
                let (before, above) = (self.text.len(), self.folders.len());
                if self.folder(&path)? || !is_excluded {
                    let mode = self.observations.observe(&item.path())?.permissions();
                    let line = format!("folder\0{path}\0{mode:o}\n");
                    self.text.insert_str(before, &line);
                    self.folders.insert(above, item.path());
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
