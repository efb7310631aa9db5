//! Logical ids and physical names. Existing stacks have them already: changing one replaces a resource, with its data.

use sha3::Shake256;
use sha3::digest::{ExtendableOutput, Update, XofReader};
use tapedeck_model::Stack;
use tapedeck_model::naming::pascal_case;

use crate::{Lookups, SynthError};

/// What names are made of.
#[derive(Debug, Clone)]
pub(crate) struct Names {
    /// The stack, `<project>-<stage>`.
    pub(crate) stack: String,
    /// The region.
    pub(crate) region: String,
    /// The account.
    pub(crate) account: String,
    /// What makes a name unique among all accounts.
    pub(crate) hash: String,
    /// The partition of AWS that the region is in.
    pub(crate) partition: &'static str,
}

impl Names {
    /// The names of a stack.
    pub(crate) fn of(stack: &Stack, lookups: &Lookups) -> Result<Self, SynthError> {
        let account = lookups.known_account()?.to_string();
        let (name, region) = (stack.name().to_string(), stack.region.to_string());
        let hash = match &lookups.stack_hash {
            Some(hash) => hash.clone(),
            None => stack_hash(&region, &name, &account),
        };
        Ok(Self {
            partition: partition(&region),
            stack: name,
            region,
            account,
            hash,
        })
    }

    /// `<stack>-<rest>`, within a limit.
    pub(crate) fn physical(&self, rest: &str, limit: usize) -> String {
        within(format!("{}-{rest}", self.stack), limit)
    }

    /// An ARN of this account and region.
    pub(crate) fn arn(&self, service: &str, resource: &str) -> String {
        let Self {
            partition,
            region,
            account,
            ..
        } = self;
        format!("arn:{partition}:{service}:{region}:{account}:{resource}")
    }

    /// The ARN of a policy that AWS keeps.
    pub(crate) fn managed_policy(&self, name: &str) -> String {
        format!("arn:{}:iam::aws:policy/service-role/{name}", self.partition)
    }
}

/// A logical id of these parts.
pub(crate) fn logical_id(parts: &[&str]) -> String {
    pascal_case(&parts.join("-"))
}

/// A name that is not longer than AWS takes: its beginning and six digits that tell it from others.
pub(crate) fn within(name: String, limit: usize) -> String {
    if name.len() <= limit {
        return name;
    }
    let kept: String = name.chars().take(limit - 7).collect();
    format!("{kept}-{}", digest(&name))
}

/// Six hexadecimal digits of a text.
pub(crate) fn digest(text: &str) -> String {
    let mut hasher = Shake256::default();
    hasher.update(text.as_bytes());
    let mut digest = [0_u8; 3];
    hasher.finalize_xof().read(&mut digest);
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// What makes the names of a stack unique among all accounts.
pub(crate) fn stack_hash(region: &str, stack: &str, account: &str) -> String {
    let text = format!("{region}{stack}{account}");
    let hash = text
        .chars()
        .rev()
        .fold(5381_u32, |hash, letter| hash.wrapping_mul(33) ^ u32::from(letter));
    format!("{hash:x}")
}

/// The partition of AWS that a region is in.
pub(crate) fn partition(region: &str) -> &'static str {
    if region.starts_with("cn-") {
        "aws-cn"
    } else if region.starts_with("us-gov-") {
        "aws-us-gov"
    } else {
        "aws"
    }
}
