//! Subnets, candidates, names and files: values in, values out.

use std::collections::{BTreeMap, HashSet};
use std::net::{Ipv4Addr, SocketAddrV4};

use crate::network::rules::{direction, replacement};
use crate::network::task::hardware_address;
use crate::network::{
    HostNetwork, NetworkError, Opening, Subnet, Taken, Traffic, VirtualAddress, hosts_file, interface_name,
    resolv_conf,
};

fn subnet(text: &str) -> Subnet {
    text.parse().unwrap()
}

fn taken(text: &str) -> Taken {
    Taken {
        subnet: subnet(text),
        link: 1,
    }
}

#[test]
fn subnets_are_parsed_and_printed() {
    assert_eq!(subnet("10.150.4.0/22").to_string(), "10.150.4.0/22");
    assert_eq!(subnet("0.0.0.0/0").to_string(), "0.0.0.0/0");
    for wrong in [
        "10.150.4.0",
        "10.150.4.0/33",
        "10.150.4.1/22",
        "10.150.4/22",
        "x/8",
        "10.0.0.0/-1",
        "",
    ] {
        let error = wrong.parse::<Subnet>().unwrap_err();
        assert!(error.to_string().contains("write it like"), "{wrong}");
    }
}

#[test]
fn subnets_know_what_they_contain() {
    let four = subnet("10.0.4.0/30");
    assert_eq!(
        four.hosts().collect::<Vec<_>>(),
        [Ipv4Addr::new(10, 0, 4, 1), Ipv4Addr::new(10, 0, 4, 2)]
    );
    assert!(four.contains(Ipv4Addr::new(10, 0, 4, 3)) && !four.contains(Ipv4Addr::new(10, 0, 4, 4)));
    assert!(four.overlaps(subnet("10.0.0.0/8")) && subnet("10.0.0.0/8").overlaps(four));
    assert!(!four.overlaps(subnet("10.0.4.4/30")));
    assert_eq!(subnet("10.0.4.9/32").hosts().count(), 0);
}

#[test]
fn candidates_follow_from_the_seed() {
    let candidates: Vec<_> = HostNetwork::candidates(b"/var/lib/tapedeck").collect();
    assert_eq!(
        candidates,
        HostNetwork::candidates(b"/var/lib/tapedeck").collect::<Vec<_>>()
    );
    assert_ne!(
        candidates[0].bridge,
        HostNetwork::candidates(b"/tmp/other").next().unwrap().bridge
    );
    assert!(candidates.len() > 50);
    for candidate in &candidates {
        assert!(
            candidate.bridge.len() <= 15 && candidate.bridge.starts_with("td-"),
            "{}",
            candidate.bridge
        );
        assert_eq!(candidate.subnet.prefix(), 22);
        assert!(candidate.subnet.contains(candidate.gateway));
        assert!(
            !candidate
                .task_addresses()
                .any(|address| address == candidate.gateway)
        );
        assert_eq!(candidate.task_addresses().count(), 1021);
    }
    assert!(
        candidates[..64]
            .iter()
            .all(|candidate| subnet("10.128.0.0/9").overlaps(candidate.subnet))
    );
}

#[test]
fn a_subnet_in_use_is_not_chosen() {
    let seed = b"/var/lib/tapedeck";
    let first = HostNetwork::choose(seed, &[taken("192.0.2.0/24")]).unwrap();
    assert_eq!(Some(&first), HostNetwork::candidates(seed).next().as_ref());

    let inside_first = Subnet::containing(first.gateway, 32).to_string();
    let second = HostNetwork::choose(seed, &[taken(&inside_first)]).unwrap();
    assert!(!second.subnet.overlaps(first.subnet));

    let behind_vpn = HostNetwork::choose(seed, &[taken("10.0.0.0/8")]).unwrap();
    assert!(subnet("172.16.0.0/12").overlaps(behind_vpn.subnet));

    let error = HostNetwork::choose(seed, &[taken("0.0.0.0/1"), taken("128.0.0.0/1")]).unwrap_err();
    assert!(
        matches!(error, NetworkError::NoFreeSubnet { tried: 112 }),
        "{error}"
    );
}

#[test]
fn a_network_survives_serialization() {
    let network = HostNetwork::candidates(b"x").next().unwrap();
    let text = serde_json::to_string(&network).unwrap();
    assert!(
        text.contains(&format!("\"subnet\":\"{}\"", network.subnet)),
        "{text}"
    );
    assert_eq!(serde_json::from_str::<HostNetwork>(&text).unwrap(), network);
    let task = network.task(network.task_addresses().next().unwrap());
    let text = serde_json::to_string(&task).unwrap();
    assert_eq!(
        serde_json::from_str::<crate::network::TaskNetwork>(&text).unwrap(),
        task
    );
}

#[test]
fn what_an_older_binary_has_written_of_a_task_is_understood() {
    let text = r#"{"bridge":"td-1","address":"10.130.0.9","prefix":22,"gateway":"10.130.0.1"}"#;
    let task: crate::network::TaskNetwork = serde_json::from_str(text).unwrap();
    assert_eq!(task.address, Ipv4Addr::new(10, 130, 0, 9));
}

#[test]
fn a_name_that_would_be_read_as_rules_is_refused() {
    let mut network = HostNetwork::candidates(b"x").next().unwrap();
    for name in ["", "td-0123456789abcdef", "a;b", "a\"b", "-x", "a b"] {
        network.bridge = name.to_owned();
        assert!(
            matches!(
                crate::network::ensure(&network, &Traffic::default()),
                Err(NetworkError::BadName { .. })
            ),
            "{name}"
        );
    }
}

#[test]
fn rules_replace_the_table_in_one_transaction() {
    let network = HostNetwork::candidates(b"x").next().unwrap();
    let rules = replacement(&network, &Traffic::default());
    let table = &network.table;
    let start = format!("table inet {table}\ndelete table inet {table}\ntable inet {table} {{\n");
    assert!(rules.starts_with(&start), "{rules}");
}

#[test]
fn a_change_of_traffic_replaces_what_was_allowed() {
    let network = HostNetwork::candidates(b"x").next().unwrap();
    let backend = |last: u8| SocketAddrV4::new([10, 1, 2, last].into(), 80);
    let virtual_address = |last: u8, backends: &[u8]| VirtualAddress {
        address: [10, 1, 3, last].into(),
        port: 5432,
        backends: backends.iter().copied().map(backend).collect(),
        leaving: Vec::new(),
    };
    let traffic = Traffic {
        virtuals: vec![
            virtual_address(1, &[9, 8, 9]),
            virtual_address(2, &[8]),
            virtual_address(3, &[]),
        ],
        openings: vec![Opening {
            from: [10, 1, 2, 7].into(),
            to: [10, 1, 3, 1].into(),
            port: 5432,
        }],
    };
    let expected = "flush chain inet T lead\nflush set inet T openings\nflush set inet T virtuals\nflush set inet T ways\nflush set inet T selves\n\
        add rule inet T lead ip daddr 10.1.3.1 tcp dport 5432 dnat ip to numgen inc mod 2 map { 0 : 10.1.2.8 . 80, 1 : 10.1.2.9 . 80 }\n\
        add rule inet T lead ip daddr 10.1.3.2 tcp dport 5432 dnat ip to 10.1.2.8:80\n\
        add element inet T openings { 10.1.2.7 . 10.1.3.1 . 5432 }\n\
        add element inet T virtuals { 10.1.3.1 . 5432, 10.1.3.2 . 5432, 10.1.3.3 . 5432 }\n\
        add element inet T ways { 10.1.3.1 . 5432 . 10.1.2.8 . 80, 10.1.3.1 . 5432 . 10.1.2.9 . 80, 10.1.3.2 . 5432 . 10.1.2.8 . 80 }\n\
        add element inet T selves { 10.1.2.8 . 10.1.2.8, 10.1.2.9 . 10.1.2.9 }\n";
    let text = direction(&network, &traffic);
    assert_eq!(
        text,
        expected.replace("inet T ", &format!("inet {} ", network.table))
    );
    let nothing = direction(&network, &Traffic::default());
    assert!(
        nothing.lines().all(|line| line.starts_with("flush ")),
        "{nothing}"
    );
}

#[test]
fn names_and_hardware_addresses_are_stable_and_distinct() {
    let names: HashSet<_> = (0..1000)
        .map(|task| interface_name(&format!("task-{task}")))
        .collect();
    assert_eq!(names.len(), 1000);
    assert!(names.iter().all(|name| name.len() == 15 && name.starts_with('v')));
    assert_eq!(
        hardware_address(Ipv4Addr::new(10, 1, 2, 3)),
        [0x0a, 0x7d, 10, 1, 2, 3]
    );
    assert_eq!(
        hardware_address(Ipv4Addr::new(10, 1, 2, 3))[0] & 0b11,
        0b10,
        "local, not multicast"
    );
}

#[test]
fn resolv_conf_keeps_what_a_task_can_use() {
    let host = "# comment\nnameserver 10.0.0.2\nnameserver 127.0.0.53\nnameserver 8.8.8.8\nnameserver fe80::1%eth0\n\
                search corp.example  example\noptions ndots:2\n";
    let expected = "# written by tapedeck from this machine's resolv.conf\nnameserver 10.0.0.2\nnameserver 8.8.8.8\n\
                    search corp.example  example\noptions ndots:2\n";
    assert_eq!(resolv_conf(host, "nameserver 9.9.9.9\n"), expected);
}

#[test]
fn resolv_conf_looks_behind_a_loopback_resolver() {
    let text = resolv_conf(
        "nameserver 127.0.0.53\noptions edns0 trust-ad\n",
        "nameserver 192.0.2.1\nsearch x\n",
    );
    assert!(
        text.contains("nameserver 192.0.2.1\noptions edns0 trust-ad\n"),
        "{text}"
    );
    assert!(!text.contains("127.0.0.53") && !text.contains("search"), "{text}");
}

#[test]
fn resolv_conf_says_when_no_server_is_left() {
    let text = resolv_conf("nameserver ::1\nsearch corp\n", "");
    assert!(!text.lines().any(|line| line.starts_with("nameserver")), "{text}");
    assert!(
        text.contains("# no nameserver") && text.contains("search corp"),
        "{text}"
    );
}

#[test]
fn resolv_conf_names_at_most_three_servers() {
    let host: String = (1..=5)
        .map(|last| format!("nameserver 192.0.2.{last}\n"))
        .collect();
    assert_eq!(resolv_conf(&host, "").matches("nameserver 192").count(), 3);
}

#[test]
fn hosts_file_names_the_task() {
    let address = Ipv4Addr::new(10, 1, 2, 3);
    let text = hosts_file("ip-10-1-2-3", address, &BTreeMap::new());
    assert!(
        text.contains("127.0.0.1\tlocalhost\n") && text.ends_with("10.1.2.3\tip-10-1-2-3\n"),
        "{text}"
    );
    let others = ["queue", "database"].map(|name| (name.to_owned(), Ipv4Addr::new(10, 1, 2, 4)));
    let more = hosts_file("ip-10-1-2-3", address, &BTreeMap::from(others));
    assert_eq!(more, format!("{text}10.1.2.4\tdatabase\n10.1.2.4\tqueue\n"));
}
