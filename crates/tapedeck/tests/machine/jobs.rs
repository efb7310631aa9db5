//! Jobs that workers submit, by the API of Batch and by the state machine, with `tapedeck deploy` and the official SDK.

use std::time::Duration;

use tapedeck_model::JobStatus;
use tapedeck_testkit::{DEADLINE, eventually, within};

use crate::failpoints::engine_killed_at;
use crate::source::Project;
use crate::stage::{PROJECT, Stage, WAIT};

const CONFIG: &str = "
resources:
  wishes: { type: sqs-queue }
  report:
    type: batch-job
    properties:
      container:
        packaging: { type: stacktape-image-buildpack, properties: { entryfilePath: src/report.ts } }
        environment: [{ name: GREETING, value: hello }]
      resources: { cpu: 1, memory: 256 }
      timeout: 3600
      retryConfig: { attempts: 2, retryIntervalSeconds: 1 }
      connectTo: [wishes]
      events: [{ type: sqs, properties: { sqsQueueName: wishes } }]
  friend:
    type: worker-service
    properties:
      packaging: { type: stacktape-image-buildpack, properties: { entryfilePath: src/friend.ts } }
      environment: [{ name: QUEUE, value: app-dev-batch-onDemand--job-queue }]
      connectTo: [report, wishes]
      resources: { cpu: 0.25, memory: 256 }
  stranger:
    type: worker-service
    properties:
      packaging: { type: stacktape-image-buildpack, properties: { entryfilePath: src/stranger.ts } }
      environment:
        - { name: QUEUE, value: app-dev-batch-onDemand--job-queue }
        - { name: DEFINITION, value: \"$ResourceParam('report', 'jobDefinitionArn')\" }
        - { name: MACHINE, value: \"$ResourceParam('report', 'stateMachineArn')\" }
      resources: { cpu: 0.25, memory: 256 }
";

const PACKAGES: &str = r#"{ "name": "app", "type": "module", "dependencies":
    { "@aws-sdk/client-batch": "^3", "@aws-sdk/client-sfn": "^3", "@aws-sdk/client-sqs": "^3" } }"#;

const REPORT: &str = "
const { env } = process;
const event = JSON.parse(env.STP_TRIGGER_EVENT_DATA ?? '{}');
const mode = env.MODE ?? event.mode ?? event.Records?.[0].body;
const attempt = env.STP_CURRENT_ATTEMPT ? `${env.STP_CURRENT_ATTEMPT}/${env.STP_MAXIMUM_ATTEMPTS}` : env.AWS_BATCH_JOB_ATTEMPT;
console.log(`${env.GREETING} ${mode} ${attempt} in ${env.AWS_BATCH_JQ_NAME}`);
if (mode === 'bad') process.exit(3);
if (mode === 'slow') setInterval(() => {}, 1000);
if (mode === 'nap') setTimeout(() => console.log('woke up'), 8000);
";

const FRIEND: &str = "
import { BatchClient, DescribeJobsCommand, ListJobsCommand, SubmitJobCommand, TerminateJobCommand } from '@aws-sdk/client-batch';
import { DescribeExecutionCommand, SFNClient, StartExecutionCommand } from '@aws-sdk/client-sfn';
import { SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
const { QUEUE, STP_REPORT_JOB_DEFINITION_ARN, STP_REPORT_STATE_MACHINE_ARN, STP_WISHES_URL } = process.env;
const [batch, sfn, sqs] = [new BatchClient({}), new SFNClient({}), new SQSClient({})];
const told = new Set();
const tell = (text: string) => { if (!told.has(text)) { told.add(text); console.log(text); } };
const submit = async (mode: string, more = {}) => (await batch.send(new SubmitJobCommand({
  jobName: mode, jobQueue: QUEUE, jobDefinition: STP_REPORT_JOB_DEFINITION_ARN,
  containerOverrides: { environment: [{ name: 'MODE', value: mode }] }, ...more,
}))).jobId!;
const machine = async (mode: string) => (await sfn.send(new StartExecutionCommand({
  stateMachineArn: STP_REPORT_STATE_MACHINE_ARN,
  input: JSON.stringify({ jobName: `of-machine-${mode}`, triggerEvent: JSON.stringify({ mode }) }),
}))).executionArn!;
const jobs = [
  await submit('slow', { timeout: { attemptDurationSeconds: 60 }, retryStrategy: { attempts: 3 } }),
  await submit('good'),
  await submit('bad', { retryStrategy: { attempts: 2 } }),
];
const ended = await submit('slow', { jobName: 'ended' });
await batch.send(new TerminateJobCommand({ jobId: ended, reason: 'nobody needs it' }));
jobs.push(ended);
for (const wrong of [{ jobDefinition: 'nothing' }, { jobQueue: 'nowhere' }, { dependsOn: [{ jobId: ended }] }]) {
  await submit('good', wrong).catch(error => tell(`wrong ${Object.keys(wrong)[0]}: ${error.name}`));
}
const machines = { good: await machine('good'), bad: await machine('bad') };
await sqs.send(new SendMessageCommand({ QueueUrl: STP_WISHES_URL, MessageBody: 'wish' }));
for (;;) {
  const described = await batch.send(new DescribeJobsCommand({ jobs }));
  for (const job of described.jobs ?? []) {
    if (job.stoppedAt) {
      tell(`${job.jobName} ${job.status} after ${job.attempts!.length}, exit code ${job.container!.exitCode}: ${job.statusReason}`);
    }
  }
  const list = await batch.send(new ListJobsCommand({ jobQueue: QUEUE, jobStatus: 'SUCCEEDED' }));
  for (const job of list.jobSummaryList ?? []) tell(`listed ${job.jobName!.replace(/-[0-9a-f]{8}-.*/, '')}`);
  for (const [name, executionArn] of Object.entries(machines)) {
    const { status } = await sfn.send(new DescribeExecutionCommand({ executionArn }));
    tell(`machine ${name} ${status}`);
  }
  await new Promise(resolve => setTimeout(resolve, 300));
}
";

const STRANGER: &str = "
import { BatchClient, DescribeJobsCommand, SubmitJobCommand } from '@aws-sdk/client-batch';
import { SFNClient, StartExecutionCommand } from '@aws-sdk/client-sfn';
const { DEFINITION, MACHINE, QUEUE } = process.env;
const batch = new BatchClient({});
const attempts: Record<string, () => Promise<unknown>> = {
  submit: () => batch.send(new SubmitJobCommand({ jobName: 'x', jobQueue: QUEUE, jobDefinition: DEFINITION })),
  describe: () => batch.send(new DescribeJobsCommand({ jobs: ['x'] })),
  start: () => new SFNClient({}).send(new StartExecutionCommand({ stateMachineArn: MACHINE })),
};
for (const [name, attempt] of Object.entries(attempts)) {
  await attempt().then(() => console.log(`${name} answered`), error => console.log(`${name} refused ${error.name}`));
}
setInterval(() => {}, 1000);
";

/// A project with a job; none, and a word on standard error, where that cannot be had.
fn project() -> Option<Project> {
    Project::connected(&[
        ("stacktape.yml", CONFIG),
        ("package.json", PACKAGES),
        ("src/report.ts", REPORT),
        ("src/friend.ts", FRIEND),
        ("src/stranger.ts", STRANGER),
    ])
}

fn logs(project: &Project, resource: &str) -> String {
    let of = [
        "logs",
        PROJECT[0],
        PROJECT[1],
        "--resourceName",
        resource,
        "--raw",
    ];
    project.home.must(&of)
}

fn say(project: &Project, resource: &str, text: &str, patience: Duration) {
    let said = within(patience, || {
        logs(project, resource)
            .lines()
            .any(|line| line == text)
            .then_some(())
    });
    if said.is_none() {
        let all: Vec<String> = ["friend", "stranger", "report"]
            .iter()
            .map(|name| format!("{name}:\n{}", logs(project, name)))
            .collect();
        let stack = project.home.must(&["info:stack", PROJECT[0], PROJECT[1]]);
        panic!("{resource} does not say `{text}`\n{}\n{stack}", all.join("\n"));
    }
}

#[test]
fn a_job_runs_to_its_end_for_whom_it_is_connected_to() {
    let Some(project) = project() else { return };
    project.must_deploy();
    let queue = "app-dev-batch-onDemand--job-queue";
    for (resource, text) in [
        ("stranger", "submit refused AccessDeniedException"),
        ("stranger", "describe refused AccessDeniedException"),
        ("stranger", "start refused AccessDeniedException"),
        ("friend", "wrong jobDefinition: AccessDeniedException"),
        ("friend", "wrong jobQueue: AccessDeniedException"),
        ("friend", "wrong dependsOn: ClientException"),
        ("report", &format!("hello good 1 in {queue}")),
        (
            "friend",
            "good SUCCEEDED after 1, exit code 0: Essential container in task exited",
        ),
        (
            "friend",
            "bad FAILED after 2, exit code 3: Essential container in task exited",
        ),
        ("report", &format!("hello good 1/2 in {queue}")),
        ("friend", "machine good SUCCEEDED"),
        ("report", &format!("hello bad 2/2 in {queue}")),
        ("friend", "machine bad FAILED"),
        ("friend", "listed of-machine-good"),
        ("report", &format!("hello wish 1/2 in {queue}")),
    ] {
        say(&project, resource, text, DEADLINE);
    }
    let past_timeout = DEADLINE + Duration::from_secs(60);
    let text = "slow FAILED after 1, exit code 143: Job attempt duration exceeded timeout";
    say(&project, "friend", text, past_timeout);

    let told = project.home.must(&["info:stack", PROJECT[0], PROJECT[1]]);
    assert!(
        told.contains(
            "definition arn:aws:batch:local:000000000000:job-definition/app-dev-report-job-definition:1"
        ),
        "{told}"
    );
    assert!(told.contains("attempt 2 of 2, exit code 3"), "{told}");
    let again = project.must_deploy();
    assert!(again.stderr.contains("nothing has changed"), "{again:?}");
    project.home.must(&["delete", PROJECT[0], PROJECT[1], "--yes"]);
}

/// Asks until it is answered, and does not give up when the engine goes away meanwhile.
const ASK: &str = r#"body='{"jobName":"x","jobQueue":"main","jobDefinition":"report"}'
until wget -qO- --post-data="$body" http://169.254.170.2/v1/submitjob; do :; done; echo; echo answered"#;

#[test]
fn an_engine_killed_while_it_takes_or_ends_a_job_forgets_none_and_runs_none_twice() {
    // How many jobs there are then: what was written down and not answered is asked for again.
    for (moment, wanted) in [("job.decided", 1), ("job.submitted", 2), ("job.saved", 1)] {
        let Some(stage) = Stage::ready() else { return };
        stage.home.must(&["engine", "stop", "--tasks"]);
        let mut engine = engine_killed_at(&stage, moment);
        let socket = stage.home.files().socket();
        eventually("an engine", DEADLINE, || {
            tapedeck_api::Client::connect(&socket).ok()
        });
        stage.apply(&[
            stage.named("report", "echo ran").job(),
            stage.named("caller", &format!("{ASK}; {WAIT}")).granted_jobs(),
        ]);
        eventually(&format!("the end at {moment}"), DEADLINE, || {
            engine.try_wait().unwrap()
        });
        stage.home.must(&["engine", "start"]);
        let jobs = eventually(&format!("the end of all jobs after {moment}"), DEADLINE, || {
            let stack = stage.client().describe_stack(&crate::stage::stack()).unwrap();
            let service = stack.services.into_iter().find(|one| one.job.is_some())?;
            let jobs = service.job.unwrap().jobs;
            let is_over = jobs.len() == wanted && jobs.iter().all(|job| job.status == JobStatus::Succeeded);
            is_over.then_some(jobs)
        });
        assert!(
            jobs.iter().all(|job| job.attempts == 1),
            "after {moment}: {jobs:?}"
        );
        let lines = stage.logs(&["--resourceName", "report", "--raw"]);
        assert_eq!(lines.lines().count(), wanted, "after {moment}: {lines}");
        stage.home.must(&["engine", "stop", "--tasks"]);
    }
}

#[test]
fn a_job_outlives_the_engine_and_counts_once() {
    let Some(project) = project() else { return };
    let nap = FRIEND.replace("const jobs = [", "await machine('nap');\nconst jobs: string[] = [];\nfor (;;) await new Promise(resolve => setTimeout(resolve, 1000));\nconst unused = [");
    project.write("src/friend.ts", &nap);
    project.must_deploy();
    let job = |wanted: JobStatus| {
        let stack = project.stack();
        let service = stack.services.into_iter().find(|one| one.job.is_some()).unwrap();
        let job = service.job.unwrap();
        job.jobs.into_iter().find(|one| one.status == wanted)
    };
    eventually("a job that runs", DEADLINE, || job(JobStatus::Running));
    project.home.kill_engine();
    project.home.must(&["engine", "start"]);
    let over = eventually("the end of the job", DEADLINE, || job(JobStatus::Succeeded));
    assert_eq!((over.attempts, over.exit_code), (1, Some(0)));
    let count = logs(&project, "report").matches("woke up").count();
    assert_eq!(count, 1);
    let executions = eventually("the step to be told", DEADLINE, || {
        let stack = project.stack();
        let report = stack.services.into_iter().find(|one| one.job.is_some()).unwrap();
        (report.job.unwrap().jobs.len() == 1).then_some(1)
    });
    assert_eq!(executions, 1);
    project.home.must(&["delete", PROJECT[0], PROJECT[1], "--yes"]);
}
