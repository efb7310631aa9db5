//! A project in a temporary folder, and what packaging it gives.

use std::ffi::{OsStr, OsString};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use fs_err as fs;
use tapedeck_build::{BuildError, BuildRequest, Built, LayerName, Outcome, Resident, build, build_again};
use tapedeck_image::{Image, Platform, Progress, Store};
use tapedeck_model::{JavaScriptConfig, LanguageConfig, Packaging, ResourceName, StacktapeImageBuildpack};
use tempfile::TempDir;

/// Remembers what it was told.
#[derive(Debug, Default)]
pub(crate) struct Told(pub(crate) Vec<String>);

impl Progress for Told {
    fn step(&mut self, text: &str) {
        self.0.push(text.to_owned());
    }
}

pub(crate) struct Project {
    folder: TempDir,
    pub(crate) packaging: StacktapeImageBuildpack,
    pub(crate) search_path: OsString,
    pub(crate) platform: Platform,
    pub(crate) no_cache: bool,
    pub(crate) created: i64,
    /// What the last build told.
    pub(crate) told: Told,
}

impl Project {
    /// A project with these files and the entry file `src/main.ts`.
    pub(crate) fn with(files: &[(&str, &str)]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        // Keeps the search for a package.json inside.
        fs::create_dir(folder.path().join(".git")).unwrap();
        let packaging = StacktapeImageBuildpack {
            entryfile_path: "src/main.ts".to_owned(),
            include_files: Vec::new(),
            exclude_files: Vec::new(),
            exclude_dependencies: Vec::new(),
            custom_docker_build_commands: Vec::new(),
            language: LanguageConfig::Javascript(JavaScriptConfig::default()),
        };
        let search_path = std::env::var_os("PATH").unwrap_or_default();
        let project = Self {
            folder,
            packaging,
            search_path,
            platform: Platform::host(),
            no_cache: false,
            created: 0,
            told: Told::default(),
        };
        for (path, text) in files {
            project.write(path, text);
        }
        project
    }

    /// The settings of the language.
    pub(crate) fn javascript(&mut self) -> &mut JavaScriptConfig {
        match &mut self.packaging.language {
            LanguageConfig::Javascript(settings) => settings,
            other => panic!("{other:?}"),
        }
    }

    pub(crate) fn path(&self, below: &str) -> PathBuf {
        fs::canonicalize(self.folder.path()).unwrap().join(below)
    }

    /// Writes a file and waits until the clock of the file system has left that moment, as people do.
    pub(crate) fn write(&self, path: &str, text: &str) {
        let path = self.path(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, text).unwrap();
        self.settle();
    }

    /// See [`settle`].
    pub(crate) fn settle(&self) {
        settle();
    }

    pub(crate) fn build(&mut self) -> Result<Built, BuildError> {
        self.build_in(&state("build"))
    }

    /// Builds as a process does that builds again and again.
    pub(crate) fn build_again(&mut self, resident: &Resident) -> Result<Built, BuildError> {
        self.build_with(&state("build"), Some(resident))
    }

    pub(crate) fn build_in(&mut self, cache: &Path) -> Result<Built, BuildError> {
        self.build_with(cache, None)
    }

    fn build_with(&mut self, cache: &Path, resident: Option<&Resident>) -> Result<Built, BuildError> {
        self.told = Told::default();
        let packaging = Packaging::StacktapeImageBuildpack(self.packaging.clone());
        let service = ResourceName::new("worker").unwrap();
        let request = BuildRequest {
            search_path: &self.search_path,
            platform: self.platform,
            created: self.created,
            no_cache: self.no_cache,
            ..BuildRequest::new(store(), &service, &packaging, self.folder.path(), cache)
        };
        match resident {
            Some(resident) => build_again(&request, resident, &mut self.told),
            None => build(&request, &mut self.told),
        }
    }

    pub(crate) fn error(&mut self) -> String {
        let error = self.build().expect_err("this cannot be packaged");
        tell(&error)
    }
}

/// Returns once a file written now is later than all others by more than a tick of the clock.
pub(crate) fn settle() {
    let probe = tempfile::NamedTempFile::new().unwrap();
    let first = fs::metadata(probe.path()).unwrap();
    let begin = first.ctime() * 1_000_000_000 + first.ctime_nsec();
    loop {
        fs::write(probe.path(), "now").unwrap();
        let facts = fs::metadata(probe.path()).unwrap();
        if facts.ctime() * 1_000_000_000 + facts.ctime_nsec() > begin + 20_000_000 {
            return;
        }
        std::thread::yield_now();
    }
}

/// An error with its sources.
pub(crate) fn tell(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(source) = next {
        text.push_str(&format!(": {source}"));
        next = source.source();
    }
    text
}

/// A folder that stays between runs.
pub(crate) fn state(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR"))
        .join("tapedeck-build")
        .join(name);
    fs::create_dir_all(&folder).unwrap();
    folder
}

pub(crate) fn store() -> &'static Store {
    static STORE: OnceLock<Store> = OnceLock::new();
    STORE.get_or_init(|| Store::open(state("store")).unwrap())
}

pub(crate) fn image(built: &Built) -> Image {
    store().image(&built.image).unwrap()
}

/// The package URLs in the bill of materials of an image.
pub(crate) fn components(built: &Built) -> Vec<String> {
    let text = store().sbom(&built.image).unwrap().expect("a bill of materials");
    let sbom: serde_json::Value = serde_json::from_str(&text).unwrap();
    let packages = sbom["packages"].as_array().unwrap().iter();
    packages
        .filter_map(|package| {
            Some(
                package["externalRefs"][0]["referenceLocator"]
                    .as_str()?
                    .to_owned(),
            )
        })
        .collect()
}

/// The names of the rebuilt layers; nothing when all was unchanged.
pub(crate) fn rebuilt(built: &Built) -> Vec<LayerName> {
    match &built.outcome {
        Outcome::Unchanged => Vec::new(),
        Outcome::Rebuilt { layers } => layers.iter().map(|change| change.layer).collect(),
    }
}

/// The uppermost file of an image at `path`, on this machine.
pub(crate) fn find(image: &Image, path: &str) -> Option<PathBuf> {
    image
        .layers
        .iter()
        .map(|layer| layer.join(path))
        .find(|path| path.symlink_metadata().is_ok())
}

pub(crate) fn text(image: &Image, path: &str) -> String {
    fs::read_to_string(find(image, path).unwrap_or_else(|| panic!("{path} is not in the image"))).unwrap()
}

/// The application of an image and what it needs, without system and Node, in a folder of this machine.
pub(crate) fn laid_out(image: &Image) -> TempDir {
    let root = tempfile::tempdir().unwrap();
    // The two lowest layers are the system and Node.
    for layer in image.layers.iter().rev().skip(2) {
        let status = Command::new("cp")
            .arg("-a")
            .arg(layer.join("."))
            .arg(root.path())
            .status()
            .unwrap();
        assert!(status.success());
    }
    root
}

/// Runs the application of an image with the Node of this machine, and gives what it prints.
pub(crate) fn run(image: &Image) -> String {
    let root = laid_out(image);
    printed_by(
        Command::new("node")
            .arg("--enable-source-maps")
            .arg(root.path().join("app/index.js"))
            .env_remove("NODE_OPTIONS"),
    )
}

/// What a command prints, which has to succeed.
pub(crate) fn printed_by(command: &mut Command) -> String {
    let output = command.output().unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8(output.stdout).unwrap()
}

/// A search path without any program.
pub(crate) fn no_programs() -> OsString {
    OsStr::new("/nowhere").to_owned()
}
