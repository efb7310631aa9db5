//! Commands while calls are throttled, fail, get lost and are slow: they end right all the same.

use tapedeck_testkit::{Finished, Proxy};

use crate::world::{WAITS, World};

/// One of so many calls meets a fault.
const ONE_OF: u32 = 5;

/// Runs a command through a proxy to its end, which must be a good one.
fn must(world: &World, proxy: &Proxy, arguments: &[&str]) -> Finished {
    let finished = Finished::of(world.command_at(&proxy.endpoint(), arguments));
    assert_eq!(finished.code, Some(0), "{arguments:?}: {finished:?}");
    finished
}

/// Which faults are met; others by hand.
fn seeds() -> Vec<u64> {
    match std::env::var("SEED") {
        Ok(seed) => vec![seed.parse().unwrap()],
        Err(_) => (1..=3).collect(),
    }
}

#[test]
fn a_stack_lives_through_faults() {
    let Some(world) = World::ready() else { return };
    for seed in seeds() {
        eprintln!("seed {seed}: SEED={seed} tries it alone");
        let proxy = Proxy::before(&world.emulator.endpoint(), seed, ONE_OF);
        world.code(WAITS, &format!("seed {seed}"));
        must(&world, &proxy, &["deploy"]);
        assert_eq!(world.worker()["runningCount"], 1, "seed {seed}");
        let again = must(&world, &proxy, &["deploy", "--json"]);
        assert!(
            again.stdout.contains("\"unchanged\":true"),
            "seed {seed}: {again:?}"
        );
        world.code(WAITS, &format!("seed {seed}, swapped"));
        must(&world, &proxy, &["deploy", "--hotSwap"]);
        must(&world, &proxy, &["info:stack"]);
        must(&world, &proxy, &["logs"]);
        must(&world, &proxy, &["rollback", "--listVersions"]);
        must(&world, &proxy, &["delete", "--yes"]);
        assert_eq!(world.json(&["info:stacks"]), serde_json::json!([]), "seed {seed}");
        assert!(proxy.faults() > 10, "seed {seed}: only {} faults", proxy.faults());
    }
}

#[test]
fn what_always_fails_ends_with_a_reason() {
    let Some(world) = World::ready() else { return };
    let proxy = Proxy::before_nobody();
    let failed = Finished::of(world.command_at(&proxy.endpoint(), &["info:stacks"]));
    assert_eq!(failed.code, Some(1), "{failed:?}");
    assert!(
        failed.stderr.contains("could not list the stacks in eu-west-1"),
        "{failed:?}"
    );
    assert!(
        failed.stderr.contains("cloudformation:DescribeStacks"),
        "{failed:?}"
    );
    assert!(failed.stderr.contains("help:"), "{failed:?}");
}
