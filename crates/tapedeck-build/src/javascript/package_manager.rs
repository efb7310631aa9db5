//! Which package manager a project uses and how it is told to install: decisions without effects.

use serde::{Deserialize, Serialize};

/// A package manager of the JavaScript world.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum PackageManager {
    Npm,
    Pnpm,
    /// Yarn 1.
    YarnClassic,
    /// Yarn 2 and later.
    YarnBerry,
    Bun,
}

/// The manager of a project, and its version when the project names one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ChosenPackageManager {
    pub(crate) manager: PackageManager,
    pub(crate) version: Option<String>,
}

/// The field `packageManager` of a `package.json` names a manager that is not known here.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "packageManager is `{text}` in package.json, which is not known here: use npm, pnpm, yarn or bun, as in `npm@11.0.0`"
)]
pub struct UnknownPackageManager {
    /// The text of the field.
    pub text: String,
}

/// Lock files by name, in the order in which they are looked for.
pub(crate) const LOCK_FILES: [(&str, PackageManager); 6] = [
    ("package-lock.json", PackageManager::Npm),
    ("npm-shrinkwrap.json", PackageManager::Npm),
    ("pnpm-lock.yaml", PackageManager::Pnpm),
    ("yarn.lock", PackageManager::YarnClassic),
    ("bun.lock", PackageManager::Bun),
    ("bun.lockb", PackageManager::Bun),
];

impl PackageManager {
    /// The name of its program.
    pub(crate) fn program(self) -> &'static str {
        match self {
            Self::Npm => "npm",
            Self::Pnpm => "pnpm",
            Self::YarnClassic | Self::YarnBerry => "yarn",
            Self::Bun => "bun",
        }
    }

    /// Arguments that install everything, exactly as the lock file says if there is one.
    pub(crate) fn install_arguments(self, has_lock: bool) -> &'static [&'static str] {
        match (self, has_lock) {
            // The lock has a hash of everything, so that what is on this machine need not be asked for again.
            (Self::Npm, true) => &[
                "ci",
                "--prefer-offline",
                "--no-audit",
                "--no-fund",
                "--no-progress",
            ],
            (Self::Npm, false) => &["install", "--no-audit", "--no-fund", "--no-progress"],
            (Self::Pnpm, true) => &["install", "--frozen-lockfile"],
            (Self::Pnpm, false) => &["install", "--no-frozen-lockfile"],
            (Self::YarnClassic, true) => &["install", "--frozen-lockfile", "--non-interactive"],
            (Self::YarnClassic, false) => &["install", "--non-interactive"],
            (Self::YarnBerry, true) => &["install", "--immutable"],
            (Self::Bun, true) => &["install", "--frozen-lockfile"],
            (Self::YarnBerry | Self::Bun, false) => &["install"],
        }
    }

    /// Arguments that install only what runs in production, as plain folders. None: this manager cannot; npm
    /// needs no such run, because its lock file tells which packages are which.
    pub(crate) fn production_arguments(self) -> Option<&'static [&'static str]> {
        match self {
            Self::Npm => None,
            Self::Pnpm => Some(&[
                "install",
                "--prod",
                "--frozen-lockfile",
                "--config.node-linker=hoisted",
            ]),
            Self::YarnClassic => Some(&[
                "install",
                "--production",
                "--frozen-lockfile",
                "--non-interactive",
            ]),
            Self::YarnBerry => Some(&["workspaces", "focus", "--production"]),
            Self::Bun => Some(&["install", "--production", "--frozen-lockfile"]),
        }
    }

    /// The package of the registry that holds the manager, for machines that do not have it installed.
    pub(crate) fn registry_package(self, version: Option<&str>) -> String {
        let (package, default) = match self {
            Self::Npm => ("npm", "latest"),
            Self::Pnpm => ("pnpm", "latest"),
            Self::YarnClassic => ("yarn", "1"),
            Self::YarnBerry => ("@yarnpkg/cli-dist", "4"),
            Self::Bun => ("bun", "latest"),
        };
        format!("{package}@{}", version.unwrap_or(default))
    }
}

/// Chooses by the field `packageManager`, else by the lock file, else npm.
///
/// `lock` is the lock file found, with its name and its first lines.
pub(crate) fn choose(
    field: Option<&str>,
    lock: Option<(PackageManager, &str)>,
) -> Result<ChosenPackageManager, UnknownPackageManager> {
    let Some(field) = field.map(str::trim).filter(|text| !text.is_empty()) else {
        let manager = match lock {
            Some((PackageManager::YarnClassic, text)) if !text.contains("yarn lockfile v1") => {
                PackageManager::YarnBerry
            }
            Some((manager, _)) => manager,
            None => PackageManager::Npm,
        };
        return Ok(ChosenPackageManager {
            manager,
            version: None,
        });
    };
    let (name, version) = field
        .split_once('@')
        .map_or((field, None), |(name, version)| (name, Some(version)));
    // A hash may follow the version: `pnpm@9.1.0+sha512.…`.
    let version = version.map(|text| text.split('+').next().unwrap_or(text).to_owned());
    let manager = match name {
        "npm" => PackageManager::Npm,
        "pnpm" => PackageManager::Pnpm,
        "bun" => PackageManager::Bun,
        "yarn"
            if version
                .as_deref()
                .is_some_and(|version| version.starts_with("1.") || version == "1") =>
        {
            PackageManager::YarnClassic
        }
        "yarn" => PackageManager::YarnBerry,
        _ => {
            return Err(UnknownPackageManager {
                text: field.to_owned(),
            });
        }
    };
    Ok(ChosenPackageManager { manager, version })
}
