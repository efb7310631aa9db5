//! Who calls may do what it is allowed, and nothing else.

use serde_json::{Value, json};
use tapedeck_cloud::{CloudError, Fault};
use tapedeck_testkit::Emulator;

use crate::world::{connect, fixed, template, world};

#[tokio::test]
async fn credentials_of_a_role_may_do_what_the_role_may() {
    let Some(world) = world().await else { return };
    assert_eq!(world.cloud.account().await.unwrap(), Emulator::ACCOUNT);
    let bucket = |name: &str| json!({ "Type": "AWS::S3::Bucket", "Properties": { "BucketName": name } });
    let role = json!({
        "Type": "AWS::IAM::Role",
        "Properties": {
            "RoleName": "worker",
            "AssumeRolePolicyDocument": nobody_but_tasks(),
            "Policies": [{
                "PolicyName": "own-bucket",
                "PolicyDocument": {
                    "Version": "2012-10-17",
                    "Statement": [{
                        "Effect": "Allow",
                        "Action": ["s3:PutObject"],
                        "Resource": ["arn:aws:s3:::own-bucket/*"],
                    }],
                },
            }],
        },
    });
    let wanted = template(&json!({
        "Own": bucket("own-bucket"), "Other": bucket("other-bucket"), "Role": role,
    }));
    world.deploy(&wanted).await.unwrap();

    let session = world.cloud.assume_role(&worker(), "task-1", 900).await.unwrap();
    assert!(session.expires_at.millis() > 1_700_000_000_000, "{session:?}");
    assert!(
        !format!("{session:?}").contains(&session.secret_access_key),
        "{session:?}"
    );
    let credentials = fixed(
        &session.access_key_id,
        &session.secret_access_key,
        Some(&session.session_token),
    );
    let worker = connect(&world.emulator, credentials).await;
    worker
        .put_object("own-bucket", "one", b"1".to_vec())
        .await
        .unwrap();
    let error = worker
        .put_object("other-bucket", "one", b"1".to_vec())
        .await
        .unwrap_err();
    assert!(
        matches!(&error, CloudError::PutObject { cause, .. } if matches!(cause.fault, Fault::Denied { .. })),
        "{error:?}"
    );
    assert!(error.way_out().contains("s3:PutObject"), "{}", error.way_out());
    let denied = worker.describe("shop").await.unwrap_err();
    assert!(
        denied.way_out().contains("cloudformation:DescribeStacks"),
        "{denied:?}"
    );
}

#[tokio::test]
async fn wrong_credentials_are_told_from_missing_rights() {
    let Some(world) = world().await else { return };
    let role = json!({
        "Type": "AWS::IAM::Role",
        "Properties": { "RoleName": "worker", "AssumeRolePolicyDocument": nobody_but_tasks() },
    });
    world.deploy(&template(&json!({ "Role": role }))).await.unwrap();
    let session = world.cloud.assume_role(&worker(), "task-1", 900).await.unwrap();
    for credentials in [
        fixed("AKIAIOSFODNN7EXAMPLE", "a secret", None),
        fixed(
            &session.access_key_id,
            "another secret",
            Some(&session.session_token),
        ),
    ] {
        let stranger = connect(&world.emulator, credentials).await;
        let error = stranger.describe("shop").await.unwrap_err();
        assert!(
            matches!(&error, CloudError::Describe { cause, .. } if matches!(cause.fault, Fault::Unknown { .. })),
            "{error:?}"
        );
    }
    let error = world
        .cloud
        .assume_role("no role", "task-1", 900)
        .await
        .unwrap_err();
    assert!(
        error.to_string().starts_with("could not assume role no role in "),
        "{error}"
    );
}

/// The ARN of the role `worker`.
fn worker() -> String {
    format!("arn:aws:iam::{}:role/worker", Emulator::ACCOUNT)
}

fn nobody_but_tasks() -> Value {
    json!({
        "Version": "2012-10-17",
        "Statement": [{
            "Effect": "Allow",
            "Principal": { "Service": "ecs-tasks.amazonaws.com" },
            "Action": "sts:AssumeRole",
        }],
    })
}
