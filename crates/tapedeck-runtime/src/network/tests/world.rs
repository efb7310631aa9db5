//! A world to test in: a namespace that plays the machine, and one that plays everything outside of it.

use std::io::{self, Read as _, Write as _};
use std::net::{Ipv4Addr, SocketAddr, SocketAddrV4, TcpListener, TcpStream};
use std::os::fd::{AsFd as _, AsRawFd as _, OwnedFd};
use std::process::Command;
use std::time::{Duration, Instant};

use netlink_packet_route::link::{InfoData, InfoKind, InfoVeth, LinkAttribute, LinkInfo, LinkMessage};
use rustix::thread::{LinkNameSpaceType, move_into_link_name_space};

use crate::network::netlink::Netlink;
use crate::network::task::new_namespace;

/// How long to wait for an answer that is to come, on the slowest of machines.
pub(super) const PATIENCE: Duration = Duration::from_secs(10);

/// How long to wait for an answer that is not to come: far more than one that comes needs.
pub(super) const IMPATIENCE: Duration = Duration::from_millis(300);

/// The machine's address towards the outside.
pub(super) const MACHINE: Ipv4Addr = Ipv4Addr::new(198, 18, 0, 1);

/// The outside's address.
pub(super) const OUTSIDE: Ipv4Addr = Ipv4Addr::new(198, 18, 0, 2);

/// An address that only cloud metadata servers have.
pub(super) const METADATA: Ipv4Addr = Ipv4Addr::new(169, 254, 169, 254);

/// Runs `test` in a namespace that plays the machine, so that the real one is not touched, and hands it the outside.
/// Says so and does nothing where that is not possible.
pub(super) fn on_a_machine(test: impl FnOnce(&OwnedFd) + Send) {
    if !rustix::process::geteuid().is_root() || Command::new("nft").arg("--version").output().is_err() {
        eprintln!("SKIPPED: needs root (CAP_NET_ADMIN, CAP_SYS_ADMIN) and the program nft");
        return;
    }
    let (machine, mut netlink, _) = new_namespace("machine").unwrap();
    netlink.set_up(1, Vec::new()).unwrap();
    within(&machine, || {
        let outside = connect_outside();
        test(&outside);
    });
}

/// Runs `work` on a thread in `namespace`.
pub(super) fn within<T: Send>(namespace: &OwnedFd, work: impl FnOnce() -> T + Send) -> T {
    std::thread::scope(|scope| {
        let thread = scope.spawn(|| {
            move_into_link_name_space(namespace.as_fd(), Some(LinkNameSpaceType::Network)).unwrap();
            work()
        });
        thread
            .join()
            .unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    })
}

/// A second namespace, with a cable to this one. It sends everything it has no network for to this machine, and has a
/// metadata server's address too.
fn connect_outside() -> OwnedFd {
    let (outside, mut there, _) = new_namespace("outside").unwrap();
    let mut here = Netlink::open().unwrap();
    let mut peer = LinkMessage::default();
    peer.attributes = vec![
        LinkAttribute::IfName("out1".into()),
        LinkAttribute::NetNsFd(outside.as_raw_fd()),
    ];
    let mut link = LinkMessage::default();
    link.attributes = vec![
        LinkAttribute::IfName("out0".into()),
        LinkAttribute::LinkInfo(vec![
            LinkInfo::Kind(InfoKind::Veth),
            LinkInfo::Data(InfoData::Veth(InfoVeth::Peer(peer))),
        ]),
    ];
    here.create_link(link).unwrap();
    for (netlink, name, addresses) in [
        (&mut here, "out0", [MACHINE, Ipv4Addr::new(169, 254, 0, 1)]),
        (&mut there, "out1", [OUTSIDE, METADATA]),
    ] {
        let index = netlink.link_index(name).unwrap().unwrap();
        netlink.add_address(index, addresses[0], 24).unwrap();
        netlink.add_address(index, addresses[1], 16).unwrap();
        netlink.set_up(index, Vec::new()).unwrap();
    }
    let index = there.link_index("out1").unwrap().unwrap();
    there.add_default_route(index, MACHINE).unwrap();
    outside
}

/// A TCP server on all addresses of the calling thread's namespace, which tells each client the client's address.
pub(super) fn serve(port: u16) -> u16 {
    let listener = TcpListener::bind((Ipv4Addr::UNSPECIFIED, port)).unwrap();
    let port = listener.local_addr().unwrap().port();
    // Ends with the test process; holding its namespace until then harms nobody.
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let Ok(mut stream) = stream else { continue };
            let client = stream
                .peer_addr()
                .map(|address| address.ip().to_string())
                .unwrap_or_default();
            let _ = stream.write_all(client.as_bytes());
        }
    });
    port
}

/// Connects from the calling thread's namespace; the client's address as the server sees it.
pub(super) fn ask(address: Ipv4Addr, port: u16) -> io::Result<String> {
    ask_within(PATIENCE, address, port)
}

/// Whether nothing answers at an address, seen from the calling thread's namespace.
pub(super) fn is_blocked(address: Ipv4Addr, port: u16) -> bool {
    ask_within(IMPATIENCE, address, port).is_err()
}

fn ask_within(patience: Duration, address: Ipv4Addr, port: u16) -> io::Result<String> {
    let address = SocketAddr::V4(SocketAddrV4::new(address, port));
    let mut stream = TcpStream::connect_timeout(&address, patience)?;
    stream.set_read_timeout(Some(patience))?;
    let mut text = String::new();
    stream.read_to_string(&mut text)?;
    Ok(text)
}

/// Waits until `condition` holds; panics if it never does.
pub(super) fn eventually(what: &str, mut condition: impl FnMut() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(10);
    while !condition() {
        assert!(Instant::now() < deadline, "never happened: {what}");
        std::thread::yield_now();
    }
}
