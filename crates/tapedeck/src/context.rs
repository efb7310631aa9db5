//! What surrounds a command: where it runs and where region `local` keeps its files. Read once, in `main`.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use tapedeck_api::Home;
use tapedeck_build::RuntimeKind;

use crate::exit::Failure;
use crate::text::count;

/// The environment variable that moves all files of region `local`.
pub(crate) const TAPEDECK_HOME: &str = "TAPEDECK_HOME";

/// The environment variables that name base images in a registry.
pub(crate) const NAMED_BASES: [(RuntimeKind, &str); 4] = [
    (RuntimeKind::Node, "TAPEDECK_NODE_BASE"),
    (RuntimeKind::Python, "TAPEDECK_PYTHON_BASE"),
    (RuntimeKind::Java, "TAPEDECK_JAVA_BASE"),
    (RuntimeKind::Static, "TAPEDECK_STATIC_BASE"),
];

/// Bytes of the longest path in it: 107 for the path of a socket, less `/run/engine.sock.new`.
const LONGEST_HOME: usize = 107 - 20;

/// The surroundings. Nothing else is ambient.
#[derive(Debug, Clone)]
pub(crate) struct Context {
    /// The folder the command was started in.
    pub(crate) working_directory: PathBuf,
    /// Where region `local` keeps its files.
    pub(crate) home: Home,
    /// This executable, for starting engines and shims.
    pub(crate) executable: PathBuf,
    /// `PATH`, where package managers are looked for.
    pub(crate) search_path: OsString,
    /// All variables of the environment.
    pub(crate) environment: Vec<(OsString, OsString)>,
    /// Base images by name: the kind, the variable, and the name as it was given.
    pub(crate) bases: Vec<(RuntimeKind, &'static str, OsString)>,
    /// Where `docker login` keeps credentials for registries.
    pub(crate) docker_config: Option<PathBuf>,
    /// The time at the start of the command.
    pub(crate) now: Timestamp,
}

impl Context {
    /// Reads the surroundings of this process.
    ///
    /// # Errors
    /// When the working directory is gone, or `TAPEDECK_HOME` is not an absolute path or too long a one.
    pub(crate) fn of_process() -> Result<Self, Failure> {
        let working_directory = std::env::current_dir().map_err(|error| {
            Failure::usage(format!("could not tell the working directory: {error}"))
                .help("start in a folder that exists")
        })?;
        let home = home()?;
        let executable = std::env::current_exe()
            .map_err(|error| Failure::usage(format!("could not tell where tapedeck itself is: {error}")))?;
        let search_path = std::env::var_os("PATH").unwrap_or_default();
        Ok(Self {
            working_directory,
            home,
            executable,
            search_path,
            environment: std::env::vars_os().collect(),
            bases: named_bases(),
            docker_config: docker_config(),
            now: Timestamp::now(),
        })
    }
}

impl Context {
    /// A variable of the environment. What is no UTF-8 in it is replaced.
    pub(crate) fn variable(&self, name: &str) -> Option<String> {
        let found = self.environment.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| value.to_string_lossy().into_owned())
    }
}

/// The base images that the environment names.
fn named_bases() -> Vec<(RuntimeKind, &'static str, OsString)> {
    let named = |(kind, variable)| {
        let name = std::env::var_os(variable).filter(|name| !name.is_empty())?;
        Some((kind, variable, name))
    };
    NAMED_BASES.into_iter().filter_map(named).collect()
}

/// `config.json` where Docker looks for it.
fn docker_config() -> Option<PathBuf> {
    let folder = |name| {
        std::env::var_os(name)
            .filter(|value| !value.is_empty())
            .map(PathBuf::from)
    };
    let folder = folder("DOCKER_CONFIG").or_else(|| folder("HOME").map(|home| home.join(".docker")))?;
    Some(folder.join("config.json"))
}

/// Where region `local` keeps its files, as the environment says.
fn home() -> Result<Home, Failure> {
    let Some(folder) = std::env::var_os(TAPEDECK_HOME) else {
        return Ok(Home::of_machine());
    };
    let folder = Path::new(&folder);
    let help = "give the whole path of a folder, or leave it unset for /var/lib/tapedeck";
    if !folder.is_absolute() {
        let message = format!(
            "{TAPEDECK_HOME} is `{}`, which is not an absolute path",
            folder.display()
        );
        return Err(Failure::usage(message).help(help));
    }
    if folder.as_os_str().len() > LONGEST_HOME {
        let message = format!(
            "{TAPEDECK_HOME} is `{}`, which is too long by {}: the engine's socket is in it, and the path of a socket \
             has room for few",
            folder.display(),
            count(folder.as_os_str().len() - LONGEST_HOME, "byte")
        );
        return Err(Failure::usage(message).help(help));
    }
    Ok(Home::at(folder))
}
