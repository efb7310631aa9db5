//! `tapedeck diff`: what would change, what is lost by it, and how that is shown.

use std::process::Output;

use expect_test::expect;
use fs_err as fs;
use serde_json::Value;

use crate::environment::{Environment, GOOD};
use crate::synth::compare::LOGS_OF_HELPERS;
use crate::synth::{goldens, on_golden, repository};

const WITH_QUEUE: &str = "\
projectName: shop
resources:
  outbox: { type: sqs-queue }
  mailer:
    type: worker-service
    properties:
      packaging: { type: prebuilt-image, properties: { image: 'busybox:1.36' } }
      environment:
        - { name: GREETING, value: hello }
        - { name: API_TOKEN, value: hunter2-and-more }
      resources: { cpu: 0.25, memory: 512 }
";

/// The options that every comparison here has.
const AGAINST: [&str; 7] = [
    "diff",
    "-r",
    "eu-west-1",
    "--lookups",
    "lookups.json",
    "--against",
    "before.json",
];

/// A project whose template is in `before.json`, with another config since.
fn project(before: &str, after: &str) -> Environment {
    let environment = Environment::with_config(before);
    environment.write("project/lookups.json", r#"{ "account": "123456789012" }"#);
    let synth = [
        "synth",
        "-r",
        "eu-west-1",
        "--lookups",
        "lookups.json",
        "--outFile",
        "before.json",
    ];
    assert!(
        environment
            .command(&synth)
            .output()
            .expect("it starts")
            .status
            .success()
    );
    environment.write("project/stacktape.yml", after);
    environment
}

fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).expect("all output is UTF-8")
}

#[test]
fn a_renamed_queue_is_a_loss_in_red() {
    let after = WITH_QUEUE
        .replace("outbox:", "outgoing:")
        .replace("hello", "goodbye");
    let environment = project(WITH_QUEUE, &after);
    environment.check(
        &AGAINST,
        expect![[r#"
            exit code 0
            --- stdout ---
            stack shop-dev: 1 added, 2 changed (1 replaced), 1 removed
            warning: the queue OutboxQueue is deleted, and with it the messages in it

            ~ MailerService  AWS::ECS::Service
                TaskDefinition
                  because MailerTaskDefinition is replaced

            ~ MailerTaskDefinition  AWS::ECS::TaskDefinition  replacement
                ContainerDefinitions[service-container].Environment[GREETING].Value
                  replacement
                  hello → goodbye

            - OutboxQueue  AWS::SQS::Queue
            + OutgoingQueue  AWS::SQS::Queue

            a month costs $12.66 as before, and what is paid by use
        "#]],
    );
}

#[test]
fn what_is_secret_stays_so() {
    let after = WITH_QUEUE.replace("hunter2-and-more", "hunter3");
    let environment = project(WITH_QUEUE, &after);
    for more in [&[][..], &["--json"][..]] {
        let arguments = [&AGAINST[..], more].concat();
        let output = environment.command(&arguments).output().expect("it starts");
        let text = stdout(&output);
        assert!(text.contains("API_TOKEN") && text.contains("(hidden)"), "{text}");
        assert!(!text.contains("hunter"), "{text}");
    }
}

#[test]
fn nothing_changed_says_so() {
    let environment = project(WITH_QUEUE, WITH_QUEUE);
    let arguments = [&AGAINST[..], &["--exitCode"]].concat();
    environment.check(
        &arguments,
        expect![[r#"
            exit code 0
            --- stdout ---
            nothing would change about stack shop-dev
        "#]],
    );
}

#[test]
fn the_exit_code_tells_when_it_is_asked_to() {
    let environment = project(WITH_QUEUE, &WITH_QUEUE.replace("hello", "goodbye"));
    let arguments = [&AGAINST[..], &["--exitCode", "--json"]].concat();
    let output = environment.command(&arguments).output().expect("it starts");
    assert_eq!(output.status.code(), Some(4));
    let told: Value = serde_json::from_slice(&output.stdout).expect("it is JSON");
    assert_eq!(told["counts"]["replaced"], 1);
    assert_eq!(told["difference"]["resources"][0]["logicalId"], "MailerService");
}

#[test]
fn a_template_may_come_from_standard_input() {
    let environment = project(WITH_QUEUE, WITH_QUEUE);
    let text = fs::read_to_string(environment.path("project/before.json")).expect("it was written");
    let answer = format!(r#"{{ "TemplateBody": {text} }}"#);
    let mut arguments = AGAINST;
    arguments[6] = "-";
    let outcome = environment.outcome(&mut environment.command_with_input(&arguments, &answer));
    assert!(outcome.contains("nothing would change"), "{outcome}");
}

#[test]
fn a_region_at_which_nobody_answers_is_told() {
    let environment = project(WITH_QUEUE, WITH_QUEUE);
    environment.check_command(
        &mut environment.command_to_nobody(&["diff"]),
        expect![[r#"
        exit code 1
        --- stderr ---
        error: could not find out the account in eu-west-1 at http://127.0.0.1:1
          because sts:GetCallerIdentity: nobody answers: Connection refused (os error 111)
        help: see that the address is right and can be reached from here, then try again
    "#]],
    );
}

#[test]
fn a_file_that_is_no_template_is_refused() {
    let environment = project(WITH_QUEUE, WITH_QUEUE);
    environment.write("project/before.json", GOOD);
    environment.check(
        &AGAINST,
        expect![[r#"
            exit code 2
            --- stderr ---
            error: could not read the template before.json
              because it has no `Resources`, so it is no template of CloudFormation
            help: it is a template of CloudFormation in JSON or YAML, as `tapedeck synth` and `aws cloudformation get-template` print it
        "#]],
    );
}

#[test]
fn where_nothing_is_deployed_everything_is_new() {
    Environment::with_config(GOOD).check(
        &["diff"],
        expect![[r#"
            exit code 0
            --- stdout ---
            stack shop-dev: 1 added, 0 changed, 0 removed

            + mailer  worker-service
        "#]],
    );
}

#[test]
fn this_machine_runs_no_template() {
    let environment = project(WITH_QUEUE, WITH_QUEUE);
    environment.check(
        &["diff", "--against", "before.json"],
        expect![[r#"
            exit code 2
            --- stderr ---
            error: region `local` is this machine, which runs no templates
            help: name a region of AWS, such as --region eu-west-1, or leave --against out
        "#]],
    );
}

/// Existing stacks come with what Stacktape made: nothing that holds data may be lost by moving.
#[test]
fn against_each_golden_template_nothing_is_lost_and_80_columns_hold() {
    let mut compared = 0;
    for (name, config) in goldens() {
        let golden = repository("crates/tapedeck-synth/golden").join(format!("{name}.json"));
        let folder = tempfile::tempdir().expect("a temporary folder can be made");
        let run = |more: &[&str]| {
            let mut command = on_golden("diff", &config, folder.path());
            command.arg("--against").arg(&golden).args(more);
            command.output().expect("it starts")
        };
        let output = run(&["--json"]);
        if output.status.code() == Some(2) {
            continue;
        }
        let problem = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{name}: {problem}");
        let told: Value = serde_json::from_slice(&output.stdout).expect("it is JSON");
        assert_eq!(lost(&told), Vec::<String>::new(), "{name}");
        assert_eq!(moved(&told), Vec::<String>::new(), "{name}");
        for line in stdout(&run(&[])).lines() {
            assert!(line.chars().count() <= 80, "{name}: {line}");
        }
        compared += 1;
    }
    assert!(compared > 90, "only {compared} were compared");
}

/// What is lost for certain. Images can be made again, and of the function that started jobs only its logs are left.
fn lost(told: &Value) -> Vec<String> {
    let resources = told["difference"]["resources"].as_array().expect("it is a list");
    let lost = resources.iter().filter(|resource| {
        let id = resource["logicalId"].as_str().unwrap_or_default();
        resource["danger"]["certain"] == true
            && resource["type"] != "AWS::ECR::Repository"
            && !LOGS_OF_HELPERS.contains(&id)
    });
    lost.map(ToString::to_string).collect()
}

/// What existing stacks have, and ours do not, as docs/deviations.md says: nothing uses it any more, or it is made anew elsewhere.
const GIVEN_UP: [&str; 10] = [
    "JobTriggerFunctionFunction",
    "JobTriggerFunctionLogGroup",
    "JobTriggerFunctionRole",
    "MyBatchTriggerFunctionFunction",
    "MyBatchTriggerFunctionLogGroup",
    "MyBatchTriggerFunctionRole",
    "StpCloudwatchAlarmNotificationSharedPermission",
    "StpContainerRepository",
    "StpEcsAutoScaleRole",
    "WorkerFsAccessPoint",
];

/// What is removed or replaced. Task definitions always are; what is scaled between equal bounds needs no scaling.
fn moved(told: &Value) -> Vec<String> {
    let resources = told["difference"]["resources"].as_array().expect("it is a list");
    let moved = resources.iter().filter(|resource| {
        let kind = resource["type"].as_str().unwrap_or_default();
        let id = resource["logicalId"].as_str().unwrap_or_default();
        match (resource["change"].as_str(), resource["update"].as_str()) {
            (Some("removed"), _) => {
                !GIVEN_UP.contains(&id) && !kind.starts_with("AWS::ApplicationAutoScaling::")
            }
            (_, Some("replacement")) => kind != "AWS::ECS::TaskDefinition",
            // Of types of third parties nothing more is known.
            (_, Some("may-be-replaced")) => {
                kind.starts_with("AWS::") && kind != "AWS::Batch::ComputeEnvironment"
            }
            _ => false,
        }
    });
    moved.map(ToString::to_string).collect()
}
