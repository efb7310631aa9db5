//! Configs in many shapes, and whether each is accepted for AWS: `specs/golden`. What of it differs from Stacktape
//! stands in `docs/deviations.md`.
//!
//! `UPDATE_SPECS=1 cargo test -p tapedeck-resources` writes what came out into `outcomes.txt`.

#![expect(
    clippy::disallowed_methods,
    reason = "the configs are files, and a variable asks to rewrite the outcomes"
)]

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use tapedeck_config::VpcState;
use tapedeck_diagnostic::Severity;
use tapedeck_model::{ProjectName, Region, StageName};

use super::Stage;

/// Secrets that are there, each a JSON object with these keys; `plainSecret` is a text.
const SECRETS: [&str; 11] = [
    "appSecret",
    "atlas",
    "cache",
    "datadog",
    "dbSecret",
    "discordBot",
    "forwarder",
    "payments",
    "redisSecret",
    "upstash",
    "warehouse",
];

const KEYS: [&str; 4] = ["password", "username", "apiKey", "token"];

#[test]
fn each_is_accepted_or_refused_as_it_should_be() {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("specs/golden");
    let mut lines = Vec::new();
    for group in ["config-cases", "connect", "workers"] {
        let mut paths: Vec<PathBuf> = std::fs::read_dir(folder.join(group))
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .filter(|path| path.extension().is_some_and(|extension| extension == "yml"))
            .collect();
        paths.sort();
        lines.extend(paths.iter().map(|path| {
            let name = path.file_name().unwrap().to_string_lossy();
            format!("{group}/{name}: {}", outcome(path))
        }));
    }
    let actual = format!("{}\n", lines.join("\n"));
    let file = folder.join("outcomes.txt");
    if std::env::var("UPDATE_SPECS").is_ok() {
        std::fs::write(&file, &actual).unwrap();
    }
    let expected = std::fs::read_to_string(&file).unwrap();
    let different: Vec<&str> = actual
        .lines()
        .filter(|line| !expected.lines().any(|known| known == *line))
        .collect();
    assert_eq!(actual.lines().count(), expected.lines().count());
    assert!(different.is_empty(), "{different:#?}");
    assert!(lines.len() > 200, "only {} configs were found", lines.len());
}

/// `accepted`, or the rules that a config breaks.
fn outcome(path: &Path) -> String {
    let text = std::fs::read_to_string(path).unwrap();
    let loaded = stage(path, &text).load(&text);
    let broken: BTreeSet<&str> = loaded
        .diagnostics
        .iter()
        .filter(|found| found.severity == Severity::Error)
        .map(|found| found.rule.name())
        .collect();
    assert_eq!(loaded.stack.is_some(), broken.is_empty(), "{}", path.display());
    match broken.is_empty() {
        true => "accepted".to_string(),
        false => format!("refused by {}", broken.into_iter().collect::<Vec<_>>().join(", ")),
    }
}

/// AWS as the configs expect it. A first line `# synth: --stage prod …` names stage, region and project.
fn stage(path: &Path, text: &str) -> Stage {
    let mut stage = Stage::default();
    stage.options.project_name = Some(ProjectName::new("demo").unwrap());
    stage.options.region = Region::new("eu-west-1").unwrap();
    stage.options.profile = Some("default".to_string());
    let flags: Vec<&str> = text
        .lines()
        .next()
        .and_then(|line| line.strip_prefix("# synth: "))
        .map(|flags| flags.split_whitespace().collect())
        .unwrap_or_default();
    for pair in flags.chunks(2) {
        match pair[0] {
            "--stage" => stage.options.stage = StageName::new(pair[1]).unwrap(),
            "--region" => stage.options.region = Region::new(pair[1]).unwrap(),
            _ => stage.options.project_name = Some(ProjectName::new(pair[1]).unwrap()),
        }
    }
    for name in SECRETS {
        let keys = KEYS.iter().map(|key| (*key).to_string()).collect();
        stage.secrets.insert(name.to_string(), Some(keys));
    }
    stage.secrets.insert("plainSecret".to_string(), None);
    let vpc = VpcState {
        cidr_block: "10.20.0.0/16".to_string(),
        public_subnets: 3,
        private_subnets: 3,
    };
    stage.vpcs.insert("vpc-0reused".to_string(), vpc);
    stage.outputs.insert(
        "shared-dev.apiUrl".to_string(),
        "https://api.example.com".to_string(),
    );
    stage
        .files
        .insert("vars.yml".to_string(), "dbHost: db.example.com".to_string());
    for entry in std::fs::read_dir(path.parent().unwrap()).unwrap() {
        let entry = entry.unwrap();
        let text = std::fs::read_to_string(entry.path()).unwrap();
        stage
            .files
            .insert(entry.file_name().to_string_lossy().into_owned(), text);
    }
    stage
}
