//! What can go wrong while a network is made or removed.

use std::io;
use std::path::PathBuf;

/// A failed operation on the network of this machine.
#[derive(Debug, thiserror::Error)]
pub enum NetworkError {
    /// The firewall program is missing.
    #[error(
        "cannot write firewall rules: the program `nft` is not installed; install Debian's package `nftables`"
    )]
    NftMissing,
    /// The firewall program could not be run.
    #[error("cannot run `nft` for the firewall table {table}")]
    NftRun {
        /// Name of the table.
        table: String,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// The firewall program refused the rules.
    #[error("`nft` refused the firewall table {table}: {message}")]
    NftRefused {
        /// Name of the table.
        table: String,
        /// What `nft` printed, on one line.
        message: String,
    },
    /// Another firewall of this machine drops forwarded packets, and no exception could be made for tasks.
    #[error("`iptables` refused to let the packets of {bridge} through: {message}")]
    IptablesRefused {
        /// Name of the bridge.
        bridge: String,
        /// What `iptables` printed, on one line.
        message: String,
    },
    /// The kernel refused for lack of rights.
    #[error("not permitted to {action}: run as root, or with CAP_NET_ADMIN and CAP_SYS_ADMIN")]
    NotPermitted {
        /// What was tried, as an infinitive.
        action: String,
    },
    /// The kernel refused for another reason.
    #[error("cannot {action}")]
    Kernel {
        /// What was tried, as an infinitive.
        action: String,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// A kernel setting could not be written.
    #[error("cannot set {}", path.display())]
    Setting {
        /// The setting's file.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// The task's bridge is not there.
    #[error("there is no bridge {bridge} for the task to join: make the engine's network first")]
    NoBridge {
        /// Name of the bridge.
        bridge: String,
    },
    /// Every candidate subnet overlaps a route of this machine.
    #[error(
        "all {tried} candidate subnets overlap networks that this machine already uses; free one, or choose a subnet by hand"
    )]
    NoFreeSubnet {
        /// How many candidates there were.
        tried: usize,
    },
    /// The name of a bridge or table is not one that can be used.
    #[error(
        "`{name}` cannot be the name of a bridge or firewall table: 1 to 15 letters, digits, `-` or `_` for a bridge, 1 to 64 for a table"
    )]
    BadName {
        /// The name.
        name: String,
    },
}

impl NetworkError {
    /// Wraps a refusal of the kernel; `action` is an infinitive such as `make the bridge td-1a2b3c`.
    pub(crate) fn kernel(action: impl Into<String>, source: io::Error) -> NetworkError {
        match source.raw_os_error() {
            Some(libc::EPERM | libc::EACCES) => NetworkError::NotPermitted {
                action: action.into(),
            },
            _ => NetworkError::Kernel {
                action: action.into(),
                source,
            },
        }
    }
}
