//! Whose output it is: what is a log group of its own on AWS, one for each container of a service.
//!
//! ```text
//! logs/<stack>/<service>/<task>/*.log               of the main container
//! logs/<stack>/<service>/<task>/<container>/*.log   of another one
//! ```

use std::collections::BTreeSet;
use std::fmt;
use std::path::{Path, PathBuf};

use fs_err::{self as fs, DirEntry};
use tapedeck_api::Home;
use tapedeck_model::TaskId;

use crate::fleet::ServiceKey;

/// What one container of a service writes.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct LogGroup {
    pub(crate) key: ServiceKey,
    /// The container beside the main one; none for the main one, whose log is that of the task.
    pub(crate) side: Option<String>,
}

impl LogGroup {
    /// That of the main container.
    pub(crate) fn of_main(key: &ServiceKey) -> Self {
        Self {
            key: key.clone(),
            side: None,
        }
    }

    /// That of another container.
    pub(crate) fn of_side(key: &ServiceKey, side: &str) -> Self {
        Self {
            key: key.clone(),
            side: Some(side.to_owned()),
        }
    }

    /// All of a service that there is a log of, that of the main container first whether there is one or not.
    pub(crate) fn with_logs(key: &ServiceKey, home: &Home) -> Vec<Self> {
        let logs = home.service_logs(&key.stack, &key.name);
        let tasks = names(&logs).into_iter().map(|task| logs.join(task));
        let sides: BTreeSet<String> = tasks.flat_map(|task| folders(&task)).collect();
        let sides = sides.iter().map(|side| Self::of_side(key, side));
        std::iter::once(Self::of_main(key)).chain(sides).collect()
    }

    /// Its log of one task.
    pub(crate) fn log(&self, home: &Home, task: &TaskId) -> PathBuf {
        let ServiceKey { stack, name } = &self.key;
        match &self.side {
            Some(side) => home.container_log(stack, name, task, side),
            None => home.task_log(stack, name, task),
        }
    }

    /// The tasks that have a log of it.
    pub(crate) fn tasks(&self, home: &Home) -> BTreeSet<TaskId> {
        let logs = home.service_logs(&self.key.stack, &self.key.name);
        let tasks = names(&logs).into_iter().filter_map(|name| TaskId::new(name).ok());
        tasks
            .filter(|task| self.side.is_none() || self.log(home, task).is_dir())
            .collect()
    }

    /// Removes its log of a task, and what is around it if nothing is left there. Says whether it is gone.
    pub(crate) fn remove_log(&self, home: &Home, task: &TaskId) -> bool {
        let log = self.log(home, task);
        if self.side.is_some() {
            let gone = fs::remove_dir_all(&log).is_ok();
            if let Some(of_task) = log.parent() {
                let _ = fs::remove_dir(of_task);
            }
            return gone;
        }
        for name in names(&log) {
            // Folders are of other containers.
            let _ = fs::remove_file(log.join(name));
        }
        fs::remove_dir(&log).is_ok()
    }

    /// Removes all its logs, and the folders of the service and its stack if nothing is left in them.
    pub(crate) fn remove_logs(&self, home: &Home, tasks: &BTreeSet<TaskId>) {
        for task in tasks {
            self.remove_log(home, task);
        }
        let _ = fs::remove_dir(home.service_logs(&self.key.stack, &self.key.name));
        let _ = fs::remove_dir(home.stack_logs(&self.key.stack));
    }

    /// Where is remembered how its forwarding goes.
    pub(crate) fn forwarding(&self, home: &Home) -> PathBuf {
        let ServiceKey { stack, name } = &self.key;
        match &self.side {
            Some(side) => home.container_forwarding(stack, name, side),
            None => home.forwarding(stack, name),
        }
    }

    /// The container that ECS names in a stream: the main one is named as its service.
    pub(crate) fn container(&self) -> &str {
        self.side.as_deref().unwrap_or(self.key.name.as_str())
    }

    /// Its parts, with something between them.
    pub(crate) fn joined(&self, with: &str) -> String {
        let ServiceKey { stack, name } = &self.key;
        let side = self.side.iter().map(|side| format!("{with}{side}"));
        format!("{stack}{with}{name}{}", side.collect::<String>())
    }
}

impl fmt::Display for LogGroup {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.joined("/"))
    }
}

/// What is in a folder. One that cannot be read is as good as empty.
pub(crate) fn names(folder: &Path) -> Vec<String> {
    entries(folder).map(|entry| name(&entry)).collect()
}

/// The folders in a folder.
fn folders(folder: &Path) -> Vec<String> {
    let folders = entries(folder).filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir()));
    folders.map(|entry| name(&entry)).collect()
}

fn entries(folder: &Path) -> impl Iterator<Item = DirEntry> {
    fs::read_dir(folder).into_iter().flatten().flatten()
}

fn name(entry: &DirEntry) -> String {
    entry.file_name().to_string_lossy().into_owned()
}
