//! The engine itself: starting, stopping, one per home, for root alone.

use std::io::{BufRead as _, BufReader, Write as _};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::process::{Command, Stdio};

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
fn t77_a_second_engine_is_refused_with_the_pid_of_the_first() {
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
fn t77_many_starts_at_once_give_one_engine() {
    let Some(home) = home() else { return };
    let quiet = |mut command: Command| {
        command
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap()
    };
    let children: Vec<_> = (0..6)
        .map(|_| quiet(home.command(&["engine", "start"])))
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
fn a_home_with_the_longest_path_works_and_a_longer_one_is_refused() {
    let Some(short) = home() else { return };
    let folder = short.path().parent().unwrap();
    let room = 107 - "/run/engine.sock.new".len() - folder.as_os_str().len() - 1;
    let binary = tapedeck_testkit::stable(Path::new(TAPEDECK));
    let longer = Home::at(&folder.join("x".repeat(room + 1)), binary);
    let refused = longer.run(&["engine", "start"]);
    assert_eq!(refused.code, Some(2), "{refused:?}");
    assert!(
        refused.stderr.contains("which is too long by 1 byte:"),
        "{refused:?}"
    );
    assert!(!longer.path().exists());

    let stage = Stage::of(Home::at(&folder.join("x".repeat(room)), binary));
    let stack = stage.deploy(&[stage.worker(WAIT)]);
    assert_eq!(pids(&stack.services[0]).len(), 1);
}

#[test]
fn a_damaged_database_is_told_and_nothing_is_touched() {
    let Some(stage) = Stage::ready() else { return };
    let before = stage.deploy(&[stage.worker(WAIT)]);
    stage.home.must(&["engine", "stop"]);
    let database = stage.home.files().database();
    let whole = fs::read(&database).unwrap();
    fs::write(
        &database,
        "this is not a database, but long enough to look like one".repeat(100),
    )
    .unwrap();
    let refused = stage.home.run(&["engine", "start"]);
    assert_eq!(refused.code, Some(3), "{refused:?}");
    let told = format!("could not open the engine's state in {}", database.display());
    assert!(
        refused.stderr.contains(&told) && refused.stderr.contains("file is not a database"),
        "{refused:?}"
    );
    assert!(
        !refused.stderr.contains(" runs (pid"),
        "that is what the engine before said: {refused:?}"
    );
    assert!(all_pids(&before).values().all(|pid| is_alive(*pid)));
    fs::write(&database, whole).unwrap();
    stage.home.must(&["engine", "start"]);
    assert_eq!(all_pids(&stage.steady()), all_pids(&before));
}

#[test]
fn nonsense_on_the_socket_is_answered_and_harms_nobody() {
    let Some(stage) = Stage::ready() else { return };
    let before = stage.deploy(&[stage.worker(WAIT)]);
    let mut stream = BufReader::new(UnixStream::connect(stage.home.files().socket()).unwrap());
    let mut line = String::new();
    stream.read_line(&mut line).unwrap();
    assert!(line.contains("\"protocol\":"), "{line}");
    for request in ["nonsense\n", "{}\n", "{\"request\":\"engineStatus\"}\n"] {
        stream.get_mut().write_all(request.as_bytes()).unwrap();
        line.clear();
        stream.read_line(&mut line).unwrap();
        let expected = if request.contains("engineStatus") {
            "engine"
        } else {
            "refused"
        };
        assert!(
            line.starts_with(&format!("{{\"response\":\"{expected}\"")),
            "{request}: {line}"
        );
    }
    stream.get_mut().write_all(b"half a request").unwrap();
    drop(stream);
    assert_eq!(stage.steady(), before);
}
