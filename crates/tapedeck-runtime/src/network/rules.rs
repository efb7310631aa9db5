//! The firewall of one engine as text for `nft`, and the running of `nft`.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Write as _};
use std::net::{Ipv4Addr, SocketAddrV4};
use std::process::{Command, Output, Stdio};

use super::{HostNetwork, NetworkError, Opening, Traffic};

/// The sets that follow from what is allowed between tasks, with their types.
const SETS: [(&str, &str); 4] = [
    // A task, a virtual address that is open to it, and the port.
    ("openings", "ipv4_addr . ipv4_addr . inet_service"),
    // A virtual address and its port.
    ("virtuals", "ipv4_addr . inet_service"),
    // The same with one of the tasks behind it, and the port of that.
    ("ways", "ipv4_addr . inet_service . ipv4_addr . inet_service"),
    // A task behind any, twice: who finds itself there must see another address than its own.
    ("selves", "ipv4_addr . ipv4_addr"),
];

/// That the connection of a packet is open.
const ALLOWED: &str = "ct original ip saddr . ct original ip daddr . ct original proto-dst @openings";

/// The way of a packet from the address that was connected to, to the one that the connection was led to.
const WAY: &str =
    "ct original ip daddr . ct original proto-dst . ct reply ip saddr . ct reply proto-src @ways";

/// The transaction that replaces the table of `network`, whether or not it exists. One transaction: there is no moment
/// without rules.
///
/// All packets between tasks are forwarded by this machine, and each of them is checked, not only the first of a
/// connection: so whoever loses the other end is told with its next packet. That is done before addresses are translated, so
/// that the answer has those that are expected. A packet that belongs to no connection that is known is dropped: what is only
/// late would end a good one, were it refused.
///
/// A task can put the address of another on its packets, but not see the answers: they go to where the other is pinned. So
/// it gets no connection that is open to the other only.
pub(crate) fn replacement(network: &HostNetwork, traffic: &Traffic) -> String {
    let HostNetwork {
        bridge,
        table,
        subnet,
        gateway,
    } = network;
    let sets: String = SETS
        .iter()
        .map(|(name, kind)| format!("    set {name} {{\n        type {kind}\n    }}\n"))
        .collect();
    let contents = contents(network, traffic);
    format!(
        r#"table inet {table}
delete table inet {table}
table inet {table} {{
{sets}    chain lead {{
    }}
    chain between_connected_tasks {{
        type filter hook prerouting priority mangle; policy accept;
        iifname "{bridge}" ct status dnat ct original ip saddr {subnet} ct original ip saddr != {gateway} ct original ip daddr {subnet} ct original ip daddr != {gateway} jump connected
    }}
    chain connected {{
        meta l4proto tcp {ALLOWED} {WAY} return
        meta l4proto tcp reject with tcp reset
    }}
    chain from_task_to_virtual {{
        type nat hook prerouting priority dstnat; policy accept;
        iifname "{bridge}" ip saddr . ip daddr . tcp dport @openings goto lead
    }}
    chain from_host_to_virtual {{
        type nat hook output priority -100; policy accept;
        oifname "{bridge}" ip daddr . tcp dport @virtuals goto lead
    }}
    chain translate {{
        type nat hook postrouting priority srcnat; policy accept;
        ip saddr {subnet} oifname != "{bridge}" masquerade
        oifname "{bridge}" ip saddr . ip daddr @selves snat ip to {gateway}
    }}
    chain forward {{
        type filter hook forward priority filter - 10; policy accept;
        iifname "{bridge}" jump from_task
        oifname "{bridge}" jump to_task
    }}
    chain from_task {{
        meta nfproto != ipv4 drop
        ip saddr != {subnet} drop
        oifname "{bridge}" goto between_tasks
        ip daddr 169.254.0.0/16 drop
        tcp flags syn tcp option maxseg size set rt mtu
    }}
    chain between_tasks {{
        meta l4proto tcp {ALLOWED} {WAY} accept
        ct state new ip saddr . ip daddr . tcp dport @openings reject with tcp reset
        drop
    }}
    chain to_task {{
        ct state established,related accept
        drop
    }}
    chain input {{
        type filter hook input priority filter - 10; policy accept;
        iifname "{bridge}" jump task_to_host
    }}
    chain task_to_host {{
        meta nfproto != ipv4 drop
        ip saddr != {subnet} drop
        ct state established,related accept
        ip daddr 169.254.0.0/16 drop
        meta l4proto {{ tcp, udp }} th dport 53 accept
        drop
    }}
    chain output {{
        type filter hook output priority filter - 10; policy accept;
        oifname "{bridge}" jump from_host
    }}
    chain from_host {{
        icmp type redirect drop
        tcp flags & rst == rst ct state established,related accept
        meta l4proto tcp ct status dnat ct direction original goto from_host_to_backend
        ct state new ip daddr . tcp dport @virtuals reject with tcp reset
        goto to_task
    }}
    chain from_host_to_backend {{
        meta l4proto tcp {WAY} accept
        reject with tcp reset
    }}
}}
{contents}"#
    )
}

/// The transaction that changes what is allowed between tasks in the table of `network`.
pub(crate) fn direction(network: &HostNetwork, traffic: &Traffic) -> String {
    let table = &network.table;
    let mut text = format!("flush chain inet {table} lead\n");
    for (set, _) in SETS {
        text.push_str(&format!("flush set inet {table} {set}\n"));
    }
    text.push_str(&contents(network, traffic));
    text
}

/// What is allowed between tasks, for a table that allows nothing yet.
fn contents(network: &HostNetwork, traffic: &Traffic) -> String {
    let table = &network.table;
    let mut behind: BTreeMap<(Ipv4Addr, u16), BTreeSet<SocketAddrV4>> = BTreeMap::new();
    let mut leaving: BTreeMap<(Ipv4Addr, u16), Vec<&SocketAddrV4>> = BTreeMap::new();
    for virtual_address in &traffic.virtuals {
        let place = (virtual_address.address, virtual_address.port);
        behind.entry(place).or_default().extend(&virtual_address.backends);
        leaving.entry(place).or_default().extend(&virtual_address.leaving);
    }
    let mut sets = SETS.map(|(name, _)| (name, BTreeSet::new()));
    let [(_, openings), (_, virtuals), (_, ways), (_, selves)] = &mut sets;
    for Opening { from, to, port } in &traffic.openings {
        openings.insert(format!("{from} . {to} . {port}"));
    }
    let mut text = String::new();
    for ((address, port), backends) in &behind {
        virtuals.insert(format!("{address} . {port}"));
        let keeping = leaving.get(&(*address, *port)).into_iter().flatten();
        for backend in backends.iter().chain(keeping.copied()) {
            let (ip, backend_port) = (backend.ip(), backend.port());
            ways.insert(format!("{address} . {port} . {ip} . {backend_port}"));
            selves.insert(format!("{ip} . {ip}"));
        }
        if let Some(target) = target(backends) {
            text.push_str(&format!(
                "add rule inet {table} lead ip daddr {address} tcp dport {port} dnat ip to {target}\n"
            ));
        }
    }
    for (name, elements) in sets.iter().filter(|(_, elements)| !elements.is_empty()) {
        let elements: Vec<&str> = elements.iter().map(String::as_str).collect();
        text.push_str(&format!(
            "add element inet {table} {name} {{ {} }}\n",
            elements.join(", ")
        ));
    }
    text
}

/// Where a new connection is led: each backend in turn.
fn target(backends: &BTreeSet<SocketAddrV4>) -> Option<String> {
    let first = backends.first()?;
    if backends.len() == 1 {
        return Some(first.to_string());
    }
    let turns: Vec<String> = backends
        .iter()
        .enumerate()
        .map(|(turn, backend)| format!("{turn} : {} . {}", backend.ip(), backend.port()))
        .collect();
    Some(format!(
        "numgen inc mod {} map {{ {} }}",
        backends.len(),
        turns.join(", ")
    ))
}

/// The transaction that removes the table of `network`, whether or not it exists.
pub(crate) fn removal(network: &HostNetwork) -> String {
    let table = &network.table;
    format!("table inet {table}\ndelete table inet {table}\n")
}

/// Runs one transaction.
pub(crate) fn apply(network: &HostNetwork, transaction: &str) -> Result<(), NetworkError> {
    let output = run("nft", &["-f", "-"], transaction).map_err(|source| run_error(network, source))?;
    if output.status.success() {
        return Ok(());
    }
    let message = String::from_utf8_lossy(&output.stderr);
    if message.contains("Operation not permitted") {
        return Err(NetworkError::NotPermitted {
            action: format!("write the firewall table {}", network.table),
        });
    }
    let message = message.split_whitespace().collect::<Vec<_>>().join(" ");
    Err(NetworkError::NftRefused {
        table: network.table.clone(),
        message,
    })
}

/// Whether the table of `network` is there.
pub(crate) fn present(network: &HostNetwork) -> Result<bool, NetworkError> {
    let output = run("nft", &["list", "table", "inet", &network.table], "")
        .map_err(|source| run_error(network, source))?;
    Ok(output.status.success())
}

fn run_error(network: &HostNetwork, source: io::Error) -> NetworkError {
    match source.kind() {
        io::ErrorKind::NotFound => NetworkError::NftMissing,
        _ => NetworkError::NftRun {
            table: network.table.clone(),
            source,
        },
    }
}

/// Runs a program to its end. A service's `PATH` often lacks the administrator's folders, where firewall programs are.
pub(super) fn run(program: &str, arguments: &[&str], input: &str) -> io::Result<Output> {
    let path = std::env::var("PATH").unwrap_or_default();
    let mut child = Command::new(program)
        .args(arguments)
        .env_clear()
        .env("PATH", format!("{path}:/usr/sbin:/sbin:/usr/bin:/bin"))
        .env("LC_ALL", "C")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()?;
    if let Some(mut stdin) = child.stdin.take() {
        match stdin.write_all(input.as_bytes()) {
            // It ended early; its own words on why are in the output.
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => {}
            other => other?,
        }
    }
    child.wait_with_output()
}
