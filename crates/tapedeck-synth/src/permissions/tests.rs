//! Which actions a deployment needs, and for what.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::{Deployment, MANAGED_POLICY, Permissions, handlers, of_caller, of_role};
use crate::template::Resource;
use crate::{Lookups, Template};

pub(super) fn template(resources: &[(&str, &str, Value)]) -> Template {
    let mut template = Template::new("test".to_owned());
    for (id, kind, properties) in resources {
        let resource = Resource::new(kind, properties.clone());
        template.resources.insert((*id).to_owned(), resource);
    }
    template
}

pub(super) fn deployment(lookups: &Lookups) -> Deployment<'_> {
    Deployment {
        stack: "shop-dev",
        region: "eu-west-1",
        account: "123456789012",
        role: None,
        is_emulated: false,
        lookups,
        told: &[],
        roles_of: &[],
    }
}

/// For what an action is allowed.
pub(super) fn allowed(permissions: &Permissions, action: &str) -> Vec<String> {
    let policy = permissions.policy();
    let statements = policy["Statement"].as_array().unwrap().iter();
    let matching = statements.filter(|statement| match &statement["Action"] {
        Value::Array(actions) => actions.iter().any(|one| one == action),
        one => one == action,
    });
    let resources = matching.flat_map(|statement| statement["Resource"].as_array().unwrap());
    resources.map(|one| one.as_str().unwrap().to_owned()).collect()
}

#[test]
fn what_has_a_name_is_allowed_by_it_and_what_has_none_by_its_beginning() {
    let lookups = Lookups::default();
    let template = template(&[
        (
            "JobsQueue",
            "AWS::SQS::Queue",
            json!({ "QueueName": "shop-dev-jobs" }),
        ),
        (
            "Policy",
            "AWS::SQS::QueuePolicy",
            json!({ "Queues": [{ "Ref": "JobsQueue" }] }),
        ),
        ("Photos", "AWS::S3::Bucket", json!({})),
        (
            "Cluster",
            "AWS::ECS::Cluster",
            json!({ "ClusterName": "shop-dev" }),
        ),
        ("Net", "AWS::EC2::VPC", json!({ "CidrBlock": "10.0.0.0/16" })),
    ]);
    let permissions = of_caller(&template, &deployment(&lookups));
    let queue = ["arn:aws:sqs:eu-west-1:123456789012:shop-dev-jobs"];
    assert_eq!(allowed(&permissions, "sqs:CreateQueue"), queue);
    assert_eq!(allowed(&permissions, "sqs:SetQueueAttributes"), queue);
    let buckets = allowed(&permissions, "s3:DeleteBucket");
    assert_eq!(
        buckets,
        [
            "arn:aws:s3:::shop-dev-photos-*",
            "arn:aws:s3:::shop-dev-photos-*/*"
        ]
    );
    assert_eq!(
        allowed(&permissions, "ec2:CreateVpc"),
        ["arn:aws:ec2:eu-west-1:123456789012:*"]
    );
    assert_eq!(allowed(&permissions, "ec2:DescribeVpcs"), ["*"]);
    let stack = ["arn:aws:cloudformation:eu-west-1:123456789012:stack/shop-dev/*"];
    assert_eq!(allowed(&permissions, "cloudformation:CreateChangeSet"), stack);
    assert_eq!(allowed(&permissions, "kms:Decrypt"), [] as [&str; 0]);
    assert_eq!(
        allowed(&permissions, "ecs:PutAccountSettingDefault"),
        [] as [&str; 0]
    );
    assert_eq!(permissions.unknown, BTreeSet::new());
}

#[test]
fn roles_are_passed_to_whom_they_trust_alone() {
    let lookups = Lookups::default();
    let trust = json!({ "Statement": [{ "Effect": "Allow", "Principal": { "Service": ["ecs-tasks.amazonaws.com"] }, "Action": "sts:AssumeRole" }] });
    let template = template(&[(
        "WorkerRole",
        "AWS::IAM::Role",
        json!({ "RoleName": "shop-dev-worker", "AssumeRolePolicyDocument": trust }),
    )]);
    let role = "arn:aws:iam::123456789012:role/shop-dev-worker";
    let policy = of_caller(&template, &deployment(&lookups)).policy();
    let statements = policy["Statement"].as_array().unwrap();
    let passed = statements
        .iter()
        .find(|one| one["Action"] == "iam:PassRole")
        .unwrap();
    assert_eq!(passed["Resource"], json!([role]));
    let service = &passed["Condition"]["StringEquals"]["iam:PassedToService"];
    assert_eq!(service, "ecs-tasks.amazonaws.com");
    assert_eq!(
        allowed(&of_caller(&template, &deployment(&lookups)), "iam:CreateRole"),
        [role]
    );
}

#[test]
fn where_cloudformation_has_a_role_it_is_that_which_makes_resources() {
    let lookups = Lookups::default();
    let template = template(&[("Jobs", "AWS::SQS::Queue", json!({ "QueueName": "jobs" }))]);
    let role = "arn:aws:iam::123456789012:role/deployer";
    let given = Deployment {
        role: Some(role),
        ..deployment(&lookups)
    };
    let caller = of_caller(&template, &given);
    assert_eq!(allowed(&caller, "sqs:CreateQueue"), [] as [&str; 0]);
    assert_eq!(allowed(&caller, "iam:PassRole"), [role]);
    let makes = of_role(&template, &given);
    assert_eq!(allowed(&makes, "sqs:CreateQueue").len(), 1);
    assert_eq!(allowed(&makes, "cloudformation:CreateChangeSet"), [] as [&str; 0]);
}

#[test]
fn what_is_not_known_is_told() {
    let lookups = Lookups::default();
    let template = template(&[
        ("One", "AWS::Braket::Quantum", json!({})),
        ("Two", "Custom::Thing", json!({ "ServiceToken": "arn" })),
        ("Three", "MongoDB::StpAtlasV1::Cluster", json!({})),
    ]);
    let permissions = of_caller(&template, &deployment(&lookups));
    assert_eq!(
        permissions.unknown,
        BTreeSet::from(["AWS::Braket::Quantum".to_owned()])
    );
    assert_eq!(allowed(&permissions, "lambda:InvokeFunction").len(), 1);
}

#[test]
fn large_policies_are_split_where_iam_wants_that() {
    let lookups = Lookups::default();
    let names: Vec<String> = (0..60)
        .map(|index| format!("queue-with-a-rather-long-name-{index}"))
        .collect();
    let resources: Vec<(&str, &str, Value)> = names
        .iter()
        .map(|name| (name.as_str(), "AWS::SQS::Queue", json!({ "QueueName": name })))
        .chain([(
            "Table",
            "AWS::DynamoDB::GlobalTable",
            json!({ "TableName": "orders", "Replicas": [{}] }),
        )])
        .collect();
    let permissions = of_caller(&template(&resources), &deployment(&lookups));
    let policies = permissions.policies();
    assert!(policies.len() > 1);
    let all: usize = policies
        .iter()
        .map(|policy| policy["Statement"].as_array().unwrap().len())
        .sum();
    assert_eq!(all, permissions.policy()["Statement"].as_array().unwrap().len());
    assert!(
        policies
            .iter()
            .all(|policy| policy.to_string().len() <= MANAGED_POLICY)
    );
}

#[test]
fn services_are_in_lower_case_and_names_are_those_of_actions() {
    for (kind, line) in include_str!("handlers.txt")
        .lines()
        .map(|line| line.split_once(' ').unwrap())
    {
        assert!(kind.starts_with("AWS::"), "{kind}");
        for action in handlers::of(kind).unwrap() {
            let (service, name) = action.split_once(':').unwrap();
            assert_eq!(service, service.to_lowercase(), "{kind}: {line}");
            assert!(
                name.starts_with(|first: char| first.is_ascii_uppercase()),
                "{kind}: {action}"
            );
        }
    }
}
