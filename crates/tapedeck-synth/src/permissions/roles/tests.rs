//! Roles are passed to those who take them, and to nobody else.

use serde_json::{Value, json};

use crate::Lookups;
use crate::permissions::of_caller;
use crate::permissions::tests::{deployment, template};

/// The services to which roles may be passed, each with the roles.
fn passed(resources: &[(&str, &str, Value)]) -> Vec<(String, Value)> {
    let lookups = Lookups::default();
    let policy = of_caller(&template(resources), &deployment(&lookups)).policy();
    let statements = policy["Statement"].as_array().unwrap().iter();
    let passing = statements.filter(|statement| statement["Action"] == "iam:PassRole");
    let condition = "/Condition/StringEquals/iam:PassedToService";
    passing
        .map(|statement| {
            let service = statement.pointer(condition).unwrap().as_str().unwrap();
            (service.to_owned(), statement["Resource"].clone())
        })
        .collect()
}

fn trusting(service: &str) -> Value {
    json!({ "Statement": [{ "Effect": "Allow", "Principal": { "Service": service }, "Action": "sts:AssumeRole" }] })
}

#[test]
fn a_role_that_is_given_to_a_service_may_be_passed_to_it_though_it_trusts_another() {
    let role =
        json!({ "RoleName": "scales", "AssumeRolePolicyDocument": trusting("ecs-tasks.amazonaws.com") });
    let target = json!({ "RoleARN": { "Fn::GetAtt": ["Role", "Arn"] }, "ServiceNamespace": "ecs" });
    let found = passed(&[
        ("Role", "AWS::IAM::Role", role),
        ("Target", "AWS::ApplicationAutoScaling::ScalableTarget", target),
    ]);
    let arns = json!(["arn:aws:iam::123456789012:role/scales"]);
    assert_eq!(
        found,
        [
            ("application-autoscaling.amazonaws.com".to_owned(), arns.clone()),
            ("ecs-tasks.amazonaws.com".to_owned(), arns),
        ]
    );
}

#[test]
fn a_role_of_somebody_else_may_be_passed_to_the_service_whose_resource_names_it() {
    let role = "arn:aws:iam::123456789012:role/theirs";
    let found = passed(&[
        ("Task", "AWS::ECS::TaskDefinition", json!({ "TaskRoleArn": role })),
        ("Function", "AWS::Lambda::Function", json!({ "Role": role })),
        (
            "Policy",
            "AWS::S3::BucketPolicy",
            json!({ "PolicyDocument": { "Statement": [{ "Principal": { "AWS": "arn:aws:iam::123456789012:role/reads" } }] } }),
        ),
    ]);
    assert_eq!(
        found,
        [
            ("ecs-tasks.amazonaws.com".to_owned(), json!([role])),
            ("lambda.amazonaws.com".to_owned(), json!([role])),
        ]
    );
}
