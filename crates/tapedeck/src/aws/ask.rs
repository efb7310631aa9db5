//! What a config or a template asks of AWS. No value of a secret is asked for.

use tapedeck_config::{Answer, SecretState};
use tapedeck_synth::{Lookups, SecretLookup, SynthError};

use super::Aws;
use crate::exit::Failure;

impl Aws {
    /// The account.
    ///
    /// # Errors
    /// When it cannot be asked.
    pub(crate) fn account(&self) -> Result<String, Failure> {
        self.run(self.cloud.account())
    }

    /// Whether there is a secret. Which keys it has only its value says, which is nobody's business.
    pub(crate) fn secret_state(&self, name: &str) -> Result<Answer, Failure> {
        let found = self.run(self.cloud.secret(name))?;
        Ok(match found {
            Some(_) => Answer::Unknowable,
            None => Answer::Secret(SecretState::Missing { others: Vec::new() }),
        })
    }

    /// An output of a stack.
    ///
    /// # Errors
    /// When it cannot be asked.
    pub(crate) fn stack_output(&self, stack: &str, output: &str) -> Result<Option<String>, Failure> {
        let state = self.run(self.cloud.describe(stack))?;
        Ok(state.and_then(|mut state| state.outputs.remove(output)))
    }

    /// Looks up what a template could not be made without. Tells whether that was possible.
    ///
    /// # Errors
    /// When it cannot be asked.
    pub(crate) fn look_up(&self, error: &SynthError, lookups: &mut Lookups) -> Result<bool, Failure> {
        let SynthError::MissingLookup { key, .. } = error else {
            return Ok(false);
        };
        if key == "account" {
            lookups.account = Some(self.account()?);
            return Ok(true);
        }
        let secret = key
            .strip_prefix("secrets.")
            .and_then(|rest| rest.strip_suffix(".versionId"));
        let Some(name) = secret else {
            return Ok(false);
        };
        let Some(found) = self.run(self.cloud.secret(name))? else {
            return Ok(false);
        };
        let Some(version) = found.version_id else {
            return Ok(false);
        };
        let secret = lookups.secrets.entry(name.to_string()).or_insert(SecretLookup {
            version_id: None,
            arn: None,
            keys: None,
        });
        secret.version_id = Some(version);
        secret.arn = Some(found.arn);
        Ok(true)
    }
}
