//! Functions that workers call and events reach, with `tapedeck deploy` and the official SDK.

use tapedeck_testkit::{DEADLINE, eventually};

use crate::source::Project;
use crate::stage::PROJECT;

const CONFIG: &str = "
resources:
  jobs: { type: sqs-queue }
  seen: { type: sqs-queue }
  greet:
    type: function
    properties:
      packaging: { type: stacktape-lambda-buildpack, properties: { entryfilePath: src/greet.ts } }
      connectTo: [seen]
      events:
        - { type: sqs, properties: { sqsQueueName: jobs } }
  machine:
    type: state-machine
    properties:
      definition:
        StartAt: greet
        States:
          greet: { Type: Task, Resource: \"$ResourceParam('greet', 'arn')\", End: true }
  friend:
    type: worker-service
    properties:
      packaging: { type: stacktape-image-buildpack, properties: { entryfilePath: src/friend.ts } }
      connectTo: [greet, jobs, seen, machine]
      resources: { cpu: 0.25, memory: 512 }
  stranger:
    type: worker-service
    properties:
      packaging: { type: stacktape-image-buildpack, properties: { entryfilePath: src/stranger.ts } }
      environment: [{ name: GREET, value: \"$ResourceParam('greet', 'arn')\" }]
      resources: { cpu: 0.25, memory: 512 }
";

const PACKAGES: &str = r#"{ "name": "app", "type": "module", "dependencies":
    { "@aws-sdk/client-lambda": "^3", "@aws-sdk/client-sfn": "^3", "@aws-sdk/client-sqs": "^3" } }"#;

const GREET: &str = "
import { SQSClient, SendMessageCommand } from '@aws-sdk/client-sqs';
export const handler = async (event: any) => {
  for (const record of event.Records ?? []) {
    const message = { QueueUrl: process.env.STP_SEEN_URL, MessageBody: `saw ${record.body}` };
    await new SQSClient({}).send(new SendMessageCommand(message));
  }
  return `hello ${event.name}`;
};
";

const FRIEND: &str = "
import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { DescribeExecutionCommand, SFNClient, StartExecutionCommand } from '@aws-sdk/client-sfn';
import { ReceiveMessageCommand, SQSClient, SendMessageCommand } from '@aws-sdk/client-sqs';
const { STP_GREET_ARN, STP_JOBS_URL, STP_SEEN_URL, STP_MACHINE_ARN } = process.env;
const [lambda, sfn, sqs] = [new LambdaClient({}), new SFNClient({}), new SQSClient({})];
const told = new Set();
const tell = (text: string) => { if (!told.has(text)) { told.add(text); console.log(text); } };
await sqs.send(new SendMessageCommand({ QueueUrl: STP_JOBS_URL, MessageBody: 'a job' }));
const input = JSON.stringify({ name: 'machine' });
const { executionArn } = await sfn.send(new StartExecutionCommand({ stateMachineArn: STP_MACHINE_ARN, input }));
for (;;) {
  const Payload = JSON.stringify({ name: 'friend' });
  const answer = await lambda.send(new InvokeCommand({ FunctionName: STP_GREET_ARN, Payload }));
  tell(`answered ${Buffer.from(answer.Payload!).toString()}`);
  const { Messages } = await sqs.send(new ReceiveMessageCommand({ QueueUrl: STP_SEEN_URL }));
  for (const message of Messages ?? []) tell(message.Body!);
  const execution = await sfn.send(new DescribeExecutionCommand({ executionArn }));
  tell(`machine ${execution.status} ${execution.output}`);
  await new Promise(resolve => setTimeout(resolve, 200));
}
";

const STRANGER: &str = "
import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';
const asked = new LambdaClient({}).send(new InvokeCommand({ FunctionName: process.env.GREET }));
await asked.then(() => console.log('answered'), error => console.log(`refused ${error.name}`));
setInterval(() => {}, 1000);
";

/// A project with functions; none, and a word on standard error, where that cannot be had.
fn project() -> Option<Project> {
    Project::connected(&[
        ("stacktape.yml", CONFIG),
        ("package.json", PACKAGES),
        ("src/greet.ts", GREET),
        ("src/friend.ts", FRIEND),
        ("src/stranger.ts", STRANGER),
    ])
}

fn say(project: &Project, text: &str) {
    eventually(text, DEADLINE, || {
        let lines = project.home.must(&["logs", PROJECT[0], PROJECT[1], "--raw"]);
        lines.lines().any(|line| line == text).then_some(())
    });
}

#[test]
fn a_function_answers_whom_it_is_connected_to_and_is_reached_by_events() {
    let Some(project) = project() else { return };
    let first = project.must_deploy();
    assert!(
        first.stderr.contains("greet: new code for the emulator"),
        "{first:?}"
    );
    for text in [
        "answered \"hello friend\"",
        "saw a job",
        "machine SUCCEEDED \"hello machine\"",
        "refused AccessDeniedException",
    ] {
        say(&project, text);
    }

    let again = project.must_deploy();
    assert!(!again.stderr.contains("new code"), "{again:?}");
    assert!(again.stderr.contains("nothing has changed"), "{again:?}");

    project.write("src/greet.ts", &GREET.replace("hello", "good morning"));
    let edited = project.must_deploy();
    assert!(
        edited.stderr.contains("greet: new code for the emulator"),
        "{edited:?}"
    );
    say(&project, "answered \"good morning friend\"");

    project.home.must(&["delete", PROJECT[0], PROJECT[1], "--yes"]);
    eventually("the emulator to be gone", DEADLINE, || {
        let stacks = project.home.client().list_stacks().unwrap();
        stacks.is_empty().then_some(())
    });
}
