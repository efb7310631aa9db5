//! Who calls, and how to become somebody else.

use std::fmt;

use tapedeck_model::Timestamp;

use crate::call::CallError;
use crate::connect::Cloud;
use crate::error::CloudError;

/// Credentials that are valid for a while.
#[derive(Clone, PartialEq, Eq)]
pub struct SessionCredentials {
    /// Says who.
    pub access_key_id: String,
    /// Proves it.
    pub secret_access_key: String,
    /// Belongs to the two.
    pub session_token: String,
    /// When they end.
    pub expires_at: Timestamp,
}

impl fmt::Debug for SessionCredentials {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("SessionCredentials")
            .field("access_key_id", &self.access_key_id)
            .field("expires_at", &self.expires_at)
            .finish_non_exhaustive()
    }
}

impl Cloud {
    /// The account that the credentials are of: 12 digits.
    ///
    /// # Errors
    /// [`CloudError::Account`] when the credentials are not accepted or nobody answers.
    pub async fn account(&self) -> Result<String, CloudError> {
        self.caller().await.map_err(|cause| CloudError::Account {
            place: self.place.clone(),
            cause,
        })
    }

    pub(crate) async fn caller(&self) -> Result<String, CallError> {
        const ACTION: &str = "sts:GetCallerIdentity";
        let call = self.sts.get_caller_identity().send().await;
        let answer = call.map_err(|error| CallError::new(ACTION, error))?;
        answer
            .account
            .ok_or_else(|| CallError::lacking(ACTION, "account"))
    }

    /// Credentials of a role, for `seconds` (900 to 43 200, and no more than the role allows). `session_name` stands in
    /// the logs of AWS: 2 to 64 letters, digits and `=,.@-_`.
    ///
    /// # Errors
    /// [`CloudError::AssumeRole`] when there is no such role, it is not for whoever calls, or nobody answers.
    pub async fn assume_role(
        &self,
        role_arn: &str,
        session_name: &str,
        seconds: u32,
    ) -> Result<SessionCredentials, CloudError> {
        self.session(role_arn, session_name, seconds)
            .await
            .map_err(|cause| CloudError::AssumeRole {
                role: role_arn.to_owned(),
                place: self.place.clone(),
                cause,
            })
    }

    async fn session(
        &self,
        role_arn: &str,
        session_name: &str,
        seconds: u32,
    ) -> Result<SessionCredentials, CallError> {
        const ACTION: &str = "sts:AssumeRole";
        let call = self
            .sts
            .assume_role()
            .role_arn(role_arn)
            .role_session_name(session_name)
            .duration_seconds(i32::try_from(seconds).unwrap_or(i32::MAX));
        let answer = call.send().await.map_err(|error| CallError::new(ACTION, error))?;
        let given = answer
            .credentials
            .ok_or_else(|| CallError::lacking(ACTION, "credentials"))?;
        let expires_at = given
            .expiration
            .to_millis()
            .ok()
            .and_then(|millis| u64::try_from(millis).ok());
        Ok(SessionCredentials {
            access_key_id: given.access_key_id,
            secret_access_key: given.secret_access_key,
            session_token: given.session_token,
            expires_at: Timestamp::from_millis(
                expires_at.ok_or_else(|| CallError::lacking(ACTION, "point in time at which they expire"))?,
            ),
        })
    }
}
