//! Judging a config: `tapedeck validate` against other validators of files of five services.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use anyhow::{Context as _, ensure};
use fs_err as fs;
use serde_json::{Value, json};
use tapedeck_config::{Answer, Answers, LoadOptions, PathState, Question};
use tapedeck_diagnostic::Source;
use tapedeck_model::{Region, StageName};

use crate::Validators;
use crate::report::{Report, progress};
use crate::samples::Samples;
use crate::stage::Stage;

const FIVE: &str = include_str!("../../../benches/config/stacktape.yml");
const SETTINGS: &str = include_str!("../../../benches/config/settings.json");
const COMPOSE: &str = include_str!("../../../benches/config/compose.yml");

/// Sources that the services are made of: `validate` looks whether they are there.
const SOURCES: [&str; 6] = [
    "src/composer.ts",
    "src/sender.ts",
    "src/templates.ts",
    "src/bounces.ts",
    "src/reports.ts",
    "archiver/Dockerfile",
];

/// The part of the rounds that peers take part in, as they take seconds.
const SLOW_PART: usize = 2;

/// A command of one contestant, in the folder with the files.
pub(crate) struct Contestant {
    pub(crate) name: &'static str,
    pub(crate) program: PathBuf,
    pub(crate) arguments: Vec<String>,
    pub(crate) rounds: usize,
}

pub(crate) fn measure(
    stage: &Stage,
    validators: &Validators,
    rounds: usize,
    report: &mut Report,
) -> anyhow::Result<()> {
    progress(&format!("judging a config, {rounds} rounds"));
    let folder = stage.work.join("configs");
    write_all(&folder)?;
    let contestants = contestants(stage, validators, rounds);
    let (times, memory) = take_turns(stage, &contestants, &folder, rounds)?;
    let goal = "`validate` of five services, whole command";
    report.at_most(&format!("{goal}, p50"), times[0].median(), 10.0, "ms");
    report.at_most(&format!("{goal}, memory"), memory[0].median(), 20.0, "MiB");
    report.table("Judging a config: the whole command", "ms", &times);
    report.table("Judging a config: the most memory of the command", "MiB", &memory);
    let within = [("five services", FIVE.to_string()), ("500 resources", large(100))]
        .into_iter()
        .map(|(name, text)| in_process(name, &text, rounds))
        .collect::<anyhow::Result<Vec<_>>>()?;
    report.table(
        "Judging a config: in a running process, everything asked for at hand",
        "ms",
        &within,
    );
    Ok(())
}

/// Has all contestants take turns: the milliseconds and the mebibytes of each.
pub(crate) fn take_turns(
    stage: &Stage,
    contestants: &[Contestant],
    folder: &Path,
    rounds: usize,
) -> anyhow::Result<(Vec<Samples>, Vec<Samples>)> {
    let mut times: Vec<Samples> = contestants.iter().map(|one| Samples::new(one.name)).collect();
    let mut memory = times.clone();
    for round in 0..=rounds {
        for (index, one) in contestants
            .iter()
            .enumerate()
            .filter(|(_, one)| round <= one.rounds)
        {
            let spent = spend(&stage.probe, one, folder)?;
            // The first round only warms up.
            if round > 0 {
                times[index].add(spent.milliseconds);
                memory[index].add(spent.mebibytes);
            }
        }
    }
    Ok((times, memory))
}

/// Writes what all contestants judge.
pub(crate) fn write_all(folder: &Path) -> anyhow::Result<()> {
    for path in SOURCES {
        let path = folder.join(path);
        fs::create_dir_all(path.parent().context("a file is in a folder")?)?;
        fs::write(path, "")?;
    }
    fs::write(folder.join("stacktape.yml"), FIVE)?;
    fs::write(folder.join("settings.json"), SETTINGS)?;
    fs::write(folder.join("large.yml"), large(100))?;
    fs::write(folder.join("compose.yml"), COMPOSE)?;
    fs::write(folder.join("template.json"), template().to_string())?;
    Ok(())
}

fn contestants(stage: &Stage, validators: &Validators, rounds: usize) -> Vec<Contestant> {
    let one = |name, program: &Path, arguments: &[&str], rounds| Contestant {
        name,
        program: program.to_path_buf(),
        arguments: arguments.iter().map(ToString::to_string).collect(),
        rounds,
    };
    let slow = (rounds / SLOW_PART).max(1);
    let mut all = vec![
        one(
            "`tapedeck validate`, five services",
            &stage.tapedeck,
            &["validate"],
            rounds,
        ),
        one(
            "`tapedeck validate`, 500 resources",
            &stage.tapedeck,
            &["validate", "--configPath", "large.yml"],
            rounds,
        ),
    ];
    if let Some(compose) = &validators.compose {
        let arguments = ["--file", "compose.yml", "config", "--quiet"];
        all.push(one(
            "`docker-compose config`, five services",
            compose,
            &arguments,
            slow,
        ));
    }
    if let Some(cfn_lint) = &validators.cfn_lint {
        all.push(one(
            "`cfn-lint`, a template of five services",
            cfn_lint,
            &["template.json"],
            slow,
        ));
    }
    all
}

struct Spent {
    milliseconds: f64,
    mebibytes: f64,
}

/// Runs a command once.
fn spend(probe: &Path, one: &Contestant, folder: &Path) -> anyhow::Result<Spent> {
    let mut command = Command::new(probe);
    command
        .arg("spend")
        .arg(&one.program)
        .args(&one.arguments)
        .current_dir(folder);
    let output = command.output().with_context(|| format!("start {command:?}"))?;
    let text = String::from_utf8_lossy(&output.stdout);
    let numbers: Vec<f64> = text
        .split_whitespace()
        .filter_map(|word| word.parse().ok())
        .collect();
    let [nanoseconds, kibibytes, code] = numbers[..] else {
        anyhow::bail!(
            "{command:?} told nothing: {}",
            String::from_utf8_lossy(&output.stderr)
        );
    };
    ensure!(
        code == 0.0,
        "{} finds something wrong: exit code {code}",
        one.name
    );
    Ok(Spent {
        milliseconds: nanoseconds / 1e6,
        mebibytes: kibibytes / 1024.0,
    })
}

/// Loads a config again and again, with all its questions.
fn in_process(name: &str, text: &str, rounds: usize) -> anyhow::Result<Samples> {
    let mut samples = Samples::new(format!("`load`, {name}"));
    let source = Source::new("stacktape.yml", text);
    let options = LoadOptions {
        project_name: None,
        fallback_project_name: None,
        stage: StageName::new("dev")?,
        region: Region::local(),
        profile: None,
        command_line: std::collections::BTreeMap::new(),
        is_deployment: false,
    };
    for _ in 0..rounds {
        let began = Instant::now();
        let mut answers = Answers::new();
        loop {
            let loaded = tapedeck_resources::load(&source, &options, &answers);
            if loaded.questions.is_empty() {
                samples.add(began.elapsed().as_secs_f64() * 1e3);
                ensure!(
                    loaded.stack.is_some(),
                    "{name} give no stack: {:?}",
                    loaded.diagnostics
                );
                break;
            }
            for question in loaded.questions {
                let answer = match &question {
                    Question::Text { .. } => Answer::Text(SETTINGS.to_string()),
                    Question::Path { path } if SOURCES.contains(&path.as_str()) => {
                        Answer::Path(PathState::File)
                    }
                    _ => Answer::Unknowable,
                };
                answers.insert(question, answer);
            }
        }
    }
    Ok(samples)
}

/// A config of so many services, and four times as many other resources.
pub(crate) fn large(services: usize) -> String {
    let mut text = String::from("projectName: large\nresources:\n");
    for number in 0..services {
        text.push_str(&format!(
            "  queue{number}: {{ type: sqs-queue }}\n  bucket{number}: {{ type: bucket }}\n  topic{number}: {{ type: \
             sns-topic }}\n  stream{number}: {{ type: kinesis-stream }}\n  worker{number}:\n    type: worker-service\n    \
             properties:\n      packaging:\n        type: stacktape-image-buildpack\n        properties: {{ entryfilePath: \
             src/sender.ts }}\n      resources: {{ cpu: 0.25, memory: 512 }}\n      connectTo: [queue{number}, \
             bucket{number}]\n      environment:\n        - {{ name: STAGE, value: $Stage() }}\n        - {{ name: TOPIC, \
             value: \"$ResourceParam('topic{number}', 'arn')\" }}\n"
        ));
    }
    text
}

/// Five services as a template of CloudFormation: what AWS would get of such a config, without anything around it.
fn template() -> Value {
    let mut resources = serde_json::Map::new();
    let mut add = |name: String, kind: &str, properties: Value| {
        resources.insert(
            name,
            json!({ "Type": format!("AWS::{kind}"), "Properties": properties }),
        );
    };
    let attribute = |name: String, attribute: &str| json!({ "Fn::GetAtt": [name, attribute] });
    add("Outbox".into(), "SQS::Queue", json!({}));
    add("Archive".into(), "S3::Bucket", json!({}));
    add("Alerts".into(), "SNS::Topic", json!({}));
    let cluster = json!({ "ClusterName": { "Fn::Sub": "${AWS::StackName}-services" } });
    add("Cluster".into(), "ECS::Cluster", cluster);
    for service in ["Composer", "Sender", "Bounces", "Archiver", "Reports"] {
        let named = |part: &str| format!("{service}{part}");
        let trust = json!({ "Version": "2012-10-17", "Statement": [{ "Effect": "Allow", "Action": "sts:AssumeRole",
            "Principal": { "Service": "ecs-tasks.amazonaws.com" } }] });
        add(
            named("Role"),
            "IAM::Role",
            json!({ "AssumeRolePolicyDocument": trust }),
        );
        add(
            named("LogGroup"),
            "Logs::LogGroup",
            json!({ "RetentionInDays": 30 }),
        );
        let options = json!({ "awslogs-group": { "Ref": named("LogGroup") }, "awslogs-region": { "Ref": "AWS::Region" },
            "awslogs-stream-prefix": service });
        let container = json!({ "Name": "service", "Image": "example/image:1", "Essential": true, "LogConfiguration": {
            "LogDriver": "awslogs", "Options": options }, "Environment": [
            { "Name": "QUEUE", "Value": { "Ref": "Outbox" } },
            { "Name": "TOPIC", "Value": { "Ref": "Alerts" } },
            { "Name": "BUCKET", "Value": attribute("Archive".into(), "Arn") }] });
        let task = json!({ "Cpu": "256", "Memory": "512", "NetworkMode": "awsvpc", "RequiresCompatibilities": ["FARGATE"],
            "ExecutionRoleArn": attribute(named("Role"), "Arn"), "TaskRoleArn": attribute(named("Role"), "Arn"),
            "ContainerDefinitions": [container] });
        add(named("Task"), "ECS::TaskDefinition", task);
        let network = json!({ "AwsvpcConfiguration": { "Subnets": ["subnet-0123456789abcdef0"] } });
        let definition = json!({ "Cluster": { "Ref": "Cluster" }, "TaskDefinition": { "Ref": named("Task") },
            "DesiredCount": 2, "LaunchType": "FARGATE", "NetworkConfiguration": network });
        add(named("Service"), "ECS::Service", definition);
    }
    json!({ "AWSTemplateFormatVersion": "2010-09-09", "Resources": resources })
}
