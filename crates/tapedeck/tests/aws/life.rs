//! A stack from its first deployment to its end.

use serde_json::json;

use crate::world::{FAILS, STACK, WAITS, World};

/// What happened to the stack, so far.
fn events(world: &World) -> usize {
    let answer = world.aws(
        "cloudformation",
        "describe_stack_events",
        &json!({ "StackName": STACK }),
    );
    answer["StackEvents"].as_array().unwrap().len()
}

#[test]
fn a_stack_is_deployed_changed_swapped_rolled_back_and_deleted() {
    let Some(world) = World::ready() else { return };

    // New.
    let first = world.json(&["deploy"]);
    assert_eq!(first["unchanged"], false, "{first}");
    assert_eq!(world.stack()["StackStatus"], "UPDATE_COMPLETE");
    let worker = world.worker();
    assert_eq!(
        (&worker["desiredCount"], &worker["runningCount"]),
        (&json!(1), &json!(1))
    );

    // The same again calls nothing that changes anything.
    let (before, definition) = (events(&world), worker["taskDefinition"].clone());
    let again = world.json(&["deploy"]);
    assert_eq!(again["unchanged"], true, "{again}");
    assert_eq!(events(&world), before);

    // Code alone, past CloudFormation, and back by it.
    world.code(WAITS, "swapped");
    let swapped = world.json(&["deploy", "--hotSwap"]);
    assert_eq!(swapped["outcome"], "swapped", "{swapped}");
    assert_eq!(events(&world), before);
    assert_ne!(world.worker()["taskDefinition"], definition);
    world.code(WAITS, "hello");
    let back = world.must(&["deploy"]);
    assert!(back.stderr.contains("back to"), "{back:?}");
    assert_eq!(world.worker()["taskDefinition"], definition);

    // A worker that does not stay up.
    world.code(FAILS, "boom");
    let failed = world.run(&["deploy"]);
    assert_eq!(failed.code, Some(1), "{failed:?}");
    for told in [
        "service shop-dev-WorkerService was not rolled out",
        "service-container exited with 3",
        "service-container | boom",
        "rolled back to what it was before",
    ] {
        assert!(failed.stderr.contains(told), "{told}: {failed:?}");
    }
    let shown = world.json(&["info:stack"]);
    assert_eq!(shown["services"][0]["runningCount"], 1, "{shown}");

    // Another version, and back to the one before.
    world.code(WAITS, "second");
    world.must(&["deploy"]);
    let second = world.worker()["taskDefinition"].clone();
    let versions = world.json(&["rollback", "--listVersions"]);
    assert_eq!(versions, json!(["v000001", "v000002"]));
    world.must(&["rollback"]);
    let rolled_back = world.worker();
    assert_ne!(rolled_back["taskDefinition"], second);
    assert_eq!(rolled_back["runningCount"], 1);
    let unknown = world.run(&["rollback", "--targetVersion", "v9"]);
    assert_eq!(unknown.code, Some(2), "{unknown:?}");
    assert!(unknown.stderr.contains("v000001, v000002"), "{unknown:?}");

    // What would be lost is asked about; then all goes, objects of buckets too.
    let bucket = photos(&world);
    let object = json!({ "Bucket": bucket, "Key": "a.jpg", "Body": "picture" });
    let _ = world.aws("s3", "put_object", &object);
    let refused = world.run(&["delete"]);
    assert_eq!(refused.code, Some(2), "{refused:?}");
    let deleted = world.json(&["delete", "--yes"]);
    assert_eq!(deleted["deleted"], STACK);
    assert_eq!(world.json(&["info:stacks"]), json!([]));
    let gone = world.run(&["info:stack"]);
    assert_eq!(gone.code, Some(1), "{gone:?}");
    assert!(gone.stderr.contains("there is no stack shop-dev"), "{gone:?}");
}

/// The name of the bucket of the stack.
fn photos(world: &World) -> String {
    let shown = world.json(&["info:stack"]);
    let resources = shown["resources"].as_array().unwrap();
    let bucket = resources.iter().find(|one| one["logicalId"] == "PhotosBucket");
    bucket.unwrap()["physicalId"].as_str().unwrap().to_owned()
}

#[test]
fn a_protected_stack_is_not_deleted() {
    let Some(world) = World::ready() else { return };
    let config = |protection: &str| {
        let settings = format!("deploymentConfig: {{ terminationProtection: {protection} }}\n");
        let config = format!("projectName: shop\n{settings}resources:\n  jobs: {{ type: sqs-queue }}\n");
        world.write("stacktape.yml", &config);
    };
    config("true");
    world.must(&["deploy"]);
    assert_eq!(world.stack()["EnableTerminationProtection"], true);
    let refused = world.run(&["delete", "--yes"]);
    assert_eq!(refused.code, Some(1), "{refused:?}");
    assert_eq!(world.stack()["StackStatus"], "CREATE_COMPLETE");
    assert_eq!(world.json(&["deploy"])["unchanged"], true);
    config("false");
    world.must(&["deploy"]);
    world.must(&["delete", "--yes"]);
}

#[test]
fn what_would_be_lost_is_told_before() {
    let Some(world) = World::ready() else { return };
    world.must(&["deploy"]);
    let bucket = photos(&world);
    world.write(
        "stacktape.yml",
        "projectName: shop\nresources:\n  jobs: { type: sqs-queue }\n",
    );
    let refused = world.run(&["deploy"]);
    assert_eq!(refused.code, Some(2), "{refused:?}");
    assert!(refused.stderr.contains("PhotosBucket"), "{refused:?}");
    assert!(refused.stderr.contains("nothing was changed"), "{refused:?}");
    assert_eq!(photos(&world), bucket);
    world.must(&["deploy", "--yes"]);
    assert_eq!(world.json(&["info:stack"])["services"], json!([]));
}

#[test]
fn a_repository_is_lost_only_with_images_in_it() {
    let Some(world) = World::ready() else { return };
    world.must(&["deploy"]);
    let shown = world.json(&["info:stack"]);
    let resources = shown["resources"].as_array().unwrap();
    let repository = resources
        .iter()
        .find(|one| one["logicalId"] == "StpContainerRepository");
    let repository = &repository.unwrap()["physicalId"];
    world.write(
        "stacktape.yml",
        "projectName: shop\nresources:\n  jobs: { type: sqs-queue }\n  photos: { type: bucket }\n",
    );
    let refused = world.run(&["deploy"]);
    assert_eq!(refused.code, Some(2), "{refused:?}");
    let lost = |text: &str| {
        text.lines()
            .find(|line| line.starts_with("error: what is in"))
            .map(str::to_owned)
    };
    assert!(
        lost(&refused.stderr).unwrap().contains("StpContainerRepository"),
        "{refused:?}"
    );

    let images = world.aws("ecr", "list_images", &json!({ "repositoryName": repository }));
    let all = json!({ "repositoryName": repository, "imageIds": images["imageIds"] });
    let _ = world.aws("ecr", "batch_delete_image", &all);
    let refused = world.run(&["deploy"]);
    let logs = lost(&refused.stderr).unwrap();
    assert!(
        logs.contains("LogGroup") && !logs.contains("StpContainerRepository"),
        "{refused:?}"
    );
    world.must(&["deploy", "--yes"]);
    assert_eq!(world.json(&["info:stack"])["services"], json!([]));
}
