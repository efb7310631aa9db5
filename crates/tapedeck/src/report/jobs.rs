//! A definition of jobs, and the jobs that were submitted.

use std::fmt::Write;

use tapedeck_api::{JobDefinitionStatus, JobSummary, ServiceStatus};
use tapedeck_model::{JobStatus, Timestamp};

use super::{Detail, SHOWN};
use crate::printer::{BOLD, DIM, GREEN, RED, RESET, YELLOW};
use crate::text::{count, instant, span};

/// The definition, and its last jobs.
pub(super) fn section(
    service: &ServiceStatus,
    job: &JobDefinitionStatus,
    detail: Detail,
    now: Timestamp,
) -> String {
    let mut out = String::new();
    let is_left = |one: &&JobSummary| !matches!(one.status, JobStatus::Succeeded | JobStatus::Failed);
    let left = job.jobs.iter().filter(is_left).count();
    let _ = writeln!(
        out,
        "  {BOLD}{}{RESET}  {GREEN}job{RESET}  {} under way, {} remembered",
        service.name,
        count(left, "job"),
        job.jobs.len()
    );
    let timeout = job
        .timeout_seconds
        .map_or_else(String::new, |seconds| format!(", at most {seconds} s"));
    let _ = writeln!(
        out,
        "    definition {}, image {}, {}, {}{timeout}",
        job.definition_arn,
        service.image.short(),
        service.cpu,
        service.memory
    );
    for waiting in &service.waiting {
        let _ = writeln!(out, "    {YELLOW}waiting{RESET} {waiting}");
    }
    if detail == Detail::Full {
        for one in job.jobs.iter().take(2 * SHOWN) {
            let _ = writeln!(out, "    {}", line(one, now));
        }
        let events = &service.events[service.events.len().saturating_sub(SHOWN)..];
        for event in events {
            let _ = writeln!(out, "    {DIM}{} {}{RESET}", instant(event.at), event.message);
        }
    }
    out
}

/// `job nightly 0a1b2c3d FAILED 5 s ago after 3 s, attempt 2 of 2, exit code 1: …`
fn line(job: &JobSummary, now: Timestamp) -> String {
    let colour = match job.status {
        JobStatus::Succeeded => GREEN,
        JobStatus::Failed => RED,
        JobStatus::Runnable | JobStatus::Starting | JobStatus::Running => YELLOW,
    };
    let when = match (job.stopped, job.started) {
        (Some(stopped), Some(started)) => format!(
            "{} ago after {}",
            span(now.since(stopped)),
            span(stopped.since(started))
        ),
        (Some(stopped), None) => format!("{} ago", span(now.since(stopped))),
        (None, Some(started)) if job.status == JobStatus::Running => {
            format!("for {}", span(now.since(started)))
        }
        (None, _) => format!("since {}", span(now.since(job.created))),
    };
    let attempt = match job.attempts {
        0 => String::new(),
        attempts => format!(", attempt {attempts} of {}", job.most_attempts),
    };
    let code = job
        .exit_code
        .map_or_else(String::new, |code| format!(", exit code {code}"));
    let reason = job
        .reason
        .as_ref()
        .map_or_else(String::new, |reason| format!(": {reason}"));
    format!(
        "job {} {} {colour}{}{RESET} {when}{attempt}{code}{reason}",
        job.name,
        job.id.short(),
        job.status
    )
}
