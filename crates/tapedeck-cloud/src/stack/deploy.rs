//! Making a stack what a template says.
//!
//! ```text
//!  absent, only announced ────────────────────────────────┐
//!  never whole, half deleted ──▶ deleted ─────────────────┤
//!  busy ──▶ waited for ──▶ looked at again                ▼
//!  whole, rolled back ─────────────────────────────▶ change set ──▶ empty: unchanged
//!  roll back failed ──▶ error                             └──▶ executed, watched ──▶ whole, or rolled back: error
//! ```

use aws_sdk_cloudformation::types::ChangeSetType;

use super::change_set::{ChangeSet, capabilities, new_name, tags};
use super::failure::{Whose, aftermath, first_failure};
use super::status::Next;
use super::template::Template;
use super::watch::Watch;
use super::{Deployed, Deployment, Outcome, Progress, StackState, StackStatus};
use crate::call::CallError;
use crate::connect::Cloud;
use crate::error::{Aftermath, Cause, CloudError, Failure};

/// What a stack that can be given a template is.
#[derive(Debug)]
enum Ground {
    /// There is none, or one that is only announced.
    New,
    /// It is there.
    Whole(StackState),
}

impl Cloud {
    /// Makes a stack what a template says, and waits for it. What an earlier deployment left behind when it was killed or
    /// failed is finished or removed first.
    ///
    /// # Errors
    /// [`CloudError::Failed`] with the first resource that could not be made, when CloudFormation could not do it;
    /// [`CloudError::Stuck`] when it needs a person; [`CloudError::Deploy`] when the template is refused, a call is denied or
    /// not answered, or nothing happens for too long; [`CloudError::NotDeleted`] when leftovers stay.
    pub async fn deploy(
        &self,
        deployment: &Deployment<'_>,
        progress: &mut dyn FnMut(Progress),
    ) -> Result<Deployed, CloudError> {
        let ground = self.make_way(deployment.stack_name, progress).await?;
        let name = new_name();
        let template = self
            .lay_out(deployment, &name)
            .await
            .map_err(|cause| self.not_deployed(deployment, cause))?;
        let done = self.change(deployment, &template, &name, &ground, progress).await;
        self.clear_away(template).await;
        let done = done?;
        self.protect(deployment, &ground)
            .await
            .map_err(|cause| self.not_deployed(deployment, cause))?;
        Ok(done)
    }

    /// Keeps the stack from being deleted, or lets it be, where that is not so yet.
    async fn protect(&self, deployment: &Deployment<'_>, ground: &Ground) -> Result<(), CallError> {
        let is_protected = matches!(ground, Ground::Whole(state) if state.is_protected);
        if is_protected == deployment.manner.is_protected {
            return Ok(());
        }
        let call = self
            .cloudformation
            .update_termination_protection()
            .stack_name(deployment.stack_name)
            .enable_termination_protection(deployment.manner.is_protected);
        let call = call.send().await;
        call.map(drop)
            .map_err(|error| CallError::new("cloudformation:UpdateTerminationProtection", error))
    }

    /// How a stack is once nothing is being done to it any more; none when there is none.
    ///
    /// # Errors
    /// [`CloudError::Deploy`] when it may not be looked at, nothing happens for too long, or nobody answers.
    pub async fn at_rest(
        &self,
        stack: &str,
        progress: &mut dyn FnMut(Progress),
    ) -> Result<Option<StackState>, CloudError> {
        let failed = |cause: Cause| CloudError::Deploy {
            stack: stack.to_owned(),
            place: self.place.clone(),
            cause,
        };
        loop {
            let state = self.look(stack).await.map_err(|cause| failed(cause.into()))?;
            match state {
                Some(state) if state.status.is_busy() => {
                    progress(Progress::Waiting {
                        status: state.status.clone(),
                    });
                    self.wait(&state, progress).await.map_err(failed)?;
                }
                state => return Ok(state.filter(|state| !state.status.is_gone())),
            }
        }
    }

    /// Brings a stack into a state in which CloudFormation takes a template.
    async fn make_way(&self, stack: &str, progress: &mut dyn FnMut(Progress)) -> Result<Ground, CloudError> {
        let failed = |cause: Cause| CloudError::Deploy {
            stack: stack.to_owned(),
            place: self.place.clone(),
            cause,
        };
        loop {
            let Some(state) = self.look(stack).await.map_err(|cause| failed(cause.into()))? else {
                return Ok(Ground::New);
            };
            let status = state.status.clone();
            match status.next() {
                Next::Create | Next::Update => {
                    self.remove_leftovers(stack)
                        .await
                        .map_err(|cause| failed(cause.into()))?;
                    return Ok(match status.next() {
                        Next::Create => Ground::New,
                        _ => Ground::Whole(state),
                    });
                }
                Next::Wait => {
                    progress(Progress::Waiting { status });
                    self.wait(&state, progress).await.map_err(failed)?;
                }
                Next::Delete => {
                    progress(Progress::Clearing { status });
                    self.delete_one(stack, &state, progress).await?;
                }
                Next::Refuse => {
                    return Err(CloudError::Stuck {
                        stack: stack.to_owned(),
                        place: self.place.clone(),
                        status,
                    });
                }
            }
        }
    }

    async fn change(
        &self,
        deployment: &Deployment<'_>,
        template: &Template,
        name: &str,
        ground: &Ground,
        progress: &mut dyn FnMut(Progress),
    ) -> Result<Deployed, CloudError> {
        let failed = |cause: CallError| self.not_deployed(deployment, cause);
        let kind = match ground {
            Ground::New => ChangeSetType::Create,
            Ground::Whole(_) => ChangeSetType::Update,
        };
        let change_set = self.work_out(deployment, template, name, kind).await;
        match (
            change_set.map_err(|cause| self.not_deployed(deployment, cause))?,
            ground,
        ) {
            (ChangeSet::Ready { id, stack_id }, _) => {
                let mut watch = Watch::from_now(self, &stack_id).await.map_err(failed)?;
                self.execute(&id, name, &deployment.manner, &watch)
                    .await
                    .map_err(failed)?;
                let outcome = match ground {
                    Ground::New => Outcome::Created,
                    Ground::Whole(_) => Outcome::Updated,
                };
                self.see_through(deployment, &mut watch, outcome, progress).await
            }
            (ChangeSet::Empty, Ground::Whole(state)) => {
                self.update(deployment, template, state, name, progress).await
            }
            (ChangeSet::Empty, Ground::New) => {
                let failure = Failure {
                    resource: None,
                    reason: "the template has no resources".to_owned(),
                };
                self.refused(deployment, ground, failure).await
            }
            (ChangeSet::Refused { failure }, _) => self.refused(deployment, ground, failure).await,
        }
    }

    /// Nothing was done; so nothing shall stay of a stack that is not there.
    async fn refused(
        &self,
        deployment: &Deployment<'_>,
        ground: &Ground,
        failure: Failure,
    ) -> Result<Deployed, CloudError> {
        if matches!(ground, Ground::New) {
            let announced = self.look(deployment.stack_name).await;
            if let Ok(Some(state)) = announced
                && state.status.is_announced()
            {
                // The next deployment takes it as it is: no reason to tell of something else than what was refused.
                let _ = self
                    .cloudformation
                    .delete_stack()
                    .stack_name(&state.id)
                    .send()
                    .await;
            }
        }
        Err(CloudError::Failed {
            stack: deployment.stack_name.to_owned(),
            place: self.place.clone(),
            after: Aftermath::Untouched,
            failure,
        })
    }

    /// Changes what change sets do not see: what a stack gives out. Only if the template is another one.
    async fn update(
        &self,
        deployment: &Deployment<'_>,
        template: &Template,
        state: &StackState,
        name: &str,
        progress: &mut dyn FnMut(Progress),
    ) -> Result<Deployed, CloudError> {
        let failed = |cause: CallError| self.not_deployed(deployment, cause);
        let unchanged = Deployed {
            outcome: Outcome::Unchanged,
            outputs: state.outputs.clone(),
        };
        let present = self.template_of(&state.id).await.map_err(failed)?;
        if present.and_then(|body| serde_json::from_str(&body).ok()).as_ref() == Some(deployment.template) {
            return Ok(unchanged);
        }
        let mut watch = Watch::from_now(self, &state.id).await.map_err(failed)?;
        let call = self
            .cloudformation
            .update_stack()
            .stack_name(&state.id)
            .client_request_token(name)
            .set_template_body(template.body.clone())
            .set_template_url(template.url.clone())
            .set_capabilities(Some(capabilities()))
            .set_role_arn(deployment.manner.role.clone())
            .set_notification_arns(deployment.manner.notified())
            .set_rollback_configuration(deployment.manner.watched())
            .set_disable_rollback(deployment.manner.leaves_failed.then_some(true))
            .set_tags(Some(tags(deployment)));
        let call = call.send().await;
        if let Err(error) = call.map_err(|error| CallError::new("cloudformation:UpdateStack", error))
            && !watch.has_begun(name).await
        {
            return match error.is_nothing_to_do() {
                true => Ok(unchanged),
                false => Err(failed(error)),
            };
        }
        self.see_through(deployment, &mut watch, Outcome::Updated, progress)
            .await
    }

    /// Watches what was begun to its end.
    async fn see_through(
        &self,
        deployment: &Deployment<'_>,
        watch: &mut Watch<'_>,
        outcome: Outcome,
        progress: &mut dyn FnMut(Progress),
    ) -> Result<Deployed, CloudError> {
        let end = watch.settle(progress).await;
        let end = end.map_err(|cause| self.not_deployed(deployment, cause))?;
        if let Some(state) = &end
            && state.status.is_deployed()
        {
            return Ok(Deployed {
                outcome,
                outputs: state.outputs.clone(),
            });
        }
        let failure = first_failure(watch.told(), end.as_ref());
        let failure = match &end {
            Some(state) => self.in_detail(failure, Whose::Stack(&state.id)).await,
            None => failure,
        };
        // Whoever deletes a stack that is being made has it gone.
        let gone = StackStatus::new("DELETE_COMPLETE");
        Err(CloudError::Failed {
            stack: deployment.stack_name.to_owned(),
            place: self.place.clone(),
            after: aftermath(end.as_ref().map_or(&gone, |state| &state.status)),
            failure,
        })
    }

    fn not_deployed(&self, deployment: &Deployment<'_>, cause: impl Into<Cause>) -> CloudError {
        CloudError::Deploy {
            stack: deployment.stack_name.to_owned(),
            place: self.place.clone(),
            cause: cause.into(),
        }
    }
}
