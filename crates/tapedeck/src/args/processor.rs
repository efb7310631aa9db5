//! Processors, as the command line names them.

use clap::ValueEnum;
use tapedeck_image::Platform;

/// Processors that images can be for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Processor {
    Amd64,
    Arm64,
}

impl Default for Processor {
    /// That of this machine.
    fn default() -> Self {
        match Platform::host() {
            Platform::Amd64 => Self::Amd64,
            Platform::Arm64 => Self::Arm64,
        }
    }
}

impl Processor {
    /// As images name it.
    pub(crate) fn as_str(self) -> &'static str {
        Platform::from(self).as_str()
    }
}

impl std::fmt::Display for Processor {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str(self.as_str())
    }
}

impl From<Processor> for Platform {
    fn from(processor: Processor) -> Self {
        match processor {
            Processor::Amd64 => Self::Amd64,
            Processor::Arm64 => Self::Arm64,
        }
    }
}
