//! Functions and batch jobs: their code, what starts them, what they may reach.

use std::process::Command;

use expect_test::expect;
use fs_err as fs;
use serde_json::{Value, json};

use super::reached::{made, properties, refusal, template};

/// A function, to which more may be said.
const FUNCTION: &str = "
  code:
    type: function
    properties:
      packaging: { type: custom-artifact, properties: { packagePath: a.zip, handler: 'dist/index.js:run' } }
      runtime: nodejs24.x
";

/// A job, to which more may be said.
const JOB: &str = "
  run:
    type: batch-job
    properties:
      resources: { cpu: 1, memory: 1800 }
";

const CONTAINER: &str =
    "      container: { packaging: { type: prebuilt-image, properties: { image: busybox } } }\n";

#[test]
fn a_job_that_fails_is_tried_again_as_often_as_was_asked_for() {
    let retries =
        "      retryConfig: { attempts: 4, retryIntervalSeconds: 10, retryIntervalMultiplier: 1.5 }\n";
    let template = template(&[JOB, CONTAINER, retries, "      timeout: 90\n"]);
    let machine = &properties(&template, "RunJobExecutionStateMachine")["DefinitionString"];
    let machine: Value = serde_json::from_str(machine.as_str().unwrap_or_default()).expect("it is JSON");
    let run = &machine["States"]["onDemand1"];
    let retry = json!([{
        "ErrorEquals": ["States.ALL"], "MaxAttempts": 3, "IntervalSeconds": 10, "BackoffRate": 1.5,
    }]);
    assert_eq!(run["Retry"], retry);
    let variables = &run["Parameters"]["ContainerOverrides"]["Environment"];
    assert_eq!(
        variables[1],
        json!({ "Name": "STP_MAXIMUM_ATTEMPTS", "Value": "4" })
    );
    let current = "States.Format('{}', States.MathAdd($$.State.RetryCount, 1))";
    assert_eq!(
        variables[2],
        json!({ "Name": "STP_CURRENT_ATTEMPT", "Value.$": current })
    );
    let definition = properties(&template, "RunJobDefinition");
    assert_eq!(definition["Timeout"], json!({ "AttemptDurationSeconds": 90 }));
}

#[test]
fn a_job_that_events_start_has_a_function_for_it() {
    let event = "      events: [{ type: schedule, properties: { scheduleRate: rate(1 day) } }]\n";
    let with = template(&[JOB, CONTAINER, event]);
    let function = properties(&with, "RunTriggerFunctionFunction");
    let variables = json!({
        "BATCH_JOB_NAME_BASE": "run-demo-dev",
        "STATE_MACHINE_ARN": { "Ref": "RunJobExecutionStateMachine" },
    });
    assert_eq!(function["Environment"]["Variables"], variables);
    let target = &properties(&with, "RunEvent0Rule")["Targets"][0]["Arn"];
    assert_eq!(
        *target,
        json!({ "Fn::GetAtt": ["RunTriggerFunctionFunction", "Arn"] })
    );
    let permission = json!({
        "Action": "lambda:InvokeFunction",
        "FunctionName": target,
        "Principal": "events.amazonaws.com",
        "SourceArn": { "Fn::GetAtt": ["RunEvent0Rule", "Arn"] },
    });
    assert_eq!(*properties(&with, "RunEvent0Permission"), permission);
    let without = template(&[JOB, CONTAINER]);
    assert!(without["Resources"].get("RunTriggerFunctionFunction").is_none());
}

#[test]
fn a_bucket_that_tells_a_function_does_not_wait_for_itself() {
    let more = "      connectTo: [store]
      events:
        - type: s3
          properties: { bucketArn: \"$ResourceParam('store', 'arn')\", s3EventType: 's3:ObjectCreated:*', filterRule: { suffix: .png } }
  store: { type: bucket }
";
    // A cycle would be refused.
    let template = template(&[FUNCTION, more]);
    let arn = "arn:aws:s3:::demo-dev-store-xxxxxxxx";
    let variables = &properties(&template, "CodeFunction")["Environment"]["Variables"];
    assert_eq!(variables["STP_STORE_ARN"], json!(arn));
    let notifications = json!([{
        "Event": "s3:ObjectCreated:*",
        "Function": { "Fn::GetAtt": ["CodeFunction", "Arn"] },
        "Filter": { "S3Key": { "Rules": [{ "Name": "suffix", "Value": ".png" }] } },
    }]);
    let store = &template["Resources"]["StoreBucket"];
    assert_eq!(
        store["Properties"]["NotificationConfiguration"]["LambdaConfigurations"],
        notifications
    );
    assert_eq!(store["DependsOn"], json!(["CodeEvent0Permission"]));
    assert_eq!(
        properties(&template, "CodeEvent0Permission")["SourceArn"],
        json!(arn)
    );
}

#[test]
fn functions_and_jobs_that_are_connected_to_each_other_do_not_wait_for_each_other() {
    let other = FUNCTION.replace("code:", "other:");
    let connected = |names: &str| format!("      connectTo: [{names}]\n");
    let template = template(&[
        FUNCTION,
        &connected("other, run"),
        &other,
        &connected("code"),
        JOB,
        CONTAINER,
        &connected("code"),
    ]);
    let arn = "arn:aws:lambda:eu-west-1:123456789999:function:demo-dev-code";
    let variables = &properties(&template, "OtherFunction")["Environment"]["Variables"];
    assert_eq!(variables["STP_CODE_ARN"], json!(arn));
    let run =
        &properties(&template, "CodeFunction")["Environment"]["Variables"]["STP_RUN_JOB_DEFINITION_ARN"];
    assert_eq!(*run, json!({ "Ref": "RunJobDefinition" }));
    let job = &properties(&template, "RunJobDefinition")["ContainerProperties"]["Environment"];
    let variable = json!({ "Name": "STP_CODE_ARN", "Value": arn });
    assert!(job.as_array().is_some_and(|job| job.contains(&variable)), "{job}");
}

#[test]
fn code_is_where_the_lookups_say() {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let config = folder.path().join("stacktape.yml");
    fs::write(&config, ["projectName: demo\nresources:", FUNCTION].concat()).expect("it can be written");
    let synthesized = |artifact: Value| -> Value {
        let lookups = folder.path().join("lookups.json");
        let text = json!({ "account": "123456789012", "artifacts": { "code": artifact } }).to_string();
        fs::write(&lookups, text).expect("it can be written");
        let output = Command::new(env!("CARGO_BIN_EXE_tapedeck"))
            .env_clear()
            .env("TAPEDECK_HOME", folder.path().join("home"))
            .args(["synth", "--stage", "dev", "--region", "eu-west-1", "--configPath"])
            .args([&config, std::path::Path::new("--lookups"), &lookups])
            .output()
            .expect("it starts");
        serde_json::from_slice(&output.stdout).expect("it prints JSON")
    };
    let ours = synthesized(json!({ "key": "code/v1.zip", "digest": "abc" }));
    let bucket = &properties(&ours, "StpDeploymentBucket")["BucketName"];
    let function = properties(&ours, "CodeFunction");
    assert_eq!(
        function["Code"],
        json!({ "S3Bucket": bucket, "S3Key": "code/v1.zip" })
    );
    assert_eq!(
        function["Tags"][0],
        json!({ "Key": "stp:code-digest", "Value": "abc" })
    );
    assert_eq!(function["Handler"], json!("dist/index.run"));
    let theirs = synthesized(json!({ "bucket": "builds", "key": "code/v1.zip", "digest": "abc" }));
    let code = &properties(&theirs, "CodeFunction")["Code"];
    assert_eq!(*code, json!({ "S3Bucket": "builds", "S3Key": "code/v1.zip" }));
    assert!(theirs["Resources"].get("StpDeploymentBucket").is_none());
}

#[test]
fn a_function_in_the_network_is_let_in_and_reaches_buckets() {
    let more = "      joinDefaultVpc: true
      connectTo: [cache, store]
  store: { type: bucket }
  cache:
    type: redis-cluster
    properties:
      instanceSize: cache.t4g.micro
      defaultUserPassword: aaaaaaaaaaaaaaaa
      accessibility: { accessibilityMode: scoping-workloads-in-vpc }
";
    let template = template(&[FUNCTION, more]);
    let group = json!({ "Ref": "CodeSecurityGroup" });
    let inside = &properties(&template, "CodeFunction")["VpcConfig"];
    assert_eq!(inside["SecurityGroupIds"], json!([group]));
    let rules = &properties(&template, "CacheSecurityGroup")["SecurityGroupIngress"];
    assert_eq!(rules[0]["SourceSecurityGroupId"], group);
    let endpoint = properties(&template, "StpVpcS3Endpoint");
    assert_eq!(endpoint["ServiceName"], json!("com.amazonaws.eu-west-1.s3"));
    assert_eq!(endpoint["RouteTableIds"].as_array().map(Vec::len), Some(3));
}

#[test]
fn a_queue_has_one_policy_whoever_puts_into_it() {
    let more = "      events:
        - type: event-bus
          properties: { useDefaultBus: true, eventPattern: { source: [shop] }, onDeliveryFailure: { sqsQueueName: failed } }
        - type: sns
          properties: { snsTopicName: news, onDeliveryFailure: { sqsQueueName: failed } }
  news: { type: sns-topic }
  failed:
    type: sqs-queue
    properties: { policyStatements: [{ Effect: Allow, Principal: { Service: s3.amazonaws.com }, Action: ['sqs:SendMessage'] }] }
";
    let template = template(&[FUNCTION, more]);
    let policies = template["Resources"].as_object().into_iter().flatten();
    let policies: Vec<&Value> = policies
        .map(|(_, resource)| resource)
        .filter(|resource| resource["Type"] == "AWS::SQS::QueuePolicy")
        .collect();
    assert_eq!(policies.len(), 1);
    let statements = &policies[0]["Properties"]["PolicyDocument"]["Statement"];
    let mut services: Vec<&str> = statements
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|statement| statement["Principal"]["Service"].as_str())
        .collect();
    services.sort_unstable();
    assert_eq!(
        services,
        ["events.amazonaws.com", "s3.amazonaws.com", "sns.amazonaws.com"]
    );
}

#[test]
fn secrets_of_jobs_are_handed_over_and_those_of_functions_resolved() {
    let secret = "environment: [{ name: PASSWORD, value: $Secret('appSecret.password') }]";
    let container = CONTAINER.replace(" } }\n", &format!(" }}, {secret} }}\n"));
    let function = [FUNCTION, "      ", secret, "\n"].concat();
    let template = template(&[&function, JOB, &container]);
    let job = &properties(&template, "RunJobDefinition")["ContainerProperties"];
    assert_eq!(job["Environment"], json!([]));
    assert_eq!(job["Secrets"][0]["Name"], json!("PASSWORD"));
    assert_eq!(
        job["ExecutionRoleArn"],
        json!({ "Fn::GetAtt": ["StpEcsExecutionRole", "Arn"] })
    );
    let variable = &properties(&template, "CodeFunction")["Environment"]["Variables"]["PASSWORD"];
    let variable = variable.as_str().unwrap_or_default();
    assert!(
        variable.starts_with("{{resolve:secretsmanager:appSecret:"),
        "{variable}"
    );
}

#[test]
fn what_has_no_template_is_refused_with_a_way_out() {
    let api = "  api: { type: http-api-gateway, properties: {} }\n";
    let event = "      events: [{ type: http-api-gateway, properties: { httpApiGatewayName: api, method: GET, path: /a } }]\n";
    refusal(
        &[FUNCTION, event, api],
        &expect![
            "because `code` is a `function`, or uses a part of it, that has no template yet: `events` of type `http-api-gateway`; give a function a `url`, or put routes and an integration into `cloudformationResources`"
        ],
    );
    let bucket = "      events: [{ type: s3, properties: { bucketArn: 'arn:aws:s3:::other', s3EventType: 's3:ObjectCreated:*' } }]\n";
    refusal(
        &[FUNCTION, bucket],
        &expect![
            "because `code` is a `function`, or uses a part of it, that has no template yet: `bucketArn` of a bucket that is not a resource here, whose notifications are not this template's; use `$ResourceParam('name', 'arn')`, or let the bucket tell EventBridge and use `event-bus`"
        ],
    );
    let parameter = "      environment: { LEVEL: $SsmParam('/app/secure/token') }\n";
    refusal(
        &[FUNCTION, parameter],
        &expect![
            "because `LEVEL` would be an encrypted parameter, which Lambda hands over to no function; read it in the code, with `ssm:GetParameter` in `iamRoleStatements`, or use a secret"
        ],
    );
    let entry = CONTAINER.replace("image: busybox", "image: busybox, entryPoint: [sh]");
    refusal(
        &[JOB, &entry],
        &expect![
            "because `run` is a `batch-job`, or uses a part of it, that has no template yet: `entryPoint`, for which Batch has no place; put it into the image, or into `command`"
        ],
    );
    let said = made(&[FUNCTION, "      environment: { A: 1 }\n"]).expect_err("it is refused");
    assert!(
        said.contains("`A` is not a valid name of a variable of a function"),
        "{said}"
    );
}
