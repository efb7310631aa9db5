//! What is asked for, how often it is answered, and under which names.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use tapedeck_model::{SecretName, StackName, TaskId, TaskRole};

use super::identity::{container_arn, docker_id, task_arn};
use super::limit::Limit;
use super::*;

#[test]
fn paths_lead_to_what_they_name() {
    let metadata = |about| Some(Route::Metadata { id: "1f", about });
    assert_eq!(route("/v4/1f"), metadata(About::Container));
    assert_eq!(route("/v3/1f/"), metadata(About::Container));
    assert_eq!(route("/v4/1f/task"), metadata(About::Task));
    assert_eq!(route("/v4/1f/taskWithTags"), metadata(About::Task));
    assert_eq!(route("/v4/1f/stats"), metadata(About::ContainerStats));
    assert_eq!(route("/v4/1f/task/stats"), metadata(About::TaskStats));
    let protection = Some(Route::Protection { id: "1f" });
    assert_eq!(route("/api/1f/task-protection/v1/state"), protection);
    assert_eq!(
        route("/v2/credentials/9"),
        Some(Route::Credentials { id: Some("9") })
    );
    assert_eq!(route("/v2/credentials/"), Some(Route::Credentials { id: None }));
    for path in ["", "/", "v4/1f", "/v4", "/v5/1f", "/v4/1f/task/1", "/api/1f"] {
        assert_eq!(route(path), None, "{path}");
    }
}

#[test]
fn a_task_asks_sixty_times_at_once_and_forty_times_a_second() {
    let start = Instant::now();
    let mut limit = Limit::full(start);
    let granted = |limit: &mut Limit, at: Instant, asked: u32| (0..asked).filter(|_| limit.take(at)).count();
    assert_eq!(granted(&mut limit, start, 100), 60);
    assert_eq!(granted(&mut limit, start + Duration::from_secs(1), 100), 40);
    assert_eq!(granted(&mut limit, start + Duration::from_secs(60), 100), 60);
}

#[test]
fn protection_is_asked_for_as_on_ecs() {
    let minutes = |minutes: u64| Ok(Change::For(Duration::from_secs(minutes * 60)));
    let parse = |body: &str| Change::parse(body.as_bytes());
    assert_eq!(parse(r#"{"ProtectionEnabled":true}"#), minutes(120));
    let asked = r#"{"ProtectionEnabled":true,"ExpiresInMinutes":2880}"#;
    assert_eq!(parse(asked), minutes(2880));
    assert_eq!(parse(r#"{"ProtectionEnabled":false}"#), Ok(Change::End));
    for (body, part) in [
        ("", "decode"),
        ("[]", "decode"),
        (r#"{"ProtectionEnabled":true,"Minutes":1}"#, "decode"),
        (r#"{"ProtectionEnabled":"yes"}"#, "decode"),
        ("{}", "'ProtectionEnabled'"),
        (r#"{"ExpiresInMinutes":5}"#, "'ProtectionEnabled'"),
        (r#"{"ProtectionEnabled":true,"ExpiresInMinutes":0}"#, "1 to 2880"),
        (
            r#"{"ProtectionEnabled":true,"ExpiresInMinutes":2881}"#,
            "1 to 2880",
        ),
    ] {
        let why = parse(body).unwrap_err();
        assert!(why.contains(part), "{body}: {why}");
    }
}

#[test]
fn ids_are_of_one_key_one_task_and_one_container() {
    let (one, other) = (EndpointKey::random(), EndpointKey::random());
    let (task, next) = (TaskId::from_bytes([1; 16]), TaskId::from_bytes([2; 16]));
    let id = one.id_of(&task, "mailer");
    assert_eq!(id, one.clone().id_of(&task, "mailer"), "it stays the same");
    assert_eq!(id.len(), 32);
    let others = [
        one.id_of(&next, "mailer"),
        one.id_of(&task, "side"),
        other.id_of(&task, "mailer"),
    ];
    assert!(!others.contains(&id), "{id}: {others:?}");
}

#[test]
fn what_the_user_has_set_stays_but_for_the_endpoints() {
    let set = [("AWS_REGION", "eu-west-1"), ("ECS_AGENT_URI", "http://elsewhere")];
    let mut environment: BTreeMap<String, String> = set
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect();
    let key = EndpointKey::random();
    let task = TaskId::from_bytes([1; 16]);
    let mut container = crate::tests::container('a');
    key.add_variables(&mut environment, &task, "mailer", &container);
    assert_eq!(environment["AWS_REGION"], "eu-west-1");
    assert_eq!(environment["AWS_DEFAULT_REGION"], "local");
    assert_eq!(environment["AWS_EXECUTION_ENV"], "AWS_ECS_FARGATE");
    let id = key.id_of(&task, "mailer");
    assert!(environment["ECS_AGENT_URI"].ends_with(&format!("/api/{id}")));
    assert!(environment["ECS_CONTAINER_METADATA_URI_V4"].ends_with(&format!("/v4/{id}")));
    assert!(environment["ECS_CONTAINER_METADATA_URI"].ends_with(&format!("/v3/{id}")));
    assert!(!environment.contains_key("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"));
    container.role = Some(TaskRole {
        arn: "arn:aws:iam::000000000000:role/app-dev-mailer-local".to_owned(),
        endpoint_url: None,
        region: "local".to_owned(),
        assumed_by: SecretName::new("root").unwrap(),
    });
    key.add_variables(&mut environment, &task, "mailer", &container);
    let path = format!("/v2/credentials/{id}");
    assert_eq!(environment["AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"], path);
}

#[test]
fn names_have_the_forms_of_ecs() {
    let stack = StackName::new("app-dev").unwrap();
    let task = TaskId::from_bytes([1; 16]);
    let arn = task_arn(&stack, &task);
    assert_eq!(arn, format!("arn:aws:ecs:local:000000000000:task/app-dev/{task}"));
    let container = container_arn(&stack, &task, "mailer");
    let uuid = container.rsplit('/').next().unwrap();
    let lengths: Vec<usize> = uuid.split('-').map(str::len).collect();
    assert_eq!(lengths, [8, 4, 4, 4, 12], "{container}");
    let (id, digits) = (docker_id(&task, "mailer"), 10);
    let suffix = id.strip_prefix(&format!("{task}-")).unwrap();
    assert!(
        suffix.len() == digits && suffix.bytes().all(|digit| digit.is_ascii_digit()),
        "{id}"
    );
}
