//! Objects in buckets.

use aws_config::timeout::TimeoutConfig;
use aws_runtime::retries::classifiers::AwsErrorCodeClassifier;
use aws_sdk_s3::operation::create_bucket::CreateBucketError;
use aws_sdk_s3::primitives::ByteStream;
use aws_sdk_s3::types::{
    BucketLocationConstraint, CreateBucketConfiguration, Delete, ObjectIdentifier,
    PublicAccessBlockConfiguration,
};

use crate::call::{CallError, Fault};
use crate::connect::Cloud;
use crate::error::CloudError;

/// The region whose buckets must not name it when they are made.
const UNNAMED_REGION: &str = "us-east-1";

/// Versions of objects.
#[derive(Debug)]
struct Page {
    found: Vec<ObjectIdentifier>,
    next: Option<Marker>,
}

/// Up to where versions are known.
#[derive(Debug)]
struct Marker {
    key: String,
    version: Option<String>,
}

impl Cloud {
    /// Stores an object, in place of another of that name. The bucket has to be there.
    ///
    /// # Errors
    /// [`CloudError::PutObject`] when there is no such bucket, it may not be written, or nobody answers.
    pub async fn put_object(&self, bucket: &str, key: &str, bytes: Vec<u8>) -> Result<(), CloudError> {
        self.store(bucket, key, bytes, None)
            .await
            .map_err(|cause| CloudError::PutObject {
                bucket: bucket.to_owned(),
                key: key.to_owned(),
                place: self.place.clone(),
                cause,
            })
    }

    /// Whether a bucket of `owner`, which is made where it is missing, lacks an object.
    ///
    /// # Errors
    /// [`CloudError::LookForObject`] when the bucket is somebody else's, may not be made or looked at, or nobody answers.
    pub async fn lacks_object(&self, bucket: &str, owner: &str, key: &str) -> Result<bool, CloudError> {
        self.look_for(bucket, owner, key)
            .await
            .map_err(|cause| CloudError::LookForObject {
                bucket: bucket.to_owned(),
                key: key.to_owned(),
                place: self.place.clone(),
                cause,
            })
    }

    async fn look_for(&self, bucket: &str, owner: &str, key: &str) -> Result<bool, CallError> {
        self.ensure_bucket(bucket, owner).await?;
        let look = self.s3.head_object().bucket(bucket).key(key);
        match look
            .send()
            .await
            .map_err(|error| CallError::new("s3:GetObject", error))
        {
            Ok(_) => Ok(false),
            Err(error) if is_absent(&error) => Ok(true),
            Err(error) => Err(error),
        }
    }

    /// Deletes the objects of a bucket whose names begin so, but those of `kept`. A bucket that is not there has none.
    ///
    /// # Errors
    /// [`CloudError::EmptyBucket`] when they may not be deleted, or nobody answers.
    pub async fn prune_objects(
        &self,
        bucket: &str,
        beginning: &str,
        kept: &[String],
    ) -> Result<(), CloudError> {
        self.remove_but(bucket, beginning, kept)
            .await
            .map_err(|cause| CloudError::EmptyBucket {
                bucket: bucket.to_owned(),
                place: self.place.clone(),
                cause,
            })
    }

    async fn remove_but(&self, bucket: &str, beginning: &str, kept: &[String]) -> Result<(), CallError> {
        let mut pages = self
            .s3
            .list_objects_v2()
            .bucket(bucket)
            .prefix(beginning)
            .into_paginator()
            .send();
        while let Some(page) = pages.next().await {
            let page = match page.map_err(|error| CallError::new("s3:ListBucket", error)) {
                Ok(page) => page,
                Err(error) if error.is("NoSuchBucket") => return Ok(()),
                Err(error) => return Err(error),
            };
            let keys = page.contents.unwrap_or_default();
            for key in keys.into_iter().filter_map(|object| object.key) {
                if !kept.contains(&key) {
                    self.unstore(bucket, &key, None).await?;
                }
            }
        }
        Ok(())
    }

    /// Stores an object, in a bucket of `owner` only if that is given.
    pub(crate) async fn store(
        &self,
        bucket: &str,
        key: &str,
        bytes: Vec<u8>,
        owner: Option<&str>,
    ) -> Result<(), CallError> {
        let patience = TimeoutConfig::builder()
            .connect_timeout(self.limits.connect)
            // The answer comes when all is there.
            .read_timeout(self.limits.upload)
            .operation_timeout(self.limits.upload)
            .build();
        let call = self
            .s3
            .put_object()
            .bucket(bucket)
            .key(key)
            .set_expected_bucket_owner(owner.map(str::to_owned))
            .body(ByteStream::from(bytes))
            .customize()
            .config_override(aws_sdk_s3::config::Builder::new().timeout_config(patience));
        call.send()
            .await
            .map_err(|error| CallError::new("s3:PutObject", error))?;
        Ok(())
    }

    /// Deletes an object of a bucket of `owner`.
    pub(crate) async fn unstore(
        &self,
        bucket: &str,
        key: &str,
        owner: Option<&str>,
    ) -> Result<(), CallError> {
        let call = self
            .s3
            .delete_object()
            .bucket(bucket)
            .key(key)
            .set_expected_bucket_owner(owner.map(str::to_owned));
        call.send()
            .await
            .map_err(|error| CallError::new("s3:DeleteObject", error))?;
        Ok(())
    }

    /// Deletes all objects of a bucket, in all their versions, and says how many that were. A bucket that is not there has
    /// none.
    ///
    /// # Errors
    /// [`CloudError::EmptyBucket`] when they may not be deleted, one is locked, or nobody answers.
    pub async fn empty_bucket(&self, bucket: &str) -> Result<usize, CloudError> {
        self.remove_all(bucket)
            .await
            .map_err(|cause| CloudError::EmptyBucket {
                bucket: bucket.to_owned(),
                place: self.place.clone(),
                cause,
            })
    }

    async fn remove_all(&self, bucket: &str) -> Result<usize, CallError> {
        let mut removed = 0;
        let mut page = self.versions(bucket, None).await?;
        while let Some(Page { found, next }) = page {
            removed += found.len();
            if !found.is_empty() {
                self.remove_versions(bucket, found).await?;
            }
            page = match next {
                // Onwards, not from the beginning: whoever writes meanwhile cannot keep this going.
                Some(next) => self.versions(bucket, Some(next)).await?,
                None => None,
            };
        }
        Ok(removed)
    }

    /// At most as many versions as can be deleted at once; none without a bucket.
    async fn versions(&self, bucket: &str, from: Option<Marker>) -> Result<Option<Page>, CallError> {
        const ACTION: &str = "s3:ListBucketVersions";
        let mut call = self.s3.list_object_versions().bucket(bucket).max_keys(1000);
        if let Some(Marker { key, version }) = from {
            call = call.key_marker(key).set_version_id_marker(version);
        }
        let page = match call.send().await.map_err(|error| CallError::new(ACTION, error)) {
            Ok(page) => page,
            Err(error) if error.is("NoSuchBucket") => return Ok(None),
            Err(error) => return Err(error),
        };
        let versions = page.versions.unwrap_or_default().into_iter();
        let markers = page.delete_markers.unwrap_or_default().into_iter();
        let all = versions
            .map(|one| (one.key, one.version_id))
            .chain(markers.map(|one| (one.key, one.version_id)));
        let named = all.filter_map(|(key, version)| {
            let identifier = ObjectIdentifier::builder().key(key?).set_version_id(version);
            // Only a missing key makes it fail.
            identifier.build().ok()
        });
        let version = page.next_version_id_marker.filter(|version| !version.is_empty());
        let next = page.next_key_marker.filter(|_| page.is_truncated == Some(true));
        Ok(Some(Page {
            found: named.collect(),
            next: next.map(|key| Marker { key, version }),
        }))
    }

    async fn remove_versions(&self, bucket: &str, versions: Vec<ObjectIdentifier>) -> Result<(), CallError> {
        const ACTION: &str = "s3:DeleteObjectVersion";
        let delete = Delete::builder().set_objects(Some(versions)).quiet(true).build();
        let delete = delete.expect("it has been given objects");
        let call = self.s3.delete_objects().bucket(bucket).delete(delete);
        let answer = call.send().await.map_err(|error| CallError::new(ACTION, error))?;
        let Some(first) = answer.errors.unwrap_or_default().into_iter().next() else {
            return Ok(());
        };
        let (key, said) = (first.key.unwrap_or_default(), first.message.unwrap_or_default());
        let message = format!("{key}: {said}");
        let code = first.code.unwrap_or_default();
        let fault = match code.as_str() {
            "AccessDenied" => Fault::Denied { message },
            _ => Fault::Refused { code, message },
        };
        Err(CallError {
            action: ACTION,
            fault,
        })
    }

    /// Makes a private bucket of `owner` if there is none of that name. One of somebody else is an error, not a bucket.
    pub(crate) async fn ensure_bucket(&self, bucket: &str, owner: &str) -> Result<(), CallError> {
        let look = self.s3.head_bucket().bucket(bucket).expected_bucket_owner(owner);
        match look
            .send()
            .await
            .map_err(|error| CallError::new("s3:ListBucket", error))
        {
            Ok(_) => return Ok(()),
            Err(error) if is_absent(&error) => {}
            Err(error) => return Err(error),
        }
        let mut call = self.s3.create_bucket().bucket(bucket);
        if self.place.region != UNNAMED_REGION {
            let region = BucketLocationConstraint::from(self.place.region.as_str());
            let there = CreateBucketConfiguration::builder()
                .location_constraint(region)
                .build();
            call = call.create_bucket_configuration(there);
        }
        let call = call.customize().config_override(made_meanwhile());
        match call
            .send()
            .await
            .map_err(|error| CallError::new("s3:CreateBucket", error))
        {
            Ok(_) => {}
            // Another deployment was quicker, or the first answer to this very call was lost: then it is not closed yet.
            Err(error) if error.is("BucketAlreadyOwnedByYou") => {}
            Err(error) => return Err(error),
        }
        let closed = PublicAccessBlockConfiguration::builder()
            .block_public_acls(true)
            .block_public_policy(true)
            .ignore_public_acls(true)
            .restrict_public_buckets(true)
            .build();
        let call = self
            .s3
            .put_public_access_block()
            .bucket(bucket)
            .expected_bucket_owner(owner)
            .public_access_block_configuration(closed);
        call.send()
            .await
            .map_err(|error| CallError::new("s3:PutBucketPublicAccessBlock", error))?;
        Ok(())
    }
}

/// Has a bucket that is just being made asked for again: by another deployment, or by the first of two calls whose answer was lost.
fn made_meanwhile() -> aws_sdk_s3::config::Builder {
    let classifier = AwsErrorCodeClassifier::<CreateBucketError>::builder()
        .transient_errors(vec!["OperationAborted"])
        .build();
    aws_sdk_s3::config::Builder::new().retry_classifier(classifier)
}

/// Whether an answer to HEAD says that there is none. Such answers have no body that a code could stand in.
fn is_absent(error: &CallError) -> bool {
    ["NotFound", "NoSuchBucket", "NoSuchKey", "HTTP 404"]
        .iter()
        .any(|code| error.is(code))
}
