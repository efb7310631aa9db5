//! The engine's side of the network: choosing, making and removing the bridge, its subnet and its firewall table.

use std::io;
use std::net::Ipv4Addr;
use std::path::PathBuf;

use netlink_packet_route::address::AddressAttribute;
use netlink_packet_route::link::{InfoKind, LinkAttribute, LinkInfo, LinkMessage};
use netlink_packet_route::route::{RouteAddress, RouteAttribute, RouteType};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::netlink::Netlink;
use super::task::hardware_address;
use super::{NetworkError, Subnet, TaskNetwork, Traffic, iptables, rules};

/// Prefix length of an engine's subnet: 1 021 tasks and the gateway.
const PREFIX: u8 = 22;

/// Where candidate subnets come from, and how many from each: the half of 10/8 that few others use first.
const RANGES: [(Ipv4Addr, u8, usize); 3] = [
    (Ipv4Addr::new(10, 128, 0, 0), 9, 64),
    (Ipv4Addr::new(172, 16, 0, 0), 12, 32),
    (Ipv4Addr::new(192, 168, 0, 0), 16, 16),
];

/// The network that the tasks of one engine share. Chosen once, then kept in the engine's state.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HostNetwork {
    /// Name of the bridge, 1 to 15 letters, digits, `-` or `_`, such as `td-1a2b3c`.
    pub bridge: String,
    /// Name of the firewall table of family `inet`, 1 to 64 such characters.
    pub table: String,
    /// The addresses of tasks.
    pub subnet: Subnet,
    /// The bridge's own address, in `subnet`.
    pub gateway: Ipv4Addr,
}

/// A subnet that this machine already uses, and by which link.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Taken {
    /// The subnet.
    pub subnet: Subnet,
    /// Index of the link that it belongs to; 0 if it belongs to none.
    pub link: u32,
}

impl HostNetwork {
    /// The networks that the engine with this seed (the path of its state directory) may use, best first. Equal seeds
    /// give equal candidates; all share one bridge name and differ in the subnet.
    pub fn candidates(seed: &[u8]) -> impl Iterator<Item = HostNetwork> + use<> {
        let seed_hash: [u8; 32] = Sha256::digest(seed).into();
        let [first, second, third, ..] = seed_hash;
        let suffix = format!("{first:02x}{second:02x}{third:02x}");
        let ranges = RANGES
            .into_iter()
            .flat_map(|(base, prefix, count)| (0..count).map(move |_| (base, prefix)));
        ranges.enumerate().map(move |(attempt, (base, prefix))| {
            let mut hash = Sha256::new();
            hash.update(seed_hash);
            hash.update((attempt as u64).to_le_bytes());
            let digest: [u8; 32] = hash.finalize().into();
            let [a, b, c, d, ..] = digest;
            let room = u32::from_le_bytes([a, b, c, d]) & (u32::MAX >> prefix);
            let subnet = Subnet::containing(Ipv4Addr::from_bits(base.to_bits() | room), PREFIX);
            HostNetwork {
                bridge: format!("td-{suffix}"),
                table: format!("tapedeck-{suffix}"),
                subnet,
                gateway: Ipv4Addr::from_bits(subnet.address().to_bits() + 1),
            }
        })
    }

    /// The first candidate that overlaps nothing in `taken`.
    ///
    /// # Errors
    /// [`NetworkError::NoFreeSubnet`] if all overlap.
    pub fn choose(seed: &[u8], taken: &[Taken]) -> Result<HostNetwork, NetworkError> {
        let mut tried = 0;
        HostNetwork::candidates(seed)
            .inspect(|_| tried += 1)
            .find(|candidate| !taken.iter().any(|used| used.subnet.overlaps(candidate.subnet)))
            .ok_or(NetworkError::NoFreeSubnet { tried })
    }

    /// The network of the task at `address`.
    pub fn task(&self, address: Ipv4Addr) -> TaskNetwork {
        TaskNetwork {
            bridge: self.bridge.clone(),
            address,
            gateway: self.gateway,
        }
    }

    /// The addresses that tasks may have, in order: all of the subnet but the gateway's.
    pub fn task_addresses(&self) -> impl Iterator<Item = Ipv4Addr> {
        let gateway = self.gateway;
        self.subnet.hosts().filter(move |address| *address != gateway)
    }

    fn check_names(&self) -> Result<(), NetworkError> {
        for (name, limit) in [(&self.bridge, 15), (&self.table, 64)] {
            let plain = name
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_');
            if !plain || !name.starts_with(|first: char| first.is_ascii_alphabetic()) || name.len() > limit {
                return Err(NetworkError::BadName { name: name.clone() });
            }
        }
        Ok(())
    }
}

/// All subnets that this machine uses: those of its addresses and those it has routes to, in any table. The default
/// route does not count. `except` is the name of a bridge whose own entries are left out, so that an engine that lost
/// its state finds its old network free.
///
/// # Errors
/// [`NetworkError::Kernel`] or [`NetworkError::NotPermitted`] if the kernel does not tell.
pub fn taken(except: Option<&str>) -> Result<Vec<Taken>, NetworkError> {
    let failed = |source| NetworkError::kernel("list the addresses and routes of this machine", source);
    let mut netlink = Netlink::open().map_err(failed)?;
    let except = match except {
        Some(name) => netlink.link_index(name).map_err(failed)?,
        None => None,
    };
    let mut found = Vec::new();
    for message in netlink.addresses().map_err(failed)? {
        let address = message.attributes.iter().find_map(|attribute| match attribute {
            AddressAttribute::Address(std::net::IpAddr::V4(address)) => Some(*address),
            _ => None,
        });
        let subnet = address.map(|address| Subnet::containing(address, message.header.prefix_len));
        found.extend(subnet.map(|subnet| Taken {
            subnet,
            link: message.header.index,
        }));
    }
    for message in netlink.routes().map_err(failed)? {
        if message.header.destination_prefix_length == 0 || message.header.kind == RouteType::Broadcast {
            continue;
        }
        let mut destination = None;
        let mut link = 0;
        for attribute in &message.attributes {
            match attribute {
                RouteAttribute::Destination(RouteAddress::Inet(address)) => destination = Some(*address),
                RouteAttribute::Oif(index) => link = *index,
                _ => {}
            }
        }
        let prefix = message.header.destination_prefix_length;
        found.extend(destination.map(|address| Taken {
            subnet: Subnet::containing(address, prefix),
            link,
        }));
    }
    found.retain(|used| except.is_none_or(|except| used.link != except));
    Ok(found)
}

/// Makes sure that `network` is there and up: bridge, address, forwarding, firewall, with that traffic between its tasks and
/// no other. Does not disturb tasks that already use it. The rules come before the link, so that no task is ever without them.
///
/// # Errors
/// Any [`NetworkError`] but those about subnets and task bridges. What was made stays; calling again continues.
pub fn ensure(network: &HostNetwork, traffic: &Traffic) -> Result<(), NetworkError> {
    network.check_names()?;
    rules::apply(network, &rules::replacement(network, traffic))?;
    let bridge = &network.bridge;
    let failed = |source| NetworkError::kernel(format!("make the bridge {bridge}"), source);
    let mut netlink = Netlink::open().map_err(failed)?;
    let index = match netlink.link_index(bridge).map_err(failed)? {
        Some(index) => index,
        None => {
            match netlink.create_link(bridge_message(network)) {
                Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(failed(error)),
                _ => {}
            }
            netlink
                .link_index(bridge)
                .map_err(failed)?
                .ok_or_else(|| failed(io::ErrorKind::NotFound.into()))?
        }
    };
    disable_ipv6(bridge)?;
    netlink
        .add_address(index, network.gateway, network.subnet.prefix())
        .map_err(failed)?;
    netlink.set_up(index, Vec::new()).map_err(failed)?;
    write_setting("/proc/sys/net/ipv4/ip_forward".into(), "1")?;
    iptables::admit(bridge)
}

/// Allows that traffic between the tasks of a network that is there, and no other, from one moment to the next. Connections
/// that are still allowed are not disturbed.
///
/// # Errors
/// Any of the `Nft…` variants or [`NetworkError::NotPermitted`]; all is as it was then.
pub fn direct(network: &HostNetwork, traffic: &Traffic) -> Result<(), NetworkError> {
    network.check_names()?;
    rules::apply(network, &rules::direction(network, traffic))
}

/// Removes what [`ensure`] made, except that forwarding stays on: others may rely on it by now. Tasks that still run
/// lose their network. Nothing happens to what is not there.
///
/// # Errors
/// Any of the `Nft…` variants, [`NetworkError::NotPermitted`] or [`NetworkError::Kernel`].
pub fn remove(network: &HostNetwork) -> Result<(), NetworkError> {
    network.check_names()?;
    let failed = |source| NetworkError::kernel(format!("remove the bridge {}", network.bridge), source);
    Netlink::open()
        .and_then(|mut netlink| netlink.delete_link(&network.bridge))
        .map_err(failed)?;
    iptables::withdraw(&network.bridge)?;
    rules::apply(network, &rules::removal(network))
}

/// Whether both the bridge and the firewall table are there.
///
/// # Errors
/// As [`remove`].
pub fn exists(network: &HostNetwork) -> Result<bool, NetworkError> {
    network.check_names()?;
    let failed = |source| NetworkError::kernel(format!("look up the bridge {}", network.bridge), source);
    let link = Netlink::open()
        .and_then(|mut netlink| netlink.link_index(&network.bridge))
        .map_err(failed)?;
    Ok(link.is_some() && rules::present(network)?)
}

fn bridge_message(network: &HostNetwork) -> LinkMessage {
    let mut link = LinkMessage::default();
    link.attributes = vec![
        LinkAttribute::IfName(network.bridge.clone()),
        LinkAttribute::Address(hardware_address(network.gateway).to_vec()),
        LinkAttribute::LinkInfo(vec![LinkInfo::Kind(InfoKind::Bridge)]),
    ];
    link
}

/// Turns IPv6 off for one link of the calling thread's namespace, or for those to come if it is `default`. A kernel
/// without IPv6 is fine as it is.
pub(crate) fn disable_ipv6(link: &str) -> Result<(), NetworkError> {
    let path = PathBuf::from(format!("/proc/sys/net/ipv6/conf/{link}/disable_ipv6"));
    if path.exists() {
        write_setting(path, "1")
    } else {
        Ok(())
    }
}

fn write_setting(path: PathBuf, value: &str) -> Result<(), NetworkError> {
    let present = fs_err::read_to_string(&path).is_ok_and(|present| present.trim() == value);
    if present {
        return Ok(());
    }
    fs_err::write(&path, value).map_err(|source| match source.kind() {
        io::ErrorKind::PermissionDenied => NetworkError::NotPermitted {
            action: format!("set {}", path.display()),
        },
        _ => NetworkError::Setting { path, source },
    })
}
