//! How targets, policies and activities are shown.

use expect_test::expect;
use tapedeck_model::Timestamp;

use super::*;

#[test]
fn what_was_done_and_what_was_not_is_told_with_the_reason() {
    let mut told = told();
    told.target = Some(ScalableTarget {
        min: 1,
        max: 4,
        suspended: vec!["scaling in"],
    });
    told.policies = vec![ScalingPolicy {
        name: "shop-dev-worker-cpu".to_owned(),
        kind: "TargetTrackingScaling".to_owned(),
        metric: Some("ECSServiceAverageCPUUtilization".to_owned()),
        target: Some(70.0),
        scale_out_cooldown: Some(30),
        scale_in_cooldown: None,
        only_adds: false,
    }];
    told.activities = Some(vec![
        ScalingActivity {
            message: Some("Successfully set desired count to 4.".to_owned()),
            ..done("Successful", "Setting desired count to 4.")
        },
        ScalingActivity {
            message: Some("Failed to set desired count: access denied.".to_owned()),
            ..done("Failed", "Setting desired count to 3.")
        },
        ScalingActivity {
            not_scaled: vec!["AlreadyAtMaxCapacity".to_owned()],
            ..done("Successful", "Attempting to scale due to alarm triggered")
        },
    ]);
    expect![[r#"
        worker  2/2 running, between 1 and 4, scaling in suspended
          keeps ECSServiceAverageCPUUtilization near 70, 30 s of rest after adding  shop-dev-worker-cpu
          2023-11-14T22:13:20.000Z Successful  Setting desired count to 4.  monitor alarm high in state ALARM triggered policy cpu
          2023-11-14T22:13:20.000Z Failed  Setting desired count to 3.; Failed to set desired count: access denied.  monitor alarm high in state ALARM triggered policy cpu
          2023-11-14T22:13:20.000Z not scaled  AlreadyAtMaxCapacity: monitor alarm high in state ALARM triggered policy cpu
    "#]].assert_eq(&plain(&shown(&told)));
    assert_eq!(
        as_json(&StackName::new("shop-dev").unwrap(), &told)["decisions"][2]["notScaled"][0],
        "AlreadyAtMaxCapacity"
    );
}

#[test]
fn a_fixed_number_of_tasks_is_told_as_such() {
    expect![[r#"
        worker  2/2 running, not scaled: it has no scalable target
    "#]]
    .assert_eq(&plain(&shown(&told())));
}

#[test]
fn activities_that_could_not_be_read_are_not_taken_for_none() {
    let mut told = told();
    told.activities = None;
    let stack = StackName::new("shop-dev").unwrap();
    assert_eq!(as_json(&stack, &told)["decisions"], Value::Null);
    told.activities = Some(Vec::new());
    assert_eq!(as_json(&stack, &told)["decisions"], json!([]));
}

/// A text without colours.
fn plain(text: &str) -> String {
    anstream::adapter::strip_str(text).to_string()
}

fn done(status: &str, description: &str) -> ScalingActivity {
    ScalingActivity {
        at: Timestamp::from_millis(1_700_000_000_000),
        ended_at: None,
        status: status.to_owned(),
        description: description.to_owned(),
        cause: "monitor alarm high in state ALARM triggered policy cpu".to_owned(),
        message: None,
        not_scaled: Vec::new(),
    }
}

fn told() -> Told {
    Told {
        name: "worker".to_owned(),
        state: ServiceState {
            status: "ACTIVE".to_owned(),
            desired: 2,
            running: 2,
            pending: 0,
            task_definition: String::new(),
            deployments: Vec::new(),
            events: Vec::new(),
        },
        target: None,
        policies: Vec::new(),
        activities: Some(Vec::new()),
    }
}
