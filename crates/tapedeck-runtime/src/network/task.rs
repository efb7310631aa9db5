//! A task's side of the network: its namespace, its address, and the pair of links that ties it to the bridge.

use std::io;
use std::net::Ipv4Addr;
use std::os::fd::{AsRawFd as _, OwnedFd};
use std::time::{Duration, Instant};

use netlink_packet_route::link::{
    InfoBridgePort, InfoData, InfoKind, InfoPortData, InfoPortKind, InfoVeth, LinkAttribute, LinkInfo,
    LinkMessage,
};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::NetworkError;
use super::endpoint::{ENDPOINT_ADDRESS, Endpoint};
use super::host::disable_ipv6;
use super::netlink::Netlink;

/// Name of the link inside a task.
const INNER_NAME: &str = "eth0";

/// Index of the loopback link, the same in every namespace.
const LOOPBACK_INDEX: u32 = 1;

/// Stack of the thread that makes a namespace, in bytes.
const STACK_SIZE: usize = 128 * 1024;

/// How long to wait for a link to carry packets: the kernel looks at least once a second.
const READY_DEADLINE: Duration = Duration::from_secs(2);

/// Pause between two looks.
const READY_PAUSE: Duration = Duration::from_millis(1);

/// Where a task is to be connected. Nothing is its neighbour but the gateway, so that whatever it sends to another task passes
/// the firewall of this machine.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TaskNetwork {
    /// Name of the bridge to join.
    pub bridge: String,
    /// The task's own address.
    pub address: Ipv4Addr,
    /// Where everything is sent: the bridge's address.
    pub gateway: Ipv4Addr,
}

/// The namespace of a task.
#[derive(Debug)]
pub struct TaskNamespace {
    /// The namespace itself, which lives as long as this file descriptor, one of its sockets, or a process that joined it.
    pub namespace: OwnedFd,
    /// The socket that listens in it for [`ENDPOINT_ADDRESS`], in non-blocking mode.
    pub endpoint: OwnedFd,
    /// Why its programs do not reach that socket: a kernel may lack what leads them to it. They can do without.
    pub unreachable: Option<io::Error>,
}

/// Makes the network of a task and returns its namespace. Interfaces that an earlier attempt for the same task left behind are replaced.
///
/// # Errors
/// [`NetworkError::NoBridge`], [`NetworkError::NotPermitted`], [`NetworkError::Kernel`] or
/// [`NetworkError::Setting`]; nothing is left behind then.
pub fn create(network: &TaskNetwork, task_id: &str) -> Result<TaskNamespace, NetworkError> {
    let failed = |source| NetworkError::kernel(format!("connect task {task_id} to the network"), source);
    let mut host = Netlink::open().map_err(failed)?;
    let bridge = host.link_index(&network.bridge).map_err(failed)?;
    let bridge = bridge.ok_or_else(|| NetworkError::NoBridge {
        bridge: network.bridge.clone(),
    })?;
    let (namespace, mut inside, endpoint) = new_namespace(task_id)?;

    let outer = interface_name(task_id);
    let pair = pair_message(&outer, bridge, network.address, &namespace);
    match host.create_link(pair.clone()) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            host.delete_link(&outer).map_err(failed)?;
            host.create_link(pair).map_err(failed)?;
        }
        other => other.map_err(failed)?,
    }
    let connected = isolate(&mut host, &outer).and_then(|port| {
        pin(&mut host, network.address, port, bridge).map_err(failed)?;
        let link = configure_inside(&mut inside, network).map_err(failed)?;
        let opened = endpoint.open().map_err(failed)?;
        wait_until_ready(&mut inside, link).map_err(failed)?;
        wait_until_ready(&mut host, port).map_err(failed)?;
        wait_until_ready(&mut host, bridge).map_err(failed)?;
        Ok(opened)
    });
    if connected.is_err() {
        // The first error is the one to report; a link that stays is replaced by the next attempt.
        let _ = host.delete_link(&outer);
    }
    connected.map(|(endpoint, unreachable)| TaskNamespace {
        namespace,
        endpoint,
        unreachable,
    })
}

/// Removes the host's side of a task's network, and with it the task's side. Nothing happens if there is none.
///
/// # Errors
/// [`NetworkError::NotPermitted`] or [`NetworkError::Kernel`].
pub fn delete_interface(task_id: &str) -> Result<(), NetworkError> {
    Netlink::open()
        .and_then(|mut netlink| netlink.delete_link(&interface_name(task_id)))
        .map(drop)
        .map_err(|source| NetworkError::kernel(format!("disconnect task {task_id} from the network"), source))
}

/// Name of the link on the host's side of a task: `v` and 14 hexadecimal digits.
pub fn interface_name(task_id: &str) -> String {
    let digest: [u8; 32] = Sha256::digest(task_id.as_bytes()).into();
    let digits: String = digest.iter().take(7).map(|byte| format!("{byte:02x}")).collect();
    format!("v{digits}")
}

/// The hardware address that belongs to an address: locally administered, the same each time the address is used, so
/// that what a neighbour remembers of it never goes stale.
pub fn hardware_address(address: Ipv4Addr) -> [u8; 6] {
    let [a, b, c, d] = address.octets();
    [0x0a, 0x7d, a, b, c, d]
}

/// A new namespace, with a connection to it and its endpoint. A thread changes into it, because the caller has to stay where it is.
pub(super) fn new_namespace(task_id: &str) -> Result<(OwnedFd, Netlink, Endpoint), NetworkError> {
    let failed =
        |source| NetworkError::kernel(format!("make the network namespace of task {task_id}"), source);
    let enter = || -> Result<(OwnedFd, Netlink, Endpoint), NetworkError> {
        // SAFETY: only unsharing the table of file descriptors could break assumptions of other code; NEWNET leaves it.
        unsafe { rustix::thread::unshare_unsafe(rustix::thread::UnshareFlags::NEWNET) }
            .map_err(|error| failed(error.into()))?;
        let file = fs_err::File::open("/proc/thread-self/ns/net").map_err(failed)?;
        disable_ipv6("default")?;
        let netlink = Netlink::open().map_err(failed)?;
        let endpoint = Endpoint::begin().map_err(failed)?;
        Ok((file.into_parts().0.into(), netlink, endpoint))
    };
    std::thread::scope(|scope| {
        let thread = std::thread::Builder::new()
            .name("namespace".into())
            .stack_size(STACK_SIZE);
        let thread = thread.spawn_scoped(scope, enter).map_err(failed)?;
        thread
            .join()
            .unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    })
}

/// The request for a pair of links, one on the bridge and still down, one in `namespace`.
fn pair_message(outer: &str, bridge: u32, address: Ipv4Addr, namespace: &OwnedFd) -> LinkMessage {
    let mut inner = LinkMessage::default();
    inner.attributes = vec![
        LinkAttribute::IfName(INNER_NAME.to_owned()),
        LinkAttribute::Address(hardware_address(address).to_vec()),
        LinkAttribute::NetNsFd(namespace.as_raw_fd()),
    ];
    let mut link = LinkMessage::default();
    link.attributes = vec![
        LinkAttribute::IfName(outer.to_owned()),
        LinkAttribute::Controller(bridge),
        LinkAttribute::LinkInfo(vec![
            LinkInfo::Kind(InfoKind::Veth),
            LinkInfo::Data(InfoData::Veth(InfoVeth::Peer(inner))),
        ]),
    ];
    link
}

/// Forbids the bridge to pass packets between this port and other tasks, and only then sets the port up. Returns the
/// port's index.
fn isolate(host: &mut Netlink, outer: &str) -> Result<u32, NetworkError> {
    let failed = |source| NetworkError::kernel(format!("isolate the link {outer} from other tasks"), source);
    disable_ipv6(outer)?;
    let index = host
        .link_index(outer)
        .map_err(failed)?
        .ok_or_else(|| failed(io::ErrorKind::NotFound.into()))?;
    let port = vec![
        InfoBridgePort::Isolated(true),
        InfoBridgePort::HairpinMode(false),
        InfoBridgePort::Learning(false),
        InfoBridgePort::UnicastFlood(false),
    ];
    let port = LinkAttribute::LinkInfo(vec![
        LinkInfo::PortKind(InfoPortKind::Bridge),
        LinkInfo::PortData(InfoPortData::BridgePort(port)),
    ]);
    host.set_up(index, vec![port]).map_err(failed)?;
    Ok(index)
}

/// Writes down where the task is, instead of letting the machine learn it from packets: a task could claim to be another.
///
/// On machines where the firewall sees the packets of bridges before they are routed (`bridge-nf-call-iptables`, which others
/// switch on), what is led to another task would go on over the bridge, where ports are isolated, and be lost. As the
/// bridge takes the hardware addresses of all tasks for this machine's own, it is routed there, too.
///
/// The entry for the address stays when the task is gone. It is right for the next task at that address too, since the
/// hardware address follows from it, and it ends with the bridge.
fn pin(host: &mut Netlink, address: Ipv4Addr, port: u32, bridge: u32) -> io::Result<()> {
    host.pin_to_port(port, hardware_address(address))?;
    host.pin_neighbour(bridge, address, hardware_address(address))
}

/// Sets the links of the task's own namespace up; returns the index of the one to the outside.
fn configure_inside(inside: &mut Netlink, network: &TaskNetwork) -> io::Result<u32> {
    inside.set_up(LOOPBACK_INDEX, Vec::new())?;
    inside.add_address(LOOPBACK_INDEX, ENDPOINT_ADDRESS, 32)?;
    let index = inside.link_index(INNER_NAME)?.ok_or(io::ErrorKind::NotFound)?;
    inside.add_address(index, network.address, 32)?;
    inside.set_up(index, Vec::new())?;
    inside.add_default_route(index, network.gateway)?;
    Ok(index)
}

/// Waits until packets pass over a link: the first ones of a task would be lost otherwise, and repeated only after a
/// second. A link that takes much longer is left to itself.
fn wait_until_ready(netlink: &mut Netlink, index: u32) -> io::Result<()> {
    let deadline = Instant::now() + READY_DEADLINE;
    while !netlink.link_ready(index)? && Instant::now() < deadline {
        std::thread::sleep(READY_PAUSE);
    }
    Ok(())
}
