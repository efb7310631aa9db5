//! Actions are allowed for what they are about, and for nothing else that has a name.

use serde_json::{Value, json};

use crate::Lookups;
use crate::permissions::of_caller;
use crate::permissions::tests::{allowed, deployment, template};

/// For what an action is allowed to whoever deploys these, without `arn:aws:`.
fn arns(resources: &[(&str, &str, Value)], action: &str) -> Vec<String> {
    let lookups = Lookups::default();
    let permissions = of_caller(&template(resources), &deployment(&lookups));
    let arns = allowed(&permissions, action).into_iter();
    arns.map(|arn| arn.trim_start_matches("arn:aws:").to_owned())
        .collect()
}

#[test]
fn what_belongs_to_something_is_about_that_alone() {
    let queue = |name: &str| json!({ "QueueName": name });
    let bucket = |name: &str| json!({ "BucketName": name });
    let resources = [
        ("Jobs", "AWS::SQS::Queue", queue("jobs")),
        ("Mails", "AWS::SQS::Queue", queue("mails")),
        (
            "Policy",
            "AWS::SQS::QueuePolicy",
            json!({ "Queues": [{ "Ref": "Jobs" }] }),
        ),
        ("Code", "AWS::S3::Bucket", bucket("code")),
        ("Photos", "AWS::S3::Bucket", bucket("photos")),
        (
            "Function",
            "AWS::Lambda::Function",
            json!({
                "Code": { "S3Bucket": { "Ref": "Code" }, "S3Key": "f.zip" },
                "Environment": { "Variables": { "PHOTOS": { "Ref": "Photos" } } },
            }),
        ),
    ];
    let policy = [resources[0].clone(), resources[1].clone(), resources[2].clone()];
    assert_eq!(
        arns(&policy[2..], "sqs:SetQueueAttributes"),
        ["sqs:eu-west-1:123456789012:*"]
    );
    assert_eq!(arns(&policy, "sqs:SetQueueAttributes").len(), 2);
    assert_eq!(
        arns(&resources, "s3:GetObjectVersion"),
        ["s3:::code", "s3:::code/*"]
    );
    let elsewhere = json!({ "Code": { "S3Bucket": "theirs", "S3Key": "f.zip" } });
    let elsewhere = [
        ("Function", "AWS::Lambda::Function", elsewhere),
        resources[4].clone(),
    ];
    assert_eq!(
        arns(&elsewhere, "s3:GetObjectVersion"),
        ["s3:::theirs", "s3:::theirs/*"]
    );
}

#[test]
fn a_database_is_made_with_its_groups_and_those_of_aws() {
    let database =
        json!({ "DBInstanceIdentifier": "shop-dev-orders", "DBSubnetGroupName": { "Ref": "Subnets" } });
    let resources = [
        ("Orders", "AWS::RDS::DBInstance", database),
        ("Subnets", "AWS::RDS::DBSubnetGroup", json!({})),
    ];
    let found = arns(&resources, "rds:CreateDBInstance");
    for arn in [
        "db:shop-dev-orders",
        "subgrp:shop-dev-subnets-*",
        "pg:default*",
        "snapshot:shop-dev*",
    ] {
        let arn = format!("rds:eu-west-1:123456789012:{arn}");
        assert!(found.contains(&arn), "{arn}: {found:?}");
    }
    assert_eq!(arns(&resources, "rds:DescribeDBEngineVersions"), ["*"]);
}

#[test]
fn machines_are_started_from_images_of_others() {
    let resources = [("Machines", "AWS::AutoScaling::AutoScalingGroup", json!({}))];
    assert_eq!(
        arns(&resources, "ec2:RunInstances"),
        [
            "ec2:eu-west-1:123456789012:*",
            "ec2:eu-west-1::image/*",
            "ec2:eu-west-1::snapshot/*"
        ]
    );
    assert_eq!(arns(&resources, "ssm:Get*"), [] as [&str; 0]);
}

#[test]
fn names_that_cloudformation_gives_are_known_as_far_as_they_can_be() {
    let named = |id: &str, kind: &str, action: &str| {
        let found = arns(&[(id, kind, json!({}))], action);
        found
            .last()
            .unwrap()
            .rsplit([':', '/'])
            .next()
            .unwrap()
            .to_owned()
    };
    assert_eq!(
        named("Jobs", "AWS::SQS::Queue", "sqs:CreateQueue"),
        "shop-dev-Jobs-*"
    );
    let long = "L".repeat(60);
    assert_eq!(named(&long, "AWS::SQS::Queue", "sqs:CreateQueue"), "shop-dev*");
    let machine = "AWS::StepFunctions::StateMachine";
    assert_eq!(named("Steps", machine, "states:CreateStateMachine"), "Steps-*");
}
