//! What becomes of jobs on this machine.

use serde_json::Value;
use tapedeck_model::ResourceName;

use crate::local::{ACCOUNT, LocalStack, localize};
use crate::tests::stack;

const CONFIG: &str = "
resources:
  wishes: { type: sqs-queue }
  db:
    type: relational-database
    properties:
      credentials: { masterUserPassword: $Secret('db') }
      accessibility: { accessibilityMode: scoping-workloads-in-vpc }
      engine:
        type: postgres
        properties: { version: '16.6', primaryInstance: { instanceSize: db.t4g.micro } }
  report:
    type: batch-job
    properties:
      container:
        packaging: { type: prebuilt-image, properties: { image: busybox } }
        environment: [{ name: A, value: b }]
      resources: { cpu: 1, memory: 256 }
      timeout: 90
      retryConfig: { attempts: 3 }
      connectTo: [db]
      events: [{ type: sqs, properties: { sqsQueueName: wishes } }]
  worker:
    type: worker-service
    properties:
      packaging: { type: stacktape-image-buildpack, properties: { entryfilePath: src/main.ts } }
      connectTo: [report]
      resources: { cpu: 0.25, memory: 512 }
  stranger:
    type: worker-service
    properties:
      packaging: { type: stacktape-image-buildpack, properties: { entryfilePath: src/main.ts } }
      resources: { cpu: 0.25, memory: 512 }
";

fn local() -> LocalStack {
    localize(&stack(CONFIG), ACCOUNT).unwrap()
}

fn name(text: &str) -> ResourceName {
    ResourceName::new(text).unwrap()
}

fn variable(local: &LocalStack, service: &str, variable: &str) -> Value {
    let mut variables = local.workloads[&name(service)].environments.values().flatten();
    let found = variables.find(|(known, _)| known == variable);
    found.map(|(_, value)| value.clone()).unwrap_or_default()
}

#[test]
fn a_job_has_its_variables_its_role_and_what_it_may_connect_to() {
    let local = local();
    let job = &local.jobs[&name("report")];
    assert_eq!(job.timeout_seconds, Some(90));
    assert!(
        job.definition_arn
            .ends_with(":job-definition/shop-dev-report-job-definition"),
        "{job:?}"
    );
    assert_eq!(job.queue_arns.len(), 2);
    assert_eq!(variable(&local, "report", "A"), "b");
    let workload = &local.workloads[&name("report")];
    assert!(workload.role.is_some());
    let reached: Vec<&str> = workload.reaches.iter().map(|one| one.resource.as_str()).collect();
    assert_eq!(reached, ["db"]);
    assert!(
        !workload
            .environments
            .values()
            .flatten()
            .any(|(known, _)| known == "STP_DB_ARN")
    );
}

#[test]
fn whoever_is_connected_is_told_arns_and_may_submit_and_nobody_else_may() {
    let local = local();
    let arn = variable(&local, "worker", "STP_REPORT_JOB_DEFINITION_ARN");
    assert_eq!(arn, local.jobs[&name("report")].definition_arn.as_str());
    let actions = |service: &str| -> Vec<String> {
        let grants = &local.workloads[&name(service)].job_grants;
        grants.iter().flat_map(|grant| grant.actions.clone()).collect()
    };
    assert!(actions("worker").contains(&"batch:SubmitJob".to_owned()));
    assert!(actions("stranger").is_empty());
}

#[test]
fn an_emulator_is_given_a_step_that_it_can_take_and_nothing_of_batch() {
    let local = local();
    let kinds = local.template.resources.values().map(|one| one.kind.as_str());
    assert!(kinds.into_iter().all(|kind| !kind.starts_with("AWS::Batch")));
    let machine = &local.template.resources["ReportJobExecutionStateMachine"];
    let definition = machine.properties["DefinitionString"].as_str().unwrap();
    let definition: Value = serde_json::from_str(definition).unwrap();
    let step = &definition["States"]["onDemand1"];
    assert_eq!(step["Resource"], super::SEND);
    let message = &step["Parameters"]["MessageBody"];
    assert_eq!(message["Token.$"], "$$.Task.Token");
    assert_eq!(
        message["Job"]["JobDefinition"],
        local.jobs[&name("report")].definition_arn.as_str()
    );
    assert_eq!(step["Retry"][0]["MaxAttempts"], 2, "as it was");
    let url = step["Parameters"]["QueueUrl"].as_str().unwrap();
    assert!(url.ends_with(&local.jobs[&name("report")].inbox), "{url}");
    let trigger = &local.template.resources["ReportTriggerFunctionFunction"];
    assert!(
        !trigger.properties["Code"]["ZipFile"]
            .as_str()
            .unwrap()
            .contains("aws-sdk")
    );
    let role = local.template.resources["WorkerRole"].properties.to_string();
    assert!(
        !role.contains("batch:") && role.contains("states:StartExecution"),
        "{role}"
    );
}
