//! `tapedeck synth`: against the templates of existing stacks, resource by resource, and its outside.

mod code;
mod compare;
mod linter;
mod outside;
mod permissions;
mod reached;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

use fs_err as fs;
use serde_json::Value;

use compare::Deviations;

/// Configs that are refused here, as docs/deviations.md says, with what is said of each.
const REFUSED: [(&str, &str); 4] = [
    (
        "workers/iam-role-statements",
        "error[missing-key]: an IAM statement needs the key `Action`",
    ),
    (
        "workers/side-container-digit-name",
        "error[invalid-name]: `2nd_agent`",
    ),
    (
        "workers/tags-outputs",
        "error[invalid-value]: `name` cannot be `stp:stage`",
    ),
    (
        "workers/unvalidated-out-of-range",
        "error[out-of-range]: `stopTimeout` cannot be 500",
    ),
];

/// A folder of the repository.
fn repository(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(path)
}

/// The template that the binary makes of a config, or what it says instead.
fn synthesized(config: &Path) -> Result<Value, String> {
    let text = fs::read_to_string(config).expect("the config can be read");
    let settings = text
        .lines()
        .next()
        .and_then(|line| line.strip_prefix("# synth: "));
    let settings = settings.unwrap_or("--stage dev --region eu-west-1 --projectName demo");
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let copy = folder.path().join(config.file_name().expect("it has a name"));
    fs::write(&copy, &text).expect("it can be copied");
    fs::write(folder.path().join("vars.yml"), "dbHost: file-host\n").expect("it can be written");
    let output = Command::new(env!("CARGO_BIN_EXE_tapedeck"))
        .env_clear()
        .env("TAPEDECK_HOME", folder.path().join("home"))
        .args(["synth", "--configPath"])
        .arg(&copy)
        .args(settings.split_whitespace())
        .arg("--lookups")
        .arg(repository("crates/tapedeck-synth/golden/lookups.json"))
        .output()
        .expect("it starts");
    match output.status.success() {
        true => Ok(serde_json::from_slice(&output.stdout).expect("it prints JSON")),
        false => Err(String::from_utf8_lossy(&output.stderr).into_owned()),
    }
}

#[test]
fn each_golden_template_is_met_or_better() {
    let deviations = Deviations::read(&repository("docs/deviations.json"));
    let mut open = BTreeMap::new();
    let mut told = String::new();
    let mut count = 0;
    for group in ["connect", "workers"] {
        for entry in
            fs::read_dir(repository("crates/tapedeck-synth/golden").join(group)).expect("it is there")
        {
            let golden = entry.expect("it can be read").path();
            let stem = golden
                .file_stem()
                .expect("it has a name")
                .to_string_lossy()
                .into_owned();
            let name = format!("{group}/{stem}");
            let config = repository("crates/tapedeck-resources/specs/golden")
                .join(group)
                .join(format!("{stem}.yml"));
            count += 1;
            let refused = REFUSED.iter().find(|(refused, _)| *refused == name);
            let differences = match synthesized(&config) {
                Err(said) if refused.is_some_and(|(_, rule)| said.contains(rule)) => Vec::new(),
                Ok(ours) => {
                    assert_eq!(permissions::excessive(&ours), Vec::<String>::new(), "{name}");
                    compare::differences(&golden, &ours, &deviations)
                }
                Err(said) => vec![said],
            };
            if !differences.is_empty() {
                told.push_str(&["\n", &name, "\n  ", &differences.join("\n  ")].concat());
                open.insert(name, differences.len());
            }
        }
    }
    assert!(count > 110, "only {count} golden templates were found");
    let lines: String = open
        .iter()
        .map(|(name, count)| format!("{name} {count}\n"))
        .collect();
    let file = repository("crates/tapedeck-synth/golden/open.txt");
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        fs::write(&file, &lines).expect("it can be written");
        eprintln!("{told}{} of {count} golden templates are open", open.len());
    }
    let known = fs::read_to_string(&file).expect("it is there");
    assert!(
        known == lines,
        "crates/tapedeck-synth/golden/open.txt says otherwise:\n{told}"
    );
    let unused = deviations.unused();
    assert!(unused.is_empty(), "deviations that nothing needs: {unused:#?}");
}
