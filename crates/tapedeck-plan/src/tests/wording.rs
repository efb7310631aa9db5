//! What is told, word by word.

use super::*;

#[test]
fn waits_are_sentences() {
    let say = |wait: Waiting| wait.to_string();
    assert_eq!(
        say(Waiting::ForStart { tasks: vec![id(1)] }),
        "waiting for task 01010101 to start"
    );
    assert_eq!(
        say(Waiting::ForStop {
            tasks: (1..=4).map(id).collect()
        }),
        "waiting for 4 tasks (01010101, 02020202, 03030303, …) to stop"
    );
    let (revision, starts, failures) = (Revision(3), 1, 2);
    assert_eq!(
        say(Waiting::ForAttempt {
            revision,
            starts,
            failures
        }),
        "revision 3 failed twice in a row: 1 start is held back until the present attempt holds"
    );
    assert_eq!(
        say(Waiting::ForBackOff {
            revision,
            starts: 2,
            failures: 5,
            until: at(1.0)
        }),
        "revision 3 failed 5 times in a row: 2 starts are held back until the delay is over or another revision is \
         deployed"
    );
    assert_eq!(
        say(Waiting::ForReplacement {
            tasks: vec![id(1)],
            revision
        }),
        "task 01010101 of an older revision runs until replaced by healthy tasks of revision 3"
    );
}

#[test]
fn events_are_worded_as_on_ecs() {
    let service = ResourceName::new("mailer").unwrap();
    assert_eq!(
        events::started_tasks(&service, &[id(1), id(2)]),
        format!(
            "(service mailer) has started 2 tasks: (task {}) (task {}).",
            id(1),
            id(2)
        )
    );
    assert_eq!(
        events::stopped_tasks(&service, &[id(1)]),
        format!("(service mailer) has stopped 1 running tasks: (task {}).", id(1))
    );
    assert_eq!(
        events::deployment_completed(&service, Revision(4)),
        "(service mailer) (deployment 4) deployment completed."
    );
}

#[test]
fn events_are_told_once() {
    let service = ResourceName::new("mailer").unwrap();
    let steady = decide(&want(1, 1), &[running(1, 1, 0.0)], at(10.0)).progress;
    let crashes = [crashed(1, 0.0, 1.0), crashed(2, 1.0, 2.0), crashed(3, 3.0, 4.0)];
    let impaired = decide(&want(1, 1), &crashes, at(5.0)).progress;
    let told = |before: Option<&Progress>, after: &Progress| events::transitions(&service, before, after);
    assert_eq!(told(None, &steady), [events::steady_state(&service)]);
    assert_eq!(told(Some(&steady), &steady), [""; 0]);
    assert_eq!(
        told(Some(&steady), &impaired),
        [events::unable_to_start(&service)]
    );
    assert_eq!(told(Some(&impaired), &impaired), [""; 0]);
    assert_eq!(told(Some(&impaired), &steady), [events::steady_state(&service)]);
    let deleted = decide(&want(1, 0), &[], at(10.0)).progress;
    assert_eq!(told(Some(&steady), &deleted), [""; 0]);
}
