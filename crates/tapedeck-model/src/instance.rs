//! Virtual EC2 instances, and where a task is placed.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::{Cpu, MemoryMb, Timestamp};

/// A text that is not `i-` and 17 lower-case hexadecimal digits.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not an instance id: it is i- and 17 lower-case hexadecimal digits")]
pub struct InvalidInstanceId(pub String);

/// The id of an instance, as on EC2: `i-` and 17 hexadecimal digits.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct InstanceId(String);

impl InstanceId {
    /// Checks and wraps an id.
    ///
    /// # Errors
    /// [`InvalidInstanceId`] for anything but `i-` and 17 lower-case hexadecimal digits.
    pub fn new(text: impl Into<String>) -> Result<Self, InvalidInstanceId> {
        let text = text.into();
        let digits = text.strip_prefix("i-").unwrap_or_default();
        if digits.len() == 17
            && digits
                .bytes()
                .all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
        {
            Ok(Self(text))
        } else {
            Err(InvalidInstanceId(text))
        }
    }

    /// An id from (random) bytes: as on EC2, the first digit is a zero.
    #[must_use]
    pub fn from_bytes(bytes: [u8; 8]) -> Self {
        let digits: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        Self(format!("i-0{digits}"))
    }

    /// The id as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for InstanceId {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.pad(&self.0)
    }
}

impl TryFrom<String> for InstanceId {
    type Error = InvalidInstanceId;
    fn try_from(text: String) -> Result<Self, InvalidInstanceId> {
        Self::new(text)
    }
}

impl From<InstanceId> for String {
    fn from(id: InstanceId) -> Self {
        id.0
    }
}

/// An availability zone. There is one machine, so it is a label only: it shows how tasks would be spread.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Zone {
    /// The first.
    #[serde(rename = "local-a")]
    A,
    /// The second.
    #[serde(rename = "local-b")]
    B,
    /// The third.
    #[serde(rename = "local-c")]
    C,
}

impl Zone {
    /// All of them, in order.
    pub const ALL: [Self; 3] = [Self::A, Self::B, Self::C];
}

impl fmt::Display for Zone {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.pad(match self {
            Self::A => "local-a",
            Self::B => "local-b",
            Self::C => "local-c",
        })
    }
}

/// What an instance of one type has.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct MachineType {
    /// Such as `c5.large`.
    pub name: String,
    /// Virtual CPUs.
    pub vcpus: u32,
    /// Memory as it is sold.
    pub memory: MemoryMb,
}

impl MachineType {
    /// Memory that an instance of this type registers for tasks, in MiB: a fortieth goes to its system. (The ECS
    /// developer guide has 7985 of 8192 and 3768 of 3840 MiB as examples.)
    #[must_use]
    pub fn registered(&self) -> u32 {
        let memory = u64::from(self.memory.mebibytes());
        u32::try_from(memory * 39 / 40).unwrap_or(u32::MAX)
    }

    /// All of its CPU.
    #[must_use]
    pub fn cpu(&self) -> Cpu {
        Cpu::of_machine(self.vcpus)
    }
}

/// On which instances the tasks of a service run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Ec2Spec {
    /// The types, the preferred one first; at least one.
    pub types: Vec<MachineType>,
    /// Whether the tasks of an instance share all of its CPU, instead of each having its own.
    pub shares_cpu: bool,
    /// Whether stopped instances are kept ready.
    #[serde(default)]
    pub warm_pool: bool,
}

/// An instance: room for tasks of one service.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Instance {
    /// Its id.
    pub id: InstanceId,
    /// What it has.
    pub machine: MachineType,
    /// Where it is.
    pub zone: Zone,
    /// How far it is.
    #[serde(flatten)]
    pub state: InstanceState,
    /// When it was asked for.
    pub launched: Timestamp,
    /// Whether it came from the warm pool.
    #[serde(default)]
    pub warm: bool,
}

/// How far an instance is. It never goes back up this list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(
    tag = "state",
    rename_all = "SCREAMING_SNAKE_CASE",
    rename_all_fields = "camelCase"
)]
pub enum InstanceState {
    /// It is being launched.
    Pending {
        /// When it will be in service.
        ready: Timestamp,
    },
    /// Tasks can be placed on it.
    InService {
        /// Since when no task is on it, if none is.
        empty_since: Option<Timestamp>,
    },
    /// It takes no tasks any more, and ends when the last one is gone.
    Draining,
    /// It is gone.
    Terminated,
}

impl InstanceState {
    /// Its name.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Pending { .. } => "PENDING",
            Self::InService { .. } => "IN_SERVICE",
            Self::Draining => "DRAINING",
            Self::Terminated => "TERMINATED",
        }
    }
}

/// Where a task is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Placement {
    /// The availability zone.
    pub zone: Zone,
    /// The instance; none on Fargate.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub instance: Option<InstanceId>,
}
