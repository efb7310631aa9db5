//! A function that starts the machine of a job, for events that can start functions only. A job without events has none.

use serde_json::json;
use tapedeck_model::naming::upper_snake_case;

use super::{Target, machine};
use crate::SynthError;
use crate::assembly::Assembly;
use crate::naming::within;
use crate::policy::{allow, inline};
use crate::types::lambda::Lambda;
use crate::types::triggers;

/// What the name of the job gets behind it.
const PART: &str = "TriggerFunction";

/// Names of jobs have 128 characters at most, 37 of which are those of a call.
const LONGEST_NAME: usize = 91;

/// Its code. A call that is tried again finds that its run has begun.
const CODE: &str = "const { SFNClient, StartExecutionCommand } = require('@aws-sdk/client-sfn');
const machines = new SFNClient();
exports.handler = async (event, { awsRequestId }) => {
  const jobName = `${process.env.BATCH_JOB_NAME_BASE}-${awsRequestId}`;
  const input = JSON.stringify({ jobName, triggerEvent: JSON.stringify(event) });
  try {
    await machines.send(new StartExecutionCommand({ stateMachineArn: process.env.STATE_MACHINE_ARN, name: awsRequestId, input }));
  } catch (error) {
    if (error.name !== 'ExecutionAlreadyExists') throw error;
  }
  return { jobName };
};
";

/// The logical id of the function.
pub(super) fn function_id(job: &Target<'_>) -> String {
    job.id(&format!("{PART}Function"))
}

/// Adds it, and what calls it.
pub(super) fn add(job: &Target<'_>, assembly: &mut Assembly<'_>) -> Result<(), SynthError> {
    if !job.is_used("events") {
        return Ok(());
    }
    let mut statements = vec![allow(
        &["states:StartExecution"],
        vec![job.reference(machine::PART)],
    )];
    statements.extend(triggers::add(job, &function_id(job), assembly)?);
    let name = upper_snake_case(job.name).to_ascii_lowercase().replace('_', "-");
    let name = within(format!("{name}-{}", assembly.names.stack), LONGEST_NAME);
    let properties = json!({
        "Architectures": ["arm64"],
        "Code": { "ZipFile": CODE },
        "Environment": { "Variables": {
            "BATCH_JOB_NAME_BASE": name,
            "STATE_MACHINE_ARN": job.reference(machine::PART),
        } },
        "Handler": "index.handler",
        "Runtime": "nodejs24.x",
        "Tags": assembly.tags(),
        "Timeout": 10,
    });
    let lambda = Lambda {
        name: format!("{}{PART}", job.name),
        retention_days: Some(90),
        role_name: format!("{}{PART}-TRIGGER", job.name),
        policies: vec![inline("custom-iam-role-statements", statements)],
        managed_policies: Vec::new(),
    };
    lambda.add(properties, Vec::new(), assembly);
    Ok(())
}
