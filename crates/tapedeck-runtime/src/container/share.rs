//! What the containers of one task have together: its cgroup with the limits, its network, its disk.

use std::os::fd::OwnedFd;

use super::{BeginError, note};
use crate::cgroup::CgroupLayout;
use crate::definition::{TaskDefinition, TaskDirectory};
use crate::network::{self, NetworkError, TaskNamespace};
use crate::storage::SharedDisk;

/// Held by the shim for as long as a container may still come.
pub(crate) struct Share {
    /// Name of the cgroup.
    pub(super) cgroup: String,
    /// The network namespace.
    pub(super) network: OwnedFd,
    pub(super) disk: Option<SharedDisk>,
}

/// Why a task has nothing that its containers could share.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ShareError {
    #[error(transparent)]
    Begin(#[from] BeginError),
    #[error("connect the network")]
    Network(#[from] NetworkError),
}

impl Share {
    /// Makes it. Returns the socket of the task's endpoint too.
    pub(crate) fn make(
        definition: &TaskDefinition,
        directory: TaskDirectory<'_>,
        layout: &CgroupLayout,
    ) -> Result<(Self, OwnedFd), ShareError> {
        let cgroup = layout.task(&definition.cgroup).map_err(BeginError::from)?;
        let limits = crate::cgroup::Limits::of(definition);
        cgroup.create(&limits).map_err(BeginError::from)?;
        let disk = definition.disk.as_ref();
        let disk = disk.map(|disk| SharedDisk::attach(disk, &directory.disk()));
        let disk = disk.transpose().map_err(BeginError::from)?;
        let (network, endpoint) = connect(definition)?;
        let share = Self {
            cgroup: definition.cgroup.clone(),
            network,
            disk,
        };
        Ok((share, endpoint))
    }

    /// The disk, when nothing else of it is needed any more.
    pub(crate) fn into_disk(self) -> Option<OwnedFd> {
        self.disk.map(SharedDisk::into_first)
    }
}

/// Makes the network of a task: its namespace, and the socket of its endpoint. Programs can do without reaching that.
pub(super) fn connect(definition: &TaskDefinition) -> Result<(OwnedFd, OwnedFd), NetworkError> {
    let TaskNamespace {
        namespace,
        endpoint,
        unreachable,
    } = network::create(&definition.network, definition.id.as_str())?;
    if let Some(error) = unreachable {
        note(format_args!(
            "shim: programs of the task do not reach its endpoint: {error}"
        ));
    }
    Ok((namespace, endpoint))
}
