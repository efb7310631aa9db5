//! Parameters of the Systems Manager. Values are only ever in what is asked for them.

use aws_sdk_ssm::types::Parameter;

use crate::call::CallError;
use crate::connect::Cloud;
use crate::error::CloudError;

const GET: &str = "ssm:GetParameter";

/// What a parameter is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ParameterVersion {
    /// `String`, `StringList` or `SecureString`.
    pub kind: String,
    /// The version that is current.
    pub version: u64,
}

impl Cloud {
    /// What a parameter is, and in which version; none when there is no such parameter. It is not decrypted.
    ///
    /// # Errors
    /// [`CloudError::NotDone`] when it may not be looked at or nobody answers.
    pub async fn parameter(&self, name: &str) -> Result<Option<ParameterVersion>, CloudError> {
        let failed = |cause| self.not_done(format!("look at parameter {name}"), cause);
        let Some(found) = self.get(name, false).await.map_err(failed)? else {
            return Ok(None);
        };
        let version = u64::try_from(found.version).ok().filter(|version| *version > 0);
        Ok(Some(ParameterVersion {
            kind: found
                .r#type
                .map(|kind| kind.as_str().to_owned())
                .ok_or_else(|| failed(CallError::lacking(GET, "type")))?,
            version: version.ok_or_else(|| failed(CallError::lacking(GET, "version")))?,
        }))
    }

    /// The value of a parameter, `name` or `name:version`; none when there is no such parameter.
    ///
    /// # Errors
    /// [`CloudError::NotDone`] when it may not be read or nobody answers.
    pub async fn parameter_value(&self, name: &str) -> Result<Option<String>, CloudError> {
        let found = self.get(name, true).await;
        let found = found.map_err(|cause| self.not_done(format!("read parameter {name}"), cause))?;
        Ok(found.and_then(|parameter| parameter.value))
    }

    async fn get(&self, name: &str, decrypted: bool) -> Result<Option<Parameter>, CallError> {
        let call = self.ssm.get_parameter().name(name).with_decryption(decrypted);
        match call.send().await.map_err(|error| CallError::new(GET, error)) {
            Ok(answer) => Ok(answer.parameter),
            Err(error) if error.is("ParameterNotFound") || error.is("ParameterVersionNotFound") => Ok(None),
            Err(error) => Err(error),
        }
    }
}
