//! What a killed deployment leaves behind is finished or removed by the next one.

use std::cell::RefCell;
use std::time::Duration;

use serde_json::{Value, json};
use tapedeck_cloud::{Aftermath, Cause, Cloud, CloudError, Outcome, Progress, Target};
use tapedeck_testkit::Emulator;

use crate::world::{World, broken_url, fixed, queue, template, thing, world};

/// Announces the stack `shop` with a change set of ours, which is not executed; or just adds one to it.
const ANNOUNCE: &str = "
import botocore.session, json, sys
cloudformation = botocore.session.get_session().create_client('cloudformation')
cloudformation.create_change_set(StackName='shop', ChangeSetName=sys.argv[2], ChangeSetType=sys.argv[1],
    TemplateBody=json.dumps({'Resources': {'Other': {'Type': 'AWS::SNS::Topic'}}}))";

/// Prints the names of the change sets that could still be executed.
const WAITING: &str = "
import botocore.session
cloudformation = botocore.session.get_session().create_client('cloudformation')
found = cloudformation.list_change_sets(StackName='shop')['Summaries']
print(' '.join(one['ChangeSetName'] for one in found if one['ExecutionStatus'] == 'AVAILABLE'))";

fn announce(world: &World, kind: &str, name: &str) {
    let _ = world.emulator.botocore(ANNOUNCE, &[kind, name]);
}

fn waiting(world: &World) -> String {
    world.emulator.botocore(WAITING, &[]).trim().to_owned()
}

#[tokio::test]
async fn a_stack_that_was_only_announced_is_made() {
    let Some(world) = world().await else { return };
    announce(&world, "CREATE", "tapedeck-1");
    assert_eq!(world.status().await.as_deref(), Some("REVIEW_IN_PROGRESS"));
    let done = world
        .deploy(&template(&json!({ "Queue": queue(30) })))
        .await
        .unwrap();
    assert_eq!(done.outcome, Outcome::Created);
    assert_eq!(waiting(&world), "");
}

#[tokio::test]
async fn a_stack_that_was_only_announced_is_deleted() {
    let Some(world) = world().await else { return };
    announce(&world, "CREATE", "tapedeck-1");
    world.cloud.delete("shop", &mut |_| {}).await.unwrap();
    assert_eq!(world.status().await, None);
}

#[tokio::test]
async fn change_sets_of_ours_are_removed_and_those_of_others_are_left() {
    let Some(world) = world().await else { return };
    let wanted = template(&json!({ "Queue": queue(30) }));
    world.deploy(&wanted).await.unwrap();
    announce(&world, "UPDATE", "tapedeck-1");
    announce(&world, "UPDATE", "somebody-elses");
    assert_eq!(world.deploy(&wanted).await.unwrap().outcome, Outcome::Unchanged);
    assert_eq!(waiting(&world), "somebody-elses");
}

/// A stack that stays in the making until it is signalled what came of it.
fn slow() -> Value {
    template(&json!({
        "Handle": { "Type": "AWS::CloudFormation::WaitConditionHandle" },
        "Wait": {
            "Type": "AWS::CloudFormation::WaitCondition",
            "Properties": { "Handle": { "Ref": "Handle" }, "Timeout": "3600" },
        },
    }))
}

/// Signals that nothing came of it.
const SIGNAL: &str = "
import json, sys, urllib.request
body = json.dumps({'Status': 'FAILURE', 'Reason': 'enough', 'UniqueId': '1', 'Data': ''}).encode()
plain = {'Content-Type': ''}
urllib.request.urlopen(urllib.request.Request(sys.argv[1], body, plain, method='PUT'))";

/// Looks again and again until there is something.
async fn until<T>(look: impl Fn() -> Option<T>) -> T {
    loop {
        if let Some(found) = look() {
            return found;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

#[tokio::test]
async fn a_deployment_that_was_killed_is_waited_for() {
    let Some(world) = world().await else { return };
    let handle = RefCell::new(None);
    let mut tell = |progress| match progress {
        Progress::Event(event) if event.logical_id == "Handle" && event.status == "CREATE_COMPLETE" => {
            handle.replace(event.physical_id);
        }
        _ => {}
    };
    let slow = slow();
    let url = tokio::select! {
        url = until(|| handle.borrow().clone()) => url,
        done = world.deploy_telling(&slow, &mut tell) => panic!("{done:?}"),
    };

    let told = RefCell::new(Vec::new());
    let signal = async {
        let is_waiting = |progress: &Progress| matches!(progress, Progress::Waiting { .. });
        until(|| told.borrow().iter().any(is_waiting).then_some(())).await;
        let _ = world.emulator.botocore(SIGNAL, &[&url]);
        std::future::pending::<()>().await;
    };
    let wanted = template(&json!({ "Queue": queue(30) }));
    let mut tell = |progress| told.borrow_mut().push(progress);
    let done = tokio::select! {
        done = world.deploy_telling(&wanted, &mut tell) => done,
        () = signal => unreachable!("it never ends"),
    };
    assert_eq!(done.unwrap().outcome, Outcome::Created);
    let told = told.take();
    assert!(matches!(told[0], Progress::Waiting { .. }), "{told:?}");
    assert!(
        told.iter()
            .any(|progress| matches!(progress, Progress::Clearing { .. })),
        "{told:?}"
    );
}

#[tokio::test]
async fn a_stack_to_which_nothing_happens_is_not_waited_for_for_ever() {
    let Some(mut world) = world().await else { return };
    let root = fixed(Emulator::ACCESS_KEY_ID, Emulator::SECRET_ACCESS_KEY, None);
    let mut target = Target::emulator(Emulator::REGION, world.emulator.endpoint(), root);
    target.limits.standstill = Duration::ZERO;
    world.cloud = Cloud::connect(target).await.unwrap();
    let error = world.deploy(&slow()).await.unwrap_err();
    let CloudError::Deploy { cause, .. } = &error else {
        panic!("{error:?}");
    };
    assert!(
        matches!(cause, Cause::Standstill { status, .. } if status.as_str() == "CREATE_IN_PROGRESS"),
        "{cause:?}"
    );
}

#[tokio::test]
async fn a_stack_that_only_a_person_can_help_is_left_alone() {
    let Some(world) = world().await else { return };
    world.deploy(&template(&thing(1))).await.unwrap();
    let mut broken = thing(2);
    broken["Url"] = broken_url("Thing");
    let error = world.deploy(&template(&broken)).await.unwrap_err();
    let CloudError::Failed { after, failure, .. } = &error else {
        panic!("{error:?}");
    };
    assert!(matches!(after, Aftermath::Left(_)), "{error:?}");
    assert!(
        failure.to_string().starts_with("Url (AWS::Lambda::Url): "),
        "{failure}"
    );
    let stuck = world.deploy(&template(&thing(1))).await.unwrap_err();
    assert!(matches!(&stuck, CloudError::Stuck { .. }), "{stuck:?}");
    for error in [error, stuck] {
        assert!(error.to_string().contains("UPDATE_ROLLBACK_FAILED"), "{error}");
        assert!(
            error
                .way_out()
                .contains("tapedeck cf-rollback --region eu-west-1"),
            "{}",
            error.way_out()
        );
    }
}
