//! Each constructor takes what its rule allows and refuses the rest.

use crate::*;

#[test]
fn names_follow_their_rules() {
    assert!(StageName::new("dev").is_ok());
    assert!(StageName::new("d").is_err(), "one letter");
    assert!(StageName::new("Dev").is_err(), "upper case");
    assert!(ResourceName::new("myWorker1").is_ok());
    assert_eq!(
        ResourceName::new("my-worker").unwrap_err().to_string(),
        "`my-worker` is not a valid resource name: use 1 to 64 letters and digits"
    );
    let project = ProjectName::new("heartbeat").unwrap();
    assert_eq!(
        StackName::of(&project, &StageName::new("dev").unwrap()).as_str(),
        "heartbeat-dev"
    );
}

#[test]
fn a_stack_name_of_valid_parts_is_valid() {
    let longest = "a".repeat(48);
    let name = StackName::of(
        &ProjectName::new(&longest).unwrap(),
        &StageName::new(&longest).unwrap(),
    );
    assert!(StackName::new(name.as_str()).is_ok());
    let shortest = StackName::of(&ProjectName::new("ab").unwrap(), &StageName::new("cd").unwrap());
    assert!(StackName::new(shortest.as_str()).is_ok());
}

#[test]
fn sizes_keep_their_ranges() {
    assert_eq!(Cpu::from_vcpu(0.25).unwrap().millis(), 250);
    assert!(Cpu::from_vcpu(0.3).is_err());
    assert_eq!(MemoryMb::new(512).unwrap().bytes(), 536_870_912);
    assert!(MemoryMb::new(3).is_err());
    assert!(StopTimeout::from_secs(1).is_err());
    assert!(StopTimeout::from_secs(120).is_ok());
    assert!(StopTimeout::from_secs(121).is_err());
}

#[test]
fn digests_and_task_ids_are_checked() {
    let digest = ImageDigest::new(format!("sha256:{}", "ab".repeat(32))).unwrap();
    assert_eq!(digest.short(), "abababababab");
    assert!(ImageDigest::new("sha256:abc").is_err());
    assert!(ImageDigest::new("ab".repeat(32)).is_err());
    assert_eq!(TaskId::from_bytes([0xab; 16]).short(), "abababab");
    assert!(TaskId::new("xyz").is_err());
}

#[test]
fn a_stage_that_came_over_the_wire_is_checked_too() {
    assert!(serde_json_like("dev"));
    assert!(!serde_json_like("Not a stage"));
}

fn serde_json_like(text: &str) -> bool {
    StageName::try_from(text.to_string()).is_ok()
}

#[test]
fn time_never_runs_backwards() {
    let noon = Timestamp::from_millis(1_000);
    let later = noon + std::time::Duration::from_secs(1);
    assert_eq!(later.since(noon).as_millis(), 1_000);
    assert!(noon.since(later).is_zero());
}

#[test]
fn a_secret_is_named_with_or_without_a_key() {
    let check = |text: &str, name: &str, key: &[&str]| {
        let reference = SecretReference::new(text).unwrap();
        assert_eq!(
            (reference.name().as_str(), reference.key().len()),
            (name, key.len())
        );
        assert!(
            reference
                .key()
                .iter()
                .zip(key)
                .all(|(found, wanted)| found == wanted)
        );
        assert_eq!(reference.to_string(), text);
    };
    check("database", "database", &[]);
    check("shop/database.password", "shop/database", &["password"]);
    check("a_+=@-9.hosts.0.port", "a_+=@-9", &["hosts", "0", "port"]);
    check("a.key with spaces", "a", &["key with spaces"]);
    for wrong in ["", ".key", "a.", "a..b", "a b", "a:b", "é", "a.b."] {
        let error = SecretReference::new(wrong).unwrap_err();
        assert!(
            error
                .to_string()
                .starts_with(&format!("`{wrong}` is not a valid reference"))
        );
    }
    assert!(SecretName::new("a".repeat(256)).is_ok());
    assert!(SecretName::new("a".repeat(257)).is_err());
    assert!(SecretName::new("a.b").is_err(), "the dot separates keys");
}

#[test]
fn a_template_joins_texts_and_secrets() {
    let reference = |text: &str| SecretPart::Secret(SecretReference::new(text).unwrap());
    let template = SecretTemplate::new(vec![
        SecretPart::Text("pg://".to_string()),
        reference("db.user"),
        SecretPart::Text(":".to_string()),
        reference("db.password"),
    ]);
    let named: Vec<String> = template.references().map(ToString::to_string).collect();
    assert_eq!(named, ["db.user", "db.password"]);
    let upper = |reference: &SecretReference| Ok::<_, String>(reference.key()[0].to_uppercase());
    assert_eq!(template.fill(upper).unwrap(), "pg://USER:PASSWORD");
    let failing = |reference: &SecretReference| Err(reference.to_string());
    assert_eq!(template.fill(failing).unwrap_err(), "db.user");
}

#[test]
fn jobs_are_granted_by_statements_and_a_denial_outweighs_them() {
    let grant = |allows, actions: &[&str], resources: &[&str]| JobGrant {
        allows,
        actions: actions.iter().map(ToString::to_string).collect(),
        resources: resources.iter().map(ToString::to_string).collect(),
    };
    let definition = "arn:aws:batch:local:0:job-definition/app-report:3";
    let queue = "arn:aws:batch:local:0:job-queue/main";
    let grants = [
        grant(
            true,
            &["batch:SubmitJob"],
            &["arn:aws:batch:local:0:job-definition/app-report*", queue],
        ),
        grant(true, &["Batch:describe*"], &["*"]),
    ];
    assert!(is_granted(&grants, "batch:SubmitJob", &[definition, queue]));
    assert!(!is_granted(
        &grants,
        "batch:SubmitJob",
        &[definition, "arn:aws:batch:local:0:job-queue/other"]
    ));
    assert!(!is_granted(&grants, "batch:TerminateJob", &[definition]));
    assert!(is_granted(&grants, "batch:DescribeJobs", &["*"]));
    assert!(!is_granted(&[], "batch:DescribeJobs", &["*"]));
    let denied = [
        grants[0].clone(),
        grant(false, &["*"], &["arn:aws:batch:*:*:job-queue/m?in"]),
    ];
    assert!(!is_granted(&denied, "batch:SubmitJob", &[definition, queue]));
}

#[test]
fn ids_of_jobs_are_uuids() {
    let id = JobId::from_bytes([0xff; 16]);
    assert_eq!(id.as_str(), "ffffffff-ffff-4fff-bfff-ffffffffffff");
    assert_eq!(JobId::new(id.as_str()), Ok(id));
    assert!(JobId::new("ffffffff-ffff-4fff-bfff-fffffffffff").is_err());
    assert!(JobId::new("FFFFFFFF-ffff-4fff-bfff-ffffffffffff").is_err());
}
