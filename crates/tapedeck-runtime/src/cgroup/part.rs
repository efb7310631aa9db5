//! A part of a task's group: processes that can be killed without touching the others. It has no limits of its own.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use fs_err as fs;

use super::group::{failed, kill, members};
use super::{CgroupError, TaskCgroup};

/// How long a part may take to be empty after it was killed.
const PATIENCE: Duration = Duration::from_millis(100);

/// Some processes of a task.
#[derive(Debug)]
pub(crate) struct Part {
    mount: PathBuf,
    folder: PathBuf,
    is_unified: bool,
}

impl TaskCgroup<'_> {
    /// Makes a part of this group, which has to exist. In the version 2 hierarchy, where nothing is distributed to it; where
    /// there is none, in that of `pids`, whose limits hold for all below.
    pub(crate) fn part(&self, name: &str) -> Result<Part, CgroupError> {
        let unified = self.layout.unified.as_deref();
        let mount = unified.or_else(|| self.layout.controller("pids"));
        let mount = mount.ok_or_else(|| CgroupError::Name {
            name: name.to_owned(),
        })?;
        let folder = mount.join(&self.name).join(name);
        match fs::create_dir(&folder) {
            Err(error) if error.kind() != std::io::ErrorKind::AlreadyExists => {
                return Err(failed("create", &folder)(error));
            }
            _ => {}
        }
        Ok(Part {
            mount: mount.to_owned(),
            folder,
            is_unified: unified.is_some(),
        })
    }

    /// Moves the calling process, which must have a single thread, into the part, and into this group where the part is
    /// not. One that was born in the part is there already.
    pub(crate) fn join_part(&self, part: &Part, born_in_part: bool) -> Result<(), CgroupError> {
        for mount in self.layout.mounts() {
            let is_of_part = mount == part.mount;
            if is_of_part && born_in_part {
                continue;
            }
            let group = match is_of_part {
                true => part.folder.clone(),
                false => mount.join(&self.name),
            };
            let unified = self.layout.unified.as_deref() == Some(mount);
            let path = group.join(if unified { "cgroup.procs" } else { "tasks" });
            fs::write(&path, "0").map_err(failed("join", &path))?;
        }
        Ok(())
    }
}

impl Part {
    /// Its folder, if a process can be born there.
    pub(crate) fn birthplace(&self) -> Option<&Path> {
        self.is_unified.then_some(self.folder.as_path())
    }

    /// Kills every process in it, and waits a little until none is left; says whether none is.
    pub(crate) fn kill(&self) -> Result<bool, CgroupError> {
        let started = Instant::now();
        let mut pause = Duration::from_micros(100);
        loop {
            let left = members(&self.folder)?;
            if left.is_empty() {
                return Ok(true);
            }
            if started.elapsed() > PATIENCE {
                return Ok(false);
            }
            // One by one, until none appears any more: in a group that was once killed as a whole, Linux kills whatever is
            // born there later, too.
            left.into_iter().for_each(kill);
            std::thread::sleep(pause);
            pause = (pause * 2).min(Duration::from_millis(5));
        }
    }

    /// Removes it, once nothing is in it. What cannot be removed now goes with the group around it.
    pub(crate) fn remove(&self) {
        let _ = fs::remove_dir(&self.folder);
    }
}
