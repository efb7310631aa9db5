//! Which hierarchies there are, and where.

use std::path::{Path, PathBuf};

use fs_err as fs;

use super::{CgroupError, MissingControllers, TaskCgroup};

/// Where cgroups are mounted on every usual machine.
pub const MOUNT_ROOT: &str = "/sys/fs/cgroup";

/// `CGROUP_SUPER_MAGIC` of `linux/magic.h`: a version 1 hierarchy.
const VERSION_1_MAGIC: i64 = 0x0027_e0eb;

/// `CGROUP2_SUPER_MAGIC` of `linux/magic.h`.
const VERSION_2_MAGIC: i64 = 0x6367_7270;

/// What a task cannot do without.
const NEEDED: [&str; 3] = ["cpu", "memory", "pids"];

/// Which of the three set-ups a machine has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CgroupKind {
    /// A hierarchy for each controller.
    Version1,
    /// The same, and a version 2 hierarchy without controllers.
    Hybrid,
    /// One hierarchy with all controllers.
    Version2,
}

impl std::fmt::Display for CgroupKind {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.pad(match self {
            Self::Version1 => "v1",
            Self::Hybrid => "hybrid",
            Self::Version2 => "v2",
        })
    }
}

/// The cgroup hierarchies of a machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CgroupLayout {
    pub(super) root: PathBuf,
    /// Mount point of the version 2 hierarchy, if there is one.
    pub(super) unified: Option<PathBuf>,
    /// Mount points of version 1 hierarchies by controller; empty on version 2.
    pub(super) legacy: Vec<(&'static str, PathBuf)>,
}

impl CgroupLayout {
    /// Looks at what is mounted at and below `root`.
    ///
    /// # Errors
    /// [`MissingControllers::NotMounted`] when nothing is.
    pub fn detect(root: &Path) -> Result<Self, MissingControllers> {
        let found = |unified, legacy| {
            Ok(Self {
                root: root.to_owned(),
                unified,
                legacy,
            })
        };
        if magic(root) == Some(VERSION_2_MAGIC) {
            return found(Some(root.to_owned()), Vec::new());
        }
        let unified = root.join("unified");
        let unified = (magic(&unified) == Some(VERSION_2_MAGIC)).then_some(unified);
        // `cpuacct` counts what is used, also for those in the container who want to know.
        let names = NEEDED.into_iter().chain(["cpuacct"]);
        let mut legacy: Vec<(&'static str, PathBuf)> = Vec::new();
        for name in names {
            // Where two controllers share a hierarchy, each name is a link to it.
            let Ok(mount) = fs::canonicalize(root.join(name)) else {
                continue;
            };
            if magic(&mount) == Some(VERSION_1_MAGIC) {
                legacy.push((name, mount));
            }
        }
        if unified.is_none() && legacy.is_empty() {
            return Err(MissingControllers::NotMounted {
                root: root.to_owned(),
            });
        }
        found(unified, legacy)
    }

    /// Which set-up it is.
    #[must_use]
    pub fn kind(&self) -> CgroupKind {
        match (&self.unified, self.legacy.is_empty()) {
            (Some(_), true) => CgroupKind::Version2,
            (Some(_), false) => CgroupKind::Hybrid,
            (None, _) => CgroupKind::Version1,
        }
    }

    /// Itself, if tasks can be limited with it. On version 2 the controllers are enabled below the root.
    ///
    /// # Errors
    /// [`MissingControllers::Missing`] or [`MissingControllers::Enable`].
    pub fn checked(self) -> Result<Self, MissingControllers> {
        let available = |name: &&str| match (self.kind(), &self.unified) {
            (CgroupKind::Version2, Some(unified)) => has_word(&unified.join("cgroup.controllers"), name),
            _ => self.legacy.iter().any(|(controller, _)| controller == name),
        };
        let names: Vec<_> = NEEDED.into_iter().filter(|name| !available(name)).collect();
        if !names.is_empty() {
            return Err(MissingControllers::Missing {
                names,
                root: self.root,
            });
        }
        if let (CgroupKind::Version2, Some(unified)) = (self.kind(), &self.unified) {
            enable(unified).map_err(|source| MissingControllers::Enable {
                root: unified.clone(),
                source,
            })?;
        }
        Ok(self)
    }

    /// The group of this name, whether it exists or not.
    ///
    /// # Errors
    /// [`CgroupError::Name`] for a name with empty, `.` or `..` parts, or without any part.
    pub fn task(&self, name: &str) -> Result<TaskCgroup<'_>, CgroupError> {
        let relative = name.trim_start_matches('/');
        if relative.split('/').any(|part| matches!(part, "" | "." | "..")) {
            return Err(CgroupError::Name {
                name: name.to_owned(),
            });
        }
        Ok(TaskCgroup {
            layout: self,
            name: relative.to_owned(),
        })
    }

    /// The mount point that has the files of a controller.
    pub(super) fn controller(&self, name: &str) -> Option<&Path> {
        match self.kind() {
            CgroupKind::Version2 => self.unified.as_deref(),
            _ => self
                .legacy
                .iter()
                .find(|(controller, _)| *controller == name)
                .map(|(_, mount)| mount.as_path()),
        }
    }

    /// The mount point of every hierarchy, each once.
    pub(super) fn mounts(&self) -> impl Iterator<Item = &Path> {
        let legacy = self.legacy.iter().enumerate().filter_map(|(index, (_, mount))| {
            let seen = self.legacy[..index].iter().any(|(_, other)| other == mount);
            (!seen).then_some(mount.as_path())
        });
        self.unified.as_deref().into_iter().chain(legacy)
    }
}

/// Gives the children of a version 2 group the controllers a task needs.
pub(super) fn enable(group: &Path) -> std::io::Result<()> {
    let file = group.join("cgroup.subtree_control");
    if NEEDED.iter().all(|name| has_word(&file, name)) {
        return Ok(());
    }
    fs::write(&file, NEEDED.map(|name| format!("+{name}")).join(" "))
}

fn has_word(file: &Path, word: &str) -> bool {
    fs::read_to_string(file).is_ok_and(|text| text.split_whitespace().any(|other| other == word))
}

fn magic(path: &Path) -> Option<i64> {
    rustix::fs::statfs(path).ok().map(|found| found.f_type)
}
