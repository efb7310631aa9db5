//! `container:exec` and `container:session` in a region: programs run in the containers of tasks, as they do on this machine.

use std::io::Write as _;
use std::process::{Command, Stdio};

use rustix::process::Signal;
use serde_json::{Value, json};
use tapedeck_testkit::{DEADLINE, Finished, eventually, kill};

use crate::screen::Screen;
use crate::session_peer::SessionPeer;
use crate::world::World;

/// A config whose worker takes commands, or does not.
fn configure(world: &World, takes_commands: bool) {
    let config = format!(
        "projectName: shop\nresources:\n  worker:\n    type: worker-service\n    properties:\n      packaging:\n        \
         type: stacktape-image-buildpack\n        properties: {{ entryfilePath: src/main.js }}\n      \
         resources: {{ cpu: 0.25, memory: 512 }}\n      enableRemoteSessions: {takes_commands}\n"
    );
    world.write("stacktape.yml", &config);
}

/// The tasks of the worker that run.
fn running(world: &World) -> Vec<Value> {
    let cluster = "shop-dev-worker-cluster";
    let arns = world.aws("ecs", "list_tasks", &json!({ "cluster": cluster }))["taskArns"].take();
    if arns.as_array().is_none_or(Vec::is_empty) {
        return Vec::new();
    }
    let told = world.aws(
        "ecs",
        "describe_tasks",
        &json!({ "cluster": cluster, "tasks": arns }),
    );
    let tasks = told["tasks"].as_array().unwrap().iter();
    tasks
        .filter(|task| task["lastStatus"] == "RUNNING")
        .cloned()
        .collect()
}

/// A worker that runs and takes commands, and the far side of them.
fn ready(options: &[&str]) -> Option<(World, SessionPeer)> {
    let world = World::ready()?;
    let peer = SessionPeer::before(&world, options)?;
    configure(&world, true);
    world.must(&["deploy"]);
    // What makes a service here forgets that; on AWS, this is so from the first task on.
    let service = json!({
        "cluster": "shop-dev-worker-cluster", "service": "shop-dev-WorkerService", "enableExecuteCommand": true,
        "forceNewDeployment": true,
    });
    let _ = world.aws("ecs", "update_service", &service);
    eventually("the worker takes commands", DEADLINE, || {
        let tasks = running(&world);
        let takes = |task: &Value| task["enableExecuteCommand"] == true;
        (tasks.len() == 1 && tasks.iter().all(takes)).then_some(())
    });
    Some((world, peer))
}

fn command(world: &World, peer: &SessionPeer, arguments: &[&str]) -> Command {
    let split = arguments
        .iter()
        .position(|one| *one == "--")
        .unwrap_or(arguments.len());
    let (options, program) = arguments.split_at(split);
    let mut command = world.command_at(&peer.endpoint(), options);
    command.args(program);
    command
}

fn exec(world: &World, peer: &SessionPeer, program: &[&str]) -> Finished {
    Finished::of(command(
        world,
        peer,
        &[&["container:exec", "--"], program].concat(),
    ))
}

/// The same with that on its standard input; what it writes is given as it is.
fn piped(world: &World, peer: &SessionPeer, program: &[&str], input: &[u8]) -> (Option<i32>, Vec<u8>) {
    let mut child = command(world, peer, &[&["container:exec", "--"], program].concat())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let input = input.to_vec();
    let feeding = std::thread::spawn(move || drop(stdin.write_all(&input)));
    let output = child.wait_with_output().unwrap();
    feeding.join().unwrap();
    (output.status.code(), output.stdout)
}

#[test]
fn a_program_runs_in_the_container_of_a_task() {
    let Some((world, peer)) = ready(&[]) else { return };
    let finished = exec(
        &world,
        &peer,
        &[
            "sh",
            "-c",
            "echo \"it's $1\"; echo err >&2; exit 7",
            "sh",
            "$HOME",
        ],
    );
    assert_eq!(
        (finished.code, &*finished.stdout),
        (Some(7), "it's $HOME\nerr\n"),
        "{finished:?}"
    );
    let script = "cat /proc/1/cmdline | tr '\\0' ' '";
    let first = exec(&world, &peer, &["sh", "-c", script]);
    assert!(first.stdout.contains("node"), "it is in the container: {first:?}");
    assert_eq!(exec(&world, &peer, &["no-such-program-here"]).code, Some(127));
    assert_eq!(exec(&world, &peer, &["sh", "-c", "kill -9 $$"]).code, Some(137));

    let line = [
        "container:exec",
        "--resourceName",
        "worker",
        "--command",
        "echo $((40 + 2))",
        "--json",
    ];
    let told = Finished::of(command(&world, &peer, &line));
    let told: Value = serde_json::from_str(&told.stdout).unwrap();
    assert_eq!(
        (&told["output"], &told["exitCode"]),
        (&"42\n".into(), &0.into()),
        "{told}"
    );
    assert_eq!(told["container"], "service-container");

    // Bytes are as they are, in both directions.
    let all: Vec<u8> = (0..=u8::MAX).cycle().take(200_000).collect();
    let (code, copy) = piped(&world, &peer, &["cat"], &all);
    assert_eq!((code, copy.len(), copy == all), (Some(0), all.len(), true));
    let much = exec(&world, &peer, &["seq", "100000"]);
    assert_eq!((much.code, much.stdout.lines().count()), (Some(0), 100_000));
    assert!(much.stdout.ends_with("\n99999\n100000\n"));
}

#[test]
fn what_a_bad_network_loses_doubles_and_swaps_arrives() {
    let Some((world, peer)) = ready(&["-lossy"]) else {
        return;
    };
    let all: Vec<u8> = (0..=u8::MAX).cycle().take(20_000).collect();
    assert_eq!(
        piped(&world, &peer, &["sh", "-c", "cat; exit 3"], &all),
        (Some(3), all)
    );
}

#[test]
fn a_session_is_a_shell_on_this_terminal() {
    let Some((world, peer)) = ready(&[]) else { return };
    let mut screen = Screen::start(command(&world, &peer, &["container:session"]));
    // The agent is told of the size, and passes that on by and by.
    screen.press("until stty size | grep '33 101'; do :; done; echo $TERM $((40 + 2))\r");
    screen.await_text("33 101\r\nvt102 42\r\n");
    screen.try_shell();
}

#[test]
fn a_program_ends_with_this_command() {
    let Some((world, peer)) = ready(&[]) else { return };
    let count = || {
        exec(
            &world,
            &peer,
            &["sh", "-c", "grep -l '^sleep.31415' /proc/[0-9]*/cmdline | wc -l"],
        )
        .stdout
    };
    for (signal, code) in [(Signal::INT, 130), (Signal::TERM, 143)] {
        let program = ["container:exec", "--", "sleep", "31415"];
        let mut child = command(&world, &peer, &program).spawn().unwrap();
        eventually("it runs", DEADLINE, || (count() == "1\n").then_some(()));
        kill(child.id(), signal);
        assert_eq!(child.wait().unwrap().code(), Some(code));
        eventually("it has ended", DEADLINE, || (count() == "0\n").then_some(()));
    }
}

#[test]
fn what_takes_no_commands_says_how_it_would() {
    let Some(world) = World::ready() else { return };
    configure(&world, false);
    world.must(&["deploy"]);
    eventually("the worker runs", DEADLINE, || {
        (world.worker()["runningCount"] == 1).then_some(())
    });
    let refused = world.run(&["container:exec", "--command", "true"]);
    assert_eq!(refused.code, Some(1), "{refused:?}");
    assert!(refused.stderr.contains("takes no commands"), "{refused:?}");
    assert!(
        refused.stderr.contains("enableRemoteSessions: true"),
        "{refused:?}"
    );
    let unknown = world.run(&["container:exec", "--resourceName", "wroker", "--command", "true"]);
    assert_eq!(unknown.code, Some(2), "{unknown:?}");
    assert!(unknown.stderr.contains("did you mean `worker`?"), "{unknown:?}");
}
