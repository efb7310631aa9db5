//! `tapedeck aws:permissions`: the policy of a deployment, offline.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use expect_test::expect;
use fs_err as fs;
use serde_json::Value;
use tapedeck_synth::permissions::{OTHER_COMMANDS, own_calls};

use crate::environment::{Environment, GOOD};
use crate::synth::{goldens, on_golden, repository};

const ACCOUNT: &str = r#"{ "account": "123456789012" }"#;

const ARGUMENTS: [&str; 5] = [
    "aws:permissions",
    "--region",
    "eu-west-1",
    "--lookups",
    "lookups.json",
];

const ROLE: &str = "deploymentConfig: { cloudformationRoleArn: 'arn:aws:iam::123456789012:role/deployer' }\n";

/// What is printed of a config.
fn policy(config: &str, more: &[&str]) -> Value {
    policy_with(config, ACCOUNT, more)
}

/// The same, with what AWS would answer.
fn policy_with(config: &str, lookups: &str, more: &[&str]) -> Value {
    let environment = Environment::with_config(config);
    environment.write("project/lookups.json", lookups);
    let output = environment
        .command(&[&ARGUMENTS, more].concat())
        .output()
        .expect("it can be started");
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    serde_json::from_slice(&output.stdout).expect("it is JSON")
}

fn actions(policy: &Value) -> Vec<&str> {
    let statements = policy["Statement"].as_array().expect("a list").iter();
    let actions = statements.flat_map(|statement| match &statement["Action"] {
        Value::Array(several) => several.as_slice(),
        one => std::slice::from_ref(one),
    });
    actions.map(|action| action.as_str().expect("a text")).collect()
}

#[test]
fn a_policy_names_what_the_config_has_and_nothing_else() {
    let policy = policy(GOOD, &[]);
    let actions = actions(&policy);
    for wanted in [
        "cloudformation:CreateChangeSet",
        "ecs:CreateService",
        "ecr:PutImage",
        "iam:PassRole",
    ] {
        assert!(actions.contains(&wanted), "{wanted} is missing: {actions:?}");
    }
    for unwanted in [
        "sqs:CreateQueue",
        "lambda:CreateFunction",
        "secretsmanager:GetSecretValue",
    ] {
        assert!(!actions.contains(&unwanted), "{unwanted} is too much");
    }
    let text = policy.to_string();
    assert!(
        text.contains("arn:aws:ecs:eu-west-1:123456789012:cluster/shop-dev-mailer-cluster"),
        "{text}"
    );
    assert_eq!(policy["Version"], "2012-10-17");
}

#[test]
fn policies_are_split_for_managed_ones() {
    let several = policy(GOOD, &["--split", "--json"]);
    let several = several.as_array().expect("a list");
    assert!(several.len() > 1);
    assert!(several.iter().all(|policy| policy.to_string().len() <= 6144));
}

#[test]
fn with_a_role_for_cloudformation_it_is_the_role_that_makes_resources() {
    let config = format!("{GOOD}{ROLE}");
    let caller = policy(&config, &[]);
    assert!(!actions(&caller).contains(&"ecs:CreateService"));
    assert!(caller.to_string().contains("role/deployer"));
    let role = policy(&config, &["--cloudformationRole"]);
    assert!(actions(&role).contains(&"ecs:CreateService"));
    assert!(!actions(&role).contains(&"cloudformation:CreateChangeSet"));
}

#[test]
fn code_alone_can_be_swapped_past_cloudformation_and_its_role() {
    let caller = policy(&format!("{GOOD}{ROLE}"), &[]);
    let statements = caller["Statement"].as_array().expect("a list").iter();
    let passing = statements.filter(|statement| statement["Action"] == "iam:PassRole");
    let services = passing.map(|statement| &statement["Condition"]["StringEquals"]["iam:PassedToService"]);
    let services: Vec<&Value> = services.collect();
    assert_eq!(
        services,
        ["cloudformation.amazonaws.com", "ecs-tasks.amazonaws.com"]
    );
    assert!(actions(&caller).contains(&"ecs:TagResource"));
}

#[test]
fn what_hooks_are_told_may_be_read_and_their_role_be_assumed() {
    let config = |moment: &str| {
        format!(
            "{GOOD}scripts:\n  seed:\n    type: local-script\n    properties:\n      executeCommand: 'true'\n      \
             assumeRoleOfResource: mailer\n      environment: [{{ name: KEY, value: $Secret('shopKey') }}]\n\
             hooks: {{ {moment}: [{{ scriptName: seed }}] }}\n"
        )
    };
    let lookups = r#"{ "account": "123456789012", "secrets": { "shopKey": { "versionId": "1" } } }"#;
    let policy = policy_with(&config("afterDeploy"), lookups, &[]);
    let arns = |action: &str| {
        let statements = policy["Statement"].as_array().expect("a list").iter();
        let found = statements.filter(|statement| statement["Action"].to_string().contains(action));
        found
            .map(|statement| statement["Resource"].to_string())
            .collect::<String>()
    };
    assert!(
        arns("secretsmanager:GetSecretValue").contains(":secret:shopKey-??????"),
        "{policy}"
    );
    assert!(
        arns("sts:AssumeRole").contains(":role/shop-dev-mailer"),
        "{policy}"
    );
    let others = policy_with(&config("beforeDelete"), lookups, &[]);
    assert!(!actions(&others).contains(&"sts:AssumeRole"), "{others}");
}

#[test]
fn what_cannot_be_told_is_said() {
    let environment = Environment::with_config(&format!(
        "{GOOD}cloudformationResources:\n  Computer: {{ Type: 'AWS::Braket::Quantum' }}\n"
    ));
    environment.write("project/lookups.json", ACCOUNT);
    let output = environment
        .command(&ARGUMENTS)
        .output()
        .expect("it can be started");
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(
        said.contains("it is not known what AWS::Braket::Quantum needs"),
        "{said}"
    );
    assert!(
        said.contains("a managed one at most 6144: --split makes several of it"),
        "{said}"
    );
    let policy: Value = serde_json::from_slice(&output.stdout).expect("it is JSON");
    assert!(actions(&policy).contains(&"ecs:CreateService"));

    Environment::with_config(GOOD).check(
        &["aws:permissions"],
        expect![[r#"
        exit code 2
        --- stderr ---
        error: region `local` is this machine, which has no IAM
        help: name a region of AWS, such as --region eu-west-1
    "#]],
    );
}

#[test]
fn what_every_golden_config_needs_is_known_and_no_whole_service() {
    let mut printed = 0;
    for (name, config) in goldens() {
        let folder = tempfile::tempdir().expect("a temporary folder can be made");
        let output = on_golden("aws:permissions", &config, folder.path())
            .output()
            .expect("it starts");
        let said = String::from_utf8_lossy(&output.stderr);
        assert_ne!(output.status.code(), Some(1), "{name}: {said}");
        if !output.status.success() {
            // It is no config, as `synth` says too.
            continue;
        }
        let policy: Value = serde_json::from_slice(&output.stdout).expect("it is JSON");
        let all = actions(&policy);
        assert!(
            !all.iter().any(|action| action.ends_with(":*")),
            "{name}: {all:?}"
        );
        assert!(!policy.to_string().contains("{r}"), "{name}");
        printed += 1;
    }
    assert!(printed > 90, "only {printed} policies");
}

/// The files of Rust below a folder, without tests.
fn sources(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).expect("it is there") {
        let path = entry.expect("it can be read").path();
        match path.is_dir() {
            true => found.extend(sources(&path)),
            false if !path.ends_with("tests.rs") => found.push(path),
            false => {}
        }
    }
    found
}

#[test]
fn every_call_of_ours_is_one_of_a_deployment_or_of_another_command() {
    let known: BTreeSet<&str> = own_calls().into_iter().chain(OTHER_COMMANDS).collect();
    let mut seen = BTreeSet::new();
    for path in sources(&repository("crates/tapedeck-cloud/src")) {
        let text = fs::read_to_string(&path).expect("it can be read");
        for word in text.split('"') {
            let (service, name) = word.split_once(':').unwrap_or_default();
            let is_service = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
            let is_action = !service.is_empty()
                && service.bytes().all(is_service)
                && name.starts_with(|first: char| first.is_ascii_uppercase())
                && name.bytes().all(|byte| byte.is_ascii_alphanumeric());
            if is_action {
                assert!(known.contains(word), "{word} of {} is in no list", path.display());
                seen.insert(word.to_owned());
            }
        }
    }
    assert!(seen.len() > 50, "only {} calls were found", seen.len());
    for other in OTHER_COMMANDS {
        assert!(seen.contains(other), "nothing calls {other} any more");
    }
}
