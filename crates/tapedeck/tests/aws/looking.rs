//! What is shown of a region agrees with what AWS's own library is told.

use serde_json::{Value, json};
use tapedeck_testkit::{DEADLINE, eventually};

use crate::world::{STACK, World};

#[test]
fn stacks_services_resources_and_logs_are_those_of_aws() {
    let Some(world) = World::ready() else { return };
    world.configure(
        "stackConfig:\n  outputs:\n    - { name: queue, value: \"$ResourceParam('jobs', 'url')\" }\n",
    );
    let deployed = world.json(&["deploy"]);
    let theirs = world.stack();

    let stacks = world.json(&["info:stacks"]);
    assert_eq!(stacks[0]["name"], STACK);
    assert_eq!(stacks[0]["status"], theirs["StackStatus"]);

    let ours = world.json(&["info:stack"]);
    let outputs = theirs["Outputs"].as_array().unwrap();
    let queue = outputs
        .iter()
        .find(|output| output["OutputKey"] == "queue")
        .unwrap();
    assert_eq!(ours["outputs"]["queue"], queue["OutputValue"]);
    assert_eq!(deployed["stack"]["outputs"]["queue"], queue["OutputValue"]);
    let (service, worker) = (&ours["services"][0], world.worker());
    for key in ["runningCount", "desiredCount", "pendingCount", "status"] {
        assert_eq!(service[key], worker[key], "{key}");
    }
    assert_eq!(service["arn"], worker["serviceArn"]);
    assert_eq!(service["name"], "worker");
    let listed = world.aws(
        "cloudformation",
        "list_stack_resources",
        &json!({ "StackName": STACK }),
    );
    let theirs: Vec<&Value> = listed["StackResourceSummaries"]
        .as_array()
        .unwrap()
        .iter()
        .collect();
    let ours = ours["resources"].as_array().unwrap();
    assert_eq!(ours.len(), theirs.len());
    for resource in theirs {
        let id = &resource["LogicalResourceId"];
        let own = ours.iter().find(|own| own["logicalId"] == *id).unwrap();
        assert_eq!(own["physicalId"], resource["PhysicalResourceId"], "{id}");
        assert_eq!(own["type"], resource["ResourceType"], "{id}");
    }

    eventually("the worker has said hello", DEADLINE, || {
        let said = world.must(&["logs", "--resourceName", "worker", "--raw"]);
        (said.stdout == "hello\n").then_some(())
    });
    let line = world.json(&["logs", "--limit", "1"]);
    assert_eq!(
        (&line["service"], &line["message"]),
        (&json!("worker"), &json!("hello"))
    );
    let filtered = world.must(&["logs", "--filter", "nothing-like-it"]);
    assert_eq!(filtered.stdout, "");
    let unknown = world.run(&["logs", "--resourceName", "wrker"]);
    assert_eq!(unknown.code, Some(2), "{unknown:?}");
    assert!(unknown.stderr.contains("worker"), "{unknown:?}");
}

#[test]
fn a_difference_is_to_what_is_deployed() {
    let Some(world) = World::ready() else { return };
    let new = world.json(&["diff"]);
    assert_eq!(new["counts"]["changed"], 0);
    world.must(&["deploy"]);
    world.configure("  more: { type: sqs-queue }\n");
    let difference = world.json(&["diff"]);
    let added = difference["difference"]["resources"].as_array().unwrap().iter();
    assert!(
        added.clone().any(|one| one["logicalId"] == "MoreQueue"),
        "{difference}"
    );
    assert!(
        !added.clone().any(|one| one["logicalId"] == "JobsQueue"),
        "{difference}"
    );
}

#[test]
fn where_nobody_answers_it_is_said() {
    let Some(world) = World::ready() else { return };
    let mut command = world.command_at("http://127.0.0.1:1", &["info:stacks"]);
    let output = command.output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(
        said.contains("could not list the stacks in eu-west-1 at http://127.0.0.1:1"),
        "{said}"
    );
    assert!(said.contains("nobody answers"), "{said}");
}
