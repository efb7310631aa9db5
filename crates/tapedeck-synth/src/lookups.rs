//! What AWS would answer. No value of a secret is among it.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::SynthError;
use crate::template::NOT_YET_KNOWN;

/// What AWS would answer.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Lookups {
    /// The account.
    pub account: Option<String>,
    /// What makes names unique beyond the account; computed from region, stack and account where it is left out.
    pub stack_hash: Option<String>,
    /// How many availability zones the account has in the region; three where it is left out.
    pub availability_zones: Option<u8>,
    /// Secrets by name.
    pub secrets: BTreeMap<String, SecretLookup>,
    /// Parameters of the Systems Manager by name.
    pub ssm_parameters: BTreeMap<String, ParameterLookup>,
    /// Outputs of other stacks, by stack and name.
    pub stack_outputs: BTreeMap<String, BTreeMap<String, OutputLookup>>,
    /// The code of functions, by the name of the function. What is not here is not packaged yet.
    pub artifacts: BTreeMap<String, ArtifactLookup>,
    /// The names of packaged images, by [`image_key`]. What is not here is not packaged yet.
    pub images: BTreeMap<String, String>,
    /// VPCs by id, or by the name of the stack whose VPC it is.
    pub vpcs: BTreeMap<String, VpcLookup>,
    /// Whether AWS is this machine, where secrets have no versions and one network has everything.
    #[serde(skip)]
    pub(crate) is_local: bool,
}

/// What is known of a secret.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SecretLookup {
    /// The version that is used.
    #[serde(default)]
    pub version_id: Option<String>,
    /// Its ARN. Without it the name stands in its place, as AWS allows.
    #[serde(default)]
    pub arn: Option<String>,
    /// Its keys; none when it is a plain text.
    #[serde(default)]
    pub keys: Option<Vec<String>>,
}

/// What is known of a parameter.
#[derive(Debug, Clone, Deserialize)]
pub struct ParameterLookup {
    /// `String`, `StringList` or `SecureString`.
    #[serde(rename = "type")]
    pub kind: String,
    /// Its version.
    pub version: u64,
}

/// An output of a deployed stack.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct OutputLookup {
    /// Its value.
    pub value: String,
    /// The name it is exported under.
    #[serde(default)]
    pub export_name: Option<String>,
}

/// Code that was uploaded.
#[derive(Debug, Clone, Deserialize)]
pub struct ArtifactLookup {
    /// The bucket it is in. Without it that is the deployment bucket of the stack.
    #[serde(default)]
    pub bucket: Option<String>,
    /// Its key in the bucket.
    pub key: String,
    /// What tells it from other code.
    pub digest: String,
}

/// What is known of a VPC.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct VpcLookup {
    /// Its id, where it is listed by the name of a stack.
    #[serde(default)]
    pub id: Option<String>,
    /// Its addresses.
    pub cidr_block: String,
    /// Subnets with a way into the internet.
    pub public_subnets: Vec<String>,
    /// The others.
    pub private_subnets: Vec<String>,
}

/// By what the image of a container is looked up: `<workload>/<container>`.
#[must_use]
pub fn image_key(workload: &str, container: &str) -> String {
    format!("{workload}/{container}")
}

/// The version of a secret where there are none.
const ONLY_VERSION: &str = "only";

impl Lookups {
    /// What this machine would answer.
    pub(crate) fn of_this_machine(account: &str) -> Self {
        Self {
            account: Some(account.to_string()),
            is_local: true,
            ..Self::default()
        }
    }

    /// The account, which must be known.
    pub(crate) fn known_account(&self) -> Result<&str, SynthError> {
        self.account.as_deref().ok_or_else(|| SynthError::MissingLookup {
            key: "account".to_string(),
            subject: "the account".to_string(),
        })
    }

    /// The image of a container, if it is packaged.
    pub(crate) fn image(&self, workload: &str, container: &str) -> &str {
        let image = self.images.get(&image_key(workload, container));
        image.map_or(NOT_YET_KNOWN, String::as_str)
    }

    /// The version of a secret, which must be known.
    pub(crate) fn secret_version(&self, name: &str) -> Result<&str, SynthError> {
        if self.is_local {
            return Ok(ONLY_VERSION);
        }
        let version = self
            .secrets
            .get(name)
            .and_then(|found| found.version_id.as_deref());
        version.ok_or_else(|| SynthError::MissingLookup {
            key: format!("secrets.{name}.versionId"),
            subject: format!("the version of the secret `{name}`"),
        })
    }

    /// The ARN of a secret, if it is known.
    pub(crate) fn secret_arn(&self, name: &str) -> Option<&str> {
        self.secrets.get(name)?.arn.as_deref()
    }

    /// A parameter, which must be known.
    pub(crate) fn parameter(&self, name: &str) -> Result<&ParameterLookup, SynthError> {
        self.ssm_parameters
            .get(name)
            .ok_or_else(|| SynthError::MissingLookup {
                key: format!("ssmParameters.{name}"),
                subject: format!("the type and version of the parameter `{name}`"),
            })
    }

    /// A VPC by its id, which must be known.
    pub(crate) fn vpc(&self, id: &str) -> Result<&VpcLookup, SynthError> {
        self.vpcs.get(id).ok_or_else(|| missing_vpc(id))
    }

    /// The VPC of another stack, which must be known: that under the name of the stack, else the only one there is.
    pub(crate) fn vpc_of_stack(&self, stack: &str) -> Result<(String, &VpcLookup), SynthError> {
        let only = || self.vpcs.iter().next().filter(|_| self.vpcs.len() == 1);
        let found = self.vpcs.get_key_value(stack).or_else(only);
        let (key, vpc) = found.ok_or_else(|| missing_vpc(stack))?;
        Ok((vpc.id.clone().unwrap_or_else(|| key.clone()), vpc))
    }
}

fn missing_vpc(key: &str) -> SynthError {
    SynthError::MissingLookup {
        key: format!("vpcs.{key}"),
        subject: "what subnets the VPC has".to_string(),
    }
}
