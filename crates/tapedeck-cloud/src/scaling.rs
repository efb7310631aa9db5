//! How services of ECS are scaled, as Application Auto Scaling tells it.

use std::collections::BTreeMap;

use aws_sdk_applicationautoscaling::types as told;
use aws_sdk_applicationautoscaling::types::{ScalableDimension, ServiceNamespace};
use tapedeck_model::Timestamp;

use crate::call::CallError;
use crate::connect::{Cloud, time};
use crate::error::CloudError;
use crate::services::ServiceArn;

/// The most targets that can be asked for in one call.
const TARGETS_AT_ONCE: usize = 50;

/// The most activities of a service that are read.
const MOST_ACTIVITIES: usize = 100;

/// Between which numbers of tasks a service is scaled.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScalableTarget {
    /// The least.
    pub min: u32,
    /// The most.
    pub max: u32,
    /// Whether somebody has suspended that tasks are added, that they are removed, or that it goes by a schedule.
    pub suspended: Vec<&'static str>,
}

/// By what a service is scaled.
#[derive(Debug, Clone, PartialEq)]
pub struct ScalingPolicy {
    /// Its name.
    pub name: String,
    /// Its type: `TargetTrackingScaling`, `StepScaling`, `PredictiveScaling`.
    pub kind: String,
    /// What is kept near a value, for those that track a target: `ECSServiceAverageCPUUtilization`.
    pub metric: Option<String>,
    /// That value.
    pub target: Option<f64>,
    /// Seconds after which more tasks may be added to those that were added.
    pub scale_out_cooldown: Option<i32>,
    /// Seconds after which more tasks may be removed.
    pub scale_in_cooldown: Option<i32>,
    /// Whether tasks are only added.
    pub only_adds: bool,
}

/// Something that was done to the number of tasks, or was not done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScalingActivity {
    /// When it began.
    pub at: Timestamp,
    /// When it ended.
    pub ended_at: Option<Timestamp>,
    /// `Successful`, `InProgress`, `Failed` and others.
    pub status: String,
    /// What it was to do.
    pub description: String,
    /// Why.
    pub cause: String,
    /// What became of it.
    pub message: Option<String>,
    /// Why the number of tasks was left as it is: `AlreadyAtMaxCapacity`.
    pub not_scaled: Vec<String>,
}

impl Cloud {
    /// Between which numbers of tasks services are scaled; those that are not are left out.
    ///
    /// # Errors
    /// [`CloudError::NotDone`] when that may not be read or nobody answers.
    pub async fn scalable_targets(
        &self,
        services: &[ServiceArn],
    ) -> Result<BTreeMap<ServiceArn, ScalableTarget>, CloudError> {
        let mut found = BTreeMap::new();
        for some in services.chunks(TARGETS_AT_ONCE) {
            let told = self.some_targets(some).await;
            let told =
                told.map_err(|cause| self.not_done("read which services are scaled".to_owned(), cause))?;
            found.extend(told.into_iter().filter_map(|told| {
                let service = some
                    .iter()
                    .find(|service| resource(service) == told.resource_id)?;
                Some((service.clone(), target(&told)))
            }));
        }
        Ok(found)
    }

    async fn some_targets(&self, services: &[ServiceArn]) -> Result<Vec<told::ScalableTarget>, CallError> {
        let call = self
            .scaling
            .describe_scalable_targets()
            .service_namespace(ServiceNamespace::Ecs)
            .scalable_dimension(ScalableDimension::EcsServiceDesiredCount)
            .set_resource_ids(Some(services.iter().map(resource).collect()));
        let mut pages = call.into_paginator().send();
        let mut found = Vec::new();
        while let Some(page) = pages.next().await {
            let page = page
                .map_err(|error| CallError::new("application-autoscaling:DescribeScalableTargets", error))?;
            found.extend(page.scalable_targets.unwrap_or_default());
        }
        Ok(found)
    }

    /// By what a service is scaled, by name.
    ///
    /// # Errors
    /// [`CloudError::NotDone`] when that may not be read or nobody answers.
    pub async fn scaling_policies(&self, service: &ServiceArn) -> Result<Vec<ScalingPolicy>, CloudError> {
        let call = self
            .scaling
            .describe_scaling_policies()
            .service_namespace(ServiceNamespace::Ecs)
            .scalable_dimension(ScalableDimension::EcsServiceDesiredCount)
            .resource_id(resource(service));
        let mut pages = call.into_paginator().send();
        let mut found = Vec::new();
        while let Some(page) = pages.next().await {
            let page = page.map_err(|error| {
                let cause = CallError::new("application-autoscaling:DescribeScalingPolicies", error);
                self.not_done(
                    format!("read the scaling policies of service {}", service.name()),
                    cause,
                )
            })?;
            found.extend(page.scaling_policies.unwrap_or_default().into_iter().map(policy));
        }
        found.sort_by(|one, other| one.name.cmp(&other.name));
        Ok(found)
    }

    /// What was done to the number of tasks of a service in the last weeks, and what was not and why: the newest, the oldest of them first.
    ///
    /// # Errors
    /// [`CloudError::NotDone`] when that may not be read or nobody answers.
    pub async fn scaling_activities(&self, service: &ServiceArn) -> Result<Vec<ScalingActivity>, CloudError> {
        let call = self
            .scaling
            .describe_scaling_activities()
            .service_namespace(ServiceNamespace::Ecs)
            .scalable_dimension(ScalableDimension::EcsServiceDesiredCount)
            .resource_id(resource(service))
            .include_not_scaled_activities(true);
        let mut pages = call.into_paginator().send();
        let mut found = Vec::new();
        while let Some(page) = pages.next().await {
            let page = page.map_err(|error| {
                let cause = CallError::new("application-autoscaling:DescribeScalingActivities", error);
                self.not_done(
                    format!("read the scaling activities of service {}", service.name()),
                    cause,
                )
            })?;
            let activities = page.scaling_activities.unwrap_or_default();
            found.extend(activities.into_iter().map(activity));
            if found.len() >= MOST_ACTIVITIES {
                break;
            }
        }
        found.truncate(MOST_ACTIVITIES);
        found.sort_by_key(|activity| activity.at);
        Ok(found)
    }
}

/// What a service is called there.
fn resource(service: &ServiceArn) -> String {
    format!("service/{}/{}", service.cluster(), service.name())
}

fn target(target: &told::ScalableTarget) -> ScalableTarget {
    let suspended = target.suspended_state.as_ref();
    let suspended = suspended.map(|state| {
        [
            ("scaling out", state.dynamic_scaling_out_suspended),
            ("scaling in", state.dynamic_scaling_in_suspended),
            ("scheduled scaling", state.scheduled_scaling_suspended),
        ]
    });
    let suspended = suspended.into_iter().flatten();
    let suspended = suspended.filter(|(_, is_suspended)| is_suspended.unwrap_or_default());
    ScalableTarget {
        min: u32::try_from(target.min_capacity).unwrap_or_default(),
        max: u32::try_from(target.max_capacity).unwrap_or_default(),
        suspended: suspended.map(|(what, _)| what).collect(),
    }
}

fn policy(policy: told::ScalingPolicy) -> ScalingPolicy {
    let tracking = policy.target_tracking_scaling_policy_configuration;
    let metric = tracking.as_ref().and_then(|tracking| {
        let predefined = tracking.predefined_metric_specification.as_ref();
        let predefined = predefined.map(|metric| metric.predefined_metric_type.as_str().to_owned());
        let customized = tracking.customized_metric_specification.as_ref();
        predefined.or_else(|| customized?.metric_name.clone())
    });
    ScalingPolicy {
        name: policy.policy_name,
        kind: policy.policy_type.as_str().to_owned(),
        metric,
        target: tracking.as_ref().map(|tracking| tracking.target_value),
        scale_out_cooldown: tracking.as_ref().and_then(|tracking| tracking.scale_out_cooldown),
        scale_in_cooldown: tracking.as_ref().and_then(|tracking| tracking.scale_in_cooldown),
        only_adds: tracking.is_some_and(|tracking| tracking.disable_scale_in.unwrap_or_default()),
    }
}

fn activity(activity: told::ScalingActivity) -> ScalingActivity {
    let reasons = activity.not_scaled_reasons.unwrap_or_default().into_iter();
    ScalingActivity {
        at: time(activity.start_time).unwrap_or_default(),
        ended_at: activity.end_time.and_then(time),
        status: activity.status_code.as_str().to_owned(),
        description: activity.description,
        cause: activity.cause,
        message: activity.status_message.filter(|message| !message.is_empty()),
        not_scaled: reasons.map(|reason| reason.code).collect(),
    }
}
