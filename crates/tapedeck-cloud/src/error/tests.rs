//! What is known of an operation from its error.

use super::*;

fn call(fault: Fault) -> CallError {
    CallError {
        action: "cloudformation:DescribeStacks",
        fault,
    }
}

fn place() -> Place {
    Place {
        region: "eu-west-1".to_owned(),
        endpoint: None,
    }
}

fn deploy(cause: Cause) -> CloudError {
    CloudError::Deploy {
        stack: "shop-dev".to_owned(),
        place: place(),
        cause,
    }
}

#[test]
fn whether_nobody_has_answered_is_known_however_deep_the_call_is() {
    let silence = || {
        call(Fault::NoAnswer {
            why: "gone".to_owned(),
        })
    };
    assert!(deploy(Cause::Call(silence())).is_unanswered());
    assert!(deploy(Cause::Call(call(Fault::TooLate))).is_unanswered());
    let resources = CloudError::NotDone {
        what: "list the resources".to_owned(),
        place: place(),
        cause: silence(),
    };
    assert!(resources.is_unanswered());
    assert!(!deploy(Cause::Call(call(Fault::Expired))).is_unanswered());
    let standstill = Cause::Standstill {
        status: StackStatus::new("UPDATE_IN_PROGRESS"),
        waited: Duration::from_secs(60),
    };
    assert!(!deploy(standstill).is_unanswered());
}
