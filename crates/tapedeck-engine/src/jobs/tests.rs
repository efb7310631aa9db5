//! Calls, and what is told of jobs.

use std::collections::BTreeMap;

use serde_json::json;
use tapedeck_model::{Job, JobAttempt, JobId, JobStatus, Revision, TaskId};

use super::answer::is_definition;
use super::call::{JobCall, Submission};
use super::told;
use crate::fleet::Service;
use crate::tests::{at, container, key};

fn parse(action: &str, body: &serde_json::Value) -> Result<JobCall, String> {
    JobCall::parse(action, body.to_string().as_bytes()).map_err(|why| why.to_string())
}

#[test]
fn a_submission_is_what_it_says() {
    let body = json!({
        "jobName": "nightly", "jobQueue": "main", "jobDefinition": "report:3",
        "containerOverrides": { "environment": [{ "name": "A", "value": "1" }], "command": ["run", "it"] },
        "retryStrategy": { "attempts": 3 }, "timeout": { "attemptDurationSeconds": 90 }, "tags": { "a": "b" },
        "parameters": {}, "dependsOn": [],
    });
    let wanted = Submission {
        name: "nightly".to_owned(),
        definition: "report:3".to_owned(),
        queue: "main".to_owned(),
        environment: BTreeMap::from([("A".to_owned(), "1".to_owned())]),
        command: vec!["run".to_owned(), "it".to_owned()],
        attempts: 3,
        timeout_seconds: Some(90),
    };
    assert_eq!(parse("submitjob", &body), Ok(JobCall::Submit(wanted)));
}

#[test]
fn what_would_change_what_is_run_and_is_not_done_here_is_refused_by_its_name() {
    let submit = |more: serde_json::Value| {
        let mut body = json!({ "jobName": "x", "jobQueue": "main", "jobDefinition": "report" });
        for (key, value) in more.as_object().unwrap() {
            body[key] = value.clone();
        }
        parse("submitjob", &body).unwrap_err()
    };
    for (more, why) in [
        (
            json!({ "dependsOn": [{ "jobId": "x" }] }),
            "dependsOn is not taken",
        ),
        (
            json!({ "arrayProperties": { "size": 3 } }),
            "arrayProperties is not taken",
        ),
        (
            json!({ "containerOverrides": { "memory": 5 } }),
            "memory is not taken",
        ),
        (
            json!({ "retryStrategy": { "evaluateOnExit": [{}] } }),
            "evaluateOnExit is not taken",
        ),
        (
            json!({ "retryStrategy": { "attempts": 11 } }),
            "attempts must be from 1 to 10",
        ),
        (
            json!({ "timeout": { "attemptDurationSeconds": 59 } }),
            "must be from 60",
        ),
        (json!({ "jobName": "-x" }), "jobName must have"),
        (json!({ "jobQueue": "" }), "jobQueue must be given"),
        (
            json!({ "containerOverrides": { "environment": [{ "name": "AWS_BATCH_JOB_ID", "value": "1" }] } }),
            "is set by AWS Batch",
        ),
    ] {
        let told = submit(more);
        assert!(told.contains(why), "{told}");
    }
    let broken = JobCall::parse("submitjob", b"{").unwrap_err();
    assert!(broken.to_string().contains("no JSON"));
    assert!(
        parse("createjobqueue", &json!({}))
            .unwrap_err()
            .contains("not answered")
    );
}

#[test]
fn lists_and_ends_are_asked_for_by_their_names() {
    let list = parse("listjobs", &json!({ "jobQueue": "main", "jobStatus": "FAILED" }));
    let wanted = JobCall::List {
        queue: "main".to_owned(),
        status: JobStatus::Failed,
    };
    assert_eq!(list, Ok(wanted));
    assert!(parse("listjobs", &json!({ "jobQueue": "main", "jobStatus": "NEW" })).is_err());
    let cancel = parse("canceljob", &json!({ "jobId": "1", "reason": "r" }));
    assert!(
        matches!(
            cancel,
            Ok(JobCall::End {
                only_waiting: true,
                ..
            })
        ),
        "{cancel:?}"
    );
}

#[test]
fn a_definition_is_named_in_every_form_and_never_by_the_arn_of_another_account() {
    let spec = tapedeck_model::JobSpec {
        definition_arn: "arn:aws:batch:local:000000000000:job-definition/report".to_owned(),
        queue_arns: Vec::new(),
        timeout_seconds: None,
        inbox: None,
    };
    let arn = &spec.definition_arn;
    for named in ["report", "report:2", arn, &format!("{arn}:7")] {
        assert!(is_definition(&spec, named), "{named}");
    }
    for other in [
        "reports",
        "report:x",
        "arn:aws:batch:local:111111111111:job-definition/report",
    ] {
        assert!(!is_definition(&spec, other), "{other}");
    }
}

#[test]
fn a_job_is_told_as_batch_and_as_step_functions_tell_it() {
    let mut service = Service::new(0, container('a'), at(0));
    service.revision = Revision(1);
    let job = Job {
        id: JobId::from_bytes([1; 16]),
        name: "nightly".to_owned(),
        queue_arn: "arn:aws:batch:local:000000000000:job-queue/main".to_owned(),
        definition_arn: "arn:aws:batch:local:000000000000:job-definition/report:1".to_owned(),
        created: at(5),
        environment: BTreeMap::from([("A".to_owned(), "1".to_owned())]),
        command: Vec::new(),
        most_attempts: 2,
        timeout_seconds: None,
        attempts: vec![JobAttempt {
            task: TaskId::from_bytes([2; 16]),
            started: Some(at(6)),
            stopped: at(7),
            exit_code: Some(3),
            reason: "Essential container in task exited".to_owned(),
        }],
        ending: None,
        end: None,
        waiter: None,
    };
    let detail = told::detail(&key("report"), &service, &job);
    assert_eq!(detail["status"], "RUNNABLE");
    assert_eq!(detail["attempts"][0]["container"]["exitCode"], 3);
    assert_eq!(
        detail["jobArn"],
        "arn:aws:batch:local:000000000000:job/01010101-0101-4101-8101-010101010101"
    );
    assert!(
        !detail.to_string().contains("NAME"),
        "variables of the definition are nobody's business: {detail}"
    );
    let capitalized = told::capitalized(detail.clone());
    assert_eq!(capitalized["Attempts"][0]["Container"]["ExitCode"], 3);
    assert_eq!(told::uncapitalized(capitalized), detail);
}
