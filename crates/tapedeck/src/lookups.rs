//! What AWS would answer, read from a file, so that a config can be judged without asking AWS. No secret value is in it.

use std::path::Path;

use tapedeck_config::{Answer, SecretState, VpcState};

use crate::exit::{ExitKind, Failure};

/// A file of lookups. Keys that this version does not ask for are left alone.
#[derive(Debug)]
pub(crate) struct Lookups(pub(crate) tapedeck_synth::Lookups);

impl Lookups {
    /// Reads a file.
    ///
    /// # Errors
    /// When it is not there or is no such JSON.
    pub(crate) fn read(path: &Path) -> Result<Self, Failure> {
        let help = "lookups are a JSON object of `account`, `artifacts`, `availabilityZones`, `images`, `secrets`, `ssmParameters`, `stackOutputs` and `vpcs`";
        let text = fs_err::read(path).map_err(|error| Failure::new(ExitKind::Usage, error).help(help))?;
        serde_json::from_slice(&text).map(Self).map_err(|error| {
            let what = format!("could not read the lookups {}", path.display());
            Failure::new(ExitKind::Usage, anyhow::Error::new(error).context(what)).help(help)
        })
    }

    /// The account.
    pub(crate) fn account(&self) -> Option<&str> {
        self.0.account.as_deref()
    }

    /// An output of a stack.
    pub(crate) fn stack_output(&self, stack: &str, output: &str) -> Option<&str> {
        let output = self.0.stack_outputs.get(stack)?.get(output)?;
        Some(&output.value)
    }

    /// What is known of a VPC.
    pub(crate) fn vpc(&self, id: &str) -> Answer {
        match self.0.vpcs.get(id) {
            Some(vpc) => Answer::Vpc(VpcState {
                cidr_block: vpc.cidr_block.clone(),
                public_subnets: vpc.public_subnets.len(),
                private_subnets: vpc.private_subnets.len(),
            }),
            None => Answer::Missing,
        }
    }

    /// What is known of a secret.
    pub(crate) fn secret(&self, name: &str) -> Answer {
        Answer::Secret(match self.0.secrets.get(name) {
            Some(secret) => SecretState::There {
                keys: secret.keys.clone(),
            },
            None => SecretState::Missing {
                others: self.0.secrets.keys().cloned().collect(),
            },
        })
    }
}
