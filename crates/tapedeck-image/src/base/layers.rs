//! The layers of an assembled base, bottom first: foundation, system, runtime, extra packages.
//!
//! Each is made once per machine and shared by all bases that need it. An upper one is resolved by apt against what is
//! in the lower ones.

use std::io;
use std::sync::mpsc::Sender;

use super::apt::{Apt, Installed, Wanted};
use super::deb::{self, Package};
use super::distribution::Distribution;
use super::record::PackageRecord;
use super::rootfs::{self, STATUS_FOLDER};
use super::{BaseError, RuntimeKind};
use crate::{Entry, Layer, Platform, Store};

/// What is in every base: certificates, time zones, names of services, the init. None of these needs a C library.
pub(super) const FOUNDATION: [&str; 5] = ["base-files", "ca-certificates", "netbase", "tini", "tzdata"];

/// What every base has that starts more than programs that bring everything; apt adds what these depend on.
const SYSTEM: [&str; 7] = [
    "libc6",
    "libc-bin",
    "libstdc++6",
    "libatomic1",
    "dash",
    "coreutils",
    "busybox",
];

/// Needs so many libraries that it is worth a line of its own.
const CLIENT: &str = "curl";

/// Left out below everything else: the form of the init that needs it is not used.
const LIBRARY: [&str; 1] = ["libc6"];

/// A layer of a base.
#[derive(Debug, Clone)]
pub(super) struct Part {
    pub(super) layer: Layer,
    pub(super) packages: Vec<PackageRecord>,
    /// A word on what made it.
    pub(super) created_by: String,
}

/// Makes the layers of one base.
#[derive(Debug)]
pub(super) struct Assembler<'a> {
    pub(super) store: &'a Store,
    pub(super) platform: Platform,
    steps: Sender<String>,
    apt: Option<Apt>,
}

/// What a layer of packages is to have.
pub(super) struct Recipe<'a> {
    /// The name of its record.
    pub(super) name: String,
    /// A word on what it is.
    pub(super) created_by: String,
    pub(super) wanted: Wanted<'a>,
}

impl<'a> Assembler<'a> {
    pub(super) fn new(store: &'a Store, platform: Platform, steps: Sender<String>) -> Self {
        Self {
            store,
            platform,
            steps,
            apt: None,
        }
    }

    /// Says what is being done.
    pub(super) fn step(&self, text: impl Into<String>) {
        // Nobody may be listening any more; that changes nothing here.
        let _ = self.steps.send(text.into());
    }

    /// The lowest layer.
    pub(super) fn foundation(&mut self) -> Result<Part, BaseError> {
        let name = self.record_name("foundation");
        if let Some(part) = self.recorded(&name)? {
            return Ok(part);
        }
        let wanted = Wanted {
            names: FOUNDATION.to_vec(),
            left_out: &LIBRARY,
            installed: Installed::new(),
        };
        let packages = self.fetch(&wanted)?;
        self.put(&name, packages, rootfs::foundation)
    }

    /// The lowest layer and the one with the C library.
    pub(super) fn system(&mut self) -> Result<[Part; 2], BaseError> {
        let (foundation, name) = (self.record_name("foundation"), self.record_name("system"));
        let lowest = self.recorded(&foundation)?;
        if let Some(lowest) = &lowest
            && let Some(part) = self.recorded(&name)?
        {
            return Ok([lowest.clone(), part]);
        }
        let mut wanted = Wanted::default();
        wanted.names.extend(SYSTEM);
        wanted.names.push(CLIENT);
        match &lowest {
            Some(lowest) => wanted.installed = self.installed(std::slice::from_ref(lowest))?,
            None => wanted.names.extend(FOUNDATION),
        }
        let packages = self.fetch(&wanted)?;
        let (lower, upper) = packages
            .into_iter()
            .partition(|package| FOUNDATION.contains(&package.record.name.as_str()));
        let lowest = match lowest {
            Some(lowest) => lowest,
            None => self.put(&foundation, lower, rootfs::foundation)?,
        };
        Ok([lowest, self.put(&name, upper, rootfs::system)?])
    }

    /// A layer of packages, with whatever `finish` makes of their files.
    pub(super) fn packages(
        &mut self,
        recipe: &Recipe<'_>,
        finish: impl FnOnce(rootfs::Files) -> Vec<Entry>,
    ) -> Result<Part, BaseError> {
        if let Some(part) = self.recorded(&recipe.name)? {
            return Ok(part);
        }
        let packages = self.fetch(&recipe.wanted)?;
        self.require_all(&recipe.wanted, &packages)?;
        let mut part = self.put(&recipe.name, packages, |packages| {
            finish(rootfs::files_of(packages))
        })?;
        part.created_by.clone_from(&recipe.created_by);
        Ok(part)
    }

    /// The machine's apt; its lists are fetched when it is first needed.
    pub(super) fn apt(&mut self) -> Result<&Apt, BaseError> {
        let apt = match self.apt.take() {
            Some(apt) => apt,
            None => {
                self.step("reading the package lists of this machine's distribution");
                Apt::open(self.store, self.platform)?
            }
        };
        Ok(self.apt.insert(apt))
    }

    /// What is in these layers.
    pub(super) fn installed(&self, parts: &[Part]) -> Result<Installed, BaseError> {
        let mut installed = Installed::new();
        for part in parts {
            let folder = self.store.layer_folder(&part.layer.diff_id).join(STATUS_FOLDER);
            let read = read_status(&folder, &mut installed);
            read.map_err(self.store.failed("read what is in a layer"))?;
        }
        Ok(installed)
    }

    /// The name of a record for this platform.
    pub(super) fn record_name(&self, what: &str) -> String {
        format!("{what}-{}", self.platform.as_str())
    }

    /// A layer that was made before, if it is still whole.
    pub(super) fn recorded(&self, name: &str) -> Result<Option<Part>, BaseError> {
        let record = self.store.layer_record(name)?;
        Ok(record
            .filter(|record| self.store.has_layer(&record.layer))
            .map(|record| Part {
                created_by: described(record.packages.len()),
                layer: record.layer,
                packages: record.packages,
            }))
    }

    fn fetch(&mut self, wanted: &Wanted<'_>) -> Result<Vec<Package>, BaseError> {
        self.apt()?;
        self.step("downloading packages of this machine's distribution");
        let files = self.apt()?.download(wanted)?;
        self.step(format!("unpacking {}", described(files.len())));
        deb::read_packages(files, &Distribution::of_this_machine())
    }

    /// Apt takes a name that it does not know as a pattern, and others for what they provide: only the latter is meant.
    fn require_all(&self, wanted: &Wanted<'_>, fetched: &[Package]) -> Result<(), BaseError> {
        let fetched_controls = fetched.iter().map(|package| package.control.as_str());
        let controls: Vec<&str> = wanted
            .installed
            .values()
            .map(String::as_str)
            .chain(fetched_controls)
            .collect();
        let missing = wanted
            .names
            .iter()
            .find(|name| !controls.iter().any(|control| is_or_provides(control, name)));
        match missing {
            None => Ok(()),
            Some(name) => Err(BaseError::NoPackage {
                name: (*name).to_owned(),
                platform: self.platform.as_str(),
            }),
        }
    }

    fn put(
        &self,
        name: &str,
        packages: Vec<Package>,
        to_entries: impl FnOnce(Vec<Package>) -> Vec<Entry>,
    ) -> Result<Part, BaseError> {
        let packages_in_it = records(&packages);
        let layer = self.store.put_layer(to_entries(packages))?;
        self.store.record_layer(name, &layer, packages_in_it.clone())?;
        Ok(Part {
            layer,
            created_by: described(packages_in_it.len()),
            packages: packages_in_it,
        })
    }
}

/// For another processor than this machine's, missing lists and packages mean that the sources do not serve it.
pub(super) fn judged(error: BaseError, platform: Platform, runtime: RuntimeKind) -> BaseError {
    let is_of_every_base = |name: &str| FOUNDATION.contains(&name) || SYSTEM.contains(&name);
    let is_foreign = platform != Platform::host();
    match &error {
        BaseError::Command { command, .. } if is_foreign && command.starts_with("apt-") => {}
        BaseError::NoPackage { name, .. } if is_foreign && is_of_every_base(name) => {}
        BaseError::NotOffered { offered, .. } if is_foreign && offered.is_empty() => {}
        _ => return error,
    }
    BaseError::NoArchitecture {
        platform: platform.as_str(),
        runtime,
        source: Box::new(error),
    }
}

fn records(packages: &[Package]) -> Vec<PackageRecord> {
    packages.iter().map(|package| package.record.clone()).collect()
}

/// Whether a package has this name or stands in for one of this name.
fn is_or_provides(control: &str, name: &str) -> bool {
    control.lines().any(|line| match line.split_once(':') {
        Some(("Package", own)) => own.trim() == name,
        Some(("Provides", provided)) => provided
            .split(',')
            .any(|provided| provided.split_whitespace().next() == Some(name)),
        _ => false,
    })
}

fn described(count: usize) -> String {
    match count {
        1 => "1 package of the distribution".to_owned(),
        count => format!("{count} packages of the distribution"),
    }
}

fn read_status(folder: &std::path::Path, installed: &mut Installed) -> io::Result<()> {
    let entries = match fs_err::read_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        other => other?,
    };
    for entry in entries {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        let mut control = fs_err::read_to_string(entry.path())?;
        if FOUNDATION.contains(&name.as_str()) {
            control = without_dependencies(&control);
        }
        installed.insert(name, control);
    }
    Ok(())
}

/// What a package of the foundation depends on is left out below everything else; apt would want to mend that.
fn without_dependencies(control: &str) -> String {
    let mut kept = String::new();
    let mut is_dropped = false;
    for line in control.lines() {
        if !line.starts_with([' ', '\t']) {
            is_dropped = line.starts_with("Depends:") || line.starts_with("Pre-Depends:");
        }
        if !is_dropped {
            kept.push_str(line);
            kept.push('\n');
        }
    }
    kept
}
