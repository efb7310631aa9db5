//! Several processes at once, and processes that are killed while they write.

use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use tapedeck_local::secrets::SecretStore;

use crate::{entries, name, put, store, value_of};

/// Where the child writes.
const FOLDER: &str = "TAPEDECK_LOCAL_TEST_FOLDER";

/// What its values begin with.
const MARK: &str = "TAPEDECK_LOCAL_TEST_MARK";

/// How many rounds it writes; without end when it is not told.
const ROUNDS: &str = "TAPEDECK_LOCAL_TEST_ROUNDS";

/// Long enough for a write to be interrupted in its middle.
const LENGTH: usize = 30_000;

/// Not a test of its own: the process that the others start and kill. It sets one secret that all set, and one of its own.
#[test]
fn child_that_sets_secrets() {
    let Some(folder) = std::env::var_os(FOLDER) else {
        return;
    };
    let mark = std::env::var(MARK).unwrap();
    let rounds = std::env::var(ROUNDS).map_or(u64::MAX, |text| text.parse().unwrap());
    let store = SecretStore::open(folder).unwrap();
    for round in 0..rounds {
        put(&store, "shared", &value(&mark, round), round);
        put(&store, &format!("own/{mark}"), &value(&mark, round), round);
    }
}

fn value(mark: &str, round: u64) -> String {
    format!("{mark} {round} {}", mark.repeat(LENGTH))
}

/// Whether the value is one of [`value`], and of which round.
fn round_of(text: &str) -> u64 {
    let mut parts = text.split(' ');
    let (mark, round) = (parts.next().unwrap(), parts.next().unwrap());
    assert_eq!(parts.next().unwrap(), mark.repeat(LENGTH));
    round.parse().unwrap()
}

fn child(folder: &Path, mark: &str, rounds: Option<u64>) -> Child {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command
        .args(["--exact", "crashes::child_that_sets_secrets", "--test-threads=1"])
        .env(FOLDER, folder)
        .env(MARK, mark)
        .stdout(Stdio::null());
    if let Some(rounds) = rounds {
        command.env(ROUNDS, rounds.to_string());
    }
    command.spawn().unwrap()
}

#[test]
fn processes_that_set_at_the_same_time_do_not_disturb_each_other() {
    let (_guard, folder, store) = store();
    let marks = ["a", "b", "c"];
    // None has a key to begin with: all three try to make it.
    let children = marks.map(|mark| child(&folder, mark, Some(25)));
    for mut child in children {
        assert!(child.wait().unwrap().success());
    }
    assert_eq!(entries(&folder).len(), 4);
    assert_eq!(round_of(&value_of(&store, "shared")), 24);
    for mark in marks {
        assert_eq!(value_of(&store, &format!("own/{mark}")), value(mark, 24));
    }
    assert!(store.list().unwrap().problems.is_empty());
}

#[test]
fn a_killed_process_leaves_the_old_value_or_the_new() {
    let (_guard, folder, store) = store();
    put(&store, "shared", &value("x", 0), 0);
    let deadline = Instant::now() + Duration::from_secs(60);
    for wanted in [1, 2, 3, 1, 2, 3, 1, 2] {
        let mut child = child(&folder, "x", None);
        let version = || store.get(&name("shared")).unwrap().description.version;
        let (mut last, mut changes) = (version(), 0);
        while changes < wanted {
            assert!(
                Instant::now() < deadline && child.try_wait().unwrap().is_none(),
                "the child sets nothing"
            );
            let now = version();
            changes += u32::from(now != last);
            last = now;
        }
        child.kill().unwrap();
        child.wait().unwrap();
        round_of(&value_of(&store, "shared"));
        assert!(store.list().unwrap().problems.is_empty());
    }
    round_of(&value_of(&store, "own/x"));
    assert_eq!(entries(&folder).len(), 2);
    // The next one writes over what the killed ones left.
    put(&store, "shared", &value("x", 77), 77);
    assert_eq!(round_of(&value_of(&store, "shared")), 77);
    assert!(!folder.join("new").exists());
}
