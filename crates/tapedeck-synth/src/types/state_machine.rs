//! `state-machine`: a machine of Step Functions, and the role that all of a stack share.

use serde_json::{Value, json};

use super::{Kind, Parameters, Target};
use crate::SynthError;
use crate::assembly::Assembly;
use crate::intrinsic::{attribute, join, select, split};
use crate::policy::{allow, inline, trust};
use crate::template::Resource;

pub(super) const KIND: Kind = Kind {
    name: "state-machine",
    build,
    parameters,
    grants,
    in_vpc: false,
};

const ROLE: &str = "StpGlobalStateMachineRole";

/// What a machine means where it does not say so.
const MEANT_ANYWAY: [(&str, &str); 2] = [("Version", "1.0"), ("QueryLanguage", "JSONPath")];

fn build(machine: &Target<'_>, assembly: &mut Assembly<'_>) -> Result<(), SynthError> {
    let mut definition = match machine.get("definition") {
        Some(definition) => assembly.data(definition)?,
        None => Value::Null,
    };
    if let Some(definition) = definition.as_object_mut() {
        definition.retain(|key, value| {
            !MEANT_ANYWAY
                .iter()
                .any(|(known, meant)| key == known && *value == *meant)
        });
    }
    let properties = json!({
        "StateMachineName": assembly.names.physical(machine.name, 80),
        "Definition": definition,
        "RoleArn": attribute(ROLE, "Arn"),
    });
    assembly.add(
        &machine.id("StateMachine"),
        Resource::new("AWS::StepFunctions::StateMachine", properties),
    );
    let role = role(assembly);
    assembly.add(ROLE, role);
    Ok(())
}

/// What a machine may start on its own.
fn role(assembly: &Assembly<'_>) -> Resource {
    let names = &assembly.names;
    let everything = || vec![Value::from("*")];
    let rule = |name: &str| {
        let rule = names.arn("events", &format!("rule/{name}"));
        allow(
            &["events:PutTargets", "events:PutRule", "events:DescribeRule"],
            vec![Value::from(rule)],
        )
    };
    let functions = names.arn("lambda", &format!("function:{}*", names.stack));
    let statements = vec![
        allow(
            &["batch:SubmitJob", "batch:DescribeJobs", "batch:TerminateJob"],
            everything(),
        ),
        rule("StepFunctionsGetEventsForBatchJobsRule"),
        allow(&["lambda:InvokeFunction"], vec![Value::from(functions)]),
        allow(
            &[
                "dynamodb:GetItem",
                "dynamodb:PutItem",
                "dynamodb:UpdateItem",
                "dynamodb:DeleteItem",
            ],
            everything(),
        ),
        allow(
            &["ecs:RunTask", "ecs:StopTask", "ecs:DescribeTasks"],
            everything(),
        ),
        rule("StepFunctionsGetEventsForECSTaskRule"),
        allow(&["sns:Publish"], everything()),
        allow(&["sqs:SendMessage"], everything()),
        allow(
            &[
                "glue:StartJobRun",
                "glue:GetJobRun",
                "glue:GetJobRuns",
                "glue:BatchStopJobRun",
            ],
            everything(),
        ),
    ];
    let properties = json!({
        "AssumeRolePolicyDocument": trust("states.amazonaws.com", names),
        "Path": "/",
        "Policies": [inline("policy-for-interaction", statements)],
    });
    Resource::new("AWS::IAM::Role", properties)
}

fn parameters(machine: &Target<'_>, _: &mut Assembly<'_>) -> Result<Parameters, SynthError> {
    Ok(vec![
        ("name".to_string(), machine.attribute("StateMachine", "Name")),
        ("arn".to_string(), machine.reference("StateMachine")),
    ])
}

fn grants(machine: &Target<'_>, _: &Assembly<'_>) -> Vec<Value> {
    let actions = [
        "states:StartExecution",
        "states:StopExecution",
        "states:ListExecutions",
        "states:DescribeExecution",
    ];
    grants_of(&machine.reference("StateMachine"), &actions)
}

/// What connecting to a machine allows: actions on itself, and to look at and stop its executions.
pub(super) fn grants_of(machine: &Value, actions: &[&str]) -> Vec<Value> {
    vec![
        allow(actions, vec![machine.clone()]),
        allow(
            // To stop one is an action on the execution, not on the machine.
            &["states:DescribeExecution", "states:StopExecution"],
            vec![executions(machine)],
        ),
    ]
}

/// The executions of a machine, as an ARN made of its own.
fn executions(machine: &Value) -> Value {
    let part = |index: usize| select(index, &split(":", machine));
    let mut parts: Vec<Value> = (0..5).map(part).collect();
    parts.extend(["execution".into(), part(6), "*".into()]);
    join(":", parts)
}
