//! Amounts of CPU and memory, and the stop timeout.

use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};

/// Why a number is not a size of the wanted kind.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[error("{value} is not a valid {kind}: {rule}")]
pub struct InvalidSize {
    /// What the number was to be, such as `stopTimeout`.
    pub kind: &'static str,
    /// The refused number as text.
    pub value: String,
    /// The rule it breaks.
    pub rule: &'static str,
}

/// CPU in thousandths of a vCPU (`0.25` vCPU is 250).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Cpu(u32);

impl Cpu {
    /// The sizes Fargate offers, in vCPU. Source: ECS task definition parameters.
    pub const FARGATE_VCPU: [f64; 7] = [0.25, 0.5, 1.0, 2.0, 4.0, 8.0, 16.0];

    /// CPU from a number of vCPU as written in `resources.cpu`.
    ///
    /// # Errors
    /// [`InvalidSize`] when Fargate offers no task of this size.
    pub fn from_vcpu(vcpu: f64) -> Result<Self, InvalidSize> {
        if Self::FARGATE_VCPU.contains(&vcpu) {
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "one of seven small values"
            )]
            return Ok(Self((vcpu * 1000.0) as u32));
        }
        Err(InvalidSize {
            kind: "cpu",
            value: vcpu.to_string(),
            rule: "use 0.25, 0.5, 1, 2, 4, 8 or 16",
        })
    }

    /// All of the CPU of a machine with this many processors.
    #[must_use]
    pub const fn of_machine(vcpus: u32) -> Self {
        Self(vcpus.saturating_mul(1000))
    }

    /// What each of so many has of it when they share it.
    #[must_use]
    pub fn shared_by(self, sharers: u32) -> Self {
        Self(self.0 / sharers.max(1))
    }

    /// Thousandths of a vCPU.
    #[must_use]
    pub fn millis(self) -> u32 {
        self.0
    }
}

impl fmt::Display for Cpu {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{} vCPU", f64::from(self.0) / 1000.0)
    }
}

/// Memory in MiB.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct MemoryMb(u32);

impl MemoryMb {
    /// Memory from a number of MiB as written in `resources.memory`: 4 (the runtime's own minimum) to 33 554 432
    /// (32 TiB, above the largest EC2 instance).
    ///
    /// # Errors
    /// [`InvalidSize`] when outside that range.
    pub fn new(mebibytes: u32) -> Result<Self, InvalidSize> {
        if (4..=33_554_432).contains(&mebibytes) {
            return Ok(Self(mebibytes));
        }
        Err(InvalidSize {
            kind: "memory",
            value: mebibytes.to_string(),
            rule: "use 4 to 33554432 MiB",
        })
    }

    /// The amount in MiB.
    #[must_use]
    pub fn mebibytes(self) -> u32 {
        self.0
    }

    /// The amount in bytes.
    #[must_use]
    pub fn bytes(self) -> u64 {
        u64::from(self.0) * 1024 * 1024
    }
}

impl fmt::Display for MemoryMb {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{} MiB", self.0)
    }
}

/// Seconds between SIGTERM and SIGKILL: 2 to 120, default 2 (product page, "Shutdown").
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct StopTimeout(u16);

impl StopTimeout {
    /// A timeout in seconds.
    ///
    /// # Errors
    /// [`InvalidSize`] when outside 2 to 120.
    pub fn from_secs(seconds: u16) -> Result<Self, InvalidSize> {
        if (2..=120).contains(&seconds) {
            return Ok(Self(seconds));
        }
        Err(InvalidSize {
            kind: "stopTimeout",
            value: seconds.to_string(),
            rule: "use 2 to 120 seconds",
        })
    }

    /// The timeout as a duration.
    #[must_use]
    pub fn duration(self) -> Duration {
        Duration::from_secs(u64::from(self.0))
    }
}

impl Default for StopTimeout {
    fn default() -> Self {
        Self(2)
    }
}

/// Architecture of a CPU, as ECS names it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Architecture {
    /// 64-bit x86.
    #[default]
    #[serde(rename = "x86_64")]
    X86,
    /// 64-bit ARM.
    #[serde(rename = "arm64")]
    Arm,
}

impl Architecture {
    /// Its name in a config file.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::X86 => "x86_64",
            Self::Arm => "arm64",
        }
    }
}
