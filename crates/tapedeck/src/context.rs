//! What surrounds a command: where it runs and where region `local` keeps its files. Read once, in `main`.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use tapedeck_api::Home;

use crate::exit::Failure;

/// The environment variable that moves all files of region `local`.
pub(crate) const TAPEDECK_HOME: &str = "TAPEDECK_HOME";

/// The surroundings. Nothing else is ambient.
#[derive(Debug)]
pub(crate) struct Context {
    /// The folder the command was started in.
    pub(crate) working_directory: PathBuf,
    /// Where region `local` keeps its files.
    pub(crate) home: Home,
    /// This executable, for starting engines and shims.
    pub(crate) executable: PathBuf,
    /// `PATH`, where package managers are looked for.
    pub(crate) search_path: OsString,
    /// The time at the start of the command.
    pub(crate) now: Timestamp,
}

impl Context {
    /// Reads the surroundings of this process.
    ///
    /// # Errors
    /// When the working directory is gone, or `TAPEDECK_HOME` is not an absolute path.
    pub(crate) fn of_process() -> Result<Self, Failure> {
        let working_directory = std::env::current_dir().map_err(|error| {
            Failure::usage(format!("could not tell the working directory: {error}"))
                .help("start in a folder that exists")
        })?;
        let home = match std::env::var_os(TAPEDECK_HOME) {
            Some(folder) if Path::new(&folder).is_absolute() => Home::at(Path::new(&folder)),
            Some(folder) => {
                return Err(Failure::usage(format!(
                    "{TAPEDECK_HOME} is `{}`, which is not an absolute path",
                    Path::new(&folder).display()
                ))
                .help("give the whole path of a folder, or leave it unset for /var/lib/tapedeck"));
            }
            None => Home::of_machine(),
        };
        let executable = std::env::current_exe()
            .map_err(|error| Failure::usage(format!("could not tell where tapedeck itself is: {error}")))?;
        let search_path = std::env::var_os("PATH").unwrap_or_default();
        Ok(Self {
            working_directory,
            home,
            executable,
            search_path,
            now: Timestamp::now(),
        })
    }
}
