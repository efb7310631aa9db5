//! What can go wrong with Python.

use std::path::PathBuf;

use super::version::InvalidPythonVersion;

/// A program in Python could not be packaged.
#[derive(Debug, thiserror::Error)]
pub enum PythonError {
    /// A version of Python that is none.
    #[error(transparent)]
    Version(#[from] InvalidPythonVersion),
    /// A file is not TOML.
    #[error("cannot read {} as TOML: {source}", path.display())]
    Toml {
        /// The file.
        path: PathBuf,
        /// Where and why.
        source: Box<toml::de::Error>,
    },
    /// Several lists of requirements, of which none has the usual name.
    #[error(
        "cannot tell which packages `{service}` needs: {} has {files}: name one of them in \
         languageSpecificConfig.packageManagerFile", folder.display()
    )]
    SeveralLists {
        /// The service.
        service: String,
        /// The folder.
        folder: PathBuf,
        /// The files.
        files: String,
    },
    /// The package manager that was named has no file here.
    #[error(
        "cannot tell which packages `{service}` needs: packageManager is `{manager}`, but there is no {expected} in {} or \
         above it", folder.display()
    )]
    NoFile {
        /// The service.
        service: String,
        /// The package manager.
        manager: &'static str,
        /// The files that would do.
        expected: &'static str,
        /// The folder of the entry file.
        folder: PathBuf,
    },
    /// A file that is no list of packages.
    #[error(
        "packageManagerFile is `{written}`, which says nothing about packages: name a requirements file, pyproject.toml, \
         uv.lock, poetry.lock, Pipfile or Pipfile.lock"
    )]
    UnknownFile {
        /// The file as written.
        written: String,
    },
    /// What is wanted is known, but nobody chose versions.
    #[error("there is no {lock} beside {}: run `{command}` in that folder and keep the file with the source", manifest.display())]
    NoLock {
        /// The manifest.
        manifest: PathBuf,
        /// What is missing.
        lock: &'static str,
        /// What makes it.
        command: &'static str,
    },
    /// The lock is older than the manifest.
    #[error("{} has no `{package}`, which {manifest} asks for: run `{command}` again", lock.display())]
    StaleLock {
        /// The lock.
        lock: PathBuf,
        /// What it lacks.
        package: String,
        /// Who asks for it.
        manifest: &'static str,
        /// What makes a new one.
        command: &'static str,
    },
    /// Settings that only uv has, for files of others.
    #[error("languageSpecificConfig.{setting} is for uv.lock and pyproject.toml, but the packages come from {}", file.display())]
    NoGroups {
        /// The setting.
        setting: &'static str,
        /// Where the packages come from.
        file: PathBuf,
    },
    /// A path that Python cannot import.
    #[error(
        "cannot run `{object}` of {}: the folder `{part}` cannot be part of the name of a module: give it a name without `.`",
        entry.display()
    )]
    ModuleName {
        /// The object.
        object: String,
        /// The entry file.
        entry: PathBuf,
        /// The part of its path.
        part: String,
    },
    /// A base that does not say which Python it has.
    #[error(
        "cannot tell which Python {reference} has: it has neither PYTHON_VERSION nor a program such as python3.12 beside \
         python3: set languageSpecificConfig.pythonVersion"
    )]
    UnknownBase {
        /// The base.
        reference: String,
    },
    /// The installer could not be fetched.
    #[error(
        "cannot fetch uv, which installs Python packages: `{command}` ended with {status}: check the network and the \
         settings of pip, or install uv\n{output}"
    )]
    FetchInstaller {
        /// The command line.
        command: String,
        /// How it ended.
        status: String,
        /// The first and last lines it wrote.
        output: String,
    },
    /// A package exists only as source for this Python and processor.
    #[error(
        "cannot install {package} of {} for Python {python} on linux/{platform}: it has no wheel for that, and nothing is \
         compiled: choose a version that has one (`pip download --only-binary :all: {package}` tries it), build the wheel \
         and put it on your index, or package with `custom-dockerfile`\n{output}", file.display()
    )]
    NoWheel {
        /// The package.
        package: String,
        /// Where it is asked for.
        file: PathBuf,
        /// The line of Python.
        python: String,
        /// The processor.
        platform: &'static str,
        /// What the installer said.
        output: String,
    },
    /// A package is not what was locked.
    #[error(
        "the index serves another {package} than {} has the hash of, and it was not used: lock again if that is meant\n{output}",
        file.display()
    )]
    HashMismatch {
        /// The package.
        package: String,
        /// The file with the hash.
        file: PathBuf,
        /// What the installer said.
        output: String,
    },
    /// The index does not answer.
    #[error(
        "cannot reach the index of Python packages: check the network and the settings of pip or uv\n{output}"
    )]
    Unreachable {
        /// What the installer said.
        output: String,
    },
    /// Anything else about the packages that are wanted.
    #[error("cannot install the packages of {}: correct it and deploy again\n{output}", file.display())]
    Install {
        /// Where they are asked for.
        file: PathBuf,
        /// What the installer said.
        output: String,
    },
}

impl PythonError {
    /// Whether something around the project is at fault.
    pub(crate) fn is_of_surroundings(&self) -> bool {
        matches!(self, Self::FetchInstaller { .. } | Self::Unreachable { .. })
    }
}

/// What is known when the installer fails.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Attempt<'a> {
    /// Where the packages are asked for, as people see it.
    pub(crate) file: &'a std::path::Path,
    /// The line of Python.
    pub(crate) python: &'a str,
    /// The processor.
    pub(crate) platform: &'static str,
}

/// The error that the installer means by what it said.
pub(crate) fn explain(said: &str, attempt: Attempt<'_>) -> PythonError {
    let output = said
        .lines()
        .filter(|line| !line.starts_with("Using CPython") && !line.trim().is_empty())
        .collect::<Vec<_>>()
        .join("\n");
    let file = attempt.file.to_owned();
    let has = |texts: &[&str]| texts.iter().any(|text| said.contains(text));
    if has(&["Hash mismatch for"]) {
        let package = quoted_after(said, "Hash mismatch for ").unwrap_or_default();
        return PythonError::HashMismatch {
            package,
            file,
            output,
        };
    }
    let without_wheel = [
        "no usable wheels",
        "no wheels with a matching",
        "building from source is disabled",
        "Building source distributions",
    ];
    if has(&without_wheel) {
        let package = quoted_after(said, "Wheels are required for ")
            .or_else(|| quoted_after(said, "Failed to download and build "))
            .or_else(|| word_after(said, "Because "))
            .unwrap_or_else(|| "a package".to_owned());
        return PythonError::NoWheel {
            package: package.split(" @ ").next().unwrap_or(&package).to_owned(),
            file,
            python: attempt.python.to_owned(),
            platform: attempt.platform,
            output,
        };
    }
    if has(&[
        "error sending request",
        "dns error",
        "Failed to fetch",
        "Connection refused",
    ]) {
        return PythonError::Unreachable { output };
    }
    PythonError::Install { file, output }
}

/// What stands in backticks after a text.
fn quoted_after(said: &str, text: &str) -> Option<String> {
    let rest = said.split(text).nth(1)?.strip_prefix('`')?;
    Some(rest.split('`').next()?.to_owned())
}

fn word_after(said: &str, text: &str) -> Option<String> {
    said.split(text)
        .nth(1)?
        .split_whitespace()
        .next()
        .map(str::to_owned)
}
