//! Deployments that are killed: the next one goes on.

use std::io::{BufRead as _, BufReader};
use std::process::Stdio;

use rustix::process::Signal;
use tapedeck_testkit::{DEADLINE, Finished, Proxy, eventually, kill};

use crate::world::{WAITS, World};

/// Kills a deployment when it says something, and tells whether it did.
fn kill_at(world: &World, said: &str) {
    let mut command = world.command(&["deploy"]);
    let mut deploying = command.stderr(Stdio::piped()).spawn().unwrap();
    let lines = BufReader::new(deploying.stderr.take().unwrap()).lines();
    let is_said = lines.map_while(Result::ok).any(|line| line.contains(said));
    deploying.kill().unwrap();
    deploying.wait().unwrap();
    assert!(is_said, "it never said {said}");
}

#[test]
fn whoever_interrupts_a_deployment_is_told_that_it_goes_on() {
    let Some(world) = World::ready() else { return };
    let proxy = Proxy::slow(&world.emulator.endpoint());
    let mut command = world.command_at(&proxy.endpoint(), &["deploy"]);
    let mut deploying = command.stderr(Stdio::piped()).spawn().unwrap();
    let id = deploying.id();
    let mut said = String::new();
    for line in BufReader::new(deploying.stderr.take().unwrap()).lines() {
        let line = line.unwrap();
        // It asks how that goes on, of somebody slow.
        if line.contains("UPDATE_COMPLETE AWS::SQS::Queue JobsQueue") {
            kill(id, Signal::TERM);
        }
        said.push_str(&line);
    }
    assert_eq!(deploying.wait().unwrap().code(), Some(1), "{said}");
    assert!(
        said.contains("interrupted; what was begun in eu-west-1"),
        "{said}"
    );
    world.must(&["deploy"]);
    assert_eq!(world.worker()["runningCount"], 1);
}

#[test]
fn a_deployment_whose_network_goes_away_says_so_and_is_gone_on_with() {
    let Some(world) = World::ready() else { return };
    let proxy = Proxy::steady(&world.emulator.endpoint());
    let mut command = world.command_at(&proxy.endpoint(), &["deploy"]);
    let mut deploying = command.stderr(Stdio::piped()).spawn().unwrap();
    let mut said = String::new();
    for line in BufReader::new(deploying.stderr.take().unwrap()).lines() {
        let line = line.unwrap();
        if line.contains("AWS::SQS::Queue JobsQueue") {
            proxy.set_gone(true);
        }
        said.push_str(&line);
        said.push('\n');
    }
    assert_eq!(deploying.wait().unwrap().code(), Some(1), "{said}");
    assert!(said.contains("error: could not "), "{said}");
    assert!(said.contains("because cloudformation:"), "{said}");
    assert!(
        said.contains("the same command again waits for it and goes on"),
        "{said}"
    );
    proxy.set_gone(false);
    let again = Finished::of(world.command_at(&proxy.endpoint(), &["deploy"]));
    assert_eq!(again.code, Some(0), "{again:?}");
    assert_eq!(world.worker()["runningCount"], 1);
}

#[test]
fn a_deployment_that_was_killed_is_gone_on_with() {
    let Some(world) = World::ready() else { return };
    for (word, said) in [
        ("one", "CREATE_IN_PROGRESS AWS::ECR::Repository"),
        ("two", "the manifest"),
        ("three", "AWS::SQS::Queue JobsQueue"),
        ("four", "AWS::ECS::Service WorkerService"),
    ] {
        world.code(WAITS, word);
        kill_at(&world, said);
    }
    let deployed = world.json(&["deploy"]);
    assert!(deployed["outcome"].is_string(), "{deployed}");
    assert_eq!(world.stack()["StackStatus"], "UPDATE_COMPLETE");
    assert_eq!(world.worker()["runningCount"], 1);
    let again = world.json(&["deploy"]);
    assert_eq!(again["unchanged"], true, "{again}");
    eventually("the worker has said it", DEADLINE, || {
        let logs = world.must(&["logs", "--raw"]);
        logs.stdout.contains("four").then_some(())
    });
}
