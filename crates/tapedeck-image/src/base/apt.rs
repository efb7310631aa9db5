//! Fetching packages through the machine's own apt, without changing the machine.
//!
//! Apt gets folders of its own for lists, cache and the record of what is installed, so it may as well be asked for
//! another processor than the machine's; it uses the machine's sources, keys, pins and proxy. It resolves the
//! dependencies and verifies every package against the signed lists; nothing is unpacked or configured by it.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io;
use std::path::{Path, PathBuf};

use super::BaseError;
use super::command::Fetcher;
use crate::store::Workspace;
use crate::{Platform, Store};

const APT: Fetcher = Fetcher {
    program: "apt-get",
    if_missing: "use a machine with Debian, Ubuntu or another distribution that has apt, or name a base image of a \
                 registry by TAPEDECK_NODE_BASE, TAPEDECK_PYTHON_BASE, TAPEDECK_JAVA_BASE or TAPEDECK_STATIC_BASE, or \
                 copy the image store from such a machine",
    if_failing: "check that `apt-get update` works on this machine, then deploy again",
};

const APT_CACHE: Fetcher = Fetcher {
    program: "apt-cache",
    ..APT
};

/// Packages (and what they provide) that are only there to install and configure others. Apt is told that it
/// has them already, so they are neither resolved nor fetched.
const PRETENDED: [(&str, &str); 8] = [
    ("debconf", "debconf-2.0"),
    ("dpkg", ""),
    ("openssl", ""),
    ("debianutils", ""),
    ("mawk", "awk"),
    ("init-system-helpers", ""),
    ("ucf", ""),
    ("usr-is-merged", ""),
];

/// What one call of apt is to fetch.
#[derive(Debug, Default)]
pub(super) struct Wanted<'a> {
    /// Names; apt adds what these depend on.
    pub(super) names: Vec<&'a str>,
    /// Packages that are left out although others depend on them.
    pub(super) left_out: &'a [&'a str],
    /// What is in lower layers.
    pub(super) installed: Installed,
}

/// The `control` paragraphs of packages that are there, by name.
pub(super) type Installed = BTreeMap<String, String>;

/// One component of a suite, which this machine takes packages from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Archive {
    /// Such as `http://mirror.example/debian/`.
    address: String,
    /// Such as `bookworm-updates`.
    pub(super) suite: String,
    /// Such as `main`.
    pub(super) component: String,
    /// Whose it is by its own signed word, such as `Debian`.
    pub(super) origin: String,
}

impl Archive {
    /// What apt is asked to write of each archive; [`Self::parse`] reads it.
    const FORMAT: &'static str = "$(REPO_URI)|$(RELEASE)|$(COMPONENT)|$(ORIGIN)";

    /// Reads a line; none for an archive without suites.
    pub(super) fn parse(line: &str) -> Option<Self> {
        let [address, suite, component, origin] = line.split('|').collect::<Vec<_>>().try_into().ok()?;
        let is_whole = |text: &str| !text.is_empty() && !text.starts_with("$(") && !text.ends_with('/');
        [suite, component, origin]
            .into_iter()
            .all(is_whole)
            .then(|| Self {
                address: address.to_owned(),
                suite: suite.to_owned(),
                component: component.to_owned(),
                origin: origin.to_owned(),
            })
    }

    /// The address without what one proves oneself with there, which must not get into an image; none if only this
    /// machine can reach it.
    pub(super) fn public_address(&self) -> Option<String> {
        let (scheme, rest) = self.address.split_once("://")?;
        let (host, path) = rest.split_once('/').unwrap_or((rest, ""));
        let host = host.rsplit_once('@').map_or(host, |(_, host)| host);
        ["http", "https"]
            .contains(&scheme)
            .then(|| format!("{scheme}://{host}/{path}"))
    }
}

/// The machine's apt with current lists for one processor.
#[derive(Debug)]
pub(super) struct Apt {
    work: Workspace,
    platform: Platform,
    calls: Cell<usize>,
    /// Why lists may be missing. A source that fails need not be the one that is needed, so it is told only if
    /// something cannot be found or fetched.
    trouble: RefCell<Option<BaseError>>,
}

impl Apt {
    /// Fetches the package lists. They are kept in the store, so that only what has changed is fetched again.
    pub(super) fn open(store: &Store, platform: Platform) -> Result<Self, BaseError> {
        let work = store.workspace().map_err(store.failed("fetch packages"))?;
        let kept = store.path("apt").join(platform.as_str());
        let prepare = || {
            for folder in ["state/lists/partial", "cache"] {
                fs_err::create_dir_all(kept.join(folder))?;
            }
            fs_err::write(
                work.path("apt.conf"),
                configuration(&kept, work.folder(), platform),
            )?;
            fs_err::write(work.path("status"), "")
        };
        prepare().map_err(unusable)?;
        let apt = Self {
            work,
            platform,
            calls: Cell::new(0),
            trouble: RefCell::new(None),
        };
        match apt.run(APT, &["-qq", "update"]) {
            Err(error @ BaseError::Command { .. }) => *apt.trouble.borrow_mut() = Some(error),
            other => drop(other?),
        }
        Ok(apt)
    }

    /// The error to give for something that is not there: that lists are missing, if they are.
    pub(super) fn or_trouble(&self, error: BaseError) -> BaseError {
        self.trouble.borrow_mut().take().unwrap_or(error)
    }

    /// Fetches packages. The files stay as long as `self` does.
    pub(super) fn download(&self, wanted: &Wanted<'_>) -> Result<Vec<PathBuf>, BaseError> {
        let call = self.calls.replace(self.calls.get() + 1);
        let archives = self.work.path(&format!("archives-{call}"));
        let status = self.work.path(&format!("status-{call}"));
        let prepare = || {
            fs_err::create_dir_all(archives.join("partial"))?;
            fs_err::write(&status, status_text(wanted))
        };
        prepare().map_err(unusable)?;
        let archives_option = format!("Dir::Cache::archives={}/", archives.display());
        let status_option = format!("Dir::State::status={}", status.display());
        let mut install = vec!["-qq", "-o", &archives_option, "-o", &status_option];
        install.extend(["--yes", "--download-only", "install"]);
        install.extend(&wanted.names);
        self.run(APT, &install)
            .map_err(|error| self.or_trouble(self.explained(error, wanted)))?;
        debs(&archives).map_err(|source| BaseError::Package {
            file: archives.clone(),
            source,
        })
    }

    /// The names of all packages that match this regular expression, sorted.
    pub(super) fn names_like(&self, pattern: &str) -> Result<Vec<String>, BaseError> {
        let answer = self.run(APT_CACHE, &["search", "--names-only", pattern])?;
        let answer = String::from_utf8_lossy(&answer);
        let names = answer.lines().filter_map(|line| line.split(' ').next());
        let mut names: Vec<String> = names.map(str::to_owned).collect();
        names.sort();
        Ok(names)
    }

    /// The version of a package that would be fetched.
    pub(super) fn version_of(&self, name: &str) -> Result<Option<String>, BaseError> {
        let answer = match self.run(APT_CACHE, &["show", "--no-all-versions", name]) {
            Err(BaseError::Command { .. }) => return Ok(None),
            other => other?,
        };
        let answer = String::from_utf8_lossy(&answer);
        Ok(answer
            .lines()
            .find_map(|line| line.strip_prefix("Version: "))
            .map(str::to_owned))
    }

    /// Where packages are taken from, each component once.
    pub(super) fn archives(&self) -> Result<Vec<Archive>, BaseError> {
        let answer = self.run(
            APT,
            &[
                "indextargets",
                "--format",
                Archive::FORMAT,
                "Created-By: Packages",
            ],
        )?;
        let answer = String::from_utf8_lossy(&answer);
        Ok(answer.lines().filter_map(Archive::parse).collect())
    }

    pub(super) fn platform(&self) -> Platform {
        self.platform
    }

    fn run(&self, fetcher: Fetcher, arguments: &[&str]) -> Result<Vec<u8>, BaseError> {
        let config = self.work.path("apt.conf");
        let config = config.to_string_lossy();
        let all: Vec<&str> = ["-c", &*config]
            .into_iter()
            .chain(arguments.iter().copied())
            .collect();
        fetcher.run(&all)
    }

    /// Apt's word that it does not know a package, as an error of its own.
    fn explained(&self, error: BaseError, wanted: &Wanted<'_>) -> BaseError {
        let BaseError::Command { output, .. } = &error else {
            return error;
        };
        if ![
            "Unable to locate",
            "no installation candidate",
            "find any package",
        ]
        .iter()
        .any(|words| output.contains(words))
        {
            return error;
        }
        let unknown = |name: &&&str| {
            output
                .split(|letter: char| letter.is_whitespace() || letter == '\'')
                .any(|word| word == **name)
        };
        match wanted.names.iter().find(unknown) {
            Some(name) => BaseError::NoPackage {
                name: (*name).to_owned(),
                platform: self.platform.as_str(),
            },
            None => error,
        }
    }
}

fn debs(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for entry in fs_err::read_dir(folder)? {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "deb") {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

fn unusable(source: io::Error) -> BaseError {
    BaseError::Start {
        command: APT.program.to_owned(),
        source,
    }
}

/// Settings that come after those of the machine and so win over them.
fn configuration(kept: &Path, work: &Path, platform: Platform) -> String {
    let (kept, work) = (kept.display(), work.display());
    let architecture = platform.as_str();
    // Hooks of the machine would act on the machine. The sandbox user could not enter the store. Of what apt may fetch
    // beside packages (descriptions of programs, contents), nothing is needed.
    format!(
        r##"Dir::State "{kept}/state";
Dir::State::lists "lists";
Dir::State::status "{work}/status";
Dir::Cache "{kept}/cache";
Dir::Cache::archives "{work}/archives/";
Dir::Log "{work}";
APT::Architecture "{architecture}";
#clear APT::Architectures;
APT::Architectures {{ "{architecture}"; }};
APT::Sandbox::User "root";
APT::Install-Recommends "false";
APT::Install-Suggests "false";
APT::Get::AllowUnauthenticated "false";
APT::Keep-Downloaded-Packages "true";
Acquire::Languages "none";
Acquire::Retries "3";
#clear Acquire::IndexTargets::deb::DEP-11;
#clear Acquire::IndexTargets::deb::DEP-11-icons;
#clear Acquire::IndexTargets::deb::DEP-11-icons-small;
#clear Acquire::IndexTargets::deb::DEP-11-icons-large;
#clear Acquire::IndexTargets::deb::DEP-11-icons-hidpi;
#clear Acquire::IndexTargets::deb::DEP-11-icons-large-hidpi;
#clear Acquire::IndexTargets::deb::Contents-deb;
#clear APT::Update::Pre-Invoke;
#clear APT::Update::Post-Invoke;
#clear APT::Update::Post-Invoke-Success;
#clear DPkg::Pre-Invoke;
#clear DPkg::Post-Invoke;
#clear DPkg::Pre-Install-Pkgs;
"##
    )
}

/// What apt is told that it has: what is in lower layers, and what is left out.
fn status_text(wanted: &Wanted<'_>) -> String {
    let mut status = String::new();
    let left_out = wanted.left_out.iter().map(|name| (*name, ""));
    for (name, provides) in PRETENDED.into_iter().chain(left_out) {
        if wanted.names.contains(&name) || wanted.installed.contains_key(name) {
            continue;
        }
        let provides = if provides.is_empty() {
            String::new()
        } else {
            format!("Provides: {provides}\n")
        };
        write!(
            status,
            "Package: {name}\nStatus: install ok installed\nMaintainer: none\nArchitecture: all\n\
             Multi-Arch: foreign\nVersion: 999:0\n{provides}Description: left out of base images\n\n"
        )
        .expect("writing to a text cannot fail");
    }
    for control in wanted.installed.values() {
        write!(status, "Status: install ok installed\n{}\n\n", control.trim_end())
            .expect("writing to a text cannot fail");
    }
    status
}
