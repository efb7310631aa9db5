//! Stand-ins that the distribution has as packages: those, and one small layer of ours with the start script.

use tapedeck_image::base::{BaseRequest, PythonVersion, Runtime, ensure_base};
use tapedeck_image::{ConfigChange, Description, Entry, InputKey, Layer, Progress};
use tapedeck_model::ImageDigest;

use super::{DATA, Kind, OWN_PROGRAM, START, StandInError, USER, Workshop};

/// What every start script begins with.
const BEGIN: &str = include_str!("begin.sh");
/// What certificates are to have.
const OPENSSL: &str = include_str!("openssl.cnf");
/// Our files in an image.
const FOLDER: &str = "usr/local/lib/tapedeck";

/// How one is made.
pub(super) struct Recipe {
    kind: Kind,
    /// Packages of the distribution.
    packages: &'static [&'static str],
    /// The package that has its version, without a number at the end.
    versioned: &'static str,
    start: &'static str,
    /// Further files of ours, by name.
    files: &'static [(&'static str, &'static str)],
    stop_signal: &'static str,
}

/// Packages that the start scripts use. The base has a shell and the usual commands.
const TOOLS: [&str; 2] = ["openssl", "util-linux"];

/// SIGTERM would have it wait for its clients.
pub(super) const POSTGRES: Recipe = Recipe {
    kind: Kind::Postgres,
    packages: &["postgresql"],
    versioned: "postgresql-",
    start: include_str!("postgres.sh"),
    files: &[("pg_hba.conf", include_str!("pg_hba.conf"))],
    stop_signal: "SIGINT",
};

pub(super) const MARIADB: Recipe = Recipe {
    kind: Kind::MariaDb,
    packages: &["mariadb-server-core", "mariadb-client-core"],
    versioned: "mariadb-server-core",
    start: include_str!("mariadb.sh"),
    files: &[],
    stop_signal: "SIGTERM",
};

pub(super) const REDIS: Recipe = Recipe {
    kind: Kind::Redis,
    packages: &["redis-server"],
    versioned: "redis-server",
    start: include_str!("redis.sh"),
    files: &[],
    stop_signal: "SIGTERM",
};

/// Makes the image, unless the store has it, and says which version is in it.
pub(super) fn image(
    recipe: &Recipe,
    workshop: &Workshop<'_>,
    progress: &mut dyn Progress,
) -> Result<(ImageDigest, String), StandInError> {
    let kind = recipe.kind;
    let names = recipe.packages.iter().chain(&TOOLS);
    // The base of Python: a stack that runs this runs ministack as well, so that the layers below are shared.
    let base = ensure_base(
        workshop.store,
        &BaseRequest {
            runtime: Runtime::Python(PythonVersion::Distribution),
            platform: workshop.platform,
            extra_packages: &names.map(|name| (*name).to_owned()).collect::<Vec<_>>(),
        },
        progress,
    )
    .map_err(|source| StandInError::Packages { kind, source })?;
    let packages = base.packages.iter();
    let versions = packages.map(|package| (package.name.as_str(), package.version.as_str()));
    let version = version_among(recipe.versioned, versions).ok_or(StandInError::NoVersion {
        kind,
        package: recipe.versioned,
    })?;
    let layer = workshop.store.put_layer(recipe.entries())?;
    let change = ConfigChange {
        entrypoint: Some(kind.entrypoint()),
        user: Some(format!("{}:{}", USER.0, USER.1)),
        working_dir: Some(DATA.to_owned()),
        stop_signal: Some(recipe.stop_signal.to_owned()),
        description: Description {
            title: Some(kind.to_string()),
            version: Some(version.clone()),
            ..Description::default()
        },
        ..ConfigChange::default()
    };
    let layers = [(layer, "how tapedeck starts it")];
    let image = workshop
        .store
        .put_image(Some(&base.image.digest), &layers, &change)?;
    Ok((image.digest, version))
}

/// Makes the image of Redis with this program above it, unless the store has it. The libraries of the program are those of the
/// distribution that it runs on, of which the image is.
pub(super) fn upstash(
    workshop: &Workshop<'_>,
    progress: &mut dyn Progress,
) -> Result<(ImageDigest, String), StandInError> {
    let (redis, version) = image(&REDIS, workshop, progress)?;
    let change = ConfigChange {
        entrypoint: Some(Kind::Upstash.entrypoint()),
        description: Description {
            title: Some("Upstash".to_owned()),
            ..Description::default()
        },
        ..ConfigChange::default()
    };
    let layers = [(program(workshop)?, "tapedeck")];
    let image = workshop.store.put_image(Some(&redis), &layers, &change)?;
    Ok((image.digest, version))
}

/// The layer with this program, which is read when it is another file than before.
fn program(workshop: &Workshop<'_>) -> Result<Layer, StandInError> {
    let path = workshop.program;
    let read = |source| StandInError::Program {
        kind: Kind::Upstash,
        source,
    };
    let about = fs_err::metadata(path).map_err(read)?;
    let modified = about.modified().map_err(read)?;
    let key = InputKey::of([
        "tapedeck".to_owned(),
        path.display().to_string(),
        about.len().to_string(),
        format!("{modified:?}"),
    ]);
    if let Some(layer) = workshop.store.layer_of_key(&key)? {
        return Ok(layer);
    }
    let layer = workshop
        .store
        .put_layer([Entry::copy(OWN_PROGRAM, path).executable()])?;
    workshop.store.remember_layer(&key, &layer)?;
    Ok(layer)
}

impl Recipe {
    /// The layer of ours.
    fn entries(&self) -> Vec<Entry> {
        let file = |name: &str, text: &str| Entry::file(format!("{FOLDER}/{name}"), text.as_bytes());
        let files = self.files.iter().map(|(name, text)| file(name, text));
        let mut entries: Vec<Entry> = files.collect();
        entries.extend([
            file("begin.sh", BEGIN),
            file("openssl.cnf", OPENSSL),
            Entry::file(START, self.start.as_bytes()).executable(),
            Entry::directory(DATA).with_mode(0o700).owned_by(USER.0, USER.1),
        ]);
        entries
    }
}

/// The version, as its makers write it, of the package with this name, or this name and a number.
pub(super) fn version_among<'a>(
    name: &str,
    packages: impl IntoIterator<Item = (&'a str, &'a str)>,
) -> Option<String> {
    let is_number = |rest: &str| rest.bytes().all(|byte| byte.is_ascii_digit());
    let mut found = packages.into_iter().filter_map(|(found, version)| {
        let rest = found.strip_prefix(name)?;
        let is_meant = match name.ends_with('-') {
            true => !rest.is_empty() && is_number(rest),
            false => rest.is_empty(),
        };
        is_meant.then_some(version)
    });
    found.next().map(|version| upstream(version).to_owned())
}

/// The version without what the distribution added to it.
fn upstream(version: &str) -> &str {
    let version = version.split_once(':').map_or(version, |(_, version)| version);
    version.split(['-', '+', '~']).next().unwrap_or(version)
}
