//! What is shown of a region agrees with what AWS's own program `aws` says.

use std::process::Command;

use serde_json::Value;
use tapedeck_testkit::{DEADLINE, Emulator, eventually};

use crate::world::{STACK, World};

/// A worker that says three things, and waits.
const TALKS: &str =
    "for (const word of ['one', 'two', 'three']) console.log(word); setInterval(() => {}, 1000);";

/// The program, of version 2: the one before has no `logs tail`.
fn program() -> Option<&'static str> {
    let found = ["aws", "/usr/bin/aws"].into_iter().find(|program| {
        let told = Command::new(program).arg("--version").output();
        told.is_ok_and(|told| told.stdout.starts_with(b"aws-cli/2"))
    });
    if found.is_none() {
        eprintln!("SKIPPED: this test needs aws, version 2 (awscli of the distribution)");
    }
    found
}

/// What the program prints.
fn aws(program: &str, world: &World, arguments: &[&str]) -> String {
    let output = Command::new(program)
        .args([
            "--endpoint-url",
            &world.emulator.endpoint(),
            "--region",
            Emulator::REGION,
        ])
        .args(arguments)
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap_or_default())
        .env("HOME", "/nonexistent")
        .env("AWS_PAGER", "")
        .env("AWS_ACCESS_KEY_ID", Emulator::ACCESS_KEY_ID)
        .env("AWS_SECRET_ACCESS_KEY", Emulator::SECRET_ACCESS_KEY)
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{arguments:?}: {said}");
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn stacks_services_and_logs_are_those_of_the_official_program() {
    let Some(program) = program() else { return };
    let Some(world) = World::ready() else { return };
    let json = |arguments: &[&str]| -> Value {
        serde_json::from_str(&aws(
            program,
            &world,
            &[arguments, &["--output", "json"]].concat(),
        ))
        .unwrap()
    };
    world.code(TALKS, "");
    world.configure(
        "stackConfig:\n  outputs:\n    - { name: queue, value: \"$ResourceParam('jobs', 'url')\" }\n",
    );
    world.must(&["deploy"]);

    let theirs = json(&["cloudformation", "describe-stacks"]);
    let stacks = world.json(&["info:stacks"]);
    let told = |stack: &Value, keys: [&str; 2]| keys.map(|key| stack[key].as_str().unwrap().to_owned());
    let listed = |stacks: &Value, keys: [&str; 2]| -> Vec<[String; 2]> {
        stacks
            .as_array()
            .unwrap()
            .iter()
            .map(|stack| told(stack, keys))
            .collect()
    };
    let all = listed(&theirs["Stacks"], ["StackName", "StackStatus"]);
    assert_eq!(listed(&stacks, ["name", "status"]), all);
    let ours = world.json(&["info:stack"]);
    let outputs = theirs["Stacks"][0]["Outputs"].as_array().unwrap();
    for (key, value) in ours["outputs"].as_object().unwrap() {
        let output = outputs.iter().find(|output| output["OutputKey"] == **key);
        assert_eq!(output.unwrap()["OutputValue"], *value, "{key}");
    }
    assert!(ours["outputs"]["queue"].is_string(), "{ours}");

    let cluster = format!("{STACK}-worker-cluster");
    let service = format!("{STACK}-WorkerService");
    let answer = json(&[
        "ecs",
        "describe-services",
        "--cluster",
        &cluster,
        "--services",
        &service,
    ]);
    let theirs = &answer["services"][0];
    for key in ["runningCount", "desiredCount", "pendingCount", "status"] {
        assert_eq!(ours["services"][0][key], theirs[key], "{key}");
    }
    assert_eq!(ours["services"][0]["arn"], theirs["serviceArn"]);

    let resources = ours["resources"].as_array().unwrap();
    let group = resources.iter().find(|one| one["type"] == "AWS::Logs::LogGroup");
    let group = group.unwrap()["physicalId"].as_str().unwrap();
    let said = eventually("the worker has said all", DEADLINE, || {
        let said = world.must(&["logs", "--resourceName", "worker", "--raw"]).stdout;
        (said.lines().count() == 3).then_some(said)
    });
    let tail = aws(
        program,
        &world,
        &["logs", "tail", group, "--since", "1h", "--format", "short"],
    );
    // Each line begins with its time.
    let theirs: Vec<&str> = tail
        .lines()
        .filter_map(|line| line.split_once(' ').map(|(_, rest)| rest))
        .collect();
    assert_eq!(said.lines().collect::<Vec<_>>(), theirs);
}
