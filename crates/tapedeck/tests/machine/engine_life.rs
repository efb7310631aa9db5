//! The engine itself: starting, stopping, one per home, for root alone.

use std::path::Path;

use fs_err as fs;
use tapedeck_testkit::{Finished, Home, Leaks, kill};

use crate::stage::{PROJECT, Stage, TAPEDECK, WAIT, all_pids, home, home_with, is_alive, pids};

#[test]
fn stopping_the_engine_leaves_its_tasks_to_the_next() {
    let Some(stage) = Stage::ready() else { return };
    let before = stage.deploy(&[stage.worker(WAIT).count(2)]);
    let stopped = stage.home.run(&["engine", "stop"]);
    assert_eq!(stopped.code, Some(0), "{stopped:?}");
    assert!(
        stopped.stderr.contains("2 tasks keep running without it"),
        "{stopped:?}"
    );
    assert!(all_pids(&before).values().all(|pid| is_alive(*pid)));

    let status = stage.home.run(&["engine", "status"]);
    assert_eq!(status.code, Some(1), "{status:?}");
    assert!(status.stderr.contains("the engine does not run"), "{status:?}");
    let unreachable = stage.home.run(&["info:stack", PROJECT[0], PROJECT[1]]);
    assert_eq!(unreachable.code, Some(1), "{unreachable:?}");
    assert!(
        unreachable
            .stderr
            .contains("`tapedeck engine start` brings back what was deployed"),
        "{unreachable:?}"
    );

    stage.home.must(&["engine", "start"]);
    let after = stage.stack_when("two tasks", |stack| all_pids(stack).len() == 2);
    assert_eq!(all_pids(&after), all_pids(&before));
    assert_eq!(stage.home.run(&["engine", "status"]).code, Some(0));
    assert_eq!(all_pids(&stage.steady()), all_pids(&before));
}

#[test]
fn stopping_everything_leaves_nothing_and_starting_brings_it_back() {
    let Some(home) = home() else { return };
    let leaks = Leaks::before(&home);
    let stage = Stage::of(home);
    let before = stage.deploy(&[stage.worker(&format!("trap 'exit 0' TERM; {WAIT}")).count(2)]);
    let stopped = stage.home.run(&["engine", "stop", "--tasks", "--json"]);
    assert_eq!(
        (stopped.code, stopped.stdout.trim()),
        (Some(0), r#"{"tasksLeft":0,"wasRunning":true}"#),
        "{stopped:?}"
    );
    leaks.check();

    stage.home.must(&["engine", "start"]);
    let after = stage.steady();
    assert_eq!(all_pids(&after).len(), 2);
    assert!(
        all_pids(&after)
            .keys()
            .all(|task| !all_pids(&before).contains_key(task))
    );
    assert_eq!(after.services[0].revision, before.services[0].revision);
}

#[test]
fn a_signal_ends_the_engine_like_a_stop() {
    let Some(stage) = Stage::ready() else { return };
    let before = stage.deploy(&[stage.worker(WAIT)]);
    let engine = stage.home.engine().unwrap();
    kill(engine, rustix::process::Signal::TERM);
    crate::stage::wait_for_end(engine);
    assert!(!stage.home.files().socket().exists());
    assert!(all_pids(&before).values().all(|pid| is_alive(*pid)));
}

#[test]
fn a_second_engine_is_refused_with_the_pid_of_the_first() {
    let Some(stage) = Stage::ready() else { return };
    let before = stage.deploy(&[stage.worker(WAIT)]);
    let first = stage.home.engine().unwrap();
    let second = stage.home.run(&["engine", "run"]);
    assert_eq!(second.code, Some(3), "{second:?}");
    let expected = format!(
        "another engine (pid {first}) already uses {}",
        stage.home.path().display()
    );
    assert!(second.stderr.contains(&expected), "{second:?}");
    assert_eq!(stage.home.engine(), Some(first));
    assert_eq!(stage.steady(), before);
    stage.home.must(&["engine", "start"]);
    assert_eq!(
        stage.home.engine(),
        Some(first),
        "`start` is content with the one that runs"
    );
}

#[test]
fn many_starts_at_once_give_one_engine() {
    let Some(home) = home() else { return };
    let children: Vec<_> = (0..6)
        .map(|_| home.command(&["engine", "start"]).spawn().unwrap())
        .collect();
    for mut child in children {
        assert!(child.wait().unwrap().success());
    }
    let own = home.engine().unwrap();
    tapedeck_testkit::eventually("the other engines to go", tapedeck_testkit::DEADLINE, || {
        let engines = home.names().processes();
        engines.iter().all(|process| process.pid == own).then_some(())
    });
}

#[test]
fn a_user_without_privileges_is_told_so() {
    let Some(home) = home_with(&["setpriv"]) else {
        return;
    };
    let nobody = [
        "setpriv",
        "--reuid",
        "65534",
        "--regid",
        "65534",
        "--clear-groups",
    ];
    for arguments in [&["engine", "start"][..], &["engine", "run"]] {
        let refused = Finished::of(home.command_under(&nobody, arguments));
        assert_eq!(refused.code, Some(3), "{arguments:?}: {refused:?}");
        assert!(refused.stderr.contains("which only root may"), "{refused:?}");
        assert!(
            refused.stderr.contains("help: run the same command with sudo"),
            "{refused:?}"
        );
    }
    assert!(!home.path().exists(), "nothing was changed");
    home.must(&["engine", "start"]);
    let refused = Finished::of(home.command_under(&nobody, &["engine", "status"]));
    assert_eq!(refused.code, Some(3), "{refused:?}");
    assert!(
        refused
            .stderr
            .contains("the engine belongs to root: run this with sudo"),
        "{refused:?}"
    );
}

#[test]
fn an_engine_without_its_firewall_program_says_what_to_install() {
    let Some(home) = home() else { return };
    // The folders where programs are, empty: only a mount namespace can take them away.
    let hide = "mount -t tmpfs none /usr/sbin && exec \"$0\" \"$@\"";
    let unshared = ["unshare", "-m", "sh", "-c", hide];
    let refused = Finished::of(home.command_under(&unshared, &["engine", "run"]));
    assert_eq!(refused.code, Some(3), "{refused:?}");
    assert!(refused.stderr.contains("nft"), "{refused:?}");
}

#[test]
fn a_home_with_a_long_path_works() {
    let Some(short) = home() else { return };
    let folder = short
        .path()
        .parent()
        .unwrap()
        .join("a-name-that-is-long".repeat(9));
    fs::create_dir(&folder).unwrap();
    let stage = Stage::of(Home::at(
        &folder.join("home"),
        tapedeck_testkit::stable(Path::new(TAPEDECK)),
    ));
    let stack = stage.deploy(&[stage.worker(WAIT)]);
    assert_eq!(pids(&stack.services[0]).len(), 1);
}
