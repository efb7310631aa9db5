//! What refers to a replaced resource changes with it.

use serde_json::{Value, json};

use super::super::{Change, Difference, Update};
use super::difference;

/// The resources that change, each with the worst that is done to it and the properties that change because of others.
fn told(difference: &Difference) -> Vec<(&str, Update, Vec<String>)> {
    let of = |change: &Change| match change {
        Change::Changed { update, properties } => {
            let caused = properties
                .iter()
                .filter(|property| !property.because_of.is_empty());
            let lines = caused.map(|one| format!("{} because of {}", one.path, one.because_of.join(", ")));
            (*update, lines.collect())
        }
        other => panic!("{other:?}"),
    };
    let each = difference.resources.iter().map(|resource| {
        let (update, lines) = of(&resource.change);
        (resource.logical_id.as_str(), update, lines)
    });
    each.collect()
}

fn stack(cidr: &str) -> Value {
    json!({
        "Vpc": { "Type": "AWS::EC2::VPC", "Properties": { "CidrBlock": cidr } },
        "Subnet": { "Type": "AWS::EC2::Subnet", "Properties": {
            "VpcId": { "Ref": "Vpc" }, "CidrBlock": "10.0.0.0/24", "Tags": [{ "Key": "vpc", "Value": { "Ref": "Vpc" } }] } },
        "Service": { "Type": "AWS::ECS::Service", "Properties": {
            "NetworkConfiguration": { "AwsvpcConfiguration": { "Subnets": [{ "Ref": "Subnet" }] } } } },
        "Policy": { "Type": "AWS::ApplicationAutoScaling::ScalableTarget", "Properties": {
            "ResourceId": { "Fn::Sub": "service/x/${Service.Name}" } } },
        "Other": { "Type": "AWS::SQS::Queue", "Properties": { "QueueName": "q" } },
    })
}

#[test]
fn a_replaced_resource_replaces_what_cannot_change_its_reference() {
    let found = difference(stack("10.0.0.0/16"), stack("10.1.0.0/16"));
    let because = |text: &str| vec![text.to_string()];
    assert_eq!(
        told(&found),
        [
            (
                "Service",
                Update::NoInterruption,
                because("NetworkConfiguration.AwsvpcConfiguration.Subnets[0] because of Subnet")
            ),
            (
                "Subnet",
                Update::Replacement,
                vec![
                    "Tags[vpc].Value because of Vpc".to_string(),
                    "VpcId because of Vpc".to_string(),
                ]
            ),
            ("Vpc", Update::Replacement, Vec::new()),
        ]
    );
}

#[test]
fn a_new_version_of_a_launch_template_reaches_its_group() {
    let group = |kind: &str| {
        json!({
            "Template": { "Type": "AWS::EC2::LaunchTemplate", "Properties": {
                "LaunchTemplateData": { "InstanceType": kind } } },
            "Group": { "Type": "AWS::AutoScaling::AutoScalingGroup", "Properties": { "LaunchTemplate": {
                "LaunchTemplateId": { "Ref": "Template" },
                "Version": { "Fn::GetAtt": ["Template", "LatestVersionNumber"] } } } },
        })
    };
    let found = difference(group("a"), group("b"));
    let because = vec!["LaunchTemplate.Version because of Template".to_string()];
    assert_eq!(
        told(&found),
        [
            ("Group", Update::NoInterruption, because),
            ("Template", Update::NoInterruption, Vec::new()),
        ]
    );
}

#[test]
fn resources_that_refer_to_each_other_end() {
    let ring = |name: &str| {
        json!({
            "A": { "Type": "AWS::SQS::Queue", "Properties": { "QueueName": { "Fn::Sub": ["${B}-${n}", { "n": name }] } } },
            "B": { "Type": "AWS::SQS::Queue", "Properties": { "QueueName": { "Fn::Sub": "${A}-x" } } },
        })
    };
    let found = difference(ring("a"), ring("b"));
    assert_eq!(found.counts().replaced, 2);
}
