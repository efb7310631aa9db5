//! What stands around a service: forwarded logs, the repository of images, what is said about a config.

use std::process::Command;

use serde_json::json;

use super::{allowing, of_type, properties, repository, resources, said, worker};

const DATADOG: &str =
    "logging: { logForwarding: { type: datadog, properties: { apiKey: $Secret('datadog.apiKey') } } }";

#[test]
fn w27_logs_that_could_not_be_forwarded_are_private_expire_and_are_explained() {
    let resources = resources(&worker(DATADOG));
    let bucket = properties(&resources, "WorkerLogForwardingFailedRecordsBucket");
    let blocked = bucket["PublicAccessBlockConfiguration"]
        .as_object()
        .expect("it is there");
    assert!(
        blocked.len() == 4 && blocked.values().all(|flag| flag == true),
        "{blocked:?}"
    );
    assert_eq!(
        bucket["LifecycleConfiguration"]["Rules"][0]["ExpirationInDays"],
        30
    );
    for key in ["DeletionPolicy", "UpdateReplacePolicy"] {
        assert_eq!(resources["WorkerLogForwardingFailedRecordsBucket"][key], "Retain");
    }
    let stream = properties(&resources, "WorkerServiceContainerLogGroupDeliveryStream");
    let destination = &stream["HttpEndpointDestinationConfiguration"];
    let errors = json!({
        "Enabled": true,
        "LogGroupName": { "Ref": "WorkerLogForwardingErrors" },
        "LogStreamName": { "Ref": "WorkerServiceContainerLogGroupDeliveryErrors" },
    });
    assert_eq!(destination["CloudWatchLoggingOptions"], errors);
    assert_eq!(destination["S3Configuration"]["CloudWatchLoggingOptions"], errors);
    allowing(&resources, "WorkerLogForwardingS3Role", "logs:PutLogEvents");
}

#[test]
fn w27_keys_of_endpoints_are_read_from_a_secret() {
    let resources = resources(&worker(DATADOG));
    let stream = properties(&resources, "WorkerServiceContainerLogGroupDeliveryStream");
    let destination = &stream["HttpEndpointDestinationConfiguration"];
    assert!(destination["EndpointConfiguration"].get("AccessKey").is_none());
    let key = &destination["SecretsManagerConfiguration"]["SecretARN"];
    let secret = properties(&resources, key["Ref"].as_str().expect("an id"));
    let text = secret["SecretString"].as_str().expect("a text");
    assert!(
        text.starts_with(r#"{"api_key":"{{resolve:secretsmanager:datadog:"#),
        "{text}"
    );
    let read = allowing(
        &resources,
        "WorkerLogForwardingS3Role",
        "secretsmanager:GetSecretValue",
    );
    assert_eq!(read["Resource"], json!([key]));
    let execution = properties(&resources, "StpEcsExecutionRole");
    assert!(
        execution.get("Policies").is_none(),
        "containers have no use for it"
    );
}

#[test]
fn w28_images_are_scanned_fixed_and_no_obstacle() {
    let config = worker("").replace(
        "{ type: prebuilt-image, properties: { image: busybox } }",
        "{ type: custom-dockerfile, properties: { buildContextPath: . } }",
    );
    let resources = resources(&config);
    let repository = properties(&resources, "StpContainerRepository");
    assert_eq!(
        repository["ImageScanningConfiguration"],
        json!({ "ScanOnPush": true })
    );
    assert_eq!(repository["ImageTagMutability"], "IMMUTABLE");
    assert_eq!(repository["EmptyOnDelete"], true);
    assert_eq!(
        of_type(&resources, "AWS::S3::Bucket"),
        [""; 0],
        "nothing is uploaded"
    );
}

#[test]
fn w28_code_is_uploaded_to_a_bucket_that_is_closed() {
    let resources = resources(
        "resources:
  code:
    type: function
    properties:
      runtime: nodejs24.x
      packaging: { type: custom-artifact, properties: { packagePath: code.zip, handler: 'index.js:handler' } }
",
    );
    let bucket = properties(&resources, "StpDeploymentBucket");
    let blocked = bucket["PublicAccessBlockConfiguration"]
        .as_object()
        .expect("it is there");
    assert!(
        blocked.len() == 4 && blocked.values().all(|flag| flag == true),
        "{blocked:?}"
    );
    assert!(bucket.get("CorsConfiguration").is_none());
    let policy = properties(&resources, "StpDeploymentBucketPolicy");
    let statement = &policy["PolicyDocument"]["Statement"][0];
    assert_eq!(statement["Effect"], "Deny");
    assert_eq!(
        statement["Condition"],
        json!({ "Bool": { "aws:SecureTransport": "false" } })
    );
    assert_eq!(
        statement["Resource"].as_array().map(Vec::len),
        Some(2),
        "the bucket and what is in it"
    );
}

#[test]
fn w33_a_region_may_have_two_zones() {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let config = folder.path().join("stacktape.yml");
    fs_err::write(&config, worker("usePrivateSubnetsWithNAT: true")).expect("it can be written");
    let lookups = folder.path().join("lookups.json");
    fs_err::write(
        &lookups,
        r#"{ "account": "123456789999", "availabilityZones": 2 }"#,
    )
    .expect("it can be written");
    let output = Command::new(env!("CARGO_BIN_EXE_tapedeck"))
        .env_clear()
        .env("TAPEDECK_HOME", folder.path().join("home"))
        .args([
            "synth",
            "--stage",
            "dev",
            "--region",
            "us-west-1",
            "--projectName",
            "demo",
        ])
        .arg("--configPath")
        .arg(&config)
        .arg("--lookups")
        .arg(&lookups)
        .output()
        .expect("it starts");
    let template: serde_json::Value = serde_json::from_slice(&output.stdout).expect("it prints JSON");
    assert_eq!(of_type(&template["Resources"], "AWS::EC2::Subnet").len(), 4);
    assert_eq!(
        properties(&template["Resources"], "StpPrivateSubnet0")["CidrBlock"],
        "172.16.48.0/20"
    );
}

#[test]
fn w41_all_mistakes_are_told_at_once_each_with_its_line() {
    let told = said(&worker(
        "stopTimeout: 500\nconectTo: []\nscaling: { minInstances: 5, maxInstances: 2 }",
    ))
    .expect_err("it is refused");
    for part in [
        "stacktape.yml:7:",
        "stacktape.yml:8:",
        "stacktape.yml:9:",
        "did you mean `connectTo`?",
    ] {
        assert!(told.contains(part), "{part} is not in {told}");
    }
}

#[test]
fn w44_no_credentials_and_no_network_are_needed() {
    // The environment of `synthesized` is empty, and all that AWS would answer stands in a file.
    assert!(repository("crates/tapedeck-synth/golden/lookups.json").exists());
    let resources = resources(&worker(
        "environment: [{ name: KEY, value: $Secret('appSecret.password') }]",
    ));
    properties(&resources, "WorkerService");
}
