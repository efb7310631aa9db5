//! `project.toml`: what a project says to builders.

use std::io::ErrorKind;
use std::path::Path;

use fs_err as fs;
use serde::Deserialize;

use super::BuildpacksError;
use crate::BuildError;
use crate::request::Subject;
use crate::stamp::Observations;

const FILE: &str = "project.toml";

/// What it says, as far as it concerns us.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Descriptor {
    /// Patterns of files that alone are sent; none means all.
    pub(crate) include: Vec<String>,
    /// Patterns of files that are not sent.
    pub(crate) exclude: Vec<String>,
    /// Variables for buildpacks.
    pub(crate) environment: Vec<(String, String)>,
    /// Buildpacks, where the config names none.
    pub(crate) buildpacks: Vec<String>,
}

/// Both forms of the file: the keys of the first are in `build`, those of the later ones in `io.buildpacks`.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct File {
    build: Section,
    io: Io,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Io {
    buildpacks: Section,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Section {
    include: Vec<String>,
    exclude: Vec<String>,
    /// Of the first form.
    buildpacks: Vec<Named>,
    group: Vec<Named>,
    build: Build,
    /// Variables in the first form; in the second an old way to write them.
    env: Option<Env>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Build {
    env: Vec<Variable>,
}

#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Env {
    Variables(Vec<Variable>),
    Build(OldEnv),
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct OldEnv {
    build: Vec<Variable>,
}

#[derive(Debug, Deserialize)]
struct Variable {
    name: String,
    #[serde(default)]
    value: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Named {
    id: String,
    version: String,
    uri: String,
}

impl Descriptor {
    /// Reads the file in `folder`; without one nothing is said.
    pub(super) fn read(
        folder: &Path,
        subject: Subject<'_>,
        observations: &mut Observations,
    ) -> Result<Self, BuildError> {
        let path = folder.join(FILE);
        let failed = BuildError::file("read project.toml");
        observations.observe(&path).map_err(&failed)?;
        let text = match fs::read_to_string(&path) {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Self::default()),
            other => other.map_err(&failed)?,
        };
        let read = parse(&text).map_err(|why| BuildpacksError::Descriptor {
            path: subject.relative(&path),
            why,
        })?;
        Ok(read)
    }
}

/// Reads the text of a `project.toml`.
pub(crate) fn parse(text: &str) -> Result<Descriptor, String> {
    let file: File = toml::from_str(text).map_err(|error| error.to_string())?;
    let mut read = Descriptor::default();
    for section in [file.build, file.io.buildpacks] {
        read.include.extend(section.include);
        read.exclude.extend(section.exclude);
        let old = match section.env {
            Some(Env::Variables(all)) => all,
            Some(Env::Build(old)) if section.build.env.is_empty() => old.build,
            _ => Vec::new(),
        };
        let variables = section.build.env.into_iter().chain(old);
        read.environment
            .extend(variables.map(|variable| (variable.name, variable.value)));
        read.buildpacks
            .extend(section.buildpacks.into_iter().chain(section.group).map(name_of));
    }
    if !read.include.is_empty() && !read.exclude.is_empty() {
        return Err("it has both `include` and `exclude`: leave one out".to_owned());
    }
    let is_name =
        |name: &str| !name.is_empty() && !name.contains(['/', '=', '\0']) && name != "." && name != "..";
    match read.environment.iter().find(|(name, _)| !is_name(name)) {
        Some((wrong, _)) => Err(format!("`{wrong}` cannot be the name of a variable")),
        None => Ok(read),
    }
}

fn name_of(named: Named) -> String {
    match (named.uri.is_empty(), named.version.is_empty()) {
        (false, _) => named.uri,
        (true, true) => named.id,
        (true, false) => format!("{}@{}", named.id, named.version),
    }
}
