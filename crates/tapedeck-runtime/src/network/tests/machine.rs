//! Tasks on real bridges, with real packets.

use std::net::{Ipv4Addr, TcpListener, TcpStream, UdpSocket};
use std::os::fd::OwnedFd;
use std::process::Command;
use std::time::Duration;

use netlink_packet_route::RouteNetlinkMessage;
use netlink_packet_route::link::LinkAttribute;

use rustix::thread::{CapabilitySet, CapabilitySets, set_capabilities};

use super::world::{MACHINE, METADATA, OUTSIDE, ask, eventually, is_blocked, on_a_machine, serve, within};
use crate::network::netlink::Netlink;
use crate::network::task::hardware_address;
use crate::network::{
    ENDPOINT_ADDRESS, HostNetwork, NetworkError, Subnet, Traffic, create, delete_interface, ensure, exists,
    interface_name, remove, taken,
};

pub(super) struct Task {
    pub(super) namespace: OwnedFd,
    pub(super) address: Ipv4Addr,
}

pub(super) fn network(seed: &str) -> HostNetwork {
    HostNetwork::choose(seed.as_bytes(), &taken(None).unwrap()).unwrap()
}

/// Makes the network of task number `number`.
pub(super) fn task(network: &HostNetwork, number: usize) -> Task {
    let address = network.task_addresses().nth(number).unwrap();
    let namespace = create(&network.task(address), &format!("{}-{number}", network.bridge))
        .unwrap()
        .namespace;
    Task { namespace, address }
}

fn link_exists(name: &str) -> bool {
    Netlink::open().unwrap().link_index(name).unwrap().is_some()
}

#[test]
fn a_task_has_its_address_and_reaches_the_outside_by_translation() {
    on_a_machine(|outside| {
        let network = network("one");
        ensure(&network, &Traffic::default()).unwrap();
        let task = task(&network, 0);
        let port = within(outside, || serve(0));

        let addresses = within(&task.namespace, || taken(None).unwrap());
        let own = Subnet::containing(task.address, 32);
        assert!(addresses.iter().any(|used| used.subnet == own), "{addresses:?}");
        let is_alone = addresses
            .iter()
            .all(|used| !used.subnet.overlaps(network.subnet) || used.subnet == own);
        assert!(is_alone, "it has no neighbours: {addresses:?}");
        let seen = within(&task.namespace, || ask(OUTSIDE, port)).unwrap();
        assert_eq!(seen, MACHINE.to_string());
        assert!(
            within(&task.namespace, || ask(task.address, serve(0))).is_ok(),
            "a task reaches itself"
        );
    });
}

#[test]
fn nothing_comes_in() {
    on_a_machine(|outside| {
        let network = network("one");
        ensure(&network, &Traffic::default()).unwrap();
        let task = task(&network, 0);
        let port = within(&task.namespace, || serve(0));

        assert!(within(outside, || is_blocked(task.address, port)), "from outside");
        assert!(is_blocked(task.address, port), "from the machine");
        assert!(
            within(&task.namespace, || ask(task.address, port)).is_ok(),
            "the server does work"
        );
    });
}

#[test]
fn tasks_do_not_reach_each_other() {
    on_a_machine(|_| {
        let network = network("one");
        ensure(&network, &Traffic::default()).unwrap();
        let (first, second) = (task(&network, 0), task(&network, 1));
        let port = within(&first.namespace, || serve(0));
        assert!(within(&second.namespace, || is_blocked(first.address, port)));

        // Even one that takes the other for a neighbour: ports are isolated.
        let mut inside = within(&second.namespace, || Netlink::open().unwrap());
        let index = inside.link_index("eth0").unwrap().unwrap();
        inside
            .add_address(index, second.address, network.subnet.prefix())
            .unwrap();
        remove_table(&network);
        assert!(within(&second.namespace, || is_blocked(first.address, port)));
    });
}

/// A task with the right to change its own link takes the address of another one.
#[test]
fn a_task_cannot_take_the_place_of_another() {
    on_a_machine(|outside| {
        let network = network("one");
        ensure(&network, &Traffic::default()).unwrap();
        let (honest, thief) = (task(&network, 0), task(&network, 1));
        let port = within(outside, || serve(0));
        assert!(within(&honest.namespace, || ask(OUTSIDE, port)).is_ok());
        within(&thief.namespace, || {
            assert!(ask(OUTSIDE, port).is_ok());
            take_address(honest.address, &network);
            assert!(is_blocked(OUTSIDE, port), "the answers are not for the thief");
        });
        assert!(
            within(&honest.namespace, || ask(OUTSIDE, port)).is_ok(),
            "nothing changed for the other"
        );
    });
}

/// Gives the link in this namespace the addresses that belong to the task at `address`, and no others.
pub(super) fn take_address(address: Ipv4Addr, network: &HostNetwork) {
    let mut netlink = Netlink::open().unwrap();
    let index = netlink.link_index("eth0").unwrap().unwrap();
    for own in netlink.addresses().unwrap() {
        if own.header.index == index {
            netlink.change(RouteNetlinkMessage::DelAddress(own), 0).unwrap();
        }
    }
    netlink
        .set_up(
            index,
            vec![LinkAttribute::Address(hardware_address(address).to_vec())],
        )
        .unwrap();
    netlink.add_address(index, address, 32).unwrap();
    netlink.add_default_route(index, network.gateway).unwrap();
}

fn remove_table(network: &HostNetwork) {
    crate::network::rules::apply(network, &crate::network::rules::removal(network)).unwrap();
}

#[test]
fn a_task_reaches_only_the_resolver_of_the_machine() {
    on_a_machine(|outside| {
        let network = network("one");
        ensure(&network, &Traffic::default()).unwrap();
        let task = task(&network, 0);
        let port = serve(0);
        serve(53);
        assert!(
            within(outside, || ask(MACHINE, port)).is_ok(),
            "the service does work"
        );
        within(&task.namespace, || {
            assert!(is_blocked(network.gateway, port), "a service at the gateway");
            assert!(
                is_blocked(MACHINE, port),
                "a service at another address of the machine"
            );
            assert!(ask(network.gateway, 53).is_ok(), "the resolver at the gateway");
            assert!(ask(MACHINE, 53).is_ok(), "the resolver at another address");
        });

        let resolver = UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 53)).unwrap();
        within(&task.namespace, || {
            let socket = UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 0)).unwrap();
            socket.send_to(b"question", (network.gateway, 53)).unwrap();
        });
        resolver.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
        let mut question = [0; 16];
        let (length, client) = resolver.recv_from(&mut question).unwrap();
        assert_eq!(
            (&question[..length], client.ip()),
            (b"question".as_slice(), task.address.into())
        );
    });
}

#[test]
fn metadata_is_out_of_reach() {
    on_a_machine(|outside| {
        let network = network("one");
        ensure(&network, &Traffic::default()).unwrap();
        let task = task(&network, 0);
        let port = within(outside, || serve(0));
        assert!(ask(METADATA, port).is_ok(), "the machine itself reaches it");
        assert!(within(&task.namespace, || is_blocked(METADATA, port)));
    });
}

#[test]
fn there_is_no_second_path_by_ipv6() {
    on_a_machine(|_| {
        let network = network("one");
        ensure(&network, &Traffic::default()).unwrap();
        let task = task(&network, 0);
        let inside = || fs_err::read_to_string("/proc/thread-self/net/if_inet6").unwrap_or_default();
        let links = within(&task.namespace, inside);
        assert!(!links.contains("eth0"), "{links}");
        let outer = interface_name(&format!("{}-0", network.bridge));
        let links = inside();
        assert!(
            !links.contains(&network.bridge) && !links.contains(&outer),
            "{links}"
        );
    });
}

#[test]
fn an_address_can_be_used_again_at_once() {
    on_a_machine(|outside| {
        let network = network("one");
        ensure(&network, &Traffic::default()).unwrap();
        let port = within(outside, || serve(0));
        for round in 0..20 {
            let address = network.task_addresses().next().unwrap();
            let id = format!("round-{round}");
            let namespace = create(&network.task(address), &id).unwrap().namespace;
            assert!(within(&namespace, || ask(OUTSIDE, port)).is_ok(), "round {round}");
            delete_interface(&id).unwrap();
        }
    });
}

#[test]
fn making_and_removing_are_idempotent_and_leave_nothing() {
    on_a_machine(|_| {
        let network = network("one");
        assert!(!exists(&network).unwrap());
        remove(&network).unwrap();
        ensure(&network, &Traffic::default()).unwrap();
        ensure(&network, &Traffic::default()).unwrap();
        assert!(exists(&network).unwrap());

        let task_network = network.task(network.task_addresses().next().unwrap());
        let outer = interface_name("task");
        let first = create(&task_network, "task").unwrap().namespace;
        let second = create(&task_network, "task").unwrap().namespace;
        assert!(link_exists(&outer));
        delete_interface("task").unwrap();
        delete_interface("task").unwrap();
        assert!(!link_exists(&outer));
        assert!(within(&second, || !link_exists("eth0")) && within(&first, || !link_exists("eth0")));

        remove(&network).unwrap();
        remove(&network).unwrap();
        assert!(!exists(&network).unwrap() && !link_exists(&network.bridge));
        let rules = Command::new("nft").args(["list", "ruleset"]).output().unwrap();
        assert_eq!(String::from_utf8_lossy(&rules.stdout), "");
    });
}

#[test]
fn a_namespace_lives_no_longer_than_its_descriptor() {
    on_a_machine(|_| {
        let network = network("one");
        ensure(&network, &Traffic::default()).unwrap();
        let task = task(&network, 0);
        let outer = interface_name(&format!("{}-0", network.bridge));
        assert!(link_exists(&outer));
        drop(task);
        eventually("the link ends with its namespace", || !link_exists(&outer));
    });
}

#[test]
fn a_failed_start_leaves_nothing() {
    on_a_machine(|_| {
        let network = network("one");
        let task_network = network.task(network.task_addresses().next().unwrap());
        let error = create(&task_network, "early").unwrap_err();
        assert!(matches!(error, NetworkError::NoBridge { .. }), "{error}");

        ensure(&network, &Traffic::default()).unwrap();
        let unreachable_gateway = crate::network::TaskNetwork {
            gateway: Ipv4Addr::new(224, 0, 0, 1),
            ..task_network
        };
        let error = create(&unreachable_gateway, "lost").unwrap_err();
        assert!(matches!(error, NetworkError::Kernel { .. }), "{error}");
        assert!(!link_exists(&interface_name("lost")));
    });
}

#[test]
fn missing_rights_are_named() {
    on_a_machine(|_| {
        let network = network("one");
        ensure(&network, &Traffic::default()).unwrap();
        let task_network = network.task(network.task_addresses().next().unwrap());
        let without_rights = std::thread::scope(|scope| {
            let thread = scope.spawn(|| {
                let none = CapabilitySet::empty();
                let sets = CapabilitySets {
                    effective: none,
                    permitted: none,
                    inheritable: none,
                };
                set_capabilities(None, sets).unwrap();
                (
                    create(&task_network, "task").unwrap_err(),
                    delete_interface("other"),
                    remove(&network).unwrap_err(),
                )
            });
            thread.join().unwrap()
        });
        let (create_error, delete_result, remove_error) = without_rights;
        assert!(create_error.to_string().contains("run as root"), "{create_error}");
        assert!(matches!(create_error, NetworkError::NotPermitted { .. }));
        assert!(
            matches!(delete_result, Err(NetworkError::NotPermitted { .. })),
            "{delete_result:?}"
        );
        assert!(
            matches!(remove_error, NetworkError::NotPermitted { .. }),
            "{remove_error}"
        );
    });
}

#[test]
fn ensuring_again_does_not_disturb_a_connection() {
    on_a_machine(|outside| {
        let network = network("one");
        ensure(&network, &Traffic::default()).unwrap();
        let task = task(&network, 0);
        let listener = within(outside, || std::net::TcpListener::bind((OUTSIDE, 0)).unwrap());
        let port = listener.local_addr().unwrap().port();
        let mut client = within(&task.namespace, || {
            std::net::TcpStream::connect((OUTSIDE, port)).unwrap()
        });
        let (mut server, _) = listener.accept().unwrap();

        ensure(&network, &Traffic::default()).unwrap();
        use std::io::{Read as _, Write as _};
        server.write_all(b"still here").unwrap();
        client.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
        let mut text = [0; 10];
        client.read_exact(&mut text).unwrap();
        assert_eq!(&text, b"still here");
    });
}

/// What Docker and most firewalls do to a machine.
#[test]
fn a_machine_that_forwards_nothing_lets_tasks_through() {
    on_a_machine(|outside| {
        let iptables = |arguments: &str| Command::new("iptables").args(arguments.split(' ')).output();
        if !iptables("-P FORWARD DROP").is_ok_and(|output| output.status.success()) {
            eprintln!("SKIPPED: needs the program iptables");
            return;
        }
        let rules = || String::from_utf8(iptables("-S FORWARD").unwrap().stdout).unwrap();
        let network = network("one");
        ensure(&network, &Traffic::default()).unwrap();
        let admitted = rules();
        ensure(&network, &Traffic::default()).unwrap();
        assert_eq!(rules(), admitted, "once is enough");

        let task = task(&network, 0);
        let port = within(outside, || serve(0));
        assert!(within(&task.namespace, || ask(OUTSIDE, port)).is_ok());
        let inner_port = within(&task.namespace, || serve(0));
        assert!(
            within(outside, || is_blocked(task.address, inner_port)),
            "still nothing comes in"
        );

        remove(&network).unwrap();
        assert_eq!(rules(), "-P FORWARD DROP\n");
    });
}

#[test]
fn two_networks_do_not_touch_each_other() {
    on_a_machine(|outside| {
        let one = network("one");
        ensure(&one, &Traffic::default()).unwrap();
        let other = network("other");
        ensure(&other, &Traffic::default()).unwrap();
        assert!(!one.subnet.overlaps(other.subnet) && one.bridge != other.bridge && one.table != other.table);
        let (first, second) = (task(&one, 0), task(&other, 0));
        let port = within(outside, || serve(0));
        let inner_port = within(&first.namespace, || serve(0));
        assert!(within(&first.namespace, || ask(OUTSIDE, port)).is_ok());
        assert!(within(&second.namespace, || ask(OUTSIDE, port)).is_ok());
        assert!(within(&second.namespace, || is_blocked(
            first.address,
            inner_port
        )));

        remove(&one).unwrap();
        assert!(exists(&other).unwrap() && !exists(&one).unwrap());
        assert!(within(&second.namespace, || ask(OUTSIDE, port)).is_ok());
    });
}

#[test]
fn an_engine_that_lost_its_state_finds_its_old_network() {
    on_a_machine(|_| {
        let before = network("one");
        ensure(&before, &Traffic::default()).unwrap();
        assert_ne!(network("one"), before, "its own route is in the way");
        let found = taken(Some(&before.bridge)).unwrap();
        assert_eq!(HostNetwork::choose(b"one", &found).unwrap(), before);
    });
}

#[test]
fn a_task_finds_its_endpoint_and_keeps_port_80() {
    on_a_machine(|_| {
        let network = network("one");
        ensure(&network, &Traffic::default()).unwrap();
        let one = network.task(network.task_addresses().next().unwrap());
        let other = network.task(network.task_addresses().nth(1).unwrap());
        let (first, second) = (create(&one, "one").unwrap(), create(&other, "other").unwrap());
        assert!(first.unreachable.is_none(), "{:?}", first.unreachable);
        let endpoint = TcpListener::from(first.endpoint);
        within(&first.namespace, || {
            let everywhere = TcpListener::bind((Ipv4Addr::UNSPECIFIED, 80)).expect("port 80 is free");
            let asking = TcpStream::connect((ENDPOINT_ADDRESS, 80)).unwrap();
            let (_, asked_by) = endpoint.accept().unwrap();
            assert_eq!(asked_by, asking.local_addr().unwrap(), "the endpoint was asked");
            TcpStream::connect((Ipv4Addr::LOCALHOST, 80)).unwrap();
            everywhere.accept().unwrap();
        });
        // The other has an endpoint of its own, and does not reach this one.
        let asking = within(&second.namespace, || {
            TcpStream::connect((ENDPOINT_ADDRESS, 80)).unwrap()
        });
        let error = endpoint.accept().unwrap_err();
        assert_eq!(error.kind(), std::io::ErrorKind::WouldBlock);
        assert!(within(&second.namespace, || is_blocked(one.address, 80)));
        drop(asking);
    });
}
