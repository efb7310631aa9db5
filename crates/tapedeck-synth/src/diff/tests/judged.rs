//! What a change does to a resource, and what is lost.

use serde_json::{Value, json};

use super::super::{Change, Danger, Fate, Refused, Update};
use super::{changed, difference, template};

fn one(kind: &str, properties: Value) -> Value {
    json!({ "It": { "Type": kind, "Properties": properties } })
}

/// What the change of one property does.
fn update(kind: &str, before: Value, after: Value) -> Update {
    changed(&difference(one(kind, before), one(kind, after))).0
}

#[test]
fn updates_are_those_of_cloudformation() {
    let cases = [
        ("AWS::SQS::Queue", "VisibilityTimeout", Update::NoInterruption),
        ("AWS::SQS::Queue", "QueueName", Update::Replacement),
        (
            "AWS::RDS::DBInstance",
            "DBInstanceClass",
            Update::SomeInterruptions,
        ),
        ("AWS::RDS::DBInstance", "Engine", Update::MayBeReplaced),
        ("AWS::ECS::TaskDefinition", "Cpu", Update::Replacement),
        ("AWS::ECS::Service", "DesiredCount", Update::NoInterruption),
        (
            "AWS::AutoScaling::AutoScalingGroup",
            "LaunchTemplate",
            Update::NoInterruption,
        ),
        ("Custom::Thing", "Whatever", Update::MayBeReplaced),
        ("MongoDB::StpAtlasV1::Cluster", "Name", Update::MayBeReplaced),
    ];
    for (kind, property, expected) in cases {
        let found = update(kind, json!({ property: "a" }), json!({ property: "b" }));
        assert_eq!(found, expected, "{kind} {property}");
    }
}

#[test]
fn a_property_within_a_property_may_be_what_replaces() {
    let kind = "AWS::Batch::ComputeEnvironment";
    let within = |inner: Value| json!({ "ComputeResources": inner });
    let role = |name: &str| within(json!({ "SpotIamFleetRole": name, "MaxvCpus": 1 }));
    assert_eq!(update(kind, role("a"), role("b")), Update::Replacement);
    assert_eq!(update(kind, json!({}), role("b")), Update::Replacement);
    let most = |number: u32| within(json!({ "MaxvCpus": number }));
    assert_eq!(update(kind, most(1), most(2)), Update::NoInterruption);
    assert_eq!(update(kind, json!({}), most(2)), Update::NoInterruption);
    let encryption = |kind: &str| json!({ "EncryptionConfiguration": { "EncryptionType": kind } });
    let repository = "AWS::ECR::Repository";
    assert_eq!(
        update(repository, encryption("AES256"), encryption("KMS")),
        Update::Replacement
    );
}

fn danger(before: Value, after: Value) -> Option<Danger> {
    let found = difference(before, after);
    found
        .resources
        .first()
        .and_then(|resource| resource.danger.clone())
}

#[test]
fn what_holds_something_does_not_go_unnoticed() {
    let queue = one("AWS::SQS::Queue", json!({ "QueueName": "a" }));
    let renamed = one("AWS::SQS::Queue", json!({ "QueueName": "b" }));
    let gone = danger(queue.clone(), json!({})).expect("it is told");
    assert_eq!(
        (gone.noun, gone.holds, gone.fate, gone.certain),
        ("queue", "the messages in it", Fate::Deleted, true)
    );
    assert_eq!(
        danger(queue.clone(), renamed).map(|danger| danger.certain),
        Some(true)
    );
    assert_eq!(danger(json!({}), queue), None);
    let topic = one("AWS::SNS::Topic", json!({}));
    assert_eq!(danger(topic, json!({})), None);
    let member = one("AWS::RDS::DBInstance", json!({ "DBClusterIdentifier": "c" }));
    assert_eq!(danger(member, json!({})), None, "the data is the cluster's");
    let engine = |name: &str| one("AWS::RDS::DBInstance", json!({ "Engine": name }));
    let uncertain = danger(engine("mysql"), engine("postgres")).expect("it is told");
    assert!(!uncertain.certain);
}

#[test]
fn policies_decide_what_becomes_of_it() {
    let with = |kind: &str, key: &str, policy: &str, name: &str| json!({ "It": { "Type": kind, "Properties": { "Name": name }, key: policy } });
    let fate = |before: Value, after: Value| danger(before, after).map(|danger| danger.fate);
    let stream = "AWS::Kinesis::Stream";
    let kept = with(stream, "DeletionPolicy", "Retain", "a");
    assert_eq!(fate(kept.clone(), json!({})), Some(Fate::Kept));
    assert_eq!(
        fate(kept, with(stream, "DeletionPolicy", "Retain", "b")),
        Some(Fate::Deleted)
    );
    let both = with(stream, "UpdateReplacePolicy", "Snapshot", "b");
    assert_eq!(fate(with(stream, "X", "", "a"), both), Some(Fate::Snapshot));
    let database = one("AWS::RDS::DBInstance", json!({}));
    assert_eq!(
        fate(database, json!({})),
        Some(Fate::Snapshot),
        "CloudFormation's default"
    );
}

#[test]
fn what_cloudformation_would_refuse_is_told() {
    let fifo = |is_fifo: bool| {
        one(
            "AWS::SQS::Queue",
            json!({ "QueueName": "a", "FifoQueue": is_fifo }),
        )
    };
    let refused = |before: Value, after: Value| difference(before, after).resources[0].refused.clone();
    let kept = Refused::NameKept {
        logical_id: "It".to_string(),
        property: "QueueName".to_string(),
    };
    assert_eq!(refused(fifo(false), fifo(true)), Some(kept));
    let task = |cpu: u32| one("AWS::ECS::TaskDefinition", json!({ "Family": "a", "Cpu": cpu }));
    assert_eq!(refused(task(1), task(2)), None, "a family has many");
    let found = difference(fifo(true), one("AWS::SNS::Topic", json!({})));
    assert_eq!(changed(&found).0, Update::Replacement);
    assert!(matches!(
        found.resources[0].refused,
        Some(Refused::TypeChanged { .. })
    ));
}

#[test]
fn an_image_that_is_not_made_yet_changes_nothing() {
    let task = |image: &str| {
        json!({
            "Task": { "Type": "AWS::ECS::TaskDefinition", "Properties": {
                "ContainerDefinitions": [{ "Name": "main", "Image": image }] } },
            "Service": { "Type": "AWS::ECS::Service", "Properties": { "TaskDefinition": { "Ref": "Task" } } },
        })
    };
    let found = difference(task("registry/a@sha256:1"), task("<<not-yet-known>>"));
    assert!(found.is_empty(), "{found:#?}");
    assert_eq!(found.not_yet_known, ["Task.ContainerDefinitions[main].Image"]);
    assert_eq!(difference(task("a"), task("b")).counts().replaced, 1);
}

#[test]
fn every_change_is_counted_and_told_as_json() {
    let before = json!({
        "Gone": { "Type": "AWS::SQS::Queue" },
        "Same": { "Type": "AWS::SQS::Queue", "DependsOn": ["Gone"] },
        "Renamed": { "Type": "AWS::SQS::Queue", "Properties": { "QueueName": "a" } },
    });
    let after = json!({
        "New": { "Type": "AWS::SQS::Queue" },
        "Same": { "Type": "AWS::SQS::Queue" },
        "Renamed": { "Type": "AWS::SQS::Queue", "Properties": { "QueueName": "b" }, "DeletionPolicy": "Retain" },
    });
    let found = difference(before.clone(), after);
    let counts = found.counts();
    assert_eq!(
        (counts.added, counts.changed, counts.replaced, counts.removed),
        (1, 1, 1, 1)
    );
    assert!(matches!(
        found.resources[0].change,
        Change::Removed { fate: Fate::Deleted }
    ));
    let json = serde_json::to_value(&found).expect("it is JSON");
    assert_eq!(json["resources"][1]["change"], "added");
    assert_eq!(json["resources"][2]["properties"][0]["update"], "replacement");
    assert_eq!(json["resources"][2]["properties"][1]["path"], "DeletionPolicy");
    assert_eq!(json["resources"][2]["danger"]["holds"], "the messages in it");
    let same = super::compare(&template(before.clone()), &template(before), &super::around());
    assert!(same.is_empty() && same.not_yet_known.is_empty());
}
