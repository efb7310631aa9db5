//! What a machine that runs jobs itself has to know of one.

use tapedeck_model::Resource as Declared;

use super::{KIND, Target, compute, definition_name, function_id, has_gpu, keeps_logs};
use crate::assembly::Assembly;
use crate::naming::within;

/// The parts of a job.
pub(crate) struct JobParts {
    /// The logical id of its definition.
    pub(crate) definition_id: String,
    /// The ARN of that, without a revision.
    pub(crate) definition_arn: String,
    /// The logical id and the ARN of its group of logs, if it keeps them.
    pub(crate) log_group: Option<(String, String)>,
    /// The ARNs of the queues that it may be submitted to.
    pub(crate) queue_arns: Vec<String>,
    /// Seconds after which an attempt is ended.
    pub(crate) timeout_seconds: Option<u32>,
    /// The logical id of its role.
    pub(crate) role_id: String,
    /// The logical id of the function that its events call, if it has some.
    pub(crate) trigger_id: Option<String>,
}

/// The parts of a resource that is a job.
pub(crate) fn parts(resource: &Declared, assembly: &Assembly<'_>) -> Option<JobParts> {
    let job = &Target::of(resource);
    if job.kind != KIND.name {
        return None;
    }
    let names = &assembly.names;
    let definition = format!("job-definition/{}", definition_name(job, assembly));
    let log_group = keeps_logs(job).then(|| {
        let path = within(super::log_group_path(job, assembly), 512);
        (
            job.id("LogGroup"),
            names.arn("logs", &format!("log-group:{path}:*")),
        )
    });
    let timeout = job.number("timeout");
    Some(JobParts {
        definition_id: job.id("JobDefinition"),
        definition_arn: names.arn("batch", &definition),
        log_group,
        queue_arns: [compute::ON_DEMAND, compute::SPOT]
            .map(|kind| compute::queue_arn(kind, has_gpu(job), assembly))
            .to_vec(),
        timeout_seconds: timeout.and_then(|seconds| u32::try_from(seconds).ok()),
        role_id: job.id("Role"),
        trigger_id: job.is_used("events").then(|| function_id(job)),
    })
}
