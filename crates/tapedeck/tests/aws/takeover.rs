//! Stacks that Stacktape has made are taken over: nothing that holds data is replaced, and the data is there.

use std::collections::BTreeMap;
use std::path::Path;

use fs_err as fs;
use serde_json::{Value, json};
use tapedeck_testkit::{DEADLINE, Emulator, eventually};

use crate::world::World;

/// The stack of the golden templates: project `demo`, stage `dev`.
const STACK: &str = "demo-dev";

/// The account of the golden templates.
const ACCOUNT: &str = "123456789999";

/// The image of their workers, which cannot be had here.
const IMAGE: &str = "public.ecr.aws/docker/library/busybox:1.36";

const OPTIONS: [&str; 5] = ["--projectName", "demo", "--lookups", "lookups.json", "--json"];

/// A file of the repository, with an image that can be had and the account of the emulator.
fn golden(path: &str, image: &str) -> String {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(path);
    let text = fs::read_to_string(file).unwrap();
    text.replace(IMAGE, image).replace(ACCOUNT, Emulator::ACCOUNT)
}

/// Makes the stack of a golden template, less what the emulator does not have.
fn make(world: &World, name: &str, image: &str) {
    let text = golden(&format!("tapedeck-synth/golden/workers/{name}.json"), image);
    let mut template: Value = serde_json::from_str(&text).unwrap();
    template.as_object_mut().unwrap().remove("Outputs");
    let resources = template["Resources"].as_object_mut().unwrap();
    resources.retain(|_, resource| {
        let kind = resource["Type"].as_str().unwrap();
        !kind.starts_with("AWS::ApplicationAutoScaling::") && kind != "AWS::Lambda::Permission"
    });
    let _ = world.aws(
        "cloudformation",
        "create_stack",
        &json!({ "StackName": STACK, "TemplateBody": template.to_string(), "Capabilities": ["CAPABILITY_NAMED_IAM"] }),
    );
    eventually("the golden stack is made", DEADLINE, || {
        let stacks = world.aws(
            "cloudformation",
            "describe_stacks",
            &json!({ "StackName": STACK }),
        );
        (stacks["Stacks"][0]["StackStatus"] == "CREATE_COMPLETE").then_some(())
    });
}

/// What the resources of the stack are called outside, with their types, by logical id.
fn resources(world: &World) -> BTreeMap<String, (String, String)> {
    let listed = world.aws(
        "cloudformation",
        "list_stack_resources",
        &json!({ "StackName": STACK }),
    );
    let listed = listed["StackResourceSummaries"].as_array().unwrap().iter();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    listed
        .map(|one| {
            let about = (text(&one["ResourceType"]), text(&one["PhysicalResourceId"]));
            (text(&one["LogicalResourceId"]), about)
        })
        .collect()
}

/// What CloudFormation has told of the change sets of ours that were executed: nothing is replaced but task definitions.
fn assert_nothing_was_replaced(world: &World, name: &str) {
    let stack = json!({ "StackName": STACK });
    let listed = world.aws("cloudformation", "list_change_sets", &stack);
    let listed = listed["Summaries"].as_array().unwrap();
    assert!(!listed.is_empty(), "{name}: no change set is known");
    for summary in listed {
        let told = json!({ "StackName": STACK, "ChangeSetName": summary["ChangeSetName"] });
        let told = world.aws("cloudformation", "describe_change_set", &told);
        for change in told["Changes"].as_array().unwrap() {
            let change = &change["ResourceChange"];
            if change["ResourceType"] != "AWS::ECS::TaskDefinition" {
                assert_ne!(change["Replacement"], "True", "{name}: {change}");
            }
        }
    }
}

/// Takes over the stack of a golden template, and holds what was there against what is there.
fn take_over(world: &World, name: &str, image: &str) {
    let before = resources(world);
    let config = golden(
        &format!("tapedeck-resources/specs/golden/workers/{name}.yml"),
        image,
    );
    world.write("stacktape.yml", &config);
    world.write("src/main.ts", "setInterval(() => {}, 1000);");
    world.write(
        "lookups.json",
        &golden("tapedeck-synth/golden/lookups.json", image),
    );

    let shown = world.must(&[&["diff"][..], &OPTIONS].concat());
    let shown: Value = serde_json::from_str(&shown.stdout).unwrap();
    let changes = shown["difference"]["resources"].as_array().unwrap();
    let is_replaced = |change: &&Value| {
        change["update"]
            .as_str()
            .is_some_and(|update| update.to_lowercase().contains("replace"))
    };
    for change in changes.iter().filter(is_replaced) {
        assert_eq!(change["type"], "AWS::ECS::TaskDefinition", "{name}: {change}");
    }
    world.must(&[&["deploy", "--yes"][..], &OPTIONS].concat());
    assert_nothing_was_replaced(world, name);

    let after = resources(world);
    let mut compared = 0;
    for (id, (kind, physical)) in &before {
        let Some(now) = after.get(id) else { continue };
        if kind != "AWS::ECS::TaskDefinition" {
            assert_eq!((kind, physical), (&now.0, &now.1), "{name}: {id}");
            compared += 1;
        }
    }
    assert!(compared > 10, "{name}: only {compared} resources are in both");
    let gone: Vec<&String> = before.keys().filter(|id| !after.contains_key(*id)).collect();
    for id in gone {
        // As docs/deviations.md says: no role for scaling, and no repository for images that are made elsewhere.
        let is_declared = matches!(id.as_str(), "StpEcsAutoScaleRole" | "StpContainerRepository");
        assert!(is_declared, "{name}: {id} is gone");
    }
    let again = world.must(&[&["deploy"][..], &OPTIONS].concat());
    assert!(again.stdout.contains("\"unchanged\":true"), "{again:?}");
}

#[test]
fn buckets_queues_and_topics_are_taken_over_with_what_is_in_them() {
    let Some(world) = World::ready() else { return };
    let image = world.image();
    let name = "connect-bucket-sqs-sns";
    make(&world, name, &image);
    let made = resources(&world);
    let (bucket, queue) = (&made["FilesBucket"].1, &made["JobsQueue"].1);
    let _ = world.aws(
        "s3",
        "put_object",
        &json!({ "Bucket": bucket, "Key": "a", "Body": "data" }),
    );
    let _ = world.aws(
        "sqs",
        "send_message",
        &json!({ "QueueUrl": queue, "MessageBody": "an order" }),
    );
    take_over(&world, name, &image);
    let objects = world.aws("s3", "list_objects_v2", &json!({ "Bucket": bucket }));
    assert_eq!(objects["Contents"][0]["Key"], "a");
    let message = world.aws("sqs", "receive_message", &json!({ "QueueUrl": queue }));
    assert_eq!(message["Messages"][0]["Body"], "an order");
}

#[test]
fn tables_streams_and_buses_are_taken_over_with_what_is_in_them() {
    let Some(world) = World::ready() else { return };
    let image = world.image();
    let name = "connect-dynamo-eventbus-kinesis";
    make(&world, name, &image);
    let table = resources(&world)["RecordsGlobalTable"].1.clone();
    let item = json!({ "TableName": table, "Item": { "id": { "S": "1" } } });
    let _ = world.aws("dynamodb", "put_item", &item);
    take_over(&world, name, &image);
    let kept = world.aws("dynamodb", "scan", &json!({ "TableName": table }));
    assert_eq!(kept["Items"][0]["id"]["S"], "1");
}

/// More workers, one after another. Of the rest the emulator refuses some (`connect-rds-internet`, `connect-function-batch-statemachine`,
/// `fargate-nat`), does not bring the services of others to rest (`connect-multi-container`, `private-service-in-stack`, `efs-mounts`,
/// `health-check-full`), and of some only the config is here and not what they package (`side-containers`, `two-worker-services`). The tests
/// of `diff` compare all of them.
const MORE: [&str; 6] = [
    "acronym-name",
    "fargate-minimal",
    "fargate-scaling",
    "logging-retention",
    "long-name",
    "remote-sessions",
];

#[test]
fn workers_of_all_sorts_are_taken_over() {
    let Some(world) = World::ready() else { return };
    let image = world.image();
    for name in MORE {
        make(&world, name, &image);
        take_over(&world, name, &image);
        world.must(&["delete", "--yes", "--projectName", "demo"]);
    }
}
