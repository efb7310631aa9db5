//! Who reaches whom: connections between tasks, by virtual addresses, on real bridges.

use std::io::{self, ErrorKind, Read as _, Write as _};
use std::net::{Ipv4Addr, SocketAddr, SocketAddrV4, TcpListener, TcpStream};
use std::os::fd::OwnedFd;
use std::path::Path;
use std::time::{Duration, Instant};

use super::machine::{Task, network, take_address, task};
use super::world::{IMPATIENCE, PATIENCE, eventually, on_a_machine, within};
use crate::network::{HostNetwork, Opening, Traffic, VirtualAddress, delete_interface, direct, ensure};

/// The port of virtual addresses.
const PORT: u16 = 5432;

/// The port of what is behind them.
const INNER: u16 = 80;

/// A setting that is for each namespace, and which others than we switch on: whether the firewall sees the packets of bridges
/// before they are routed.
const FILTERED_BRIDGES: &str = "/proc/sys/net/bridge/bridge-nf-call-iptables";

/// Four tasks of one engine, and a virtual address.
struct Scene {
    network: HostNetwork,
    tasks: [Task; 4],
    address: Ipv4Addr,
}

impl Scene {
    fn address(&self, number: usize) -> Ipv4Addr {
        self.tasks[number].address
    }

    /// The virtual address, with these tasks behind it, open to those.
    fn traffic(&self, behind: &[usize], open_to: &[usize]) -> Traffic {
        let backends = behind
            .iter()
            .map(|number| SocketAddrV4::new(self.address(*number), INNER));
        let openings = open_to.iter().map(|number| Opening {
            from: self.address(*number),
            to: self.address,
            port: PORT,
        });
        Traffic {
            virtuals: vec![VirtualAddress {
                address: self.address,
                port: PORT,
                backends: backends.collect(),
                leaving: Vec::new(),
            }],
            openings: openings.collect(),
        }
    }

    fn direct(&self, behind: &[usize], open_to: &[usize]) {
        direct(&self.network, &self.traffic(behind, open_to)).unwrap();
    }

    /// A socket of a task that accepts connections.
    fn listen(&self, number: usize) -> TcpListener {
        let listen = || TcpListener::bind((Ipv4Addr::UNSPECIFIED, INNER)).unwrap();
        within(&self.tasks[number].namespace, listen)
    }

    /// Connects a task to the virtual address.
    fn connect(&self, number: usize) -> io::Result<TcpStream> {
        within(&self.tasks[number].namespace, || connect(self.address, PORT))
    }

    /// Whether what a task sends there is dropped.
    fn drops(&self, number: usize, address: Ipv4Addr, port: u16) -> bool {
        within(&self.tasks[number].namespace, || is_dropped(address, port))
    }
}

/// Runs a test on a machine whose firewall sees the packets of bridges, and on one where it does not.
fn on_a_scene(test: impl Fn(&Scene, &OwnedFd) + Sync) {
    for filtered in ["0", "1"] {
        on_a_machine(|outside| {
            let has_setting = Path::new(FILTERED_BRIDGES).exists();
            if has_setting {
                fs_err::write(FILTERED_BRIDGES, filtered).unwrap();
            } else if filtered == "1" {
                eprintln!("SKIPPED: needs the kernel module br_netfilter");
                return;
            }
            let network = network("one");
            ensure(&network, &Traffic::default()).unwrap();
            let tasks = [0, 1, 2, 3].map(|number| task(&network, number));
            let address = network.task_addresses().nth(100).unwrap();
            let scene = Scene {
                network,
                tasks,
                address,
            };
            test(&scene, outside);
        });
    }
}

fn connect(address: Ipv4Addr, port: u16) -> io::Result<TcpStream> {
    let address = SocketAddr::V4(SocketAddrV4::new(address, port));
    let stream = TcpStream::connect_timeout(&address, PATIENCE)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    Ok(stream)
}

fn is_dropped(address: Ipv4Addr, port: u16) -> bool {
    let address = SocketAddr::V4(SocketAddrV4::new(address, port));
    let attempt = TcpStream::connect_timeout(&address, IMPATIENCE);
    attempt.is_err_and(|error| error.kind() == ErrorKind::TimedOut)
}

fn is_refused(attempt: io::Result<TcpStream>) -> bool {
    attempt.is_err_and(|error| error.kind() == ErrorKind::ConnectionRefused)
}

/// How many connections wait to be accepted.
fn waiting(listener: &TcpListener) -> usize {
    listener.set_nonblocking(true).unwrap();
    std::iter::from_fn(|| listener.accept().ok()).count()
}

/// Accepts a connection, and tells from where it seems to come.
fn accept(listener: &TcpListener) -> (TcpStream, Ipv4Addr) {
    let (stream, from) = listener.accept().unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    match from {
        SocketAddr::V4(from) => (stream, *from.ip()),
        SocketAddr::V6(_) => panic!("tasks have no IPv6"),
    }
}

fn say(from: &mut TcpStream, to: &mut TcpStream, text: &str) {
    from.write_all(text.as_bytes()).unwrap();
    let mut heard = vec![0; text.len()];
    to.read_exact(&mut heard).unwrap();
    assert_eq!(heard, text.as_bytes());
}

/// Whether the other end has ended this connection, as is told when something is sent.
fn is_reset(stream: &mut TcpStream) -> bool {
    let sent = stream.write_all(b"still there?");
    let heard = sent.and_then(|()| stream.read(&mut [0; 16]).map(drop));
    heard.is_err_and(|error| matches!(error.kind(), ErrorKind::ConnectionReset | ErrorKind::BrokenPipe))
}

#[test]
fn what_is_open_is_reached_by_a_task_and_by_this_machine() {
    on_a_scene(|scene, _| {
        let listener = scene.listen(1);
        scene.direct(&[1], &[0]);
        let mut client = scene.connect(0).unwrap();
        let (mut server, from) = accept(&listener);
        assert_eq!(from, scene.address(0));
        say(&mut client, &mut server, "question");
        say(&mut server, &mut client, "answer");

        let mut client = connect(scene.address, PORT).unwrap();
        let (mut server, from) = accept(&listener);
        assert_eq!(from, scene.network.gateway);
        say(&mut client, &mut server, "question");
        say(&mut server, &mut client, "answer");
    });
}

#[test]
fn what_is_not_open_is_dropped() {
    on_a_scene(|scene, outside| {
        let listener = scene.listen(1);
        scene.direct(&[1], &[0]);
        assert!(scene.drops(2, scene.address, PORT), "another task");
        assert!(scene.drops(1, scene.address, PORT), "the one behind it");
        assert!(scene.drops(0, scene.address, PORT + 1), "another port");
        assert!(is_dropped(scene.address, PORT + 1), "from this machine");
        let from_outside = within(outside, || is_dropped(scene.address, PORT));
        assert!(from_outside, "from outside");
        assert_eq!(waiting(&listener), 0);
    });
}

#[test]
fn no_task_is_reached_by_its_own_address() {
    on_a_scene(|scene, _| {
        let listener = scene.listen(1);
        scene.direct(&[1], &[0]);
        let address = scene.address(1);
        assert!(scene.drops(0, address, INNER));
        assert!(is_dropped(address, INNER), "from this machine");
        // Not even within a connection that it is open for.
        let _client = scene.connect(0).unwrap();
        assert!(scene.drops(0, address, INNER));
        let (server, _) = accept(&listener);
        let port = scene.listen(0).local_addr().unwrap().port();
        assert!(scene.drops(1, scene.address(0), port), "the other way");
        drop(server);
    });
}

#[test]
fn connections_are_led_to_each_in_turn() {
    on_a_scene(|scene, _| {
        let listeners = [1, 2, 3].map(|number| scene.listen(number));
        scene.direct(&[1, 2, 3], &[0]);
        let clients: Vec<_> = (0..9).map(|_| scene.connect(0).unwrap()).collect();
        let mut counts = [0, 0, 0];
        eventually("as many connections as were made", || {
            for (count, listener) in counts.iter_mut().zip(&listeners) {
                *count += waiting(listener);
            }
            counts.iter().sum::<usize>() == clients.len()
        });
        assert_eq!(counts, [3, 3, 3]);
        drop(clients);
    });
}

#[test]
fn without_a_task_behind_it_connections_are_refused() {
    on_a_scene(|scene, _| {
        scene.direct(&[], &[0]);
        assert!(is_refused(scene.connect(0)));
        assert!(is_refused(connect(scene.address, PORT)), "from this machine");
        assert!(scene.drops(2, scene.address, PORT), "it is not open");
    });
}

#[test]
fn whoever_is_connected_to_a_task_that_is_gone_is_told() {
    on_a_scene(|scene, _| {
        let gone = scene.listen(1);
        scene.direct(&[1], &[0]);
        let mut clients = [scene.connect(0).unwrap(), connect(scene.address, PORT).unwrap()];
        let _servers = [accept(&gone), accept(&gone)];
        let stays = scene.listen(2);
        // It does not say goodbye.
        delete_interface(&format!("{}-1", scene.network.bridge)).unwrap();
        scene.direct(&[2], &[0]);
        assert!(is_reset(&mut clients[0]), "a task");
        assert!(is_reset(&mut clients[1]), "this machine");
        let _client = scene.connect(0).unwrap();
        accept(&stays);
    });
}

#[test]
fn what_is_closed_ends_both_ways() {
    on_a_scene(|scene, _| {
        let listener = scene.listen(1);
        scene.direct(&[1], &[0, 2]);
        let (mut first, mut second) = (scene.connect(0).unwrap(), scene.connect(2).unwrap());
        let (mut first_server, _) = accept(&listener);
        let (mut second_server, _) = accept(&listener);
        scene.direct(&[1], &[2]);
        assert!(is_reset(&mut first_server), "told to the server");
        assert!(is_reset(&mut first), "told to the client");
        assert!(scene.drops(0, scene.address, PORT));
        say(&mut second, &mut second_server, "undisturbed");
    });
}

#[test]
fn a_task_reaches_itself_by_a_virtual_address() {
    on_a_scene(|scene, _| {
        let listener = scene.listen(1);
        scene.direct(&[1], &[0, 1]);
        let mut client = scene.connect(1).unwrap();
        let (mut server, from) = accept(&listener);
        assert_eq!(from, scene.network.gateway);
        say(&mut client, &mut server, "question");
        say(&mut server, &mut client, "answer");
        let _other = scene.connect(0).unwrap();
        assert_eq!(accept(&listener).1, scene.address(0), "others keep their address");
    });
}

#[test]
fn a_change_does_not_disturb_what_is_still_allowed() {
    on_a_scene(|scene, _| {
        let listener = scene.listen(1);
        scene.direct(&[1], &[0]);
        let mut clients = [scene.connect(0).unwrap(), connect(scene.address, PORT).unwrap()];
        let mut servers = [accept(&listener).0, accept(&listener).0];
        for (behind, open_to) in [([1, 2], [0, 3]), ([2, 1], [2, 0])] {
            scene.direct(&behind, &open_to);
            ensure(&scene.network, &scene.traffic(&behind, &open_to)).unwrap();
            for (client, server) in clients.iter_mut().zip(&mut servers) {
                say(client, server, "question");
                say(server, client, "answer");
            }
        }
    });
}

/// A task with the right to change its own link, and so to send whatever it likes.
#[test]
fn with_the_address_of_another_nothing_is_reached() {
    on_a_scene(|scene, _| {
        let listener = scene.listen(1);
        scene.direct(&[1], &[0]);
        within(&scene.tasks[2].namespace, || {
            take_address(scene.address(0), &scene.network);
            assert!(
                is_dropped(scene.address, PORT),
                "the answers are not for the thief"
            );
        });
        assert_eq!(waiting(&listener), 0);
        let _client = scene.connect(0).unwrap();
        eventually("nothing changed for the other", || waiting(&listener) == 1);
    });
}

#[test]
fn nobody_is_told_of_shorter_ways() {
    on_a_scene(|scene, _| {
        let listener = scene.listen(1);
        scene.direct(&[1], &[0]);
        let mut client = scene.connect(0).unwrap();
        let (mut server, _) = accept(&listener);
        for _ in 0..10 {
            say(&mut client, &mut server, "question");
            say(&mut server, &mut client, "answer");
        }
        let counters = within(&scene.tasks[0].namespace, || {
            fs_err::read_to_string("/proc/thread-self/net/snmp").unwrap()
        });
        let lines: Vec<Vec<&str>> = counters
            .lines()
            .filter(|line| line.starts_with("Icmp:"))
            .map(|line| line.split(' ').collect())
            .collect();
        let column = lines[0].iter().position(|name| *name == "InRedirects").unwrap();
        assert_eq!(lines[1][column], "0");
    });
}

/// For people to read: no machine is promised to be quick.
#[test]
fn what_a_change_costs_is_told() {
    on_a_machine(|_| {
        let network = network("one");
        ensure(&network, &Traffic::default()).unwrap();
        for (tasks, virtuals) in [(2, 1), (20, 5), (200, 20)] {
            let addresses: Vec<Ipv4Addr> = network.task_addresses().collect();
            let virtual_address = |number: usize| VirtualAddress {
                address: addresses[900 + number],
                port: PORT,
                backends: [300, 400]
                    .map(|first| SocketAddrV4::new(addresses[first + number], INNER))
                    .to_vec(),
                leaving: Vec::new(),
            };
            let virtuals: Vec<_> = (0..virtuals).map(virtual_address).collect();
            let open = |from: &Ipv4Addr| {
                let from = *from;
                virtuals.iter().map(move |to| Opening {
                    from,
                    to: to.address,
                    port: to.port,
                })
            };
            let openings = addresses[..tasks].iter().flat_map(open).collect();
            let traffic = Traffic {
                openings,
                virtuals: virtuals.clone(),
            };
            let mut took: Vec<Duration> = (0..9).map(|_| timed(&network, &traffic)).collect();
            took.sort();
            eprintln!(
                "{tasks} tasks, {} virtual addresses: {:?} at best, {:?} mostly",
                virtuals.len(),
                took[0],
                took[4]
            );
        }
    });
}

fn timed(network: &HostNetwork, traffic: &Traffic) -> Duration {
    // A change also waits until the kernel has cleaned up after the one before.
    std::thread::sleep(Duration::from_millis(50));
    let began = Instant::now();
    direct(network, traffic).unwrap();
    began.elapsed()
}
