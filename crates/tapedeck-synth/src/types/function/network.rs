//! A function within the network of the stack, from where it reaches what is private there, but not the internet.

use serde_json::{Value, json};
use tapedeck_model::Resource as Declared;

use super::{KIND, Target, flag, joins};
use crate::SynthError;
use crate::assembly::Assembly;
use crate::naming::logical_id;

/// Whether a resource is a function within the network.
pub(crate) fn joins_network(resource: &Declared) -> bool {
    resource.kind == KIND.name && flag(resource, "joinDefaultVpc")
}

/// The id of the security group of a function.
pub(crate) fn security_group_id(name: &str) -> String {
    logical_id(&[name, "SecurityGroup"])
}

/// What lets Lambda make interfaces in the network.
pub(super) fn managed_policies(function: &Target<'_>, assembly: &Assembly<'_>) -> Vec<String> {
    match joins(function) {
        true => vec![assembly.names.managed_policy("AWSLambdaVPCAccessExecutionRole")],
        false => Vec::new(),
    }
}

/// Adds the security group, and puts the function into the network.
pub(super) fn add(
    function: &Target<'_>,
    properties: &mut Value,
    assembly: &mut Assembly<'_>,
) -> Result<(), SynthError> {
    if function.is_used("volumeMounts") {
        return Err(function.unsupported(
            "`volumeMounts`; a `worker-service` or a `multi-container-workload` can have them",
        ));
    }
    function.add_security_group("function", Vec::new(), assembly);
    properties["VpcConfig"] = json!({
        "SecurityGroupIds": [function.reference("SecurityGroup")],
        "SubnetIds": assembly.network.public_subnets,
    });
    Ok(())
}
