//! The REST protocol of Upstash, as its own library speaks it.

use std::net::TcpListener;
use std::path::PathBuf;
use std::process::Command;

use fs_err as fs;
use tapedeck_local::stand_in::Kind;
use tapedeck_local::upstash::{Server, Settings};

use crate::stage::{Stage, kept, said};

/// What the library is asked, and what it has to give.
const PROGRAM: &str = include_str!("upstash.mjs");

/// The library, fetched once.
fn library() -> PathBuf {
    let folder = kept("upstash-sdk");
    if !folder.join("node_modules/@upstash/redis").is_dir() {
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join("package.json"), "{}").unwrap();
        let mut npm = Command::new("npm");
        npm.args(["install", "--silent", "@upstash/redis@1.39.0"]);
        said(npm.current_dir(&folder).output().unwrap());
    }
    folder
}

#[test]
fn the_library_of_upstash_finds_all_that_it_expects() {
    let Some(mut stage) = Stage::ready(Kind::Redis) else {
        return;
    };
    if let Some(missing) = tapedeck_testkit::missing(&["node", "npm"]) {
        eprintln!("SKIPPED: this test needs {missing}");
        return;
    }
    stage.set("REDIS_PASSWORD", "secret");
    stage.set("REDIS_TLS", "yes");
    let run = stage.start();
    let program = library().join("program.mjs");
    fs::write(&program, PROGRAM).unwrap();
    let ask = |what: &str, port: u16| {
        let settings = Settings {
            redis: (run.address, port).into(),
            password: "secret".to_owned(),
            trusted: Some(stage.data().join("ca.pem")),
            token: "all".to_owned(),
            read_only_token: Some("some".to_owned()),
        };
        let server = Server::start(TcpListener::bind("127.0.0.1:0").unwrap(), settings).unwrap();
        let mut node = Command::new("node");
        node.arg(&program)
            .arg(what)
            .env("URL", format!("http://{}", server.address()));
        said(node.output().unwrap())
    };
    // Where the firewall of the task does not stand between: in a thread of its own, which never comes out again.
    std::thread::scope(|scope| {
        let inside = scope.spawn(|| {
            run.enter_network();
            assert_eq!(ask("gone", 1), "Redis does not answer");
            let checks = ask("all", stage.stand_in.port);
            assert!(checks.ends_with("all as expected"), "{checks}");
        });
        inside.join().unwrap();
    });
}
