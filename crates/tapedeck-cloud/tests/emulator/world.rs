//! An emulator, and stacks to give it.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::{Value, json};
use tapedeck_cloud::{
    Cloud, CloudError, Credentials, Deployed, Deployment, Manner, Progress, ResourceEvent, Target,
};
use tapedeck_testkit::Emulator;

pub(crate) struct World {
    pub(crate) emulator: Emulator,
    pub(crate) cloud: Cloud,
}

/// A running emulator and its root user; none, loudly, where there is none.
pub(crate) async fn world() -> Option<World> {
    let emulator = Emulator::start(Path::new(env!("CARGO_TARGET_TMPDIR")))?;
    let root = fixed(Emulator::ACCESS_KEY_ID, Emulator::SECRET_ACCESS_KEY, None);
    let cloud = connect(&emulator, root).await;
    Some(World { emulator, cloud })
}

pub(crate) async fn connect(emulator: &Emulator, credentials: Credentials) -> Cloud {
    let target = Target::emulator(Emulator::REGION, emulator.endpoint(), credentials);
    Cloud::connect(target).await.unwrap()
}

pub(crate) fn fixed(id: &str, secret: &str, token: Option<&str>) -> Credentials {
    Credentials::Fixed {
        access_key_id: id.to_owned(),
        secret_access_key: secret.to_owned(),
        session_token: token.map(str::to_owned),
    }
}

impl World {
    /// Deploys to the stack `shop`.
    pub(crate) async fn deploy(&self, template: &Value) -> Result<Deployed, CloudError> {
        self.deploy_told(template).await.0
    }

    /// Deploys to the stack `shop`, and returns what was told meanwhile.
    pub(crate) async fn deploy_told(
        &self,
        template: &Value,
    ) -> (Result<Deployed, CloudError>, Vec<Progress>) {
        let mut told = Vec::new();
        let done = self
            .deploy_telling(template, &mut |progress| told.push(progress))
            .await;
        (done, told)
    }

    /// Deploys to the stack `shop`, and tells `progress` what happens meanwhile.
    pub(crate) async fn deploy_telling(
        &self,
        template: &Value,
        progress: &mut dyn FnMut(Progress),
    ) -> Result<Deployed, CloudError> {
        let tags = BTreeMap::from([("team".to_owned(), "shop".to_owned())]);
        let deployment = Deployment {
            stack_name: "shop",
            template,
            tags: &tags,
            template_bucket: None,
            manner: Manner::default(),
        };
        self.cloud.deploy(&deployment, progress).await
    }

    /// Has [`taken_bucket`] fail.
    pub(crate) fn take_bucket(&self) {
        const PROGRAM: &str = "
import botocore.session, sys
s3 = botocore.session.get_session().create_client('s3')
s3.create_bucket(Bucket=sys.argv[1], CreateBucketConfiguration={'LocationConstraint': 'eu-west-1'})";
        let _ = self.emulator.botocore(PROGRAM, &[TAKEN]);
    }

    /// The state of the stack `shop`, in CloudFormation's word.
    pub(crate) async fn status(&self) -> Option<String> {
        let state = self.cloud.describe("shop").await.unwrap()?;
        Some(state.status.to_string())
    }
}

/// The name of a bucket that is not of the stack.
const TAKEN: &str = "somebody-elses-bucket";

pub(crate) fn events(told: &[Progress]) -> Vec<&ResourceEvent> {
    let events = told.iter().filter_map(|progress| match progress {
        Progress::Event(event) => Some(event),
        _ => None,
    });
    events.collect()
}

/// A template with these resources, which gives out the name of the one called `Queue` if there is one.
pub(crate) fn template(resources: &Value) -> Value {
    let mut template = json!({ "AWSTemplateFormatVersion": "2010-09-09", "Resources": resources });
    if resources.get("Queue").is_some() {
        template["Outputs"] = json!({ "QueueName": { "Value": { "Fn::GetAtt": ["Queue", "QueueName"] } } });
    }
    template
}

pub(crate) fn queue(visibility: u32) -> Value {
    json!({
        "Type": "AWS::SQS::Queue",
        "Properties": { "QueueName": "orders", "VisibilityTimeout": visibility },
    })
}

/// One that is rejected before anything is made: somebody has a bucket of that name.
pub(crate) fn taken_bucket() -> Value {
    json!({ "Type": "AWS::S3::Bucket", "Properties": { "BucketName": TAKEN } })
}

/// One that cannot be made when its turn comes, after another resource: there is no such function.
pub(crate) fn broken_url(after: &str) -> Value {
    json!({
        "Type": "AWS::Lambda::Url",
        "DependsOn": after,
        "Properties": { "AuthType": "NONE", "TargetFunctionArn": "there-is-none" },
    })
}

/// Makes and changes things, but does not change them back.
const THINGS: &str = "
import json, urllib.request
def handler(event, context):
    is_back = event['RequestType'] == 'Update' and event['ResourceProperties']['Version'] == '1'
    answer = {name: event[name] for name in ('StackId', 'RequestId', 'LogicalResourceId')}
    answer['PhysicalResourceId'] = 'thing'
    answer['Status'] = 'FAILED' if is_back else 'SUCCESS'
    answer['Reason'] = 'there is no way back'
    body = json.dumps(answer).encode()
    urllib.request.urlopen(urllib.request.Request(event['ResponseURL'], data=body, method='PUT'))
";

/// Resources with a thing of a version, which can be changed to another version and not back.
pub(crate) fn thing(version: u32) -> Value {
    json!({
        "Role": {
            "Type": "AWS::IAM::Role",
            "Properties": { "RoleName": "things", "AssumeRolePolicyDocument": {
                "Version": "2012-10-17",
                "Statement": [{
                    "Effect": "Allow",
                    "Principal": { "Service": "lambda.amazonaws.com" },
                    "Action": "sts:AssumeRole",
                }],
            } },
        },
        "Things": {
            "Type": "AWS::Lambda::Function",
            "Properties": {
                "FunctionName": "things",
                "Runtime": "python3.13",
                "Handler": "index.handler",
                "Role": { "Fn::GetAtt": ["Role", "Arn"] },
                "Code": { "ZipFile": THINGS },
            },
        },
        "Thing": {
            "Type": "Custom::Thing",
            "Properties": { "ServiceToken": { "Fn::GetAtt": ["Things", "Arn"] }, "Version": version.to_string() },
        },
    })
}
