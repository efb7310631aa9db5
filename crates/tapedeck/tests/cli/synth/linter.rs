//! CloudFormation's own linter looks at the template of every golden config, and of those with every key. It is a program of
//! PyPI that is installed once into a folder that cargo keeps for tests.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

use fs_err as fs;
use regex::Regex;
use tapedeck_testkit::python_with;

use super::{REFUSED, goldens, open, repository, synthesized};

/// The version that is installed.
const VERSION: &str = "1.58.0";

/// What its program does. That names the folder it was installed into, which may have been moved since.
const RUN: &str = "from cfnlint.runner import main; main()";

/// What it may find: the check, an expression for the rest of its line, and why that is as it should be.
const ALLOWED: [(&str, &str, &str); 7] = [
    (
        "W3005",
        "'[A-Za-z0-9]+' dependency already enforced by a '(Ref|GetAtt)'",
        "existing stacks say it twice, and it changes nothing",
    ),
    (
        "W2501",
        "Password shouldn't be hardcoded for Resources/[A-Za-z]+/Properties/(MasterUser)?Password",
        "the configs of these templates have it in clear text",
    ),
    (
        "W369[01]",
        "Engine version '[0-9.]+' for engine '[a-z-]+' is deprecated",
        "the version that the config asks for",
    ),
    (
        "W2531",
        "Runtime 'nodejs20.x' was deprecated",
        "the version that the configs ask for",
    ),
    (
        "E3020",
        "'StorageEncrypted' should not be included with 'SourceDBInstanceIdentifier'",
        "RDS does not look at it; without it existing replicas would be replaced",
    ),
    (
        "E3006",
        "Resource type '(Upstash::DatabasesV1|MongoDB::StpAtlasV1)::[A-Za-z]+' does not exist",
        "others register it in the account",
    ),
    (
        "E115[14]",
        "'(vpc-0reused|subnet-(pub|priv)-[abc])' is not a 'AWS::EC2::(VPC|Subnet).Id'",
        "made up in the lookups of these templates",
    ),
];

#[test]
fn the_linter_finds_nothing_in_any_golden_template() {
    let linter = match linter() {
        Ok(linter) => linter,
        Err(problem) => {
            eprintln!("SKIPPED: no cfn-lint {VERSION}: {problem}");
            return;
        }
    };
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let open = open();
    let mut files = Vec::new();
    for (name, config) in goldens() {
        let template = match synthesized(&config) {
            Ok(template) => template,
            Err(_) if open.contains(&name) || REFUSED.iter().any(|(refused, _)| *refused == name) => continue,
            Err(said) => panic!("{name} has no template: {said}"),
        };
        let file = folder.path().join(format!("{}.json", name.replace('/', "-")));
        fs::write(&file, template.to_string()).expect("it can be written");
        files.push(file);
    }
    assert!(files.len() > 100, "only {} templates", files.len());
    for entry in fs::read_dir(repository("crates/tapedeck-synth/keys")).expect("it is there") {
        let config = entry.expect("it can be read").path();
        let template = synthesized(&config).expect("it has a template");
        let stem = config.file_stem().unwrap_or_default().to_string_lossy();
        let file = folder.path().join(format!("keys-{stem}.json"));
        fs::write(&file, template.to_string()).expect("it can be written");
        files.push(file);
    }
    let found = lint(&linter, &files);
    let allowed =
        ALLOWED.map(|(check, text, _)| Regex::new(&format!("^.*:{check}:{text}")).expect("an expression"));
    let is_allowed = |line: &&str| allowed.iter().any(|one| one.is_match(line));
    let wrong: Vec<&str> = found.lines().filter(|line| !is_allowed(line)).collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    for (one, (check, ..)) in allowed.iter().zip(ALLOWED) {
        assert!(
            found.lines().any(|line| one.is_match(line)),
            "nothing needs that {check} is allowed"
        );
    }
}

/// Services of features that templates here do not have, actions that only their own handlers know, and those that would let whoever
/// deploys read everything: of parameters those are allowed that a template names.
const NOT_NEEDED: [&str; 15] = [
    "cloudfront:updateDistribution",
    "cognito-sync:",
    "ec2:Get*",
    "eks:",
    "iam:PassRole",
    "kms:ReEncrypt",
    "lambda:AssociateRuntimeAlias",
    "managed-fleets:",
    "batch:SetCapacityTags",
    "s3files:",
    "s3:GetObjectMetadata",
    "s3:REST.PUT.OBJECT",
    "ssm:Get*",
    "vpc-lattice:",
    "vpce:",
];

/// Calls that the registry names as such, and the actions by which IAM allows them.
const RENAMED: [(&str, &str); 10] = [
    (
        "cloudfront:CreateDistributionWithTags",
        "cloudfront:CreateDistribution",
    ),
    ("es:UpdateDomain", "es:UpdateDomainConfig"),
    (
        "s3:DeleteBucketAnalyticsConfiguration",
        "s3:PutAnalyticsConfiguration",
    ),
    ("s3:DeleteBucketCors", "s3:PutBucketCORS"),
    ("s3:DeleteBucketEncryption", "s3:PutEncryptionConfiguration"),
    ("s3:DeleteBucketLifecycle", "s3:PutLifecycleConfiguration"),
    (
        "s3:DeleteBucketMetricsConfiguration",
        "s3:PutMetricsConfiguration",
    ),
    ("s3:DeleteBucketReplication", "s3:PutReplicationConfiguration"),
    ("s3:PutBucketReplication", "s3:PutReplicationConfiguration"),
    (
        "s3:PutObjectLockConfiguration",
        "s3:PutBucketObjectLockConfiguration",
    ),
];

/// Prints, a line each, types and the actions of their handlers, as the registry of CloudFormation has them.
const HANDLERS: &str = "
import glob, json, os, cfnlint
for path in glob.glob(os.path.join(os.path.dirname(cfnlint.__file__), 'data/schemas/resources/*.json')):
    schema = json.load(open(path))
    handlers = schema.get('handlers', {})
    for kind in ('create', 'read', 'update', 'delete'):
        for action in handlers.get(kind, {}).get('permissions', []):
            print(schema['typeName'], action)";

#[test]
fn policies_allow_what_the_registry_of_cloudformation_asks_for() {
    let Ok(linter) = linter() else {
        eprintln!("SKIPPED: no cfn-lint {VERSION}");
        return;
    };
    let output = Command::new(linter)
        .args(["-c", HANDLERS])
        .output()
        .expect("it can be started");
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let text = fs::read_to_string(repository("crates/tapedeck-synth/src/permissions/handlers.txt"))
        .expect("it is there");
    let known: BTreeMap<&str, &str> = text.lines().filter_map(|line| line.split_once(' ')).collect();
    let is_allowed = |groups: &str, action: &str| {
        let (service, name) = action.split_once(':').unwrap_or_default();
        let group = groups
            .split(' ')
            .find_map(|group| group.strip_prefix(service)?.strip_prefix(':'));
        group.is_some_and(|names| names.split(',').any(|one| one.eq_ignore_ascii_case(name)))
    };
    let mut compared = 0;
    for line in String::from_utf8_lossy(&output.stdout).lines() {
        let (kind, action) = line.split_once(' ').unwrap_or_default();
        let Some(groups) = known.get(kind) else { continue };
        let (service, name) = action.split_once(':').unwrap_or_default();
        let action = format!("{}:{name}", service.to_lowercase());
        let renamed = RENAMED.iter().find(|(call, _)| *call == action);
        let action = renamed.map_or(action.as_str(), |(_, action)| action);
        let is_needed = !NOT_NEEDED
            .iter()
            .any(|one| action == *one || one.ends_with(':') && action.starts_with(one));
        assert!(!is_needed || is_allowed(groups, action), "{kind} needs {action}");
        compared += 1;
    }
    assert!(compared > 1000, "only {compared} actions");
}

/// What the linter says about templates, a line each. It is asked once: to start it takes longer than to look at many files.
fn lint(linter: &Path, files: &[PathBuf]) -> String {
    let output = Command::new(linter)
        .args(["-c", RUN, "--regions", "eu-west-1", "--format", "parseable", "--"])
        .args(files)
        .output()
        .expect("it can be started");
    let problem = String::from_utf8_lossy(&output.stderr);
    assert!(problem.is_empty(), "{problem}");
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// The Python that has it as a module, which is installed if it is not there yet.
fn linter() -> Result<PathBuf, String> {
    let kept = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("cfn-lint-{VERSION}"));
    python_with(
        &kept,
        &["-c", RUN, "--version"],
        &[&format!("cfn-lint=={VERSION}")],
    )
}
