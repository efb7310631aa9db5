//! Change sets: CloudFormation works out what a template would change, before anything is changed.

use std::time::{Instant, SystemTime, UNIX_EPOCH};

use aws_sdk_cloudformation::types::{
    Capability, ChangeSetStatus, ChangeSetType, RollbackConfiguration, RollbackTrigger, Tag,
};

use super::failure::Whose;
use super::pause::Pauses;
use super::template::Template;
use super::watch::Watch;
use super::{Deployment, Manner, StackStatus};
use crate::call::{CallError, says_nothing_changed};
use crate::connect::Cloud;
use crate::error::{Cause, Failure};

/// What names of change sets of ours begin with.
const OURS: &str = "tapedeck-";

const CREATE: &str = "cloudformation:CreateChangeSet";
const DESCRIBE: &str = "cloudformation:DescribeChangeSet";

/// What CloudFormation makes of a template.
#[derive(Debug)]
pub(super) enum ChangeSet {
    /// It knows what to do, and has not begun.
    Ready {
        /// Its ARN.
        id: String,
        /// The ARN of the stack.
        stack_id: String,
    },
    /// It would do nothing.
    Empty,
    /// It cannot be done.
    Refused {
        /// Why.
        failure: Failure,
    },
}

/// The name of a new change set. It is also the token by which CloudFormation knows a repeated call.
pub(super) fn new_name() -> String {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    format!("{OURS}{}-{}", now.as_millis(), std::process::id())
}

/// What a template may do is the decision of whoever deploys it; CloudFormation wants it said.
pub(super) fn capabilities() -> Vec<Capability> {
    vec![
        Capability::CapabilityIam,
        Capability::CapabilityNamedIam,
        Capability::CapabilityAutoExpand,
    ]
}

/// The tags, in CloudFormation's form.
pub(super) fn tags(deployment: &Deployment<'_>) -> Vec<Tag> {
    let one = |(key, value): (&String, &String)| Tag::builder().key(key).value(value).build();
    deployment.tags.iter().map(one).collect()
}

impl Manner {
    /// Topics, in CloudFormation's form: none leaves those that the stack has.
    pub(super) fn notified(&self) -> Option<Vec<String>> {
        (!self.topics.is_empty()).then(|| self.topics.clone())
    }

    /// Alarms, in CloudFormation's form.
    pub(super) fn watched(&self) -> Option<RollbackConfiguration> {
        if self.alarms.is_empty() {
            return None;
        }
        let triggers = self.alarms.iter().map(|arn| {
            RollbackTrigger::builder()
                .arn(arn)
                .r#type("AWS::CloudWatch::Alarm")
                .build()
        });
        let watched = RollbackConfiguration::builder()
            .set_rollback_triggers(Some(triggers.collect()))
            .monitoring_time_in_minutes(i32::from(self.watched_minutes));
        Some(watched.build())
    }
}

impl Cloud {
    /// Has CloudFormation work out a change set, and removes it again unless there is something to do.
    pub(super) async fn work_out(
        &self,
        deployment: &Deployment<'_>,
        template: &Template,
        name: &str,
        kind: ChangeSetType,
    ) -> Result<ChangeSet, Cause> {
        let call = self
            .cloudformation
            .create_change_set()
            .stack_name(deployment.stack_name)
            .change_set_name(name)
            .client_token(name)
            .change_set_type(kind)
            .set_template_body(template.body.clone())
            .set_template_url(template.url.clone())
            .set_capabilities(Some(capabilities()))
            .set_role_arn(deployment.manner.role.clone())
            .set_notification_arns(deployment.manner.notified())
            .set_rollback_configuration(deployment.manner.watched())
            .set_tags(Some(tags(deployment)));
        match call.send().await.map_err(|error| CallError::new(CREATE, error)) {
            Ok(_) => {}
            // The first answer to this very call was lost.
            Err(error) if error.is("AlreadyExistsException") => {}
            Err(error) if error.is_nothing_to_do() => return Ok(ChangeSet::Empty),
            Err(error) => return Err(error.into()),
        }
        let found = self.await_change_set(deployment.stack_name, name).await?;
        if !matches!(found, ChangeSet::Ready { .. }) {
            self.remove_change_set(deployment.stack_name, name).await?;
        }
        Ok(found)
    }

    async fn await_change_set(&self, stack: &str, name: &str) -> Result<ChangeSet, Cause> {
        let mut pauses = Pauses::new(self.is_near());
        let began = Instant::now();
        loop {
            let call = self
                .cloudformation
                .describe_change_set()
                .stack_name(stack)
                .change_set_name(name);
            let seen = call
                .send()
                .await
                .map_err(|error| CallError::new(DESCRIBE, error))?;
            let status = seen
                .status
                .ok_or_else(|| CallError::lacking(DESCRIBE, "status of the change set"))?;
            let reason = seen.status_reason.filter(|reason| !reason.is_empty());
            match status {
                ChangeSetStatus::CreateComplete => {
                    let stack_id = seen
                        .stack_id
                        .ok_or_else(|| CallError::lacking(DESCRIBE, "id of the stack"))?;
                    let id = seen
                        .change_set_id
                        .ok_or_else(|| CallError::lacking(DESCRIBE, "id of the change set"))?;
                    return Ok(ChangeSet::Ready { id, stack_id });
                }
                ChangeSetStatus::CreatePending | ChangeSetStatus::CreateInProgress => {}
                _ if reason.as_deref().is_some_and(says_nothing_changed) => return Ok(ChangeSet::Empty),
                other => {
                    let failure = Failure {
                        resource: None,
                        reason: reason.unwrap_or_else(|| format!("the change set is in {}", other.as_str())),
                    };
                    let id = seen.change_set_id.unwrap_or_default();
                    let failure = self.in_detail(failure, Whose::ChangeSet(&id)).await;
                    return Ok(ChangeSet::Refused { failure });
                }
            }
            if began.elapsed() > self.limits.standstill {
                return Err(Cause::Standstill {
                    status: StackStatus::new(status.as_str()),
                    waited: began.elapsed(),
                });
            }
            tokio::time::sleep(pauses.next()).await;
        }
    }

    /// Lets CloudFormation do it. The token is what its events are marked with.
    pub(super) async fn execute(
        &self,
        id: &str,
        token: &str,
        manner: &Manner,
        watch: &Watch<'_>,
    ) -> Result<(), CallError> {
        let call = self
            .cloudformation
            .execute_change_set()
            .change_set_name(id)
            // Permissions are for stacks, and not everybody knows that of a change set.
            .stack_name(watch.stack_id())
            .set_disable_rollback(manner.leaves_failed.then_some(true))
            .client_request_token(token);
        let call = call.send().await;
        match call.map_err(|error| CallError::new("cloudformation:ExecuteChangeSet", error)) {
            // The first answer to this very call was lost: nobody else knows of this change set.
            Err(error) if error.is_executed_already() || watch.has_begun(token).await => Ok(()),
            done => done.map(drop),
        }
    }

    pub(super) async fn remove_change_set(&self, stack: &str, name: &str) -> Result<(), CallError> {
        let call = self
            .cloudformation
            .delete_change_set()
            .stack_name(stack)
            .change_set_name(name);
        let call = call.send().await;
        match call.map_err(|error| CallError::new("cloudformation:DeleteChangeSet", error)) {
            // The first answer to this very call was lost.
            Err(error) if error.is("ChangeSetNotFound") || error.is("ChangeSetNotFoundException") => Ok(()),
            done => done.map(drop),
        }
    }

    /// Removes change sets that earlier deployments have left: a killed one, mostly.
    pub(super) async fn remove_leftovers(&self, stack: &str) -> Result<(), CallError> {
        let mut pages = self
            .cloudformation
            .list_change_sets()
            .stack_name(stack)
            .into_paginator()
            .send();
        let mut names = Vec::new();
        while let Some(page) = pages.next().await {
            let page = page.map_err(|error| CallError::new("cloudformation:ListChangeSets", error))?;
            let found = page.summaries.unwrap_or_default().into_iter();
            names.extend(found.filter_map(|one| one.change_set_name));
        }
        for name in names.iter().filter(|name| name.starts_with(OURS)) {
            self.remove_change_set(stack, name).await?;
        }
        Ok(())
    }
}
