//! Getting along with a machine whose own firewall forwards nothing by default, as Docker sets it up.
//!
//! A packet has to be accepted by all firewalls of a machine, so accepting it in our table is not enough. Where the
//! program `iptables` shows that the forwarding of others is restricted, two exceptions are put in front.

use super::NetworkError;
use super::rules::run;

/// A chain in which nothing is restricted.
const UNRESTRICTED: &str = "-P FORWARD ACCEPT";

/// Lets the packets of tasks, and the answers to them, pass other firewalls, if there are any. Does nothing the second
/// time.
pub(crate) fn admit(bridge: &str) -> Result<(), NetworkError> {
    let listing = forward_chain();
    if listing.trim() == UNRESTRICTED {
        return Ok(());
    }
    for exception in exceptions(bridge)
        .iter()
        .filter(|exception| !has(&listing, exception))
    {
        change(bridge, "-I", exception)?;
    }
    Ok(())
}

/// Takes back what [`admit`] did, if anything.
pub(crate) fn withdraw(bridge: &str) -> Result<(), NetworkError> {
    let listing = forward_chain();
    for exception in exceptions(bridge)
        .iter()
        .filter(|exception| has(&listing, exception))
    {
        change(bridge, "-D", exception)?;
    }
    Ok(())
}

/// In the words in which `iptables` lists them.
fn exceptions(bridge: &str) -> [String; 2] {
    [
        format!("-i {bridge} -j ACCEPT"),
        format!("-o {bridge} -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT"),
    ]
}

fn has(listing: &str, exception: &str) -> bool {
    listing.lines().any(|line| {
        line.strip_prefix("-A FORWARD ")
            .is_some_and(|rule| rule.trim_end() == exception)
    })
}

/// The rules for forwarded packets. Where there is no `iptables`, or it does not work, nobody uses it to restrict them.
fn forward_chain() -> String {
    match run("iptables", &["-w", "-S", "FORWARD"], "") {
        Ok(output) if output.status.success() => String::from_utf8_lossy(&output.stdout).into_owned(),
        _ => UNRESTRICTED.to_owned(),
    }
}

fn change(bridge: &str, command: &str, exception: &str) -> Result<(), NetworkError> {
    let arguments: Vec<&str> = ["-w", command, "FORWARD"]
        .into_iter()
        .chain(exception.split(' '))
        .collect();
    let message = match run("iptables", &arguments, "") {
        Ok(output) if output.status.success() => return Ok(()),
        Ok(output) => String::from_utf8_lossy(&output.stderr)
            .split_whitespace()
            .collect::<Vec<_>>()
            .join(" "),
        Err(error) => error.to_string(),
    };
    Err(NetworkError::IptablesRefused {
        bridge: bridge.to_owned(),
        message,
    })
}
