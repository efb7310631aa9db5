//! What an engine and its tasks leave on a machine.
//!
//! Only what bears the names of one home is looked at, so that tests can run side by side, and beside real engines.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

use fs_err as fs;
use tapedeck_runtime::cgroup::MOUNT_ROOT;
use tapedeck_runtime::network::HostNetwork;

use crate::home::Home;
use crate::processes::{Process, processes};
use crate::wait::{DEADLINE, within};

/// The names that the engine of one home gives to what it makes. They follow from the path of the home.
#[derive(Debug, Clone)]
pub struct Names {
    /// The home itself.
    pub home: PathBuf,
    /// Its bridge.
    pub bridge: String,
    /// Its firewall table, of the family `inet`.
    pub table: String,
    /// Its cgroup, below the mount point of each hierarchy.
    pub cgroup: String,
}

impl Names {
    pub(crate) fn of(home: &Path) -> Self {
        let network = HostNetwork::candidates(home.as_os_str().as_encoded_bytes())
            .next()
            .expect("there are many candidates");
        Self {
            home: home.to_owned(),
            cgroup: format!("/tapedeck-{}", network.bridge.trim_start_matches("td-")),
            bridge: network.bridge,
            table: network.table,
        }
    }

    /// Its engine, shims and containers.
    #[must_use]
    pub fn processes(&self) -> Vec<Process> {
        let home = self.home.to_string_lossy();
        let variable = format!("TAPEDECK_HOME={home}");
        let below = format!("{home}/");
        let inside = |path: &String| {
            path.strip_prefix(&self.cgroup)
                .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        };
        let own = std::process::id();
        processes()
            .into_iter()
            .filter(|process| {
                process.pid != own
                    && (process.environment.contains(&variable)
                        || process.command.contains(&below)
                        || process.cgroups.iter().any(inside))
            })
            .collect()
    }

    /// The shim of each of its tasks, and whatever else was started as one.
    #[must_use]
    pub fn shims(&self) -> Vec<Process> {
        let tasks = format!(" shim {}/tasks/", self.home.display());
        let mut found = processes();
        found.retain(|process| process.command.contains(&tasks));
        found
    }

    /// The folders of its tasks' cgroups, and its own, in every hierarchy.
    #[must_use]
    pub fn cgroups(&self) -> Vec<PathBuf> {
        let mut found = BTreeSet::new();
        for own in self.own_cgroups() {
            // Two controllers may share a hierarchy, under two names.
            let Ok(own) = fs::canonicalize(own) else { continue };
            for task in fs::read_dir(&own).into_iter().flatten().flatten() {
                if task.path().is_dir() {
                    found.insert(task.path());
                }
            }
            found.insert(own);
        }
        found.into_iter().collect()
    }

    /// Where its own cgroup is in each hierarchy, if it is there.
    fn own_cgroups(&self) -> impl Iterator<Item = PathBuf> {
        let root = Path::new(MOUNT_ROOT);
        let hierarchies = fs::read_dir(root).into_iter().flatten().flatten();
        let mounts = hierarchies.map(|entry| entry.path()).chain([root.to_owned()]);
        mounts.map(|mount| mount.join(self.cgroup.trim_start_matches('/')))
    }

    /// Everything that bears its names.
    pub(crate) fn traces(&self) -> BTreeSet<String> {
        let mut found = BTreeSet::new();
        found.extend(
            self.processes()
                .iter()
                .map(|process| format!("process {}: {}", process.pid, process.command)),
        );
        found.extend(
            self.cgroups()
                .iter()
                .map(|group| format!("cgroup {}", group.display())),
        );
        found.extend(self.mounts());
        found.extend(self.links());
        found.extend(self.table_if_any());
        found.extend(self.namespaces());
        found.extend(self.loop_devices());
        found.extend(files(&self.home));
        found
    }

    /// Mounts of its folders, and of network namespaces under its names, in any mount namespace.
    fn mounts(&self) -> Vec<String> {
        let home = format!("{}/", self.home.display());
        let mut found = BTreeSet::new();
        for process in processes() {
            let table = fs::read_to_string(format!("/proc/{}/mountinfo", process.pid)).unwrap_or_default();
            found.extend(
                table
                    .lines()
                    .filter(|line| line.contains(&home))
                    .map(|line| format!("mount {line}")),
            );
        }
        found.into_iter().collect()
    }

    /// Its bridge with the ports of its tasks, and ports of tasks that lost their bridge, whosever they were.
    fn links(&self) -> Vec<String> {
        let mut found = Vec::new();
        for link in fs::read_dir("/sys/class/net").into_iter().flatten().flatten() {
            let name = link.file_name().to_string_lossy().into_owned();
            let master = fs::read_link(link.path().join("master")).ok();
            let master = master.and_then(|path| Some(path.file_name()?.to_string_lossy().into_owned()));
            let port = name.strip_prefix('v').is_some_and(|digits| {
                digits.len() == 14 && digits.bytes().all(|digit| digit.is_ascii_hexdigit())
            });
            match master {
                _ if name == self.bridge => found.push(format!("bridge {name}")),
                Some(master) if master == self.bridge => found.push(format!("link {name} of {master}")),
                None if port && link.path().exists() => found.push(format!("link {name} without a bridge")),
                _ => {}
            }
        }
        found
    }

    fn table_if_any(&self) -> Option<String> {
        let listed = Command::new("nft")
            .args(["list", "table", "inet", &self.table])
            .output()
            .ok()?;
        listed.status.success().then(|| format!("table {}", self.table))
    }

    /// Network namespaces other than this process's own that its processes are in or hold open. (One that no process
    /// is in, that is not open and not mounted does not exist.)
    fn namespaces(&self) -> Vec<String> {
        let own = fs::read_link("/proc/self/ns/net").ok();
        let mut found = BTreeSet::new();
        for process in self.processes() {
            let folder = PathBuf::from(format!("/proc/{}", process.pid));
            let descriptors = fs::read_dir(folder.join("fd"))
                .into_iter()
                .flatten()
                .flatten()
                .map(|entry| entry.path());
            for link in descriptors.chain([folder.join("ns/net")]) {
                let Ok(target) = fs::read_link(&link) else {
                    continue;
                };
                if target.to_string_lossy().starts_with("net:[") && Some(&target) != own.as_ref() {
                    found.insert(format!(
                        "network namespace {} of process {}",
                        target.display(),
                        process.pid
                    ));
                }
            }
        }
        found.into_iter().collect()
    }

    fn loop_devices(&self) -> Vec<String> {
        let devices = fs::read_dir("/sys/block").into_iter().flatten().flatten();
        let mut found = Vec::new();
        for device in devices {
            let file = fs::read_to_string(device.path().join("loop/backing_file")).unwrap_or_default();
            if Path::new(file.trim()).starts_with(&self.home) {
                found.push(format!("loop device {}", device.path().display()));
            }
        }
        found
    }
}

/// Folders of tasks, and files that only a living engine has.
fn files(home: &Path) -> Vec<String> {
    ["tasks", "run"]
        .iter()
        .flat_map(|folder| fs::read_dir(home.join(folder)).into_iter().flatten().flatten())
        .map(|entry| format!("file {}", entry.path().display()))
        .collect()
}

/// What was there at some moment; later there must not be more.
#[derive(Debug)]
pub struct Leaks {
    names: Names,
    before: BTreeSet<String>,
}

impl Leaks {
    /// Looks at what there is now: processes, mounts, cgroups, the bridge and its ports, the firewall table, network
    /// namespaces, loop devices, folders of tasks and files of a running engine.
    #[must_use]
    pub fn before(home: &Home) -> Self {
        let names = home.names().clone();
        let mut before = names.traces();
        if home.engine().is_some() {
            // Made with the first task, it stays as long as the engine.
            before.extend(
                names
                    .own_cgroups()
                    .map(|group| format!("cgroup {}", group.display())),
            );
        }
        Self { names, before }
    }

    /// Waits a moment for what is just ending, then makes sure that nothing is there that was not there before.
    ///
    /// # Panics
    /// When there is, naming it.
    pub fn check(&self) {
        let mut left = BTreeSet::new();
        let gone = within(DEADLINE / 6, || {
            left = self.names.traces();
            left.retain(|trace| !self.before.contains(trace));
            left.is_empty().then_some(())
        });
        assert!(gone.is_some(), "left behind: {left:#?}");
    }
}
