//! What is decided about stacks.

use std::time::Duration;

use super::failure::{aftermath, first_failure};
use super::pause::Pauses;
use super::status::Next;
use super::*;
use crate::error::Aftermath;

const STACK: &str = "arn:aws:cloudformation:eu-west-1:123456789012:stack/shop/1";

fn event(logical_id: &str, status: &str, reason: Option<&str>) -> ResourceEvent {
    let (resource_type, physical_id) = match logical_id {
        "shop" => ("AWS::CloudFormation::Stack", Some(STACK.to_owned())),
        _ => ("AWS::SQS::Queue", None),
    };
    ResourceEvent {
        at: Timestamp::from_millis(0),
        logical_id: logical_id.to_owned(),
        resource_type: resource_type.to_owned(),
        physical_id,
        status: status.to_owned(),
        reason: reason.map(str::to_owned),
    }
}

fn state(status: &str, reason: Option<&str>) -> StackState {
    StackState {
        id: STACK.to_owned(),
        status: StackStatus::new(status),
        reason: reason.map(str::to_owned),
        outputs: BTreeMap::new(),
        tags: BTreeMap::new(),
        is_protected: false,
    }
}

#[test]
fn every_state_of_a_stack_leads_somewhere() {
    let next = |status: &str| StackStatus::new(status).next();
    for (expected, all) in [
        (Next::Create, "REVIEW_IN_PROGRESS DELETE_COMPLETE"),
        (
            Next::Update,
            "CREATE_COMPLETE UPDATE_COMPLETE UPDATE_FAILED UPDATE_ROLLBACK_COMPLETE IMPORT_COMPLETE \
             IMPORT_ROLLBACK_COMPLETE",
        ),
        (
            Next::Wait,
            "CREATE_IN_PROGRESS DELETE_IN_PROGRESS ROLLBACK_IN_PROGRESS UPDATE_IN_PROGRESS \
             UPDATE_COMPLETE_CLEANUP_IN_PROGRESS UPDATE_ROLLBACK_IN_PROGRESS \
             UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS IMPORT_IN_PROGRESS IMPORT_ROLLBACK_IN_PROGRESS",
        ),
        (
            Next::Delete,
            "CREATE_FAILED ROLLBACK_COMPLETE ROLLBACK_FAILED DELETE_FAILED",
        ),
        (Next::Refuse, "UPDATE_ROLLBACK_FAILED IMPORT_ROLLBACK_FAILED"),
    ] {
        for status in all.split_whitespace() {
            assert_eq!(next(status), expected, "{status}");
        }
    }
}

#[test]
fn a_cancelled_resource_is_not_what_failed() {
    let events = [
        event("shop", "CREATE_IN_PROGRESS", Some("User Initiated")),
        event("First", "CREATE_FAILED", Some("Resource creation cancelled")),
        event("Second", "CREATE_FAILED", Some("the name is taken")),
        event("Third", "CREATE_FAILED", Some("another reason")),
        event(
            "shop",
            "ROLLBACK_IN_PROGRESS",
            Some("The following resource(s) failed to create: [First, Second]."),
        ),
    ];
    let failure = first_failure(&events, Some(&state("ROLLBACK_COMPLETE", None)));
    assert_eq!(failure.to_string(), "Second (AWS::SQS::Queue): the name is taken");
}

#[test]
fn without_a_resource_that_failed_the_stack_says_why() {
    let events = [
        event("shop", "UPDATE_IN_PROGRESS", Some("User Initiated")),
        event(
            "shop",
            "UPDATE_ROLLBACK_IN_PROGRESS",
            Some("an output has no value"),
        ),
    ];
    let rolled_back = state("UPDATE_ROLLBACK_COMPLETE", None);
    assert_eq!(
        first_failure(&events, Some(&rolled_back)).to_string(),
        "an output has no value"
    );
    let reason = state("ROLLBACK_COMPLETE", Some("a macro failed"));
    assert_eq!(first_failure(&[], Some(&reason)).to_string(), "a macro failed");
    assert_eq!(
        first_failure(&[], None).to_string(),
        "CloudFormation does not say why"
    );
}

#[test]
fn it_is_said_what_a_failure_leaves() {
    let of = |status: &str| aftermath(&StackStatus::new(status));
    assert_eq!(of("ROLLBACK_COMPLETE"), Aftermath::Removed);
    assert_eq!(of("UPDATE_ROLLBACK_COMPLETE"), Aftermath::RolledBack);
    let stuck = StackStatus::new("UPDATE_ROLLBACK_FAILED");
    assert_eq!(of("UPDATE_ROLLBACK_FAILED"), Aftermath::Left(stuck));
}

#[test]
fn pauses_grow_to_a_limit_and_begin_anew_when_something_happens() {
    let mut pauses = Pauses::new(true);
    assert_eq!(pauses.next(), Duration::from_millis(50));
    assert_eq!(pauses.next(), Duration::from_millis(75));
    let last = std::iter::repeat_with(|| pauses.next()).take(30).last();
    assert_eq!(last, Some(Duration::from_secs(2)));
    pauses.restart();
    assert_eq!(pauses.next(), Duration::from_millis(50));
}

#[test]
fn a_stack_that_something_is_done_to_takes_no_template() {
    // Its template says what it is to become: whoever went on from there would lose the rest.
    for (status, takes) in [
        ("CREATE_COMPLETE", true),
        ("UPDATE_COMPLETE", true),
        ("UPDATE_ROLLBACK_COMPLETE", true),
        ("UPDATE_FAILED", true),
        ("UPDATE_IN_PROGRESS", false),
        ("UPDATE_COMPLETE_CLEANUP_IN_PROGRESS", false),
        ("CREATE_IN_PROGRESS", false),
        ("ROLLBACK_COMPLETE", false),
        ("REVIEW_IN_PROGRESS", false),
        ("UPDATE_ROLLBACK_FAILED", false),
    ] {
        assert_eq!(StackStatus::new(status).takes_template(), takes, "{status}");
    }
}
