//! The group of one task, in all hierarchies.

use std::io;
use std::path::{Path, PathBuf};
use std::thread::sleep;
use std::time::{Duration, Instant};

use fs_err as fs;
use rustix::fs::{Mode, OFlags};
use rustix::process::{Pid, Signal, kill_process};
use tapedeck_model::{Cpu, MemoryMb};

use super::layout::enable;
use super::{CgroupError, CgroupKind, CgroupLayout};
use crate::definition::TaskDefinition;

/// Length of the period that a share of CPU time is given for, in microseconds: the kernel's default, and Docker's.
const CPU_PERIOD: u64 = 100_000;

/// How long killing and removing is tried before it is given up.
const PATIENCE: Duration = Duration::from_secs(10);

/// What a group that shares its CPU with others weighs, in CPU shares: what the agent of ECS gives each container without
/// CPU of its own, and the least that the kernel takes.
const LEAST_SHARES: u32 = 2;

/// Hard limits of a task, or of an instance that tasks are on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// CPU time per second; none for a task that shares the CPU of its instance with others.
    pub cpu: Option<Cpu>,
    /// Memory; there is no swap beyond it.
    pub memory: MemoryMb,
    /// Processes and threads.
    pub pids: u32,
}

impl Limits {
    /// Those of a task.
    pub(crate) fn of(definition: &TaskDefinition) -> Self {
        Self {
            cpu: (!definition.shares_cpu).then_some(definition.cpu),
            memory: definition.memory,
            pids: definition.pids_limit,
        }
    }
}

/// What a task has used.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Usage {
    /// CPU time since it started.
    pub cpu: Duration,
    /// Bytes of memory it holds now, without the part of the page cache that can be dropped at once.
    pub memory: u64,
}

/// The group of one task. It need not exist.
#[derive(Debug, Clone)]
pub struct TaskCgroup<'a> {
    pub(super) layout: &'a CgroupLayout,
    pub(super) name: String,
}

impl TaskCgroup<'_> {
    /// Makes the group in every hierarchy, without limits but for those of the groups that it is in.
    ///
    /// # Errors
    /// [`CgroupError::File`]; parts may exist then.
    pub fn create_unlimited(&self) -> Result<(), CgroupError> {
        self.layout.mounts().try_for_each(|mount| self.create_in(mount))
    }

    /// Makes the group in every hierarchy and sets its limits. One that is already there gets the new limits.
    ///
    /// # Errors
    /// [`CgroupError::File`]; parts may exist then.
    pub fn create(&self, limits: &Limits) -> Result<(), CgroupError> {
        self.create_unlimited()?;
        for (controller, file, value) in settings(self.layout.kind(), limits) {
            let Some(path) = self.file(controller, file) else {
                continue;
            };
            match fs::write(&path, value) {
                // Without swap, or without accounting of it, there is no such file and nothing to forbid.
                Err(error) if file.contains("sw") && error.kind() == io::ErrorKind::NotFound => {}
                other => other.map_err(failed("set the limits of", &path))?,
            }
        }
        Ok(())
    }

    /// Moves the calling process, which must have a single thread, into the version 1 groups, and into the version 2
    /// group unless it was [born](Self::unified) there. Its children will be born in them.
    ///
    /// # Errors
    /// [`CgroupError::File`].
    pub fn join(&self, born_in_unified: bool) -> Result<(), CgroupError> {
        for mount in self.layout.mounts() {
            let unified = self.layout.unified.as_deref() == Some(mount);
            if unified && born_in_unified {
                continue;
            }
            // A thread that moves itself need not be protected from others. Where a whole process is moved, the kernel
            // waits some milliseconds until no other processor is just about to fork.
            let path = mount
                .join(&self.name)
                .join(if unified { "cgroup.procs" } else { "tasks" });
            fs::write(&path, "0").map_err(failed("join", &path))?;
        }
        Ok(())
    }

    /// Names of the groups directly below it, in whatever hierarchy.
    #[must_use]
    pub fn names_below(&self) -> Vec<String> {
        let mounts = self.layout.mounts();
        let below = mounts.flat_map(|mount| groups_below(&mount.join(&self.name)));
        let names = below.filter_map(|path| Some(path.file_name()?.to_str()?.to_owned()));
        let names: std::collections::BTreeSet<String> = names.collect();
        names.into_iter().collect()
    }

    /// Its folder in the version 2 hierarchy, if there is one: a process can be born there.
    #[must_use]
    pub fn unified(&self) -> Option<PathBuf> {
        self.layout.unified.as_ref().map(|mount| mount.join(&self.name))
    }

    /// What a container of this group may see of cgroups: names below its `/sys/fs/cgroup`, and the folders that
    /// belong there. An empty name is `/sys/fs/cgroup` itself.
    #[must_use]
    pub fn visible(&self) -> Vec<(&'static str, PathBuf)> {
        if let (CgroupKind::Version2, Some(unified)) = (self.layout.kind(), self.unified()) {
            return vec![("", unified)];
        }
        let limited = self
            .layout
            .legacy
            .iter()
            .map(|(name, mount)| (*name, mount.join(&self.name)));
        // Some runtimes give up the search for limits when this one is missing, although nothing is set in it.
        let cpuset = self.layout.root.join("cpuset");
        limited
            .chain(cpuset.exists().then_some(("cpuset", cpuset)))
            .collect()
    }

    /// Kills every process in the group and waits until none is left. Nothing happens if there is no group.
    ///
    /// # Errors
    /// [`CgroupError::Undead`] after ten seconds, as when a process hangs in the kernel; [`CgroupError::File`].
    pub fn kill_all(&self) -> Result<(), CgroupError> {
        let started = Instant::now();
        for mount in self.layout.mounts() {
            let group = mount.join(&self.name);
            let mut pause = Duration::from_micros(200);
            loop {
                // Where the kernel cannot kill the whole group, new processes may appear while the old are killed.
                let at_once = self.layout.unified.as_deref() == Some(mount)
                    && fs::write(group.join("cgroup.kill"), "1").is_ok();
                let left = members(&group)?;
                if left.is_empty() {
                    break;
                }
                if !at_once {
                    left.into_iter().for_each(kill);
                }
                if started.elapsed() > PATIENCE {
                    return Err(CgroupError::Undead {
                        path: group,
                        seconds: PATIENCE.as_secs(),
                    });
                }
                sleep(pause);
                pause = (pause * 2).min(Duration::from_millis(20));
            }
        }
        Ok(())
    }

    /// Removes the group from every hierarchy; nothing happens where there is none. Kill first.
    ///
    /// # Errors
    /// [`CgroupError::File`], when processes are left in it; the first one, after having tried every hierarchy.
    pub fn remove(&self) -> Result<(), CgroupError> {
        let mut result = Ok(());
        for mount in self.layout.mounts() {
            let removed = remove_tree(&mount.join(&self.name));
            if result.is_ok() {
                result = removed;
            }
        }
        result
    }

    /// How many of its processes the kernel has killed for want of memory; zero if there is no group.
    ///
    /// # Errors
    /// [`CgroupError::File`].
    pub fn oom_kills(&self) -> Result<u64, CgroupError> {
        let file = if self.layout.kind() == CgroupKind::Version2 {
            "memory.events"
        } else {
            "memory.oom_control"
        };
        Ok(self.read_key("memory", file, "oom_kill")?.unwrap_or(0))
    }

    /// Whether a process is in the group, or in one below it.
    ///
    /// # Errors
    /// [`CgroupError::File`].
    pub fn populated(&self) -> Result<bool, CgroupError> {
        if let Some(unified) = &self.layout.unified {
            let events = unified.join(&self.name).join("cgroup.events");
            return Ok(read_key(&events, "populated")?.unwrap_or(0) > 0);
        }
        for mount in self.layout.mounts() {
            if !members(&mount.join(&self.name))?.is_empty() {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// What it has used; zero if there is no group.
    ///
    /// # Errors
    /// [`CgroupError::File`].
    pub fn usage(&self) -> Result<Usage, CgroupError> {
        let cpu = match &self.layout.unified {
            Some(unified) => {
                let file = unified.join(&self.name).join("cpu.stat");
                Duration::from_micros(read_key(&file, "usage_usec")?.unwrap_or(0))
            }
            None => Duration::from_nanos(self.read_number("cpuacct", "cpuacct.usage")?.unwrap_or(0)),
        };
        let (held, cache) = match self.layout.kind() {
            CgroupKind::Version2 => ("memory.current", "inactive_file"),
            _ => ("memory.usage_in_bytes", "total_inactive_file"),
        };
        let held = self.read_number("memory", held)?.unwrap_or(0);
        let cache = self.read_key("memory", "memory.stat", cache)?.unwrap_or(0);
        Ok(Usage {
            cpu,
            memory: held.saturating_sub(cache),
        })
    }

    fn file(&self, controller: &str, file: &str) -> Option<PathBuf> {
        Some(self.layout.controller(controller)?.join(&self.name).join(file))
    }

    fn read_key(&self, controller: &str, file: &str, key: &str) -> Result<Option<u64>, CgroupError> {
        self.file(controller, file)
            .map_or(Ok(None), |path| read_key(&path, key))
    }

    fn read_number(&self, controller: &str, file: &str) -> Result<Option<u64>, CgroupError> {
        let Some(path) = self.file(controller, file) else {
            return Ok(None);
        };
        Ok(read_if_there(&path)?.and_then(|text| text.trim().parse().ok()))
    }

    fn create_in(&self, mount: &Path) -> Result<(), CgroupError> {
        let mut group = mount.to_owned();
        for part in self.name.split('/') {
            if self.layout.kind() == CgroupKind::Version2 {
                enable(&group).map_err(failed("enable the controllers below", &group))?;
            }
            group.push(part);
            match fs::create_dir(&group) {
                Err(error) if error.kind() != io::ErrorKind::AlreadyExists => {
                    return Err(failed("create", &group)(error));
                }
                _ => {}
            }
        }
        Ok(())
    }
}

/// What to write where: controller, file, value, in an order the kernel accepts.
pub(super) fn settings(kind: CgroupKind, limits: &Limits) -> Vec<(&'static str, &'static str, String)> {
    let mut all = cpu_settings(kind, limits.cpu);
    let memory = limits.memory.bytes().to_string();
    let pids = limits.pids.to_string();
    if kind == CgroupKind::Version2 {
        all.extend([
            ("memory", "memory.max", memory),
            ("memory", "memory.swap.max", "0".to_owned()),
            ("pids", "pids.max", pids),
        ]);
        return all;
    }
    all.extend([
        ("memory", "memory.limit_in_bytes", memory.clone()),
        // Memory and swap together: as much as memory alone, so no swap. Never less than the former.
        ("memory", "memory.memsw.limit_in_bytes", memory),
        ("pids", "pids.max", pids),
    ]);
    all
}

fn cpu_settings(kind: CgroupKind, cpu: Option<Cpu>) -> Vec<(&'static str, &'static str, String)> {
    let quota = cpu.map(|cpu| u64::from(cpu.millis()) * CPU_PERIOD / 1000);
    match (kind, quota) {
        (CgroupKind::Version2, Some(quota)) => vec![("cpu", "cpu.max", format!("{quota} {CPU_PERIOD}"))],
        // A weight of 1 is what the runtime specification makes of two shares.
        (CgroupKind::Version2, None) => vec![("cpu", "cpu.weight", "1".to_owned())],
        (_, Some(quota)) => vec![
            ("cpu", "cpu.cfs_period_us", CPU_PERIOD.to_string()),
            ("cpu", "cpu.cfs_quota_us", quota.to_string()),
        ],
        (_, None) => vec![("cpu", "cpu.shares", LEAST_SHARES.to_string())],
    }
}

pub(super) fn kill(pid: Pid) {
    // It may have ended by itself; whether it is gone is seen by looking again.
    let _ = kill_process(pid, Signal::KILL);
}

/// Processes of the group and of those below it.
pub(super) fn members(group: &Path) -> Result<Vec<Pid>, CgroupError> {
    let Some(text) = read_if_there(&group.join("cgroup.procs"))? else {
        return Ok(Vec::new());
    };
    let mut found: Vec<Pid> = text
        .lines()
        .filter_map(|line| line.parse().ok())
        .filter_map(Pid::from_raw)
        .collect();
    for below in groups_below(group) {
        found.extend(members(&below)?);
    }
    Ok(found)
}

fn groups_below(group: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(group).into_iter().flatten().flatten();
    entries
        .filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir()))
        .map(|entry| entry.path())
        .collect()
}

/// Removes the groups below, then the group. A process that was killed a moment ago may still be in it, so this waits.
fn remove_tree(group: &Path) -> Result<(), CgroupError> {
    let started = Instant::now();
    let mut pause = Duration::from_micros(200);
    loop {
        match fs::remove_dir(group) {
            Ok(()) => return Ok(()),
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            Err(error) if started.elapsed() > PATIENCE => return Err(failed("remove", group)(error)),
            Err(_) => {}
        }
        for below in groups_below(group) {
            remove_tree(&below)?;
        }
        sleep(pause);
        pause = (pause * 2).min(Duration::from_millis(20));
    }
}

fn read_key(path: &Path, key: &str) -> Result<Option<u64>, CgroupError> {
    let Some(text) = read_if_there(path)? else {
        return Ok(None);
    };
    let value = text
        .lines()
        .find_map(|line| line.strip_prefix(key)?.strip_prefix(' '));
    Ok(value.and_then(|value| value.trim().parse().ok()))
}

fn read_if_there(path: &Path) -> Result<Option<String>, CgroupError> {
    // Not through `fs_err`, whose errors no longer have the number that matters here.
    let read = || {
        let file = rustix::fs::open(path, OFlags::RDONLY | OFlags::CLOEXEC, Mode::empty())?;
        io::read_to_string(std::fs::File::from(file))
    };
    match read() {
        Ok(text) => Ok(Some(text)),
        // ENODEV: the group was removed between two steps.
        Err(error)
            if error.kind() == io::ErrorKind::NotFound || error.raw_os_error() == Some(libc::ENODEV) =>
        {
            Ok(None)
        }
        Err(error) => Err(failed("read", path)(error)),
    }
}

pub(super) fn failed(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> CgroupError {
    let path = path.to_owned();
    move |source| CgroupError::File { action, path, source }
}
