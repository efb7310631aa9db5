//! `tapedeck synth`: against the templates of existing stacks, resource by resource, and its outside.

pub(crate) mod compare;
mod linter;
mod outside;
mod permissions;
mod reached;
mod weak_spots;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

use fs_err as fs;
use serde_json::Value;

use compare::Deviations;
use permissions::Permissions;

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

/// Where those stand that are not met yet.
const OPEN: &str = "crates/tapedeck-synth/golden/open.txt";

/// A folder of the repository.
pub(crate) fn repository(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(path)
}

/// The golden templates by group and name, such as `workers/minimal`, each with its config.
pub(crate) fn goldens() -> Vec<(String, PathBuf)> {
    let mut found = Vec::new();
    for group in ["connect", "workers"] {
        let folder = repository("crates/tapedeck-synth/golden").join(group);
        for entry in fs::read_dir(folder).expect("it is there") {
            let golden = entry.expect("it can be read").path();
            let stem = golden.file_stem().expect("it has a name").to_string_lossy();
            let config = repository("crates/tapedeck-resources/specs/golden");
            found.push((
                format!("{group}/{stem}"),
                config.join(group).join(format!("{stem}.yml")),
            ));
        }
    }
    found.sort();
    found
}

/// The golden templates that are not met yet.
fn open() -> Vec<String> {
    let known = fs::read_to_string(repository(OPEN)).expect("it is there");
    let names = known.lines().filter_map(|line| line.split(' ').next());
    names.map(str::to_string).collect()
}

/// A command on a golden config, in a folder that has to last as long as it runs.
pub(crate) fn on_golden(command: &str, config: &Path, folder: &Path) -> Command {
    let text = fs::read_to_string(config).expect("the config can be read");
    let settings = text
        .lines()
        .next()
        .and_then(|line| line.strip_prefix("# synth: "));
    let settings = settings.unwrap_or("--stage dev --region eu-west-1 --projectName demo");
    let copy = folder.join(config.file_name().expect("it has a name"));
    fs::write(&copy, &text).expect("it can be copied");
    fs::write(folder.join("vars.yml"), "dbHost: file-host\n").expect("it can be written");
    let mut program = Command::new(env!("CARGO_BIN_EXE_tapedeck"));
    program
        .env_clear()
        .env("TAPEDECK_HOME", folder.join("home"))
        .args([command, "--configPath"])
        .arg(&copy)
        .args(settings.split_whitespace())
        .arg("--lookups")
        .arg(repository("crates/tapedeck-synth/golden/lookups.json"));
    program
}

/// The template that the binary makes of a config, or what it says instead.
fn synthesized(config: &Path) -> Result<Value, String> {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let output = on_golden("synth", config, folder.path())
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
    let mut permissions = Permissions::default();
    let mut open = BTreeMap::new();
    let mut told = String::new();
    let goldens = goldens();
    for (name, config) in &goldens {
        let refused = REFUSED.iter().find(|(refused, _)| refused == name);
        let differences = match synthesized(config) {
            Err(said) if refused.is_some_and(|(_, rule)| said.contains(rule)) => Vec::new(),
            Ok(ours) => {
                permissions.check(name, &ours);
                let golden = repository("crates/tapedeck-synth/golden").join(format!("{name}.json"));
                compare::differences(&golden, &ours, &deviations)
            }
            Err(said) => vec![said],
        };
        if !differences.is_empty() {
            told.push_str(&["\n", name, "\n  ", &differences.join("\n  ")].concat());
            open.insert(name.clone(), differences.len());
        }
    }
    assert!(
        goldens.len() > 110,
        "only {} golden templates were found",
        goldens.len()
    );
    let lines: String = open
        .iter()
        .map(|(name, count)| format!("{name} {count}\n"))
        .collect();
    let file = repository(OPEN);
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        fs::write(&file, &lines).expect("it can be written");
        eprintln!(
            "{told}{} of {} golden templates are open",
            open.len(),
            goldens.len()
        );
    }
    let known = fs::read_to_string(&file).expect("it is there");
    assert!(known == lines, "{OPEN} says otherwise:\n{told}");
    let unused = deviations.unused();
    assert!(unused.is_empty(), "deviations that nothing needs: {unused:#?}");
    permissions.settle();
}
