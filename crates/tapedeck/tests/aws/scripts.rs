//! Scripts and hooks of a project, told about a stack in a region, and what `param:get` tells of one.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use tapedeck_testkit::{DEADLINE, Emulator, eventually};

use crate::world::{STACK, World};

/// Sends a message to the queue, looks at the bucket, and writes its variables into a file.
const SEND: &str = "
import botocore.session, json, os
session = botocore.session.get_session()
session.create_client('sqs').send_message(QueueUrl=os.environ['STP_JOBS_URL'], MessageBody=os.environ['GREETING'])
try:
    session.create_client('s3').list_objects_v2(Bucket=os.environ['STP_PHOTOS_NAME'])
    looked = 'yes'
except botocore.exceptions.ClientError as error:
    looked = error.response['Error']['Code']
caller = session.create_client('sts').get_caller_identity()['Arn']
told = {name: value for name, value in os.environ.items() if name.startswith(('STP_', 'AWS_REGION', 'LEVEL'))}
json.dump({'told': told, 'looked': looked, 'caller': caller,
    'knows': os.environ.get('PASSWORD') == 's3cret'}, open('told.json', 'w'))
";

const MORE: &str = "scripts:
  send:
    type: local-script
    properties:
      executeCommand: $PYTHON tools/send.py
      connectTo: [jobs, photos]
      environment:
        GREETING: $CfFormat('hello {}', $CfResourceParam('JobsQueue', 'QueueName'))
        LEVEL: $SsmParam('/shop/level')
        LEVEL_OF_OTHERS: $CfStackOutput('base-dev', 'level')
        PASSWORD: $Secret('database.password')
  act:
    type: local-script
    properties:
      executeCommand: $PYTHON tools/send.py
      connectTo: [jobs, photos]
      environment: { GREETING: acting }
      assumeRoleOfResource: worker
  told:
    type: local-script
    properties: { executeCommand: \"test -n \\\"$STP_JOBS_URL\\\"\", connectTo: [jobs] }
hooks:
  afterDeploy: [{ scriptName: send }]
  beforeDelete: [{ scriptName: told }]
";

fn prepare(world: &World) {
    world.write("tools/send.py", SEND);
    world.configure(MORE);
    let parameter = json!({ "Name": "/shop/level", "Value": "debug", "Type": "String" });
    world.aws("ssm", "put_parameter", &parameter);
    let secret = json!({ "Name": "database", "SecretString": "{\"password\":\"s3cret\"}" });
    world.aws("secretsmanager", "create_secret", &secret);
    let other = json!({
        "Resources": { "Queue": { "Type": "AWS::SQS::Queue" } },
        "Outputs": { "level": { "Value": "high", "Export": { "Name": "BaseDevLevel" } } },
    });
    let other = json!({ "StackName": "base-dev", "TemplateBody": other.to_string() });
    world.aws("cloudformation", "create_stack", &other);
    eventually("the other stack exports", DEADLINE, || {
        let exports = world.aws("cloudformation", "list_exports", &json!({}));
        exports.to_string().contains("BaseDevLevel").then_some(())
    });
}

/// What the script has written.
fn told(world: &World) -> Value {
    serde_json::from_str(&world.read("told.json")).unwrap()
}

/// The messages in the queue.
fn received(world: &World, url: &str) -> Vec<String> {
    let mut messages = Vec::new();
    eventually("a message is in the queue", DEADLINE, || {
        let asked = json!({ "QueueUrl": url, "MaxNumberOfMessages": 10 });
        let answer = world.aws("sqs", "receive_message", &asked);
        let found = answer["Messages"].as_array().into_iter().flatten();
        messages.extend(found.filter_map(|message| message["Body"].as_str().map(str::to_string)));
        (!messages.is_empty()).then_some(())
    });
    messages
}

/// The variables of the container of the worker, as ECS has them.
fn of_the_service(world: &World) -> BTreeMap<String, String> {
    let definition = world.worker()["taskDefinition"].clone();
    let answer = world.aws(
        "ecs",
        "describe_task_definition",
        &json!({ "taskDefinition": definition }),
    );
    let variables = answer["taskDefinition"]["containerDefinitions"][0]["environment"].clone();
    let pair = |variable: &Value| {
        let text = |key: &str| variable[key].as_str().unwrap().to_string();
        (text("name"), text("value"))
    };
    variables.as_array().unwrap().iter().map(pair).collect()
}

#[test]
fn scripts_are_told_what_services_are_and_may_do_what_they_may() {
    let Some(world) = World::ready() else { return };
    prepare(&world);
    let early = world.run(&["script:run", "--scriptName", "told"]);
    assert_eq!(early.code, Some(1), "{early:?}");
    assert!(
        early.stderr.contains("script told cannot be told STP_JOBS_ARN"),
        "{early:?}"
    );

    let deployed = world.must(&["deploy"]);
    assert!(
        deployed.stderr.contains("afterDeploy: script send is done"),
        "{deployed:?}"
    );
    assert!(!deployed.stderr.contains("s3cret"), "{deployed:?}");
    let by_hook = told(&world);
    let service = of_the_service(&world);
    let own = service.iter().filter(|(name, _)| name.starts_with("STP_JOBS_"));
    assert!(own.clone().count() >= 3, "{service:?}");
    for (name, value) in own {
        assert_eq!(&by_hook["told"][name], value, "{name}");
    }
    assert_eq!(by_hook["told"]["STP_HOOK_TYPE"], "afterDeploy");
    assert_eq!(by_hook["told"]["AWS_REGION"], Emulator::REGION);
    assert_eq!(by_hook["told"]["LEVEL"], "debug");
    assert_eq!(by_hook["told"]["LEVEL_OF_OTHERS"], "high");
    assert_eq!(by_hook["looked"], "yes");
    assert_eq!(by_hook["knows"], true);
    let url = service["STP_JOBS_URL"].as_str();
    let name = by_hook["told"]["STP_JOBS_NAME"].as_str().unwrap();
    assert_eq!(received(&world, url), [format!("hello {name}")]);

    world.must(&["script:run", "--scriptName", "act"]);
    let acting = told(&world);
    assert_eq!(received(&world, url), ["acting"]);
    assert_eq!(acting["looked"], "AccessDenied");
    let caller = acting["caller"].as_str().unwrap();
    assert!(caller.contains("/script-act"), "{caller}");

    let again = world.json(&["deploy"]);
    assert_eq!(again["unchanged"], true);
    let nobody = world.run(&[
        "script:run",
        "--scriptName",
        "told",
        "--assumeRoleOfResource",
        "jobs",
    ]);
    assert_eq!(nobody.code, Some(1), "{nobody:?}");
    assert!(
        nobody.stderr.contains("cannot act in the role of `jobs`"),
        "{nobody:?}"
    );
    let deleted = world.must(&["delete", "--yes"]);
    assert!(
        deleted.stderr.contains("beforeDelete: script told is done"),
        "{deleted:?}"
    );
}

#[test]
fn parameters_of_a_region_are_those_of_aws() {
    let Some(world) = World::ready() else { return };
    let secret = json!({ "Name": "database", "SecretString": "{\"password\":\"s3cret\"}" });
    world.aws("secretsmanager", "create_secret", &secret);
    world.configure(
        "  db:\n    type: relational-database\n    properties:\n      credentials: { masterUserPassword: \"$Secret('database.password')\" }\n      \
         engine: { type: postgres, properties: { version: '16.6', primaryInstance: { instanceSize: db.t4g.micro } } }\n",
    );
    let get = |resource: &str, parameter: &str| {
        world.run(&["param:get", "--resourceName", resource, "--paramName", parameter])
    };
    let early = get("jobs", "url");
    assert_eq!(early.code, Some(1), "{early:?}");
    assert!(early.stderr.contains("deploy"), "{early:?}");
    let deployed = world.json(&["deploy"]);
    assert_eq!(
        deployed["stack"]["outputs"].get("TapedeckReferences"),
        None,
        "{deployed}"
    );

    let listed = world.aws("sqs", "list_queues", &json!({ "QueueNamePrefix": STACK }));
    let url = listed["QueueUrls"][0].as_str().unwrap();
    assert_eq!(get("jobs", "url").stdout, format!("{url}\n"));
    let attributes = json!({ "QueueUrl": url, "AttributeNames": ["QueueArn"] });
    let attributes = world.aws("sqs", "get_queue_attributes", &attributes);
    assert_eq!(
        get("jobs", "arn").stdout.trim_end(),
        attributes["Attributes"]["QueueArn"]
    );
    let databases = world.aws("rds", "describe_db_instances", &json!({}));
    let host = databases["DBInstances"][0]["Endpoint"]["Address"]
        .as_str()
        .unwrap();
    let connection = get("db", "connectionString");
    assert_eq!(connection.code, Some(0), "{connection:?}");
    assert!(
        connection.stdout.contains(&format!(":s3cret@{host}:")),
        "{connection:?}"
    );
    assert!(!connection.stderr.contains("s3cret"), "{connection:?}");

    let unknown = get("jobs", "ulr");
    assert_eq!(unknown.code, Some(2), "{unknown:?}");
    assert!(unknown.stderr.contains("url"), "{unknown:?}");
    let other = world.run(&[
        "param:get",
        "--stackName",
        "other-dev",
        "--resourceName",
        "jobs",
        "--paramName",
        "url",
    ]);
    assert_eq!(other.code, Some(2), "{other:?}");
}
