//! The firewall of one engine as text for `nft`, and the running of `nft`.

use std::io::{self, Write as _};
use std::process::{Command, Output, Stdio};

use super::{HostNetwork, NetworkError};

/// The transaction that replaces the table of `network`, whether or not it exists. One transaction: there is no moment
/// without rules.
pub(crate) fn replacement(network: &HostNetwork) -> String {
    let HostNetwork {
        bridge,
        table,
        subnet,
        ..
    } = network;
    format!(
        r#"table inet {table}
delete table inet {table}
table inet {table} {{
    chain translate {{
        type nat hook postrouting priority srcnat; policy accept;
        ip saddr {subnet} oifname != "{bridge}" masquerade
    }}
    chain forward {{
        type filter hook forward priority filter - 10; policy accept;
        iifname "{bridge}" jump from_task
        oifname "{bridge}" jump to_task
    }}
    chain from_task {{
        meta nfproto != ipv4 drop
        ip saddr != {subnet} drop
        oifname "{bridge}" drop
        ip daddr 169.254.0.0/16 drop
        tcp flags syn tcp option maxseg size set rt mtu
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
        oifname "{bridge}" jump to_task
    }}
}}
"#
    )
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
