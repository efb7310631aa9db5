//! What `synth` says, and where it writes.

use expect_test::expect;
use fs_err as fs;

use crate::environment::{Environment, GOOD};

const LOOKUPS: &str = r#"{ "account": "123456789012" }"#;

#[test]
fn a_region_of_aws_is_needed() {
    Environment::with_config(GOOD).check(
        &["synth"],
        expect![[r#"
            exit code 2
            --- stderr ---
            error: region `local` is this machine, which runs no templates
            help: name a region of AWS, such as --region eu-west-1
        "#]],
    );
}

#[test]
fn a_missing_answer_is_named() {
    Environment::with_config(GOOD).check(
        &["synth", "--region", "eu-west-1"],
        expect![[r#"
            exit code 2
            --- stderr ---
            error: could not make a template of stacktape.yml
              because `account` is not in the lookups, and the account is needed for the template
            help: name a file with it by --lookups; there it stands under `account`
        "#]],
    );
}

#[test]
fn the_ending_of_the_file_decides_the_language() {
    let environment = Environment::with_config(GOOD);
    environment.write("project/lookups.json", LOOKUPS);
    for (file, start) in [
        ("a.yml", "AWSTemplateFormatVersion: \"2010-09-09\"\n"),
        ("a.json", "{\n"),
    ] {
        let arguments = [
            "synth",
            "-r",
            "eu-west-1",
            "--lookups",
            "lookups.json",
            "--outFile",
            file,
        ];
        let output = environment.command(&arguments).output().expect("it starts");
        assert!(
            output.status.success(),
            "{}",
            String::from_utf8_lossy(&output.stderr)
        );
        assert!(output.stdout.is_empty(), "the data is in the file");
        let text = fs::read_to_string(environment.path("project").join(file)).expect("it was written");
        assert!(text.starts_with(start), "{text}");
    }
}

#[test]
fn equal_configs_make_equal_bytes() {
    let environment = Environment::with_config(GOOD);
    environment.write("project/lookups.json", LOOKUPS);
    let arguments = ["synth", "-r", "eu-west-1", "--lookups", "lookups.json"];
    let once = environment.command(&arguments).output().expect("it starts");
    let again = environment.command(&arguments).output().expect("it starts");
    assert!(once.status.success());
    assert_eq!(once.stdout, again.stdout);
}

#[test]
fn a_key_that_changes_nothing_is_told() {
    let config = "\
projectName: shop
resources:
  site: { type: bucket, properties: { directoryUpload: { directoryPath: ./site } } }
  orders: { type: mongo-db-atlas-cluster, properties: { clusterTier: M10 } }
providerConfig:
  mongoDbAtlas: { accessibility: { accessibilityMode: vpc } }
";
    let environment = Environment::with_config(config);
    environment.write("project/lookups.json", LOOKUPS);
    environment.check(
        &[
            "synth",
            "-r",
            "eu-west-1",
            "--lookups",
            "lookups.json",
            "--outFile",
            "out.json",
        ],
        expect![[r#"
            exit code 0
            --- stderr ---
            warning: `directoryUpload` of `site` changes nothing: a template holds no files; put them into the bucket once the stack is there
            warning: the clusters of MongoDB Atlas need an account: give `publicKey`, `privateKey` and `organizationId` in `providerConfig.mongoDbAtlas`, or have them in the configuration of the types `MongoDB::StpAtlasV1::*`
            warning: MongoDB Atlas asks for a peering of its network with that of the stack: accept it once in the account, or no cluster is reached
            wrote out.json: 24 resources
        "#]],
    );
}

#[test]
fn a_type_without_a_template_is_refused_with_a_way_out() {
    let config = "projectName: shop\nresources: { site: { type: http-api-gateway } }\n";
    let environment = Environment::with_config(config);
    environment.write("project/lookups.json", LOOKUPS);
    environment.check(
        &["synth", "-r", "eu-west-1", "--lookups", "lookups.json"],
        expect![[r#"
            exit code 2
            --- stderr ---
            error: could not make a template of stacktape.yml
              because `site` is a `http-api-gateway`, or uses a part of it, that has no template yet: the whole type
            help: write an `AWS::ApiGatewayV2::Api` under `cloudformationResources`, or leave it out
        "#]],
    );
}

#[test]
fn a_template_for_which_a_bucket_is_needed_says_so() {
    let queues: String = (0..200)
        .map(|index| format!("  jobs{index}: {{ type: sqs-queue }}\n"))
        .collect();
    let environment = Environment::with_config(&format!("projectName: shop\nresources:\n{queues}"));
    environment.write("project/lookups.json", LOOKUPS);
    let arguments = ["synth", "-r", "eu-west-1", "--lookups", "lookups.json"];
    let output = environment.command(&arguments).output().expect("it starts");
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{told}");
    assert!(output.stdout.len() > 51_200, "it is not large");
    assert!(
        told.contains("bytes: beyond 51200 CloudFormation takes it from a bucket only"),
        "{told}"
    );
}

#[test]
fn images_that_are_packaged_already_are_named() {
    let environment = Environment::with_config(
        "projectName: shop\nresources:\n  worker:\n    type: worker-service\n    properties:\n      packaging: { type: \
         stacktape-image-buildpack, properties: { entryfilePath: src/main.ts } }\n      resources: { cpu: 0.25, memory: 512 \
         }\n  nightly:\n    type: batch-job\n    properties:\n      container: { packaging: { type: \
         stacktape-image-buildpack, properties: { entryfilePath: src/main.ts } } }\n      resources: { cpu: 1, memory: 2048 }\n",
    );
    let images = serde_json::json!({
        "account": "123456789012",
        "images": { "worker/service-container": "registry.example/w@sha256:1", "nightly/service-container": "registry.example/n@sha256:2" },
    });
    environment.write("project/lookups.json", &images.to_string());
    let arguments = ["synth", "--region", "eu-west-1", "--lookups", "lookups.json"];
    let output = environment.command(&arguments).output().expect("it starts");
    let said = String::from_utf8_lossy(&output.stderr);
    let template: serde_json::Value = serde_json::from_slice(&output.stdout).expect(&said);
    let image = |path: &str| {
        template
            .pointer(&format!("/Resources/{path}"))
            .and_then(serde_json::Value::as_str)
    };
    assert_eq!(
        image("WorkerTaskDefinition/Properties/ContainerDefinitions/0/Image"),
        Some("registry.example/w@sha256:1")
    );
    assert_eq!(
        image("NightlyJobDefinition/Properties/ContainerProperties/Image"),
        Some("registry.example/n@sha256:2")
    );
}
