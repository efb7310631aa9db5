//! How a template gets to CloudFormation: in the call, or through a bucket if it is too large for that.

use super::Deployment;
use crate::call::CallError;
use crate::connect::Cloud;

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

impl Cloud {
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
                let account = self.caller().await?;
                let bucket = format!("tapedeck-templates-{account}-{}", self.place.region);
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
