//! Templates that a stack has had, kept in the bucket for templates of the account, so that it can go back to one.

use tokio::time::timeout;

use crate::call::{CallError, Fault};
use crate::connect::Cloud;
use crate::error::CloudError;

const LIST: &str = "s3:ListBucket";
const GET: &str = "s3:GetObject";

/// How often an object is asked for that breaks off.
const ATTEMPTS: usize = 5;

impl Cloud {
    /// Keeps a template of a stack as its newest version, unless it is the newest already. Of older versions the last `kept` stay. Tells
    /// the number of the version, from 1.
    ///
    /// # Errors
    /// [`CloudError::NotDone`] when the bucket may not be made or written, or nobody answers.
    pub async fn keep_template(&self, stack: &str, template: &str, kept: usize) -> Result<u32, CloudError> {
        self.keep(stack, template, kept)
            .await
            .map_err(|cause| self.not_done(format!("keep the template of stack {stack}"), cause))
    }

    async fn keep(&self, stack: &str, template: &str, kept: usize) -> Result<u32, CallError> {
        let (bucket, account) = self.template_bucket().await?;
        self.ensure_bucket(&bucket, &account).await?;
        let versions = self.template_versions(&bucket, stack).await?;
        let newest = versions.last().copied();
        if let Some(newest) = newest
            && self.object(&bucket, &key(stack, newest)).await?.as_deref() == Some(template.as_bytes())
        {
            return Ok(newest);
        }
        let next = newest.unwrap_or_default() + 1;
        let body = template.as_bytes().to_vec();
        self.store(&bucket, &key(stack, next), body, Some(&account))
            .await?;
        for old in &versions[..versions.len().saturating_sub(kept)] {
            self.unstore(&bucket, &key(stack, *old), Some(&account)).await?;
        }
        Ok(next)
    }

    /// The versions of the template of a stack that are kept, the oldest first.
    ///
    /// # Errors
    /// [`CloudError::NotDone`] when the bucket may not be listed or nobody answers.
    pub async fn kept_versions(&self, stack: &str) -> Result<Vec<u32>, CloudError> {
        let versions = async {
            let (bucket, _) = self.template_bucket().await?;
            self.template_versions(&bucket, stack).await
        };
        let versions = versions.await;
        versions.map_err(|cause| self.not_done(format!("list the templates of stack {stack}"), cause))
    }

    /// A template of a stack that is kept; none when that version is not.
    ///
    /// # Errors
    /// [`CloudError::NotDone`] when it may not be read or nobody answers.
    pub async fn kept_template(&self, stack: &str, version: u32) -> Result<Option<String>, CloudError> {
        let found = async {
            let (bucket, _) = self.template_bucket().await?;
            self.object(&bucket, &key(stack, version)).await
        };
        let found = found
            .await
            .map_err(|cause| self.not_done(format!("read template {version} of stack {stack}"), cause))?;
        Ok(found.and_then(|bytes| String::from_utf8(bytes).ok()))
    }

    /// Forgets all templates of a stack.
    ///
    /// # Errors
    /// [`CloudError::EmptyBucket`] when they may not be deleted, or nobody answers.
    pub async fn forget_templates(&self, stack: &str) -> Result<(), CloudError> {
        let account = self.account().await?;
        let bucket = bucket_of(&account, &self.place.region);
        self.prune_objects(&bucket, &format!("{stack}/"), &[]).await
    }

    /// The bucket for templates, and the account whose it has to be: anybody could have made one of that name.
    pub(crate) async fn template_bucket(&self) -> Result<(String, String), CallError> {
        let account = self.caller().await?;
        Ok((bucket_of(&account, &self.place.region), account))
    }

    async fn template_versions(&self, bucket: &str, stack: &str) -> Result<Vec<u32>, CallError> {
        let prefix = format!("{stack}/v");
        let mut pages = self
            .s3
            .list_objects_v2()
            .bucket(bucket)
            .prefix(&prefix)
            .into_paginator()
            .send();
        let mut versions = Vec::new();
        while let Some(page) = pages.next().await {
            let page = match page.map_err(|error| CallError::new(LIST, error)) {
                Ok(page) => page,
                Err(error) if error.is("NoSuchBucket") => return Ok(Vec::new()),
                Err(error) => return Err(error),
            };
            let keys = page.contents.unwrap_or_default().into_iter();
            versions.extend(keys.filter_map(|object| {
                let key = object.key?;
                let number = key.strip_prefix(&prefix)?.strip_suffix(".json")?;
                number.parse::<u32>().ok()
            }));
        }
        versions.sort_unstable();
        Ok(versions)
    }

    /// An object, if there is one. What breaks off in the middle of it is beyond the repetitions of calls.
    async fn object(&self, bucket: &str, key: &str) -> Result<Option<Vec<u8>>, CallError> {
        for _ in 1..ATTEMPTS {
            match self.object_at_once(bucket, key).await {
                Err(error) if matches!(error.fault, Fault::Garbled { .. }) => {}
                done => return done,
            }
        }
        self.object_at_once(bucket, key).await
    }

    async fn object_at_once(&self, bucket: &str, key: &str) -> Result<Option<Vec<u8>>, CallError> {
        let call = self.s3.get_object().bucket(bucket).key(key).send().await;
        let answer = match call.map_err(|error| CallError::new(GET, error)) {
            Ok(answer) => answer,
            Err(error) if error.is("NoSuchKey") || error.is("NoSuchBucket") => return Ok(None),
            Err(error) => return Err(error),
        };
        match timeout(self.limits.upload, answer.body.collect()).await {
            Ok(Ok(body)) => Ok(Some(body.to_vec())),
            Ok(Err(_)) => Err(CallError::lacking(GET, "end")),
            Err(_) => Err(CallError {
                action: GET,
                fault: Fault::TooLate,
            }),
        }
    }
}

fn bucket_of(account: &str, region: &str) -> String {
    format!("tapedeck-templates-{account}-{region}")
}

fn key(stack: &str, version: u32) -> String {
    format!("{stack}/v{version:06}.json")
}
