//! Answers that get lost: a call that changes something is made again, is refused since it is done, and is taken for done.

use serde_json::json;
use tapedeck_cloud::{Cloud, Outcome, Target};
use tapedeck_testkit::{Emulator, Proxy};

use crate::world::{World, broken_url, fixed, queue, template, thing, world};

/// Has the answers to the first requests with these texts get lost.
async fn lose(world: &mut World, texts: &[&str]) {
    let proxy = Proxy::losing(&world.emulator.endpoint(), texts);
    let root = fixed(Emulator::ACCESS_KEY_ID, Emulator::SECRET_ACCESS_KEY, None);
    let target = Target::emulator(Emulator::REGION, proxy.endpoint(), root);
    world.cloud = Cloud::connect(target).await.unwrap();
}

#[tokio::test]
async fn a_stack_is_made_changed_and_deleted_without_answers() {
    let Some(mut world) = world().await else { return };
    let texts = ["Action=CreateChangeSet", "Action=ExecuteChangeSet"];
    lose(&mut world, &texts).await;
    let mut wanted = template(&json!({ "Queue": queue(30) }));
    assert_eq!(world.deploy(&wanted).await.unwrap().outcome, Outcome::Created);

    lose(&mut world, &texts).await;
    wanted["Resources"]["Queue"] = queue(60);
    assert_eq!(world.deploy(&wanted).await.unwrap().outcome, Outcome::Updated);

    lose(&mut world, &["Action=UpdateStack", "Action=DeleteChangeSet"]).await;
    wanted["Outputs"]["Colour"] = json!({ "Value": "green" });
    let done = world.deploy(&wanted).await.unwrap();
    assert_eq!(
        (done.outcome, done.outputs["Colour"].as_str()),
        (Outcome::Updated, "green")
    );

    lose(&mut world, &["Action=DeleteStack"]).await;
    world.cloud.delete("shop", &mut |_| {}).await.unwrap();
    assert_eq!(world.status().await, None);
}

#[tokio::test]
async fn a_rollback_is_gone_on_with_without_an_answer() {
    let Some(mut world) = world().await else { return };
    world.deploy(&template(&thing(1))).await.unwrap();
    let mut broken = thing(2);
    broken["Url"] = broken_url("Thing");
    world.deploy(&template(&broken)).await.unwrap_err();
    lose(&mut world, &["Action=ContinueUpdateRollback"]).await;
    let skipped = ["Thing".to_owned()];
    let state = world.cloud.continue_rollback("shop", &skipped, &mut |_| {}).await;
    assert_eq!(state.unwrap().status.as_str(), "UPDATE_ROLLBACK_COMPLETE");
}

#[tokio::test]
async fn secrets_are_made_deleted_and_restored_without_answers() {
    let Some(mut world) = world().await else { return };
    let all = [
        "secretsmanager.CreateSecret",
        "secretsmanager.PutSecretValue",
        "secretsmanager.DeleteSecret",
        "secretsmanager.RestoreSecret",
    ];
    lose(&mut world, &all).await;
    assert!(world.cloud.set_secret("token", "first").await.unwrap());
    assert!(world.cloud.delete_secret("token", 7).await.unwrap());
    assert!(!world.cloud.delete_secret("token", 7).await.unwrap());
    // What is restored counts as made.
    assert!(world.cloud.set_secret("token", "second").await.unwrap());
    let value = world.cloud.secret_value("token").await.unwrap();
    assert_eq!(value.as_deref(), Some("second"));
}

#[tokio::test]
async fn a_bucket_is_made_without_an_answer() {
    let Some(mut world) = world().await else { return };
    lose(&mut world, &["PUT /tapedeck-templates"]).await;
    let kept = world.cloud.keep_template("shop", "{}", 10).await;
    assert_eq!(kept.unwrap(), 1);
    assert_eq!(
        world.cloud.kept_template("shop", 1).await.unwrap().as_deref(),
        Some("{}")
    );
}
