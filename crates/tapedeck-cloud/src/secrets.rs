//! Secrets of Secrets Manager. Values are only ever in what is asked for them.

use crate::call::{CallError, Fault};
use crate::connect::Cloud;
use crate::error::CloudError;

/// The version of a secret that is used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SecretVersion {
    /// The ARN of the secret.
    pub arn: String,
    /// The id of the version that is current; none of a secret without a value.
    pub version_id: Option<String>,
}

impl Cloud {
    /// Which version of a secret is current; none when there is no such secret.
    ///
    /// # Errors
    /// [`CloudError::NotDone`] when it may not be looked at or nobody answers.
    pub async fn secret(&self, name: &str) -> Result<Option<SecretVersion>, CloudError> {
        match self.current(name).await {
            Ok(found) => Ok(found),
            Err(error) if error.is("ResourceNotFoundException") => Ok(None),
            Err(cause) => Err(self.not_done(format!("look at secret {name}"), cause)),
        }
    }

    async fn current(&self, name: &str) -> Result<Option<SecretVersion>, CallError> {
        const ACTION: &str = "secretsmanager:DescribeSecret";
        let call = self.secrets.describe_secret().secret_id(name).send().await;
        let secret = call.map_err(|error| CallError::new(ACTION, error))?;
        // It can be restored, and is gone for everybody who wants to use it.
        if secret.deleted_date.is_some() {
            return Ok(None);
        }
        let mut versions = secret.version_ids_to_stages.unwrap_or_default().into_iter();
        let is_current = |stages: &Vec<String>| stages.iter().any(|stage| stage == "AWSCURRENT");
        Ok(Some(SecretVersion {
            arn: secret.arn.ok_or_else(|| CallError::lacking(ACTION, "ARN"))?,
            version_id: versions
                .find(|(_, stages)| is_current(stages))
                .map(|(version, _)| version),
        }))
    }

    /// The current value of a secret; none when there is no such secret.
    ///
    /// # Errors
    /// [`CloudError::NotDone`] when it may not be read or nobody answers.
    pub async fn secret_value(&self, name: &str) -> Result<Option<String>, CloudError> {
        let call = self.secrets.get_secret_value().secret_id(name).send().await;
        match call.map_err(|error| CallError::new("secretsmanager:GetSecretValue", error)) {
            Ok(secret) => Ok(secret.secret_string),
            Err(error) if error.is("ResourceNotFoundException") || is_deleted(&error) => Ok(None),
            Err(cause) => Err(self.not_done(format!("read secret {name}"), cause)),
        }
    }

    /// Gives a secret a value, and makes the secret if there is none; one that is deleted is restored first. Tells whether it was made.
    ///
    /// # Errors
    /// [`CloudError::NotDone`] when it may not be written or nobody answers.
    pub async fn set_secret(&self, name: &str, value: &str) -> Result<bool, CloudError> {
        let failed = |cause| self.not_done(format!("set secret {name}"), cause);
        match self.put_secret(name, value).await {
            Ok(()) => return Ok(false),
            Err(error) if error.is("ResourceNotFoundException") => {}
            Err(error) if is_deleted(&error) => {
                let call = self.secrets.restore_secret().secret_id(name).send().await;
                match call.map_err(|error| CallError::new("secretsmanager:RestoreSecret", error)) {
                    Ok(_) => {}
                    // It is restored already: the first answer to this very call was lost. If not, the next call says so.
                    Err(error) if error.is("InvalidRequestException") => {}
                    Err(error) => return Err(failed(error)),
                }
                self.put_secret(name, value).await.map_err(failed)?;
                return Ok(true);
            }
            Err(cause) => return Err(failed(cause)),
        }
        let call = self
            .secrets
            .create_secret()
            .name(name)
            .description("Set by tapedeck")
            .secret_string(value);
        let call = call.send().await;
        match call.map_err(|error| CallError::new("secretsmanager:CreateSecret", error)) {
            Ok(_) => Ok(true),
            // The first answer to this very call was lost, or somebody else was quicker.
            Err(error) if error.is("ResourceExistsException") => {
                self.put_secret(name, value).await.map_err(failed)?;
                Ok(true)
            }
            Err(cause) => Err(failed(cause)),
        }
    }

    async fn put_secret(&self, name: &str, value: &str) -> Result<(), CallError> {
        let call = self
            .secrets
            .put_secret_value()
            .secret_id(name)
            .secret_string(value);
        let call = call.send().await;
        call.map(drop)
            .map_err(|error| CallError::new("secretsmanager:PutSecretValue", error))
    }

    /// Deletes a secret; it can be restored for `days`, 7 to 30. Tells whether there was one.
    ///
    /// # Errors
    /// [`CloudError::NotDone`] when it may not be deleted or nobody answers.
    pub async fn delete_secret(&self, name: &str, days: i64) -> Result<bool, CloudError> {
        if self.secret(name).await?.is_none() {
            return Ok(false);
        }
        let call = self
            .secrets
            .delete_secret()
            .secret_id(name)
            .recovery_window_in_days(days);
        match call
            .send()
            .await
            .map_err(|error| CallError::new("secretsmanager:DeleteSecret", error))
        {
            Ok(_) => Ok(true),
            // The first answer to this very call was lost, or somebody else was quicker.
            Err(error) if error.is("ResourceNotFoundException") || is_deleted(&error) => Ok(true),
            Err(cause) => Err(self.not_done(format!("delete secret {name}"), cause)),
        }
    }

    /// The names of all secrets.
    ///
    /// # Errors
    /// [`CloudError::NotDone`] when they may not be listed or nobody answers.
    pub async fn secrets(&self) -> Result<Vec<String>, CloudError> {
        let mut pages = self.secrets.list_secrets().into_paginator().send();
        let mut names = Vec::new();
        while let Some(page) = pages.next().await {
            let page = page.map_err(|error| {
                let cause = CallError::new("secretsmanager:ListSecrets", error);
                self.not_done("list secrets".to_owned(), cause)
            })?;
            let found = page.secret_list.unwrap_or_default().into_iter();
            names.extend(found.filter_map(|secret| secret.name));
        }
        Ok(names)
    }
}

/// Whether a secret is deleted, and can still be restored. Secrets Manager has no code of its own for that.
fn is_deleted(error: &CallError) -> bool {
    matches!(&error.fault, Fault::Refused { code, message }
        if code == "InvalidRequestException"
            && ["marked for deletion", "already scheduled for deletion"].iter().any(|words| message.contains(words)))
}
