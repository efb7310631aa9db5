//! How services of a stack are scaled, and why they were, as Application Auto Scaling has it.

use std::process::ExitCode;

use serde_json::{Value, json};
use tapedeck_cloud::{CloudError, ScalableTarget, ScalingActivity, ScalingPolicy, ServiceArn, ServiceState};
use tapedeck_model::StackName;

use super::Aws;
use crate::exit::{Failure, Outcome};
use crate::printer::{BOLD, DIM, GREEN, Printer, RED, RESET, YELLOW};
use crate::text::instant;

/// Activities that are shown; `--json` has all.
const SHOWN: usize = 10;

/// A service with all that is told of it.
struct Told {
    name: String,
    state: ServiceState,
    /// Nothing when the number of tasks is fixed.
    target: Option<ScalableTarget>,
    policies: Vec<ScalingPolicy>,
    /// Nothing when they could not be read.
    activities: Option<Vec<ScalingActivity>>,
}

/// Shows how the number of tasks came about.
///
/// # Errors
/// When there is no such stack or service, or nobody tells how it is scaled.
pub(crate) fn run(aws: &Aws, stack: &StackName, services: &[String], printer: &Printer) -> Outcome {
    let (_, services) = aws.services(stack, services)?;
    let arns: Vec<ServiceArn> = services.iter().map(|service| service.arn.clone()).collect();
    let mut states = aws.run(aws.cloud.services(&arns))?;
    let mut targets = aws
        .wait(aws.cloud.scalable_targets(&arns))
        .map_err(|error| unanswered(aws, error))?;
    let mut told = Vec::new();
    for service in services {
        let Some(state) = states.remove(&service.arn) else {
            continue;
        };
        let target = targets.remove(&service.arn);
        let policies = match &target {
            Some(_) => aws.run(aws.cloud.scaling_policies(&service.arn))?,
            None => Vec::new(),
        };
        told.push(Told {
            name: service.name,
            state,
            activities: activities(aws, &service.arn, target.is_some(), printer),
            target,
            policies,
        });
    }
    match printer.is_json() {
        true => {
            let services = told.iter().map(|one| as_json(stack, one));
            printer.json(&services.collect::<Vec<Value>>());
        }
        false => {
            let services: Vec<String> = told.iter().map(shown).collect();
            printer.data(services.join("\n").trim_end());
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// The activities of a service that is scaled. That they are not told takes nothing from the rest.
fn activities(
    aws: &Aws,
    service: &ServiceArn,
    is_scaled: bool,
    printer: &Printer,
) -> Option<Vec<ScalingActivity>> {
    if !is_scaled {
        return Some(Vec::new());
    }
    match aws.wait(aws.cloud.scaling_activities(service)) {
        Ok(activities) => Some(activities),
        Err(error) => {
            let why = std::error::Error::source(&error).map(|why| format!(": {why}"));
            printer.warn(format!("{error}{}", why.unwrap_or_default()));
            None
        }
    }
}

/// The failure when nobody tells how services are scaled.
fn unanswered(aws: &Aws, error: CloudError) -> Failure {
    let failure = super::failed(error);
    match aws.endpoint_url {
        Some(_) => failure.help(format!(
            "see that what answers in {} has Application Auto Scaling: not every emulator does; `tapedeck info:stack` shows how many \
             tasks there are",
            aws.cloud.place()
        )),
        None => failure,
    }
}

fn as_json(stack: &StackName, told: &Told) -> Value {
    let scaling = told.target.as_ref().map(|target| {
        json!({
            "minInstances": target.min,
            "maxInstances": target.max,
            "suspended": target.suspended,
        })
    });
    let policies = told.policies.iter().map(|policy| {
        json!({
            "name": policy.name, "type": policy.kind, "metric": policy.metric, "target": policy.target,
            "scaleOutCooldown": policy.scale_out_cooldown, "scaleInCooldown": policy.scale_in_cooldown,
            "onlyAdds": policy.only_adds,
        })
    });
    let decisions = told.activities.as_ref().map(|activities| {
        let decisions = activities.iter().map(|one| {
            json!({
                "at": one.at, "endedAt": one.ended_at, "status": one.status, "description": one.description,
                "reason": one.cause, "message": one.message, "notScaled": one.not_scaled,
            })
        });
        decisions.collect::<Vec<Value>>()
    });
    json!({
        "stack": stack,
        "name": told.name,
        "desiredCount": told.state.desired,
        "runningCount": told.state.running,
        "scaling": scaling,
        "policies": policies.collect::<Vec<Value>>(),
        "decisions": decisions,
    })
}

fn shown(told: &Told) -> String {
    let mut head = format!(
        "{BOLD}{}{RESET}  {}/{} running",
        told.name, told.state.running, told.state.desired
    );
    let Some(target) = &told.target else {
        head.push_str(", not scaled: it has no scalable target\n");
        return head;
    };
    head.push_str(&format!(", between {} and {}", target.min, target.max));
    if !target.suspended.is_empty() {
        let suspended = target.suspended.join(" and ");
        head.push_str(&format!(", {YELLOW}{suspended} suspended{RESET}"));
    }
    let mut lines = vec![head];
    lines.extend(told.policies.iter().map(|policy| format!("  {}", rule(policy))));
    match &told.activities {
        None => {}
        Some(activities) if activities.is_empty() => {
            lines.push("  the number of tasks was not changed in the last weeks".to_owned());
        }
        Some(activities) => {
            let newest = activities.len().saturating_sub(SHOWN);
            lines.extend(activities[newest..].iter().map(activity));
        }
    }
    lines.push(String::new());
    lines.join("\n")
}

fn rule(policy: &ScalingPolicy) -> String {
    let mut rule = match (&policy.metric, policy.target) {
        (Some(metric), Some(target)) => format!("keeps {metric} near {target}"),
        _ => policy.kind.clone(),
    };
    let cooldowns = [
        ("adding", policy.scale_out_cooldown),
        ("removing", policy.scale_in_cooldown),
    ];
    for (what, seconds) in cooldowns {
        if let Some(seconds) = seconds {
            rule.push_str(&format!(", {seconds} s of rest after {what}"));
        }
    }
    if policy.only_adds {
        rule.push_str(", removes none");
    }
    format!("{rule}  {DIM}{}{RESET}", policy.name)
}

fn activity(one: &ScalingActivity) -> String {
    let at = format!("  {DIM}{}{RESET}", instant(one.at));
    if !one.not_scaled.is_empty() {
        let codes = one.not_scaled.join(", ");
        return format!("{at} {YELLOW}not scaled{RESET}  {codes}: {}", one.cause);
    }
    let colour = match one.status.as_str() {
        "Successful" => GREEN,
        "Failed" | "Unfulfilled" => RED,
        _ => YELLOW,
    };
    let message = match (&one.message, one.status.as_str()) {
        (None, _) | (_, "Successful") => String::new(),
        (Some(message), _) => format!("; {message}"),
    };
    format!(
        "{at} {colour}{}{RESET}  {}{message}  {}",
        one.status, one.description, one.cause
    )
}

#[cfg(test)]
mod tests;
