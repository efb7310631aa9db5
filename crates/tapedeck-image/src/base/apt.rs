//! Fetching packages through the machine's own apt, without changing the machine.
//!
//! Apt gets folders of its own for lists, cache and the record of what is installed, and uses the machine's
//! sources, keys, pins and proxy. It resolves the dependencies and verifies every package against the signed
//! lists; nothing is unpacked or configured by it.

use std::fmt::Write as _;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::mpsc::Sender;

use super::BaseError;
use super::command::Fetcher;
use crate::Platform;
use crate::store::Workspace;

const APT: Fetcher = Fetcher {
    program: "apt-get",
    if_missing: "use a machine with Debian, Ubuntu or another distribution that has apt, or copy the image store \
                 from such a machine",
    if_failing: "check that `apt-get update` works on this machine, then deploy again",
};

/// What is in every base; apt adds what these depend on.
const WANTED: [&str; 12] = [
    "base-files",
    "libc6",
    "libc-bin",
    "libstdc++6",
    "libatomic1",
    "ca-certificates",
    "tzdata",
    "netbase",
    "dash",
    "coreutils",
    "busybox",
    "curl",
];

/// Packages (and what they provide) that are only there to install and configure others. Apt is told that it
/// has them already, so they are neither resolved nor fetched.
const PRETENDED: [(&str, &str); 7] = [
    ("debconf", "debconf-2.0"),
    ("dpkg", ""),
    ("openssl", ""),
    ("debianutils", ""),
    ("mawk", "awk"),
    ("init-system-helpers", ""),
    ("usr-is-merged", ""),
];

/// Fetches the packages of a base. The files stay as long as `work` does.
pub(super) fn download(
    work: &Workspace,
    platform: Platform,
    steps: &Sender<String>,
) -> Result<Vec<PathBuf>, BaseError> {
    let archives = work.path("cache/archives");
    let config = work.path("apt.conf");
    let prepared = prepare(work, &config, platform);
    prepared.map_err(|source| BaseError::Start {
        command: APT.program.to_owned(),
        source,
    })?;
    // Nobody may be listening any more; that changes nothing here.
    let _ = steps.send("reading the package lists of this machine's distribution".to_owned());
    run(&config, &["-qq", "update"])?;
    let _ = steps.send("downloading the packages of the base image".to_owned());
    let mut install = vec!["-qq", "--yes", "--download-only", "install"];
    install.extend(WANTED);
    run(&config, &install)?;
    let unreadable = |source| BaseError::Package {
        file: archives.clone(),
        source,
    };
    let mut files = Vec::new();
    for entry in fs_err::read_dir(&archives).map_err(unreadable)? {
        let path = entry.map_err(unreadable)?.path();
        if path.extension().is_some_and(|extension| extension == "deb") {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

fn run(config: &Path, arguments: &[&str]) -> Result<(), BaseError> {
    let config = config.to_string_lossy();
    let all: Vec<&str> = ["-c", &*config]
        .into_iter()
        .chain(arguments.iter().copied())
        .collect();
    APT.run(&all).map(drop)
}

fn prepare(work: &Workspace, config: &Path, platform: Platform) -> io::Result<()> {
    for folder in ["state/lists/partial", "cache/archives/partial"] {
        fs_err::create_dir_all(work.path(folder))?;
    }
    fs_err::write(work.path("status"), pretended_status())?;
    fs_err::write(config, configuration(work.folder(), platform))
}

/// Settings that come after those of the machine and so win over them.
fn configuration(folder: &Path, platform: Platform) -> String {
    let folder = folder.display();
    let architecture = platform.as_str();
    // Hooks of the machine would act on the machine. The sandbox user could not enter the store.
    format!(
        r##"Dir::State "{folder}/state";
Dir::State::lists "lists";
Dir::State::status "{folder}/status";
Dir::Cache "{folder}/cache";
Dir::Cache::archives "archives";
Dir::Log "{folder}";
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
#clear APT::Update::Pre-Invoke;
#clear APT::Update::Post-Invoke;
#clear APT::Update::Post-Invoke-Success;
#clear DPkg::Pre-Invoke;
#clear DPkg::Post-Invoke;
#clear DPkg::Pre-Install-Pkgs;
"##
    )
}

fn pretended_status() -> String {
    let mut status = String::new();
    for (name, provides) in PRETENDED {
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
    status
}
