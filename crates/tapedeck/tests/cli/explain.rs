//! `tapedeck explain`

use expect_test::expect;
use serde_json::Value;

use crate::environment::Environment;

#[test]
fn a_key_is_explained() {
    Environment::new().check(
        &["explain", "worker-service.scaling.scalingPolicy"],
        expect![[r#"
            exit code 0
            --- stdout ---
            worker-service.scaling.scalingPolicy: a key

            When to add and remove instances. One metric above its value adds instances, and both below remove them.

            type  mapping

            keys:
              keepAvgCpuUtilizationUnder     whole number, 1 to 100; per cent of the CPU above which instances are added
              keepAvgMemoryUtilizationUnder  whole number, 1 to 100; per cent of the memory above which instances are added

            example:
              resources:
                myWorkerService:
                  type: worker-service
                  properties:
                    scaling:
                      scalingPolicy:
                        keepAvgCpuUtilizationUnder: 80
        "#]],
    );
}

#[test]
fn a_directive_and_a_rule_are_explained() {
    let environment = Environment::new();
    environment.check(
        &["explain", "$Secret"],
        expect![[r#"
        exit code 0
        --- stdout ---
        $Secret: a directive

        A secret, or a value in one that is JSON.

        value  known when the stack is deployed

        arguments:
          name  required

        example:
          $Secret('dbSecret.password')
    "#]],
    );
    environment.check(
        &["explain", "scaling-bounds"],
        expect![[r#"
        exit code 0
        --- stdout ---
        scaling-bounds: a rule

        maxInstances is below minInstances.

        severity  error
    "#]],
    );
}

#[test]
fn what_there_is_not_names_what_there_is() {
    let environment = Environment::new();
    environment.check(&["explain", "hooks.beforeDeploi"], expect![[r#"
        exit code 2
        --- stderr ---
        error: `hooks` has no `beforeDeploi`
        help: did you mean `beforeDeploy`? there is beforeDeploy, afterDeploy, beforeDelete, afterDelete, beforeBucketSync, afterBucketSync, beforeDev, afterDev
    "#]]);
    environment.check(
        &["explain", "worker-service.scaling.min"],
        expect![[r#"
        exit code 2
        --- stderr ---
        error: `worker-service.scaling` has no `min`
        help: there is minInstances, maxInstances, scalingPolicy
    "#]],
    );
}

#[test]
fn explanations_are_data_for_programs_too() {
    let environment = Environment::new();
    let output = environment
        .command(&["explain", "sqs-queue", "--json"])
        .output()
        .expect("it starts");
    assert_eq!(output.status.code(), Some(0));
    let explained: Value = serde_json::from_slice(&output.stdout).expect("it is JSON");
    assert_eq!(explained["kind"], "resource-type");
    assert_eq!(explained["parameters"][0]["name"], "arn");
    assert_eq!(explained["parameters"][0]["variable"], "STP_<NAME>_ARN");
}

#[test]
fn without_a_path_everything_is_listed() {
    let environment = Environment::new();
    let output = environment.command(&["explain"]).output().expect("it starts");
    assert_eq!(output.status.code(), Some(0));
    let text = String::from_utf8(output.stdout).expect("it is UTF-8");
    for line in [
        "keys of the file:\n",
        "types of resources:\n",
        "directives:\n",
        "rules:\n",
        "\n  worker-service ",
        "\n  $ResourceParam ",
        "\n  unknown-key ",
    ] {
        assert!(text.contains(line), "{line:?} is not in\n{text}");
    }
}
