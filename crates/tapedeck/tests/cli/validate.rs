//! `tapedeck validate`

use expect_test::expect;

use crate::environment::{BAD, Environment, GOOD};

#[test]
fn a_good_config_is_summed_up_on_stderr() {
    Environment::with_config(GOOD).check(
        &["validate"],
        expect![[r#"
        exit code 0
        --- stderr ---
        stacktape.yml is valid: stack shop-dev with 1 worker service
    "#]],
    );
}

#[test]
fn t15_a_stop_timeout_out_of_its_range_is_refused() {
    for seconds in ["1", "121"] {
        let config = GOOD.replace(
            "      resources: ",
            &format!("      stopTimeout: {seconds}\n      resources: "),
        );
        assert!(config.contains("stopTimeout"));
        let environment = Environment::with_config(&config);
        let outcome = environment.outcome(&mut environment.command(&["validate"]));
        assert!(outcome.starts_with("exit code 2"), "{outcome}");
        for told in [&format!("`stopTimeout` cannot be {seconds}"), "2 to 120"] {
            assert!(outcome.contains(told), "{outcome}");
        }
    }
}

#[test]
fn the_stage_is_part_of_the_name() {
    let environment = Environment::with_config(GOOD);
    environment.check(
        &["validate", "--stage", "production", "--projectName", "store"],
        expect![[r#"
            exit code 0
            --- stderr ---
            stacktape.yml is valid: stack store-production with 1 worker service
        "#]],
    );
}

#[test]
fn all_mistakes_are_told_at_once() {
    Environment::with_config(BAD).check(
        &["validate"],
        expect![[r#"
            exit code 2
            --- stderr ---
            error[unknown-key]: `propertes` is not a key of a resource
             --> stacktape.yml:5:5
              |
            5 |     propertes: {}
              |     ^^^^^^^^^
            help: did you mean `properties`?

            error[wrong-type]: `entryfilePath` must be a text, but it is a list
             --> stacktape.yml:11:38
               |
            11 |         properties: { entryfilePath: [src/main.ts] }
               |                                      ^^^^^^^^^^^^^

            error[invalid-value]: `cpu` cannot be `3`
             --> stacktape.yml:12:25
               |
            12 |       resources: { cpu: 3, memory: 512 }
               |                         ^
            help: use one of 0.25, 0.5, 1, 2, 4, 8, 16; the nearest is 2

            error: stacktape.yml has 3 mistakes; nothing was changed
        "#]],
    );
}

#[test]
fn mistakes_are_data_with_json() {
    Environment::with_config(BAD).check(
        &["validate", "--json"],
        expect![[r#"
            exit code 2
            --- stdout ---
            [
              {
                "rule": "unknown-key",
                "severity": "error",
                "message": "`propertes` is not a key of a resource",
                "help": "did you mean `properties`?",
                "file": "stacktape.yml",
                "line": 5,
                "column": 5,
                "endLine": 5,
                "endColumn": 14,
                "related": []
              },
              {
                "rule": "wrong-type",
                "severity": "error",
                "message": "`entryfilePath` must be a text, but it is a list",
                "help": null,
                "file": "stacktape.yml",
                "line": 11,
                "column": 38,
                "endLine": 11,
                "endColumn": 51,
                "related": []
              },
              {
                "rule": "invalid-value",
                "severity": "error",
                "message": "`cpu` cannot be `3`",
                "help": "use one of 0.25, 0.5, 1, 2, 4, 8, 16; the nearest is 2",
                "file": "stacktape.yml",
                "line": 12,
                "column": 25,
                "endLine": 12,
                "endColumn": 26,
                "related": []
              }
            ]
        "#]],
    );
}

#[test]
fn no_mistakes_are_an_empty_list_with_json() {
    Environment::with_config(GOOD).check(
        &["validate", "--json"],
        expect![[r#"
        exit code 0
        --- stdout ---
        []
    "#]],
    );
}

#[test]
fn text_that_is_no_yaml_is_pointed_at() {
    Environment::with_config("resources: {\n  mailer: [\n").check(
        &["validate"],
        expect![[r#"
            exit code 2
            --- stderr ---
            error[yaml-syntax]: while parsing a node, did not find expected node content
             --> stacktape.yml:3:1
            help: the file ends before a quote, bracket or brace is closed, or a key has its value

            error: stacktape.yml has 1 mistake; nothing was changed
        "#]],
    );
}

#[test]
fn json_is_a_config_too() {
    let environment = Environment::new();
    environment.write(
        "project/stacktape.json",
        "{\"projectName\": \"shop\", \"resources\": {}}",
    );
    environment.check(
        &["validate", "-cp", "stacktape.json"],
        expect![[r#"
        exit code 0
        --- stderr ---
        stacktape.json is valid: stack shop-dev with 0 worker services
    "#]],
    );
}

#[test]
fn the_config_is_looked_for_in_the_working_folder() {
    Environment::new().check(
        &["validate"],
        expect![[r#"
        exit code 2
        --- stderr ---
        error: there is no stacktape.yml in [TEMP]/project
        help: name the config with --configPath, or start in its folder
    "#]],
    );
}

#[test]
fn a_config_that_is_not_there_is_named() {
    Environment::new().check(
        &["validate", "--configPath", "deploy/shop.yml"],
        expect![[r#"
            exit code 2
            --- stderr ---
            error: there is no config file deploy/shop.yml
            help: --configPath is relative to the working directory
        "#]],
    );
}

#[test]
fn a_folder_is_no_config() {
    Environment::new().check(
        &["validate", "--configPath", "."],
        expect![[r#"
            exit code 2
            --- stderr ---
            error: [TEMP]/project/. is a folder, not a config
            help: name the file in it with --configPath
        "#]],
    );
}

#[test]
fn another_working_folder_is_one_flag_away() {
    let environment = Environment::new();
    environment.write("other/stacktape.yaml", GOOD);
    environment.write("other/src/main.ts", "");
    environment.check(
        &["validate", "--currentWorkingDirectory", "../other"],
        expect![[r#"
            exit code 0
            --- stderr ---
            ../other/stacktape.yaml is valid: stack shop-dev with 1 worker service
        "#]],
    );
    environment.check(
        &["validate", "-cwd", "../nowhere"],
        expect![[r#"
            exit code 2
            --- stderr ---
            error: there is no folder [TEMP]/project/../nowhere
            help: --currentWorkingDirectory is relative to the working directory
        "#]],
    );
}

#[test]
fn a_region_of_aws_is_judged_as_aws_would() {
    let size = "{ cpu: 0.25, memory: 512 }";
    let environment = Environment::with_config(&GOOD.replace(size, "{ cpu: 2, memory: 2048 }"));
    environment.check(&["validate"], expect![[r#"
        exit code 0
        --- stderr ---
        warning[invalid-fargate-size]: Fargate offers no task of 2 vCPU with 2048 MiB: it runs here, but AWS would refuse it
         --> stacktape.yml:9:36
          |
        9 |       resources: { cpu: 2, memory: 2048 }
          |                                    ^^^^
        help: near it, Fargate offers 2 vCPU with 4096 MiB and 1 vCPU with 2048 MiB

        stacktape.yml is valid: stack shop-dev with 1 worker service
    "#]]);
    environment.check(
        &["validate", "--region", "local-1"],
        expect![[r#"
        exit code 2
        --- stderr ---
        error: there is no region `local-1`
        help: did you mean `local`?
    "#]],
    );
    environment.check(
        &["validate", "--region", "eu-west-1"],
        expect![[r#"
            exit code 2
            --- stderr ---
            error[refused-fargate-size]: Fargate offers no task of 2 vCPU with 2048 MiB
             --> stacktape.yml:9:36
              |
            9 |       resources: { cpu: 2, memory: 2048 }
              |                                    ^^^^
            help: near it, Fargate offers 2 vCPU with 4096 MiB and 1 vCPU with 2048 MiB

            error: stacktape.yml has 1 mistake; nothing was changed
        "#]],
    );
}

#[test]
fn names_are_checked() {
    let environment = Environment::with_config(GOOD);
    environment.check(
        &["validate", "--stage", "Bad Stage"],
        expect![[r#"
        exit code 2
        --- stderr ---
        error: `Bad Stage` is not a valid stage name: use 2 to 48 lower-case letters, digits and hyphens
    "#]],
    );
    environment.check(
        &["validate", "--projectName", "9"],
        expect![[r#"
        exit code 2
        --- stderr ---
        error: `9` is not a valid project name: use 2 to 48 lower-case letters, digits and hyphens
    "#]],
    );
}

#[test]
fn a_config_that_never_ends_is_read_no_further() {
    let environment = Environment::with_config(GOOD);
    environment.check(
        &["validate", "--configPath", "/dev/zero"],
        expect![[r#"
        exit code 2
        --- stderr ---
        error: could not read the config /dev/zero
          because it has more than 16777216 bytes
        help: a config is a file of YAML or JSON in UTF-8
    "#]],
    );
}

#[test]
fn a_config_that_is_no_text_says_so() {
    let environment = Environment::with_config(GOOD);
    std::fs::write(environment.path("project/binary.yml"), b"a: \xff\xfe\n").unwrap();
    environment.check(
        &["validate", "--configPath", "binary.yml"],
        expect![[r#"
        exit code 2
        --- stderr ---
        error: could not read the config binary.yml
          because stream did not contain valid UTF-8
        help: a config is a file of YAML or JSON in UTF-8
    "#]],
    );
}
