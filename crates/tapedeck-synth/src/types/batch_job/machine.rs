//! The machine that runs a job: it waits for the end, and tries the job again as often as was asked for.

use serde_json::{Value, json};

use super::{Target, compute, definition_name, has_gpu};
use crate::assembly::Assembly;
use crate::intrinsic::attribute;
use crate::policy::{allow, inline, trust};
use crate::template::Resource;

/// What its logical id ends with.
pub(super) const PART: &str = "JobExecutionStateMachine";

const ROLE: &str = "StpBatchStateMachineRole";

/// The number of the attempt, as the language of Step Functions says it.
const ATTEMPT: &str = "States.Format('{}', States.MathAdd($$.State.RetryCount, 1))";

/// The name of the machine.
pub(super) fn name(job: &Target<'_>, assembly: &Assembly<'_>) -> String {
    assembly
        .names
        .physical(&format!("{}-batch-state-machine", job.name), 80)
}

/// Adds it, and the role that the machines of all jobs share.
pub(super) fn add(job: &Target<'_>, assembly: &mut Assembly<'_>) {
    let properties = json!({
        "StateMachineName": name(job, assembly),
        "StateMachineType": "STANDARD",
        "DefinitionString": definition(job, assembly).to_string(),
        "RoleArn": attribute(ROLE, "Arn"),
    });
    assembly.add(
        &job.id(PART),
        Resource::new("AWS::StepFunctions::StateMachine", properties),
    );
    let role = role(assembly);
    assembly.add(ROLE, role);
}

/// What machines may do: run jobs of this stack, and hear of their end.
fn role(assembly: &Assembly<'_>) -> Resource {
    let names = &assembly.names;
    let batch = |rest: &str| Value::from(names.arn("batch", rest));
    let rule = names.arn("events", "rule/StepFunctionsGetEventsForBatchJobsRule");
    let statements = vec![
        allow(
            &["batch:SubmitJob"],
            vec![
                batch(&format!("job-definition/{}-*", names.stack)),
                batch(&format!("job-queue/{}-batch-*", names.stack)),
            ],
        ),
        allow(&["batch:TerminateJob"], vec![batch("job/*")]),
        // AWS knows no look at some jobs only.
        allow(&["batch:DescribeJobs"], vec![Value::from("*")]),
        allow(
            &["events:PutTargets", "events:PutRule", "events:DescribeRule"],
            vec![Value::from(rule)],
        ),
    ];
    let role = json!({
        "AssumeRolePolicyDocument": trust("states.amazonaws.com", names),
        "Path": "/",
        "Policies": [inline("batchjob-sm-policy", statements)],
    });
    Resource::new("AWS::IAM::Role", role)
}

fn definition(job: &Target<'_>, assembly: &Assembly<'_>) -> Value {
    let kind = match job.flag("useSpotInstances") {
        true => compute::SPOT,
        false => compute::ON_DEMAND,
    };
    let names = &assembly.names;
    let attempts = job.number("retryConfig.attempts").unwrap_or(1).max(1);
    let definition = format!("job-definition/{}", definition_name(job, assembly));
    let mut attempt = json!({ "Name": "STP_CURRENT_ATTEMPT", "Value": "1" });
    if attempts > 1 {
        attempt = json!({ "Name": "STP_CURRENT_ATTEMPT", "Value.$": ATTEMPT });
    }
    let mut run = json!({
        "Type": "Task",
        "Resource": format!("arn:{}:states:::batch:submitJob.sync", names.partition),
        "Parameters": {
            "JobDefinition": names.arn("batch", &definition),
            "JobName.$": "$.jobName",
            "JobQueue": compute::queue_arn(kind, has_gpu(job), assembly),
            "ContainerOverrides": { "Environment": [
                { "Name": "STP_TRIGGER_EVENT_DATA", "Value.$": "$.triggerEvent" },
                { "Name": "STP_MAXIMUM_ATTEMPTS", "Value": attempts.to_string() },
                attempt,
                { "Name": "AWS_REGION", "Value": names.region },
            ] },
        },
        "Next": "succeed",
        "Catch": [{ "ErrorEquals": ["States.ALL"], "Next": "fail", "ResultPath": "$.error-info" }],
    });
    if attempts > 1 {
        run["Retry"] = json!([retry(job, attempts)]);
    }
    let name = format!("{kind}1");
    json!({
        "StartAt": name,
        "States": { "fail": { "Type": "Fail" }, "succeed": { "Type": "Succeed" }, name: run },
    })
}

/// When it is tried again. Step Functions waits for a second at least.
fn retry(job: &Target<'_>, attempts: u64) -> Value {
    let multiplier = job.get("retryConfig.retryIntervalMultiplier");
    let multiplier = multiplier.map(|factor| serde_json::to_value(factor).unwrap_or_default());
    json!({
        "ErrorEquals": ["States.ALL"],
        "MaxAttempts": attempts - 1,
        "IntervalSeconds": job.number("retryConfig.retryIntervalSeconds").unwrap_or(0).max(1),
        "BackoffRate": multiplier.unwrap_or_else(|| json!(1)),
    })
}
