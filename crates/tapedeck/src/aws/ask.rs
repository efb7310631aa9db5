//! What a config or a template asks of AWS. No value of a secret is asked for.

use tapedeck_config::{Answer, SecretState, VpcState};
use tapedeck_synth::{Lookups, ParameterLookup, SecretLookup, SynthError, VpcLookup};

use super::Aws;
use crate::exit::Failure;

/// The type of a VPC.
const NETWORK: &str = "AWS::EC2::VPC";

impl Aws {
    /// The account.
    ///
    /// # Errors
    /// When it cannot be asked.
    pub(crate) fn account(&self) -> Result<String, Failure> {
        self.run(self.cloud.account())
    }

    /// The account, as it is known already, or else asked for.
    ///
    /// # Errors
    /// When it cannot be asked.
    pub(crate) fn account_of(&self, lookups: &Lookups) -> Result<String, Failure> {
        lookups.account.clone().map_or_else(|| self.account(), Ok)
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
        match key.split_once('.') {
            None if key == "account" => {
                lookups.account = Some(self.account()?);
                Ok(true)
            }
            Some(("secrets", rest)) => match rest.strip_suffix(".versionId") {
                Some(name) => self.look_up_secret(name, lookups),
                None => Ok(false),
            },
            Some(("ssmParameters", name)) => self.look_up_parameter(name, lookups),
            Some(("vpcs", name)) => self.look_up_network(name, lookups),
            _ => Ok(false),
        }
    }

    /// What a config asks of a VPC.
    pub(crate) fn network_state(&self, id: &str) -> Result<Answer, Failure> {
        let found = self.run(self.cloud.network(id))?;
        Ok(match found {
            Some(found) => Answer::Vpc(VpcState {
                cidr_block: found.cidr_block,
                public_subnets: found.public_subnets.len(),
                private_subnets: found.private_subnets.len(),
            }),
            None => Answer::Missing,
        })
    }

    /// How many zones a network of its own can be spread over.
    pub(crate) fn zones(&self) -> Result<u8, Failure> {
        let zones = self.run(self.cloud.availability_zones())?;
        Ok(u8::try_from(zones).unwrap_or(u8::MAX))
    }

    fn look_up_secret(&self, name: &str, lookups: &mut Lookups) -> Result<bool, Failure> {
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

    fn look_up_parameter(&self, name: &str, lookups: &mut Lookups) -> Result<bool, Failure> {
        let Some(found) = self.run(self.cloud.parameter(name))? else {
            return Ok(false);
        };
        let parameter = ParameterLookup {
            kind: found.kind,
            version: found.version,
        };
        lookups.ssm_parameters.insert(name.to_string(), parameter);
        Ok(true)
    }

    /// Looks up a VPC by its id, or that which a stack has made.
    fn look_up_network(&self, name: &str, lookups: &mut Lookups) -> Result<bool, Failure> {
        let id = match is_network_id(name) {
            true => Some(name.to_string()),
            false => self.network_of_stack(name)?,
        };
        let Some(id) = id else {
            return Ok(false);
        };
        let Some(found) = self.run(self.cloud.network(&id))? else {
            return Ok(false);
        };
        let network = VpcLookup {
            id: Some(id),
            cidr_block: found.cidr_block,
            public_subnets: found.public_subnets,
            private_subnets: found.private_subnets,
        };
        lookups.vpcs.insert(name.to_string(), network);
        Ok(true)
    }

    fn network_of_stack(&self, stack: &str) -> Result<Option<String>, Failure> {
        let resources = self.run(self.cloud.resources(stack))?;
        let mut networks = resources.into_values().filter(|one| one.resource_type == NETWORK);
        Ok(networks.next().and_then(|network| network.physical_id))
    }
}

/// Whether a name is the id of a VPC: `vpc-` and 8 or 17 digits.
fn is_network_id(name: &str) -> bool {
    let digits = name.strip_prefix("vpc-").unwrap_or_default();
    matches!(digits.len(), 8 | 17) && digits.chars().all(|digit| digit.is_ascii_hexdigit())
}

#[cfg(test)]
mod tests;
