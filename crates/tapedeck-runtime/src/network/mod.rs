//! The network of tasks: one bridge, one firewall table and one subnet per engine; one namespace and one address per task.
//!
//! A task can reach out, through address translation; nothing can reach in: not the outside, not the host, not another
//! task. What tasks offer each other is at virtual addresses, and [`Traffic`] says who reaches which. The rules are in `rules`, as text for `nft`; links, addresses and routes are made by netlink messages, because
//! starting a process for each would cost more than everything else in the start of a task.
//!
//! A task's namespace has no name and no mount: it lives exactly as long as a file descriptor or a process holds it.
//! Nothing here knows what a container is.

mod endpoint;
mod error;
mod files;
mod host;
mod iptables;
mod netlink;
mod redirect;
mod rules;
mod subnet;
mod task;
#[cfg(test)]
mod tests;
mod traffic;

pub use endpoint::ENDPOINT_ADDRESS;
pub use error::NetworkError;
pub use files::{hosts_file, resolv_conf};
pub use host::{HostNetwork, Taken, direct, ensure, exists, remove, taken};
pub use subnet::{ParseSubnetError, Subnet};
pub use task::{TaskNamespace, TaskNetwork, create, delete_interface, hardware_address, interface_name};
pub use traffic::{Opening, Traffic, VirtualAddress};
