//! Which services a stack has.

use serde_json::Value;
use tapedeck_cloud::ServiceArn;
use tapedeck_model::StackName;
use tapedeck_synth::deployed;

use super::{Aws, rollout};
use crate::commands::info_stack::chosen;
use crate::exit::Failure;

/// A service of a stack.
pub(super) struct Known {
    pub(super) name: String,
    pub(super) logical_id: String,
    pub(super) arn: ServiceArn,
}

impl Aws {
    /// The template of a stack, and those of its services that are wanted: the named ones, or all where none is named.
    ///
    /// # Errors
    /// When there is no such stack or service, or it cannot be asked about.
    pub(super) fn services(
        &self,
        stack: &StackName,
        wanted: &[String],
    ) -> Result<(Value, Vec<Known>), Failure> {
        let template = self.template(stack)?;
        let resources = self.run(self.cloud.resources(stack.as_str()))?;
        let known = rollout::services(&resources).into_iter();
        let known = known.map(|(arn, logical_id)| Known {
            name: deployed::workload(&template, &logical_id),
            logical_id,
            arn,
        });
        let known = chosen(known.collect(), |known| &known.name, wanted, stack)?;
        Ok((template, known))
    }
}
