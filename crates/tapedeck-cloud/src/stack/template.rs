//! How a template gets to CloudFormation: in the call, or through a bucket if it is too large for that.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::Deployment;
use crate::call::{CallError, Fault};
use crate::connect::Cloud;
use crate::error::CloudError;

/// The most bytes of a template that CloudFormation takes in a call.
pub const MAX_TEMPLATE_IN_CALL: usize = 51_200;

/// A template on its way.
#[derive(Debug)]
pub(super) struct Template {
    pub(super) body: Option<String>,
    pub(super) url: Option<String>,
    stored: Option<Stored>,
}

/// An object that holds a template until CloudFormation has read it.
#[derive(Debug)]
struct Stored {
    bucket: String,
    key: String,
    owner: Option<String>,
}

/// What CloudFormation says of types that it does not have.
const UNRECOGNIZED: &str = "Unrecognized resource types: [";

impl Cloud {
    /// Those of some types of resources that whoever answers does not have: an emulator lacks many. Nothing is changed.
    ///
    /// # Errors
    /// [`CloudError::NotDone`] when it may not be asked or nobody answers.
    pub async fn unrecognized_types(&self, types: &BTreeSet<String>) -> Result<Vec<String>, CloudError> {
        let named = types.iter().enumerate();
        let resources: BTreeMap<String, Value> = named
            .map(|(number, kind)| (format!("Resource{number}"), json!({ "Type": kind })))
            .collect();
        let template = json!({ "AWSTemplateFormatVersion": "2010-09-09", "Resources": resources });
        let call = self
            .cloudformation
            .validate_template()
            .template_body(template.to_string());
        let call = call.send().await;
        match call.map_err(|error| CallError::new("cloudformation:ValidateTemplate", error)) {
            Ok(_) => Ok(Vec::new()),
            Err(CallError {
                fault: Fault::Refused { message, .. },
                ..
            }) if message.contains(UNRECOGNIZED) => {
                let listed = message
                    .split_once(UNRECOGNIZED)
                    .and_then(|(_, rest)| rest.split_once(']'));
                let listed = listed.map_or("", |(listed, _)| listed).split(',');
                Ok(listed.map(|kind| kind.trim().to_owned()).collect())
            }
            Err(cause) => Err(self.not_done("ask which types of resources there are".to_owned(), cause)),
        }
    }

    /// Makes ready what the calls of a deployment give as template. `name` is that of its change set.
    pub(super) async fn lay_out(
        &self,
        deployment: &Deployment<'_>,
        name: &str,
    ) -> Result<Template, CallError> {
        let text = deployment.template.to_string();
        if text.len() <= MAX_TEMPLATE_IN_CALL {
            return Ok(Template {
                body: Some(text),
                url: None,
                stored: None,
            });
        }
        let (bucket, owner) = match deployment.template_bucket {
            Some(bucket) => (bucket.to_owned(), None),
            None => {
                // Anybody could have made a bucket of that name: a template must not go through it.
                let (bucket, account) = self.template_bucket().await?;
                self.ensure_bucket(&bucket, &account).await?;
                (bucket, Some(account))
            }
        };
        let key = format!("{}/{name}.json", deployment.stack_name);
        self.store(&bucket, &key, text.into_bytes(), owner.as_deref())
            .await?;
        Ok(Template {
            body: None,
            url: Some(url(&self.place.region, &bucket, &key)),
            stored: Some(Stored { bucket, key, owner }),
        })
    }

    /// Removes what was only there for CloudFormation to read.
    pub(super) async fn clear_away(&self, template: Template) {
        let Some(stored) = template.stored else {
            return;
        };
        // What stays is private and in nobody's way: no reason to fail what has been done.
        let _ = self
            .unstore(&stored.bucket, &stored.key, stored.owner.as_deref())
            .await;
    }
}

/// The address of an object by path, which AWS and emulators read alike. An emulator reads it from its own buckets.
fn url(region: &str, bucket: &str, key: &str) -> String {
    let china = if region.starts_with("cn-") { ".cn" } else { "" };
    format!("https://s3.{region}.amazonaws.com{china}/{bucket}/{key}")
}
