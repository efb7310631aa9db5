//! Stacks are made, changed, given back and deleted.

use serde_json::{Value, json};
use tapedeck_cloud::{Aftermath, CloudError, Outcome};

use crate::world::{World, broken_url, events, queue, taken_bucket, template, world};

#[tokio::test]
async fn a_stack_is_made_and_changed_and_deleted() {
    let Some(world) = world().await else { return };
    let first = template(&json!({ "Queue": queue(30) }));
    let (made, told) = world.deploy_told(&first).await;
    let made = made.unwrap();
    assert_eq!(made.outcome, Outcome::Created);
    assert_eq!(made.outputs["QueueName"], "orders");
    let seen: Vec<_> = events(&told)
        .iter()
        .map(|event| format!("{} {}", event.logical_id, event.status))
        .collect();
    assert_eq!(
        seen,
        [
            "shop CREATE_IN_PROGRESS",
            "Queue CREATE_IN_PROGRESS",
            "Queue CREATE_COMPLETE",
            "shop CREATE_COMPLETE"
        ]
    );
    let state = world.cloud.describe("shop").await.unwrap().unwrap();
    assert_eq!(state.outputs, made.outputs);
    assert_eq!(state.tags["team"], "shop");

    let (again, told) = world.deploy_told(&first).await;
    let again = again.unwrap();
    assert_eq!(
        (again.outcome, &again.outputs),
        (Outcome::Unchanged, &made.outputs)
    );
    assert_eq!(told, []);
    assert_eq!(change_sets(&world), "[]");

    let more = json!({ "Type": "AWS::SNS::Topic", "Properties": { "TopicName": "news" } });
    let second = template(&json!({ "Queue": queue(60), "Topic": more }));
    assert_eq!(world.deploy(&second).await.unwrap().outcome, Outcome::Updated);
    let resources = world.cloud.resources("shop").await.unwrap();
    assert_eq!(resources["Queue"].resource_type, "AWS::SQS::Queue");
    assert_eq!(resources["Queue"].status, "UPDATE_COMPLETE");
    let topic = format!(
        "arn:aws:sns:eu-west-1:{}:news",
        tapedeck_testkit::Emulator::ACCOUNT
    );
    assert_eq!(resources["Topic"].physical_id.as_deref(), Some(topic.as_str()));

    let mut told = Vec::new();
    world
        .cloud
        .delete("shop", &mut |progress| told.push(progress))
        .await
        .unwrap();
    assert!(
        events(&told)
            .iter()
            .any(|event| event.status == "DELETE_COMPLETE")
    );
    assert_eq!(world.cloud.describe("shop").await.unwrap(), None);
    assert!(world.cloud.resources("shop").await.unwrap().is_empty());
    world.cloud.delete("shop", &mut |_| {}).await.unwrap();
}

#[tokio::test]
async fn what_a_stack_gives_out_can_change_alone() {
    let Some(world) = world().await else { return };
    let mut wanted = template(&json!({ "Queue": queue(30) }));
    world.deploy(&wanted).await.unwrap();
    wanted["Outputs"]["Colour"] = json!({ "Value": "green" });
    let done = world.deploy(&wanted).await.unwrap();
    assert_eq!(done.outcome, Outcome::Updated);
    assert_eq!(done.outputs["Colour"], "green");
    assert_eq!(world.deploy(&wanted).await.unwrap().outcome, Outcome::Unchanged);
}

#[tokio::test]
async fn a_stack_that_cannot_be_made_names_the_resource_and_can_be_made_later() {
    let Some(world) = world().await else { return };
    let broken = template(&json!({ "Queue": queue(30), "Url": broken_url("Queue") }));
    let (done, told) = world.deploy_told(&broken).await;
    let error = done.unwrap_err();
    assert_eq!(failed(&error), ("Url", "AWS::Lambda::Url", &Aftermath::Removed));
    let of_queue = events(&told)
        .into_iter()
        .filter(|event| event.logical_id == "Queue");
    let statuses: Vec<_> = of_queue.map(|event| event.status.as_str()).collect();
    assert_eq!(
        statuses,
        [
            "CREATE_IN_PROGRESS",
            "CREATE_COMPLETE",
            "DELETE_IN_PROGRESS",
            "DELETE_COMPLETE"
        ]
    );
    assert!(error.to_string().contains("could not be deployed"), "{error}");
    assert_eq!(world.status().await.as_deref(), Some("ROLLBACK_COMPLETE"));

    let (done, told) = world.deploy_told(&template(&json!({ "Queue": queue(30) }))).await;
    assert_eq!(done.unwrap().outcome, Outcome::Created);
    assert!(format!("{told:?}").contains("Clearing"), "{told:?}");
}

#[tokio::test]
async fn a_change_that_fails_is_taken_back() {
    let Some(world) = world().await else { return };
    let first = template(&json!({ "Queue": queue(30) }));
    world.deploy(&first).await.unwrap();
    world.take_bucket();
    for (name, broken) in [("Bucket", taken_bucket()), ("Url", broken_url("Queue"))] {
        let broken = template(&json!({ "Queue": queue(60), name: broken }));
        let error = world.deploy(&broken).await.unwrap_err();
        let (resource, _, after) = failed(&error);
        assert_eq!((resource, after), (name, &Aftermath::RolledBack));
    }
    assert_eq!(world.status().await.as_deref(), Some("UPDATE_ROLLBACK_COMPLETE"));
    assert_eq!(world.cloud.resources("shop").await.unwrap().len(), 1);
    assert_eq!(world.deploy(&first).await.unwrap().outcome, Outcome::Unchanged);
    let next = template(&json!({ "Queue": queue(90) }));
    assert_eq!(world.deploy(&next).await.unwrap().outcome, Outcome::Updated);
}

#[tokio::test]
async fn a_template_that_is_refused_leaves_nothing() {
    let Some(world) = world().await else { return };
    let unknown = template(&json!({ "Thing": { "Type": "AWS::Nothing::Such" } }));
    let error = world.deploy(&unknown).await.unwrap_err();
    let text = format!("{error}: {}", std::error::Error::source(&error).unwrap());
    assert!(text.contains("AWS::Nothing::Such"), "{text}");
    assert_eq!(world.status().await, None);
}

#[tokio::test]
async fn aws_own_library_agrees_on_how_a_stack_is() {
    const PROGRAM: &str = "
import botocore.session, json
cloudformation = botocore.session.get_session().create_client('cloudformation')
stack = cloudformation.describe_stacks(StackName='shop')['Stacks'][0]
resources = cloudformation.list_stack_resources(StackName='shop')['StackResourceSummaries']
print(json.dumps({
    'id': stack['StackId'],
    'status': stack['StackStatus'],
    'outputs': {one['OutputKey']: one['OutputValue'] for one in stack['Outputs']},
    'resources': {one['LogicalResourceId']: one['PhysicalResourceId'] for one in resources},
}))";
    let Some(world) = world().await else { return };
    let wanted = template(&json!({ "Queue": queue(30) }));
    world.deploy(&wanted).await.unwrap();
    let theirs: Value = serde_json::from_str(&world.emulator.botocore(PROGRAM, &[])).unwrap();
    let ours = world.cloud.describe("shop").await.unwrap().unwrap();
    let resources = world.cloud.resources("shop").await.unwrap();
    let names: serde_json::Map<String, Value> = resources
        .into_iter()
        .map(|(name, resource)| (name, json!(resource.physical_id)))
        .collect();
    let ours = json!({
        "id": ours.id,
        "status": ours.status.as_str(),
        "outputs": ours.outputs,
        "resources": names,
    });
    assert_eq!(theirs, ours);
}

/// The resource that failed, its type, and how the stack is now.
fn failed(error: &CloudError) -> (&str, &str, &Aftermath) {
    let CloudError::Failed { failure, after, .. } = error else {
        panic!("{error:?}");
    };
    let resource = failure.resource.as_ref().unwrap();
    (&resource.logical_id, &resource.resource_type, after)
}

/// The change sets of the stack, as others see them.
fn change_sets(world: &World) -> String {
    const PROGRAM: &str = "
import botocore.session, json
cloudformation = botocore.session.get_session().create_client('cloudformation')
found = cloudformation.list_change_sets(StackName='shop')['Summaries']
print(json.dumps([one['ChangeSetName'] for one in found if one['ExecutionStatus'] != 'EXECUTE_COMPLETE']))";
    world.emulator.botocore(PROGRAM, &[]).trim().to_owned()
}
