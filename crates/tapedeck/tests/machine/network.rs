//! Tasks reach the world and nobody reaches them.

use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::time::Duration;

use crate::stage::{Stage, WAIT, addresses, named};

/// Says whether a connection to `$1:$2` comes about.
const TRY: &str = "try() { if timeout 3 nc -w 2 $1 $2 </dev/null >/dev/null 2>&1; then echo \"$3 reached\"; else echo \"$3 refused\"; fi; }";

/// Answers on port 7000 and tries that itself.
fn listener() -> String {
    format!(
        "{TRY}; (while :; do nc -l -p 7000 -e echo hello; done) & until nc -z 127.0.0.1 7000; do sleep 0.05; done; \
             try $(hostname -i) 7000 own; {WAIT}"
    )
}

#[test]
fn tasks_cannot_reach_each_other_and_nobody_reaches_them() {
    let Some(stage) = Stage::ready() else { return };
    let server = stage.named("server", &listener());
    let stack = stage.deploy(std::slice::from_ref(&server));
    stage.wait_for_lines("own reached", 1);
    let address = *addresses(named(&stack, "server").unwrap()).first().unwrap();

    let script = format!(
        "{TRY}; try {address} 7000 neighbour; ping -c 1 -W 1 {address} >/dev/null && echo pinged; echo done; {WAIT}"
    );
    stage.deploy(&[server, stage.named("client", &script)]);
    stage.wait_for_lines("done", 1);
    assert_eq!(stage.lines(), ["own reached", "neighbour refused", "done"]);

    let target = SocketAddr::from((address, 7000));
    let entered = TcpStream::connect_timeout(&target, Duration::from_millis(500));
    assert!(entered.is_err(), "this machine itself gets into a task");
}

#[test]
fn tasks_cannot_enter_the_machine_they_run_on() {
    let Some(stage) = Stage::ready() else { return };
    let open = TcpListener::bind((Ipv4Addr::UNSPECIFIED, 0)).unwrap();
    let port = open.local_addr().unwrap().port();
    TcpStream::connect((Ipv4Addr::LOCALHOST, port)).expect("the port is open");
    // The address of this machine towards the world, if it has a way there.
    let probe = std::net::UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 0)).unwrap();
    let outer = probe
        .connect("192.0.2.1:9")
        .and_then(|()| probe.local_addr())
        .map(|address| address.ip().to_string());
    let outer = outer.unwrap_or_else(|_| "127.0.0.1".to_owned());
    let script = format!(
        "{TRY}; gateway=$(ip route | sed -n 's/default via \\([^ ]*\\).*/\\1/p'); \
         ping -c 1 -W 5 $gateway >/dev/null && echo pinged; \
         try $gateway {port} gateway; try {outer} {port} machine; try 169.254.169.254 80 metadata; echo done; {WAIT}"
    );
    stage.deploy(&[stage.worker(&script)]);
    stage.wait_for_lines("done", 1);
    assert_eq!(
        stage.lines(),
        ["gateway refused", "machine refused", "metadata refused", "done"]
    );
    drop(open);
}

#[test]
fn a_task_knows_its_name_its_address_and_whom_to_ask() {
    let Some(stage) = Stage::ready() else { return };
    let script = format!(
        "hostname; hostname -i; grep -c ^nameserver /etc/resolv.conf; grep -cE '^nameserver (127|::1)' /etc/resolv.conf; \
         ip -o link | cut -d: -f2 | tr -d ' '; df -m /dev/shm | awk 'NR == 2 {{ print $2 }}'; echo done; {WAIT}"
    );
    let stack = stage.deploy(&[stage.worker(&script)]);
    stage.wait_for_lines("done", 1);
    let address = addresses(&stack.services[0]).pop_first().unwrap();
    let lines = stage.lines();
    let name = format!("ip-{}", address.to_string().replace('.', "-"));
    assert_eq!(lines[..2], [name, address.to_string()]);
    assert!(lines[2].parse::<u32>().unwrap() > 0, "{lines:?}");
    assert_eq!(
        lines[3], "0",
        "a resolver on this machine's loopback is out of reach: {lines:?}"
    );
    let links: Vec<&str> = lines[4..lines.len() - 2]
        .iter()
        .map(|link| link.split('@').next().unwrap())
        .collect();
    assert_eq!(links, ["lo", "eth0"]);
    assert_eq!(lines[lines.len() - 2], "64", "{lines:?}");
}
