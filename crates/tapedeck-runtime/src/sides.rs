//! What a task runs beside its main container. All its containers have one network, one cgroup with the limits, and one
//! disk; each has its own root file system, process, log and exit code.

use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::{Deserialize, Serialize};
use tapedeck_model::{HealthCheck, MAIN_CONTAINER};
use tapedeck_plan::containers::Dependency;

use crate::definition::{FolderMount, TaskDefinition, TaskProcess};

/// The name of the folder, in that of a task, which has one for each side container.
const FOLDER: &str = "containers";

/// What there is beside the main container, and when each starts and ends. A dependency names a place: 0 is the main
/// container, 1 the first side container.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Sides {
    /// The rules of the main container.
    pub main: ContainerRules,
    /// The others.
    pub containers: Vec<SideDefinition>,
}

/// When a container starts and ends.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ContainerRules {
    /// Whether its end is the end of the task.
    pub essential: bool,
    /// What it waits for before it is made.
    #[serde(default)]
    pub depends_on: Vec<Dependency>,
    /// How long others wait for what it has to do, from its start on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub start_timeout_ms: Option<u64>,
    /// Time between its stop signal and SIGKILL.
    pub stop_timeout_ms: u64,
}

/// A container beside the main one.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SideDefinition {
    /// Its name: letters, digits, `-` and `_`.
    pub name: String,
    /// When it starts and ends.
    pub rules: ContainerRules,
    /// The unpacked layers of its image, top first, at least one; never written to.
    pub layers: Vec<PathBuf>,
    /// Its process.
    pub process: TaskProcess,
    /// Number of the signal that asks its process to end, 1 to 64.
    pub stop_signal: i32,
    /// How to tell whether it is healthy, if that is asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub health_check: Option<HealthCheck>,
    /// Folders of this machine that it sees.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub mounts: Vec<FolderMount>,
    /// Where its log is kept; outlives the task.
    pub log_directory: PathBuf,
    /// Whether its output is thrown away instead.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub discards_output: bool,
}

impl ContainerRules {
    /// Those of a container that is alone. How long it may take to end is told with the order.
    pub(crate) fn alone() -> Self {
        Self {
            essential: true,
            depends_on: Vec::new(),
            start_timeout_ms: None,
            stop_timeout_ms: u64::MAX,
        }
    }

    pub(crate) fn start_timeout(&self) -> Option<Duration> {
        self.start_timeout_ms.map(Duration::from_millis)
    }

    pub(crate) fn stop_timeout(&self) -> Duration {
        Duration::from_millis(self.stop_timeout_ms)
    }
}

impl TaskDefinition {
    /// The same without what must not reach a disk.
    pub(crate) fn without_environments(&self) -> Self {
        let mut public = self.clone();
        public.process.environment.clear();
        let sides = public.sides.iter_mut().flat_map(|sides| &mut sides.containers);
        for side in sides {
            side.process.environment.clear();
        }
        public
    }

    /// A task of the main container alone, in a cgroup of its own below that of the task.
    pub(crate) fn of_main(&self) -> Self {
        Self {
            cgroup: format!("{}/{MAIN_CONTAINER}", self.cgroup),
            sides: None,
            ..self.clone()
        }
    }

    /// The same for a side container.
    pub(crate) fn of_side(&self, side: &SideDefinition) -> Self {
        Self {
            layers: side.layers.clone(),
            process: side.process.clone(),
            stop_signal: side.stop_signal,
            health_check: side.health_check.clone(),
            log_directory: side.log_directory.clone(),
            discards_output: side.discards_output,
            cgroup: format!("{}/{}", self.cgroup, side.name),
            mounts: side.mounts.clone(),
            sides: None,
            ..self.clone()
        }
    }
}

/// The folder with what belongs to the side containers of a task.
pub(crate) fn folder(task_directory: &Path) -> PathBuf {
    task_directory.join(FOLDER)
}
