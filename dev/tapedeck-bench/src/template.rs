//! Making a template: `tapedeck synth`, and what compares and counts templates, beside CloudFormation's linter.

use std::path::Path;
use std::process::Command;

use anyhow::{Context as _, ensure};
use fs_err as fs;

use crate::Validators;
use crate::config::{self, Contestant};
use crate::report::{Report, progress};
use crate::stage::Stage;

/// What AWS would answer: nothing else is asked.
const LOOKUPS: &str = r#"{ "account": "123456789012" }"#;

/// With so many services, each with four other resources, a template has almost the 500 resources that CloudFormation takes.
const MOST_SERVICES: usize = 48;

/// The part of the rounds that the linter takes part in, as it takes seconds.
const SLOW_PART: usize = 8;

pub(crate) fn measure(
    stage: &Stage,
    validators: &Validators,
    rounds: usize,
    report: &mut Report,
) -> anyhow::Result<()> {
    progress(&format!("making a template, {rounds} rounds"));
    let folder = stage.work.join("templates");
    config::write_all(&folder)?;
    fs::write(folder.join("lookups.json"), LOOKUPS)?;
    make(&stage.tapedeck, &folder, "stacktape.yml", "five.json")?;
    fs::write(folder.join("most.yml"), config::large(MOST_SERVICES))?;
    make(&stage.tapedeck, &folder, "most.yml", "many.json")?;
    let contestants = contestants(stage, validators, rounds);
    let (times, memory) = config::take_turns(stage, &contestants, &folder, rounds)?;
    let goal = "`synth` of five services, whole command";
    report.at_most(&format!("{goal}, p50"), times[0].median(), 10.0, "ms");
    report.at_most(&format!("{goal}, memory"), memory[0].median(), 20.0, "MiB");
    report.table(
        "Making a template: the whole command, judging included",
        "ms",
        &times,
    );
    report.table(
        "Making a template: the most memory of the command",
        "MiB",
        &memory,
    );
    Ok(())
}

/// Arguments of a command about the template of a config.
fn arguments(command: &str, config: &str) -> Vec<String> {
    let words = [
        command,
        "--configPath",
        config,
        "--region",
        "eu-west-1",
        "--lookups",
        "lookups.json",
    ];
    words.map(str::to_string).to_vec()
}

/// Makes the template of a config, which others read.
fn make(tapedeck: &Path, folder: &Path, config: &str, template: &str) -> anyhow::Result<()> {
    let mut command = Command::new(tapedeck);
    command
        .args(arguments("synth", config))
        .args(["--outFile", template])
        .current_dir(folder);
    let output = command.output().with_context(|| format!("start {command:?}"))?;
    let said = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "{command:?} fails: {said}");
    Ok(())
}

fn contestants(stage: &Stage, validators: &Validators, rounds: usize) -> Vec<Contestant> {
    let ours = |name, command, config, more: &[&str]| Contestant {
        name,
        program: stage.tapedeck.clone(),
        arguments: [
            arguments(command, config),
            more.iter().map(ToString::to_string).collect(),
        ]
        .concat(),
        rounds,
    };
    let mut all = vec![
        ours("`tapedeck synth`, five services", "synth", "stacktape.yml", &[]),
        ours(
            "`tapedeck synth`, a template of 500 resources",
            "synth",
            "most.yml",
            &[],
        ),
        ours(
            "`tapedeck diff`, a template of 500 resources",
            "diff",
            "most.yml",
            &["--against", "many.json"],
        ),
        ours(
            "`tapedeck cost`, a template of 500 resources",
            "cost",
            "most.yml",
            &[],
        ),
    ];
    all.extend(validators.cfn_lint.as_ref().map(|cfn_lint| {
        Contestant {
            name: "`cfn-lint`, the template of five services",
            program: cfn_lint.clone(),
            arguments: [
                "--regions",
                "eu-west-1",
                "--ignore-checks",
                "W",
                "--",
                "five.json",
            ]
            .map(str::to_string)
            .to_vec(),
            rounds: (rounds / SLOW_PART).max(1),
        }
    }));
    all
}
