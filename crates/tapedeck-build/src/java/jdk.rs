//! The JDK of this machine.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use fs_err as fs;

use super::JavaError;
use super::version::major_of;
use crate::BuildError;
use crate::process::{find_executable, require_executable};

/// A JDK.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Jdk {
    pub(crate) home: PathBuf,
    /// Such as `17.0.15`.
    pub(crate) version: String,
    pub(crate) major: u16,
}

impl Jdk {
    /// The one of `JAVA_HOME`, else the one whose compiler is found first.
    pub(crate) fn find(search_path: &OsStr) -> Result<Self, BuildError> {
        let configured = std::env::var_os("JAVA_HOME").map(PathBuf::from);
        let compiler = configured.and_then(|home| find_executable("javac", home.join("bin").as_os_str()));
        let compiler = match compiler {
            Some(compiler) => compiler,
            None => require_executable("javac", "compile Java", "default-jdk-headless", search_path)?,
        };
        let real = fs::canonicalize(&compiler).map_err(BuildError::file("find the JDK of this machine"))?;
        let home = real.ancestors().nth(2).unwrap_or(Path::new("/")).to_owned();
        let text = fs::read_to_string(release_file(&home)).unwrap_or_default();
        let version = version(&text).ok_or_else(|| JavaError::UnknownJdk { home: home.clone() })?;
        let major = major_of(&version).ok_or_else(|| JavaError::UnknownJdk { home: home.clone() })?;
        Ok(Self { home, version, major })
    }

    /// The file that changes with its version.
    pub(crate) fn release_file(&self) -> PathBuf {
        release_file(&self.home)
    }
}

fn release_file(home: &Path) -> PathBuf {
    home.join("release")
}

/// The version that a file `release` of a JDK says.
pub(crate) fn version(text: &str) -> Option<String> {
    text.lines()
        .find_map(|line| line.strip_prefix("JAVA_VERSION="))
        .map(|version| version.trim().trim_matches('"').to_owned())
}
