//! Every kind of resource that services can be connected to: what is allowed and reached inside of a task, and what is not.
//!
//! The checks are in the project `matrix`: two workers in Python say what becomes of each, with the SDK of AWS. One is
//! connected to everything, the other to nothing. Here they are deployed, and what they say is read.

use std::collections::BTreeSet;
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream, ToSocketAddrs as _, UdpSocket};
use std::time::Duration;

use serde_json::Value;
use tapedeck_local::stand_in::Kind;
use tapedeck_model::{LanguageConfig, PythonConfig};
use tapedeck_testkit::{Finished, Home, within};
use tempfile::TempDir;

use crate::seed::{buildpack, copy_of, plant_with};
use crate::stage::home_with;

const PROJECT: [&str; 2] = ["--projectName", "matrix"];

/// The workers, and how many checks each has at least: none may go missing unnoticed.
const LEAST: [(&str, usize); 2] = [("connected", 994), ("stranger", 912)];

/// How long the checks may take.
const PATIENCE: Duration = Duration::from_secs(300);

/// A name that most of the world knows.
const NAME: &str = "example.com";

/// What a worker has said.
#[derive(Default)]
struct Said {
    checks: usize,
    wrong: Vec<String>,
    skipped: Vec<String>,
    names: BTreeSet<String>,
    differing: usize,
}

impl Said {
    /// None while there is more to come.
    fn read(lines: &str) -> Option<Self> {
        let mut said = Self::default();
        for line in lines.lines() {
            let Ok(value) = serde_json::from_str::<Value>(line) else {
                said.wrong.push(line.to_owned());
                continue;
            };
            if let Some(count) = value["checks"].as_u64() {
                assert_eq!(said.checks, usize::try_from(count).unwrap(), "lines are missing");
                return Some(said);
            }
            if let Some(skipped) = value["skipped"].as_str() {
                said.skipped.push(skipped.to_owned());
                continue;
            }
            said.checks += 1;
            said.differing += usize::from(value["differs"].is_string());
            if !said.names.insert(value["check"].to_string()) {
                said.wrong.push(format!("there twice: {line}"));
            }
            if value["ok"] != true {
                said.wrong.push(line.to_owned());
            }
        }
        None
    }
}

/// A copy of the project, and a home that has what it needs.
fn ready() -> Option<(Home, TempDir)> {
    let home = home_with(&["python3", "apt-get", "npm"])?;
    let folder = copy_of("matrix");
    let packaging = buildpack("main.py", LanguageConfig::Python(PythonConfig::default()));
    let stand_ins = [Kind::Aws, Kind::Postgres, Kind::Redis];
    match plant_with(&home, folder.path(), packaging, &stand_ins) {
        Ok(()) => Some((home, folder)),
        Err(error) if error.is_of_surroundings() => {
            eprintln!("SKIPPED: this test needs an index of Python packages: {error}");
            None
        }
        Err(error) => panic!("{error}"),
    }
}

/// The address of this machine towards the world, if it has a way there.
fn outer_address() -> Option<Ipv4Addr> {
    let probe = UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 0)).ok()?;
    probe.connect("192.0.2.1:9").ok()?;
    match probe.local_addr().ok()? {
        SocketAddr::V4(address) => Some(*address.ip()),
        SocketAddr::V6(_) => None,
    }
}

/// Somebody in the world who answers this machine.
fn outside() -> Option<SocketAddr> {
    let mut addresses = (NAME, 443).to_socket_addrs().ok()?;
    let address = addresses.find(SocketAddr::is_ipv4)?;
    let answer = TcpStream::connect_timeout(&address, Duration::from_secs(3));
    answer.is_ok().then_some(address)
}

#[test]
fn each_connection_allows_what_it_names_and_nothing_else() {
    let Some((home, folder)) = ready() else { return };
    let listener = TcpListener::bind((Ipv4Addr::UNSPECIFIED, 0)).unwrap();
    let port = listener.local_addr().unwrap().port();
    let machine = outer_address().map(|address| format!("{address}:{port}"));
    let outside = outside();
    if outside.is_none() {
        eprintln!("SKIPPED: what of this test needs a way to the world");
    }
    let mut command = home.command(&["deploy", PROJECT[0], PROJECT[1]]);
    command
        .current_dir(folder.path())
        .env("MATRIX_MACHINE", machine.unwrap_or_default())
        .env(
            "MATRIX_OUTSIDE",
            outside.map(|address| address.to_string()).unwrap_or_default(),
        )
        .env("MATRIX_NAME", outside.map_or("", |_| NAME));
    let deployed = Finished::of(command);
    if deployed.code == Some(3) {
        eprintln!(
            "SKIPPED: this test needs what stands in for AWS and databases: {}",
            deployed.stderr
        );
        return;
    }
    assert_eq!(deployed.code, Some(0), "{deployed:?}");

    for (worker, least) in LEAST {
        let lines = || {
            let of = ["--resourceName", worker, "--raw", "--limit", "1000000"];
            home.must(&[&["logs", PROJECT[0], PROJECT[1]], &of[..]].concat())
        };
        let said = within(PATIENCE, || Said::read(&lines()));
        let said = said.unwrap_or_else(|| panic!("{worker} did not come to its end:\n{}", lines()));
        for skipped in &said.skipped {
            eprintln!("SKIPPED: {skipped}");
        }
        eprintln!(
            "{worker}: {} checks, {} of them otherwise than on AWS",
            said.checks, said.differing
        );
        assert!(said.wrong.is_empty(), "{}", said.wrong.join("\n"));
        assert!(said.checks >= least, "{} checks", said.checks);
    }
    drop(listener);
    home.must(&["delete", PROJECT[0], PROJECT[1], "--yes"]);
}
