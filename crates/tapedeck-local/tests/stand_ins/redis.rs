//! Redis.

use std::process::Output;

use tapedeck_local::stand_in::Kind;
use tapedeck_testkit::{DEADLINE, eventually};

use crate::stage::{Run, Stage, refused, said};

fn redis(run: &Run, stage: &Stage, password: &str, words: &[&str]) -> Output {
    // Without `-e` it does not fail when the server refuses.
    let mut command = vec![
        "redis-cli",
        "-e",
        "--tls",
        "--cacert",
        "/data/ca.pem",
        "-h",
        "127.0.0.1",
        "-p",
        "6380",
    ];
    command.extend(words);
    run.client_with(stage, &[("REDISCLI_AUTH", password)], &command)
}

#[test]
fn what_was_set_outlives_a_kill_and_a_password_can_change() {
    let Some(mut stage) = Stage::ready(Kind::Redis) else {
        return;
    };
    let password = "a b\"c\\d'e$f";
    stage.set("REDIS_PASSWORD", password);
    stage.set("REDIS_PORT", "6380");
    stage.set("REDIS_TLS", "yes");
    stage.set("REDIS_MAXMEMORY", "100mb");
    stage.set("TLS_NAMES", "cache.local.internal,10.9.8.7");
    let first = stage.start();
    eprintln!("first start {:?}, {} MiB", first.took, first.memory());
    assert_eq!(
        said(redis(&first, &stage, password, &["set", "colour", "blue"])),
        "OK"
    );
    let info = said(redis(&first, &stage, password, &["info", "server"]));
    let version = format!("redis_version:{}", stage.stand_in.version);
    assert!(info.lines().any(|line| line.trim() == version), "{info}");
    let memory = said(redis(&first, &stage, password, &["config", "get", "maxmemory"]));
    assert_eq!(memory.lines().last().unwrap(), "104857600");
    // By the name that the certificate is for, and by no other.
    let by_name = |name| [&["--sni", name][..], &["get", "colour"]].concat();
    assert_eq!(
        said(redis(&first, &stage, password, &by_name("cache.local.internal"))),
        "blue"
    );
    refused(redis(&first, &stage, "wrong", &["get", "colour"]));
    let names = [
        "openssl",
        "x509",
        "-in",
        "/data/tls/server.pem",
        "-noout",
        "-ext",
        "subjectAltName",
    ];
    let names = said(first.client(&stage, &names));
    assert!(
        names.contains("DNS:cache.local.internal, IP Address:10.9.8.7"),
        "{names}"
    );
    first.kill();

    stage.set("REDIS_PASSWORD", "another");
    let second = stage.start();
    eprintln!("start after a kill {:?}", second.took);
    assert_eq!(
        said(redis(&second, &stage, "another", &["get", "colour"])),
        "blue"
    );
    refused(redis(&second, &stage, password, &["get", "colour"]));
    eprintln!("stop {:?}", second.stop(&stage));
    let third = stage.start();
    assert_eq!(said(redis(&third, &stage, "another", &["get", "colour"])), "blue");
}

#[test]
fn without_tls_it_speaks_plainly() {
    let Some(mut stage) = Stage::ready(Kind::Redis) else {
        return;
    };
    stage.set("REDIS_PASSWORD", "secret");
    let run = stage.start();
    let command = ["redis-cli", "-e", "set", "a", "b"];
    assert_eq!(
        said(run.client_with(&stage, &[("REDISCLI_AUTH", "secret")], &command)),
        "OK"
    );
    refused(run.client(&stage, &command));
}

#[test]
fn a_cluster_of_one_shard_has_all_slots() {
    let Some(mut stage) = Stage::ready(Kind::Redis) else {
        return;
    };
    stage.set("REDIS_PASSWORD", "secret");
    stage.set("REDIS_PORT", "6380");
    stage.set("REDIS_TLS", "yes");
    stage.set("REDIS_CLUSTER", "10.9.8.7");
    for _ in 0..2 {
        let run = stage.start();
        eventually("a cluster", DEADLINE, || {
            let info = said(redis(&run, &stage, "secret", &["cluster", "info"]));
            info.contains("cluster_state:ok").then_some(())
        });
        said(redis(&run, &stage, "secret", &["set", "colour", "blue"]));
        let slots = said(redis(&run, &stage, "secret", &["cluster", "slots"]));
        let words: Vec<&str> = slots.lines().take(4).collect();
        assert_eq!(words, ["0", "16383", "10.9.8.7", "6380"]);
        run.kill();
    }
}
