//! The two files of a container that describe its network: `/etc/resolv.conf` and `/etc/hosts`. Pure text in, text out.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr};

/// How many `nameserver` lines the C library reads; more are ignored by it.
const NAMESERVER_LIMIT: usize = 3;

/// The `resolv.conf` for a task.
///
/// `host` is the text of the machine's `/etc/resolv.conf`; `fallback` that of
/// `/run/systemd/resolve/resolv.conf` (empty if there is none), which names the real servers where the first one only
/// names the resolver on loopback. A task has a loopback of its own, and no IPv6, so such servers are left out.
/// Search domains and options are kept. Without any server left the text says so in a comment.
pub fn resolv_conf(host: &str, fallback: &str) -> String {
    let mut servers = reachable_servers(host);
    if servers.is_empty() {
        servers = reachable_servers(fallback);
    }
    let mut text = String::from("# written by tapedeck from this machine's resolv.conf\n");
    if servers.is_empty() {
        text.push_str("# no nameserver: this machine names none that a task could reach\n");
    }
    for server in servers.iter().take(NAMESERVER_LIMIT) {
        text.push_str(&format!("nameserver {server}\n"));
    }
    let settings = host
        .lines()
        .filter(|line| matches!(keyword(line), "search" | "domain" | "options" | "sortlist"));
    for line in settings {
        text.push_str(line.trim());
        text.push('\n');
    }
    text
}

fn keyword(line: &str) -> &str {
    line.split_whitespace().next().unwrap_or("")
}

fn reachable_servers(text: &str) -> Vec<Ipv4Addr> {
    let addresses = text
        .lines()
        .filter(|line| keyword(line) == "nameserver")
        .filter_map(|line| line.split_whitespace().nth(1));
    addresses
        .filter_map(|address| address.parse::<IpAddr>().ok())
        .filter_map(|address| match address {
            IpAddr::V4(address) => Some(address),
            IpAddr::V6(address) => address.to_ipv4_mapped(),
        })
        .filter(|address| !address.is_loopback() && !address.is_unspecified() && !address.is_link_local())
        .collect()
}

/// The `/etc/hosts` for a task: loopback, the task's own name at its own address, and what else it is to know.
pub fn hosts_file(hostname: &str, address: Ipv4Addr, others: &BTreeMap<String, Ipv4Addr>) -> String {
    let mut text =
        format!("127.0.0.1\tlocalhost\n::1\tlocalhost ip6-localhost ip6-loopback\n{address}\t{hostname}\n");
    for (name, address) in others {
        text.push_str(&format!("{address}\t{name}\n"));
    }
    text
}
