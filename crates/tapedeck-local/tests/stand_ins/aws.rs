//! ministack.

use std::process::Output;
use std::time::{Duration, Instant};

use tapedeck_local::stand_in::Kind;
use tapedeck_testkit::{DEADLINE, eventually};

use crate::stage::{Run, Stage, refused, said};

/// Clients of AWS's own library, which ministack brings along.
const CLIENTS: &str = "
import io, json, os, sys, time, zipfile
from botocore.session import get_session
def client(name):
    return get_session().create_client(name, region_name='eu-west-1', endpoint_url='http://127.0.0.1:4566')
";

fn stage() -> Option<Stage> {
    let mut stage = Stage::ready(Kind::Aws)?;
    for (name, value) in [
        ("MINISTACK_HOST", "127.0.0.1"),
        ("MINISTACK_ACCOUNT_ID", "123456789012"),
        ("MINISTACK_REGION", "eu-west-1"),
        ("AWS_ACCESS_KEY_ID", "root-key"),
        ("AWS_SECRET_ACCESS_KEY", "root-secret"),
        ("AWS_ENDPOINT_URL", "http://127.0.0.1:4566"),
    ] {
        stage.set(name, value);
    }
    Some(stage)
}

fn python(run: &Run, stage: &Stage, program: &str) -> Output {
    let program = format!("{CLIENTS}{program}");
    run.client(stage, &["python3", "-c", &program])
}

const MAKE: &str = "
s3, sqs = client('s3'), client('sqs')
s3.create_bucket(Bucket='photos', CreateBucketConfiguration={'LocationConstraint': 'eu-west-1'})
s3.put_object(Bucket='photos', Key='a/b', Body=b'bytes')
url = sqs.create_queue(QueueName='jobs')['QueueUrl']
sqs.send_message(QueueUrl=url, MessageBody='hello')
dynamo = client('dynamodb')
key = dict(AttributeName='id', KeyType='HASH')
dynamo.create_table(TableName='things', KeySchema=[key], BillingMode='PAY_PER_REQUEST',
    AttributeDefinitions=[dict(AttributeName='id', AttributeType='S')])
dynamo.put_item(TableName='things', Item={'id': {'S': 'one'}, 'n': {'N': '1'}})
client('secretsmanager').create_secret(Name='token', SecretString='hidden')
print(client('sts').get_caller_identity()['Account'])
";

const LOOK: &str = "
s3, sqs = client('s3'), client('sqs')
print(s3.get_object(Bucket='photos', Key='a/b')['Body'].read().decode())
url = sqs.get_queue_url(QueueName='jobs')['QueueUrl']
print(sqs.receive_message(QueueUrl=url, VisibilityTimeout=0)['Messages'][0]['Body'])
print(client('dynamodb').get_item(TableName='things', Key={'id': {'S': 'one'}})['Item']['n']['N'])
print(client('secretsmanager').get_secret_value(SecretId='token')['SecretString'])
";

/// What somebody gets who signs nothing: of a bucket, of one that a policy opens, and by an address that is signed.
const UNSIGNED: &str = "
import urllib.error, urllib.request
def get(path, method='GET'):
    try:
        return urllib.request.urlopen(urllib.request.Request('http://127.0.0.1:4566' + path, method=method, data=None)).status
    except urllib.error.HTTPError as error:
        return error.code
print(get('/'), get('/photos/a/b'), get('/photos/a/c', 'PUT'))
s3 = client('s3')
s3.put_public_access_block(Bucket='photos', PublicAccessBlockConfiguration={'BlockPublicPolicy': False})
s3.put_bucket_policy(Bucket='photos', Policy=json.dumps({'Version': '2012-10-17', 'Statement': [{'Effect': 'Allow',
    'Principal': '*', 'Action': 's3:GetObject', 'Resource': 'arn:aws:s3:::photos/*'}]}))
print(get('/photos'), get('/photos/a/b'), get('/photos/a/c', 'PUT'))
s3.delete_bucket_policy(Bucket='photos')
signed = s3.generate_presigned_url('get_object', Params={'Bucket': 'photos', 'Key': 'a/b'})
print(urllib.request.urlopen(signed).status)
";

const FOUND: &str = "bytes\nhello\n1\nhidden";

/// Waits until everything that was made has been written down.
fn settled(stage: &Stage) {
    let wanted = [
        ("dynamodb", "\"one\""),
        ("secretsmanager", "hidden"),
        ("sqs", "hello"),
        ("s3", "photos"),
    ];
    eventually("files of the state", DEADLINE, || {
        let is_there = |(service, text): &(&str, &str)| {
            let path = stage.data().join(format!("state/{service}.json"));
            fs_err::read_to_string(path).is_ok_and(|found| found.contains(text))
        };
        wanted.iter().all(is_there).then_some(())
    });
}

#[test]
fn what_was_made_outlives_a_kill_and_an_end() {
    let Some(mut stage) = stage() else { return };
    let first = stage.start();
    eprintln!("first start {:?}, {} MiB", first.took, first.memory());
    assert_eq!(said(python(&first, &stage, MAKE)), "123456789012");
    let began = Instant::now();
    settled(&stage);
    let took = began.elapsed();
    eprintln!("written down after {took:?}");
    assert!(took < Duration::from_secs(15), "{took:?}");
    first.kill();

    let second = stage.start();
    eprintln!("start after a kill {:?}", second.took);
    assert_eq!(said(python(&second, &stage, LOOK)), FOUND);
    // What an end in order saves is what was there at the very end.
    let last = "client('dynamodb').put_item(TableName='things', Item={'id': {'S': 'two'}})";
    said(python(&second, &stage, last));
    eprintln!("stop {:?}", second.stop(&stage));

    stage.set("AWS_SECRET_ACCESS_KEY", "another");
    let third = stage.start();
    let both = format!("{LOOK}print(client('dynamodb').scan(TableName='things')['Count'])");
    assert_eq!(said(python(&third, &stage, &both)), format!("{FOUND}\n2"));
    let wrong = "os.environ['AWS_SECRET_ACCESS_KEY'] = 'root-secret'\nclient('sqs').list_queues()";
    let wrong = refused(python(&third, &stage, wrong));
    assert!(wrong.contains("SignatureDoesNotMatch"), "{wrong}");
    let version = "import importlib.metadata\nprint(importlib.metadata.version('ministack'))";
    assert_eq!(said(python(&third, &stage, version)), stage.stand_in.version);
    for key in ["test", "123456789012"] {
        let wrong = format!(
            "os.environ['AWS_ACCESS_KEY_ID'] = '{key}'\nos.environ['AWS_SECRET_ACCESS_KEY'] = 'test'\nclient('s3').list_buckets()"
        );
        let wrong = refused(python(&third, &stage, &wrong));
        assert!(wrong.contains("SignatureDoesNotMatch"), "{wrong}");
    }
    assert_eq!(
        said(python(&third, &stage, UNSIGNED)),
        "403 403 403\n403 200 403\n200"
    );
    let wipe = "
import urllib.request
def post(**headers):
    asked = urllib.request.Request('http://127.0.0.1:4566/_ministack/reset', method='POST', headers=headers)
    return urllib.request.urlopen(asked).status
";
    let wrong = refused(python(&third, &stage, &format!("{wipe}post()")));
    assert!(wrong.contains("403"), "{wrong}");
    let wiped = format!(
        "{wipe}print(post(**{{'x-tapedeck-key': 'another'}}), client('sqs').list_queues().get('QueueUrls'))"
    );
    assert_eq!(said(python(&third, &stage, &wiped)), "200 []");
    let complaints = third.output();
    assert!(!complaints.contains("tapedeck:"), "{complaints}");
}

#[test]
fn functions_run_in_node_and_python() {
    let Some(stage) = stage() else { return };
    let run = stage.start();
    let program = "
def archive(name, text):
    held = io.BytesIO()
    with zipfile.ZipFile(held, 'w') as opened:
        opened.writestr(name, text)
    return held.getvalue()
functions = client('lambda')
trust = json.dumps({'Version': '2012-10-17', 'Statement': [{'Effect': 'Allow', 'Action': 'sts:AssumeRole',
    'Principal': {'Service': 'lambda.amazonaws.com'}}]})
role = client('iam').create_role(RoleName='runner', AssumeRolePolicyDocument=trust)['Role']['Arn']
node = 'exports.handler = async (event) => ({ sum: event.a + 1, by: process.release.name })'
python = 'def handler(event, context): return {\"sum\": event[\"a\"] + 2, \"by\": \"python\"}'
for name, runtime, file, text in [('one', 'nodejs22.x', 'index.js', node), ('two', 'python3.12', 'index.py', python)]:
    functions.create_function(FunctionName=name, Runtime=runtime, Handler='index.handler', Role=role,
        Code={'ZipFile': archive(file, text)})
    answer = functions.invoke(FunctionName=name, Payload=json.dumps({'a': 1}))
    print(json.loads(answer['Payload'].read()))
";
    let answers = said(python(&run, &stage, program));
    assert_eq!(answers, "{'sum': 2, 'by': 'node'}\n{'sum': 3, 'by': 'python'}");
    eprintln!("with functions {} MiB, stop {:?}", run.memory(), run.stop(&stage));
}
