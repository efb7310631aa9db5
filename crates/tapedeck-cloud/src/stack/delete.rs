//! Deleting a stack, until it is gone.

use super::change_set::new_name;
use super::failure::first_failure;
use super::watch::Watch;
use super::{Progress, StackState, StackStatus};
use crate::call::CallError;
use crate::connect::Cloud;
use crate::error::{Aftermath, Cause, CloudError};

impl Cloud {
    /// Deletes a stack and waits until it is gone. One that is not there is deleted already; one to which something is being
    /// done is waited for first. A call that is given up midway is gone on with by the next one.
    ///
    /// # Errors
    /// [`CloudError::NotDeleted`] with the resource that stays; [`CloudError::Delete`] when the stack is protected, may not be
    /// deleted, nothing happens for too long, or nobody answers.
    pub async fn delete(
        &self,
        stack_name: &str,
        progress: &mut dyn FnMut(Progress),
    ) -> Result<(), CloudError> {
        while let Some(state) = self
            .look(stack_name)
            .await
            .map_err(|cause| self.not_deleted(stack_name, cause))?
        {
            if state.status.is_gone() {
                break;
            }
            let is_going = state.status.as_str() == "DELETE_IN_PROGRESS";
            if state.status.is_busy() && !is_going {
                progress(Progress::Waiting {
                    status: state.status.clone(),
                });
                self.wait(&state, progress)
                    .await
                    .map_err(|cause| self.not_deleted(stack_name, cause))?;
                continue;
            }
            return self.delete_one(stack_name, &state, progress).await;
        }
        Ok(())
    }

    /// Goes on with the rollback of a stack that is in `UPDATE_ROLLBACK_FAILED`, without the resources of `skipped`, which are named as
    /// in its template, and waits for its end. Tells the state then.
    ///
    /// # Errors
    /// [`CloudError::NotDone`] when it is in no such state, may not be changed or nobody answers; [`CloudError::Deploy`] when nothing
    /// happens for too long; [`CloudError::Failed`] when it fails again.
    pub async fn continue_rollback(
        &self,
        stack_name: &str,
        skipped: &[String],
        progress: &mut dyn FnMut(Progress),
    ) -> Result<StackState, CloudError> {
        const CONTINUE: &str = "cloudformation:ContinueUpdateRollback";
        let failed =
            |cause: CallError| self.not_done(format!("go on with the rollback of stack {stack_name}"), cause);
        let token = new_name();
        let state = self.describe(stack_name).await?;
        let id = state.map_or_else(|| stack_name.to_owned(), |state| state.id);
        let mut watch = Watch::from_now(self, &id).await.map_err(failed)?;
        let call = self
            .cloudformation
            .continue_update_rollback()
            .stack_name(&id)
            .client_request_token(&token)
            .set_resources_to_skip((!skipped.is_empty()).then(|| skipped.to_vec()));
        let call = call.send().await;
        if let Err(error) = call.map_err(|error| CallError::new(CONTINUE, error))
            && !watch.has_begun(&token).await
        {
            return Err(failed(error));
        }
        let end = watch.settle(progress).await;
        let end = end.map_err(|cause| CloudError::Deploy {
            stack: stack_name.to_owned(),
            place: self.place.clone(),
            cause,
        })?;
        match end {
            Some(state) if state.status.as_str() == "UPDATE_ROLLBACK_COMPLETE" => Ok(state),
            end => Err(CloudError::Failed {
                stack: stack_name.to_owned(),
                place: self.place.clone(),
                after: Aftermath::Left(end.as_ref().map_or_else(
                    || StackStatus::new("DELETE_COMPLETE"),
                    |state| state.status.clone(),
                )),
                failure: first_failure(watch.told(), end.as_ref()),
            }),
        }
    }

    /// Deletes just this stack, whatever has its name afterwards.
    pub(super) async fn delete_one(
        &self,
        stack_name: &str,
        state: &StackState,
        progress: &mut dyn FnMut(Progress),
    ) -> Result<(), CloudError> {
        let failed = |cause: CallError| self.not_deleted(stack_name, cause);
        let mut watch = Watch::from_now(self, &state.id).await.map_err(failed)?;
        if state.status.as_str() != "DELETE_IN_PROGRESS" {
            let token = new_name();
            let call = self
                .cloudformation
                .delete_stack()
                .stack_name(&state.id)
                .client_request_token(&token);
            let call = call.send().await;
            if let Err(error) = call.map_err(|error| CallError::new("cloudformation:DeleteStack", error))
                && !watch.has_begun(&token).await
            {
                return Err(failed(error));
            }
        }
        let end = watch.settle(progress).await;
        match end.map_err(|cause| self.not_deleted(stack_name, cause))? {
            Some(state) if !state.status.is_gone() => Err(CloudError::NotDeleted {
                stack: stack_name.to_owned(),
                place: self.place.clone(),
                failure: first_failure(watch.told(), Some(&state)),
            }),
            _ => Ok(()),
        }
    }

    /// Waits for the end of an operation that began earlier.
    pub(super) async fn wait(
        &self,
        state: &StackState,
        progress: &mut dyn FnMut(Progress),
    ) -> Result<(), Cause> {
        Watch::from_now(self, &state.id).await?.settle(progress).await?;
        Ok(())
    }

    fn not_deleted(&self, stack: &str, cause: impl Into<Cause>) -> CloudError {
        CloudError::Delete {
            stack: stack.to_owned(),
            place: self.place.clone(),
            cause: cause.into(),
        }
    }
}
