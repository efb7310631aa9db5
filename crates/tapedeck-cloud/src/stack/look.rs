//! How a stack is and what it has.

use std::collections::BTreeMap;

use aws_sdk_cloudformation::types::{Stack, TemplateStage};

use super::{StackResource, StackState, StackStatus};
use crate::call::CallError;
use crate::connect::Cloud;
use crate::error::CloudError;

const DESCRIBE: &str = "cloudformation:DescribeStacks";

impl Cloud {
    /// How a stack is, by its name or its ARN; none when there is none.
    ///
    /// # Errors
    /// [`CloudError::Describe`] when it may not be looked at or nobody answers.
    pub async fn describe(&self, stack_name: &str) -> Result<Option<StackState>, CloudError> {
        let found = self
            .look(stack_name)
            .await
            .map_err(|cause| CloudError::Describe {
                stack: stack_name.to_owned(),
                place: self.place.clone(),
                cause,
            })?;
        Ok(found.filter(|state| !state.status.is_gone()))
    }

    /// All stacks that are there, each with its name and how it is, in the order of CloudFormation.
    ///
    /// # Errors
    /// [`CloudError::Stacks`] when they may not be listed or nobody answers.
    pub async fn stacks(&self) -> Result<Vec<(String, StackState)>, CloudError> {
        let failed = |cause| CloudError::Stacks {
            place: self.place.clone(),
            cause,
        };
        let mut pages = self.cloudformation.describe_stacks().into_paginator().send();
        let mut stacks = Vec::new();
        while let Some(page) = pages.next().await {
            let page = page.map_err(|error| failed(CallError::new(DESCRIBE, error)))?;
            for stack in page.stacks.unwrap_or_default() {
                let name = stack.stack_name.clone();
                let state = state(stack).map_err(failed)?;
                let is_there = !state.status.is_gone();
                stacks.extend(name.filter(|_| is_there).map(|name| (name, state)));
            }
        }
        Ok(stacks)
    }

    /// How a stack is, also for a stack that was deleted a while ago, if it is asked for by its ARN.
    pub(super) async fn look(&self, stack: &str) -> Result<Option<StackState>, CallError> {
        let call = self.cloudformation.describe_stacks().stack_name(stack);
        match call.send().await.map_err(|error| CallError::new(DESCRIBE, error)) {
            Ok(answer) => answer
                .stacks
                .unwrap_or_default()
                .into_iter()
                .next()
                .map(state)
                .transpose(),
            Err(error) if error.is_absent_stack() => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// What a stack has, by the names in its template; nothing when there is none.
    ///
    /// # Errors
    /// [`CloudError::Resources`] when it may not be looked at or nobody answers.
    pub async fn resources(&self, stack_name: &str) -> Result<BTreeMap<String, StackResource>, CloudError> {
        self.list(stack_name)
            .await
            .map_err(|cause| CloudError::Resources {
                stack: stack_name.to_owned(),
                place: self.place.clone(),
                cause,
            })
    }

    /// What stacks of the account and region export, by name.
    ///
    /// # Errors
    /// [`CloudError::NotDone`] when it may not be listed or nobody answers.
    pub async fn exports(&self) -> Result<BTreeMap<String, String>, CloudError> {
        let mut pages = self.cloudformation.list_exports().into_paginator().send();
        let mut exports = BTreeMap::new();
        while let Some(page) = pages.next().await {
            let page = page.map_err(|error| {
                let cause = CallError::new("cloudformation:ListExports", error);
                self.not_done("list what stacks export".to_owned(), cause)
            })?;
            let found = page.exports.unwrap_or_default().into_iter();
            exports.extend(found.filter_map(|export| Some((export.name?, export.value?))));
        }
        Ok(exports)
    }

    /// The template of a stack as it was given, JSON or YAML; none when there is no such stack, or one that is only announced.
    ///
    /// # Errors
    /// [`CloudError::NotDone`] when it may not be looked at or nobody answers.
    pub async fn template(&self, stack_name: &str) -> Result<Option<String>, CloudError> {
        match self.template_of(stack_name).await {
            Ok(template) => Ok(template),
            Err(error) if error.is_absent_stack() => Ok(None),
            Err(cause) => Err(self.not_done(format!("get the template of stack {stack_name}"), cause)),
        }
    }

    pub(super) async fn template_of(&self, stack: &str) -> Result<Option<String>, CallError> {
        let call = self
            .cloudformation
            .get_template()
            .stack_name(stack)
            .template_stage(TemplateStage::Original);
        let answer = call
            .send()
            .await
            .map_err(|error| CallError::new("cloudformation:GetTemplate", error))?;
        // Of a stack that is only announced there is an empty one: no text, or an object without anything.
        Ok(answer
            .template_body
            .filter(|body| !matches!(body.as_str(), "" | "{}")))
    }

    async fn list(&self, stack: &str) -> Result<BTreeMap<String, StackResource>, CallError> {
        let mut pages = self
            .cloudformation
            .list_stack_resources()
            .stack_name(stack)
            .into_paginator()
            .send();
        let mut all = BTreeMap::new();
        while let Some(page) = pages.next().await {
            let page = match page.map_err(|error| CallError::new("cloudformation:ListStackResources", error))
            {
                Ok(page) => page,
                Err(error) if error.is_absent_stack() => return Ok(BTreeMap::new()),
                Err(error) => return Err(error),
            };
            for one in page.stack_resource_summaries.unwrap_or_default() {
                let resource = StackResource {
                    resource_type: one.resource_type.unwrap_or_default(),
                    physical_id: one.physical_resource_id.filter(|id| !id.is_empty()),
                    status: one
                        .resource_status
                        .map(|status| status.as_str().to_owned())
                        .unwrap_or_default(),
                };
                all.insert(one.logical_resource_id.unwrap_or_default(), resource);
            }
        }
        Ok(all)
    }
}

fn state(stack: Stack) -> Result<StackState, CallError> {
    let outputs = stack.outputs.unwrap_or_default().into_iter();
    let tags = stack.tags.unwrap_or_default().into_iter();
    let status = stack.stack_status.map(|status| status.as_str().to_owned());
    Ok(StackState {
        id: stack
            .stack_id
            .ok_or_else(|| CallError::lacking(DESCRIBE, "id of the stack"))?,
        status: StackStatus::new(status.ok_or_else(|| CallError::lacking(DESCRIBE, "status of the stack"))?),
        reason: stack.stack_status_reason.filter(|reason| !reason.is_empty()),
        outputs: outputs
            .filter_map(|output| Some((output.output_key?, output.output_value?)))
            .collect(),
        is_protected: stack.enable_termination_protection == Some(true),
        tags: tags.filter_map(|tag| Some((tag.key?, tag.value?))).collect(),
    })
}
