//! How layers are compressed on their way to a registry, as the command line names it.

use clap::ValueEnum;

/// Ways to compress layers that are pushed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Compression {
    // As they lie in the store: small and quick.
    #[default]
    Zstd,
    // For whoever reads nothing newer.
    Gzip,
}
