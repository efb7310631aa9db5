//! The OCI runtime specification of a task. Pure: a definition in, text out.
//!
//! It gives what Docker gives by default (capabilities, masked and read-only paths, mounts), with three differences:
//! no new privileges can be gained; device files can neither be made (`CAP_MKNOD` is left out) nor used outside `/dev`,
//! which makes a filter of devices superfluous and works the same on every cgroup version; and the system calls
//! are filtered by the [executor](super::executor), not by libcontainer.

use std::os::fd::RawFd;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use crate::definition::{FolderMount, TaskDefinition};

/// Docker's default capabilities, without `CAP_MKNOD`.
pub(super) const CAPABILITIES: [&str; 13] = [
    "CAP_AUDIT_WRITE",
    "CAP_CHOWN",
    "CAP_DAC_OVERRIDE",
    "CAP_FOWNER",
    "CAP_FSETID",
    "CAP_KILL",
    "CAP_NET_BIND_SERVICE",
    "CAP_NET_RAW",
    "CAP_SETFCAP",
    "CAP_SETGID",
    "CAP_SETPCAP",
    "CAP_SETUID",
    "CAP_SYS_CHROOT",
];

/// What a container must not see at all, as Docker masks it.
const MASKED_PATHS: [&str; 12] = [
    "/proc/acpi",
    "/proc/asound",
    "/proc/interrupts",
    "/proc/kcore",
    "/proc/keys",
    "/proc/latency_stats",
    "/proc/sched_debug",
    "/proc/scsi",
    "/proc/timer_list",
    "/proc/timer_stats",
    "/sys/devices/virtual/powercap",
    "/sys/firmware",
];

/// What a container may read but not change.
const READONLY_PATHS: [&str; 5] = [
    "/proc/bus",
    "/proc/fs",
    "/proc/irq",
    "/proc/sys",
    "/proc/sysrq-trigger",
];

/// Open files a process may have, as on Fargate.
pub(super) const OPEN_FILES: u64 = 65_535;

/// What is only known when the container is made.
pub(super) struct Surroundings {
    /// File descriptor of the network namespace to join.
    pub(super) network: RawFd,
    /// Names below `/sys/fs/cgroup` (or an empty one for the folder itself), and what is to be mounted there.
    pub(super) cgroups: Vec<(&'static str, PathBuf)>,
    /// Open files a process may have: [`OPEN_FILES`], unless this machine does not let us give that many.
    pub(super) open_files: u64,
}

/// The text of `config.json`.
pub(super) fn text(definition: &TaskDefinition, surroundings: &Surroundings) -> String {
    let Surroundings {
        network,
        cgroups,
        open_files,
    } = surroundings;
    let process = &definition.process;
    // Another user than root has none in effect, but may get some of these through a program that carries them,
    // were that not forbidden by `noNewPrivileges`.
    let effective: &[&str] = if process.uid == 0 { &CAPABILITIES } else { &[] };
    json!({
        "ociVersion": "1.0.2",
        "hostname": definition.hostname,
        "root": { "path": "rootfs", "readonly": false },
        "process": {
            "terminal": false,
            "user": { "uid": process.uid, "gid": process.gid },
            "cwd": process.working_directory,
            "args": process.args,
            // The real one stays with the executor, so that secrets are in no file.
            "env": [],
            "noNewPrivileges": true,
            // A shim is spared when the machine runs out of memory; its task is not.
            "oomScoreAdj": 0,
            "rlimits": [{ "type": "RLIMIT_NOFILE", "hard": open_files, "soft": open_files }],
            "capabilities": { "bounding": CAPABILITIES, "effective": effective, "permitted": effective },
        },
        "mounts": mounts(cgroups, &folders(definition)),
        "linux": {
            "cgroupsPath": definition.cgroup,
            "namespaces": [
                { "type": "pid" },
                { "type": "mount" },
                { "type": "ipc" },
                { "type": "uts" },
                { "type": "cgroup" },
                { "type": "network", "path": format!("/proc/self/fd/{network}") },
            ],
            "sysctl": {
                "net.ipv4.ip_unprivileged_port_start": "0",
                "net.ipv4.ping_group_range": "0 2147483647",
            },
            "maskedPaths": MASKED_PATHS,
            "readonlyPaths": READONLY_PATHS,
        },
    })
    .to_string()
}

/// All folders of this machine that it sees.
fn folders(definition: &TaskDefinition) -> Vec<&FolderMount> {
    let of_errand = definition.errand.iter().flat_map(|errand| &errand.mounts);
    definition.mounts.iter().chain(of_errand).collect()
}

fn mounts(cgroups: &[(&str, PathBuf)], folders: &[&FolderMount]) -> Value {
    let mount = |target: &str, kind: &str, options: &[&str]| json!({ "destination": target, "type": kind, "source": kind, "options": options });
    // Language runtimes size their heaps by the limits they find here.
    let cgroups = cgroups.iter().map(|(name, source)| {
        let target = Path::new("/sys/fs/cgroup").join(name);
        let options = ["bind", "nosuid", "noexec", "nodev", "ro"];
        json!({ "destination": target, "type": "bind", "source": source, "options": options })
    });
    let others = [
        mount("/proc", "proc", &["nosuid", "noexec", "nodev"]),
        mount(
            "/dev",
            "tmpfs",
            &["nosuid", "strictatime", "mode=755", "size=65536k"],
        ),
        mount(
            "/dev/pts",
            "devpts",
            &[
                "nosuid",
                "noexec",
                "newinstance",
                "ptmxmode=0666",
                "mode=0620",
                "gid=5",
            ],
        ),
        mount("/sys", "sysfs", &["nosuid", "noexec", "nodev", "ro"]),
        mount("/dev/mqueue", "mqueue", &["nosuid", "noexec", "nodev"]),
        mount(
            "/dev/shm",
            "tmpfs",
            &["nosuid", "noexec", "nodev", "mode=1777", "size=65536k"],
        ),
    ];
    let folders = folders.iter().map(|folder| {
        let options = match folder.read_only {
            true => ["bind", "ro", "nosuid", "nodev"],
            false => ["rbind", "rw", "nosuid", "nodev"],
        };
        json!({ "destination": folder.target, "type": "bind", "source": folder.source, "options": options })
    });
    others.into_iter().chain(cgroups).chain(folders).collect()
}
