//! What answers of services are taken for.

use super::*;

fn fault(code: &str, message: &str) -> Fault {
    refusal(Some(code), Some(message), 400)
}

fn refused(code: &str, message: &str) -> CallError {
    CallError {
        action: "cloudformation:CreateChangeSet",
        fault: fault(code, message),
    }
}

#[test]
fn services_have_many_words_for_one_thing() {
    assert_eq!(fault("ExpiredTokenException", ""), Fault::Expired);
    assert!(matches!(fault("InvalidClientTokenId", ""), Fault::Unknown { .. }));
    assert!(matches!(fault("AccessDeniedException", ""), Fault::Denied { .. }));
    assert!(matches!(refusal(None, None, 403), Fault::Denied { .. }));
    assert_eq!(
        refusal(None, None, 502).to_string(),
        "it does not say why (HTTP 502)"
    );
}

#[test]
fn what_is_told_only_in_words_is_understood() {
    let absent = "Stack with id shop does not exist";
    assert!(refused("ValidationError", absent).is_absent_stack());
    assert!(!refused("ValidationError", "Template error: no such function").is_absent_stack());
    assert!(!refused("Throttling", absent).is_absent_stack());
    let nothing = "No updates are to be performed.";
    assert!(refused("ValidationError", nothing).is_nothing_to_do());
    assert!(says_nothing_changed(
        "The submitted information didn't contain changes. Submit different information to create a change set."
    ));
}

#[test]
fn each_fault_has_a_way_out_of_its_own() {
    let way_out = |code| refused(code, "").way_out();
    assert!(way_out("AccessDenied").contains("cloudformation:CreateChangeSet"));
    assert!(way_out("ExpiredToken").starts_with("log in again"));
    assert!(way_out("ThrottlingException").starts_with("wait"));
}
