//! A function within the network of the stack, from where it reaches what is private there, but not the internet.

use serde_json::{Value, json};
use tapedeck_model::{Data, Resource as Declared, VolumeMount};

use super::{KIND, Target, flag, joins};
use crate::SynthError;
use crate::assembly::Assembly;
use crate::intrinsic::attribute;
use crate::naming::logical_id;
use crate::network;
use crate::policy::inline;
use crate::types::efs_filesystem::mount_target_id;
use crate::workload::{Ids, Volumes};

/// Types that are reached over the internet unless the network has an endpoint for them, and the service of each.
const BEHIND_ENDPOINTS: [(&str, &str); 2] = [("bucket", "s3"), ("dynamo-db-table", "dynamodb")];

/// Whether a resource is a function within the network.
pub(crate) fn joins_network(resource: &Declared) -> bool {
    resource.kind == KIND.name && flag(resource, "joinDefaultVpc")
}

/// The id of the security group of a function.
pub(crate) fn security_group_id(name: &str) -> String {
    logical_id(&[name, "SecurityGroup"])
}

/// Whether a resource is a function that mounts a file system.
pub(crate) fn mounts_files(resource: &Declared, files: &str) -> bool {
    let names = |mount: &VolumeMount| mount.efs_filesystem_name == files;
    joins_network(resource) && mounts(&Target::of(resource)).iter().any(names)
}

/// What lets Lambda make interfaces in the network.
pub(super) fn managed_policies(function: &Target<'_>, assembly: &Assembly<'_>) -> Vec<String> {
    match joins(function) {
        true => vec![assembly.names.managed_policy("AWSLambdaVPCAccessExecutionRole")],
        false => Vec::new(),
    }
}

/// What a function in the network needs beside its properties.
#[derive(Default)]
pub(super) struct Joined {
    /// Policies of its role.
    pub(super) policies: Vec<Value>,
    /// What must be there first.
    pub(super) after: Vec<String>,
}

/// Adds the security group, and puts the function with its file systems into the network.
pub(super) fn add(
    function: &Target<'_>,
    properties: &mut Value,
    assembly: &mut Assembly<'_>,
) -> Result<Joined, SynthError> {
    if !joins(function) {
        return Ok(Joined::default());
    }
    function.add_security_group("function", Vec::new(), assembly);
    properties["VpcConfig"] = json!({
        "SecurityGroupIds": [function.reference("SecurityGroup")],
        "SubnetIds": assembly.network.public_subnets,
    });
    for name in function.items("connectTo").iter().filter_map(Data::as_text) {
        let stack = assembly.stack;
        let found = stack.resources.iter().find(|one| one.name.as_str() == name);
        let service = BEHIND_ENDPOINTS
            .iter()
            .find(|(kind, _)| found.is_some_and(|found| found.kind == *kind));
        if let Some((_, service)) = service {
            network::add_endpoint(service, assembly);
        }
    }
    add_mounts(function, properties, assembly)
}

/// The file systems of EFS that a function mounts.
fn mounts(function: &Target<'_>) -> Vec<VolumeMount> {
    let mount = |mount: &Data| {
        let text = |key: &str| mount.get("properties")?.get(key)?.as_text().map(str::to_string);
        Some(VolumeMount {
            efs_filesystem_name: text("efsFilesystemName")?,
            mount_path: text("mountPath")?,
            root_directory: text("rootDirectory").unwrap_or_else(|| "/".to_string()),
        })
    };
    function.items("volumeMounts").iter().filter_map(mount).collect()
}

fn add_mounts(
    function: &Target<'_>,
    properties: &mut Value,
    assembly: &mut Assembly<'_>,
) -> Result<Joined, SynthError> {
    let mut joined = Joined::default();
    let written = function.items("volumeMounts");
    if written.len() > 1 {
        return Err(function.unsupported("more than one of `volumeMounts`; Lambda mounts one file system"));
    }
    let mounts = mounts(function);
    if mounts.len() < written.len() {
        return Err(
            function.unsupported("`volumeMounts` of type `s3files`; use type `efs`, or the API of S3")
        );
    }
    let volumes = Volumes::of_mounts(mounts.iter(), &Ids { name: function.name });
    volumes.add_access_points(assembly);
    let mut configs = Vec::new();
    for mount in &mounts {
        if let Some(access_point) = volumes.access_point(mount) {
            configs
                .push(json!({ "Arn": attribute(access_point, "Arn"), "LocalMountPath": mount.mount_path }));
        }
        let subnets = 0..assembly.network.public_subnets.len();
        let targets = subnets.map(|subnet| mount_target_id(&mount.efs_filesystem_name, subnet));
        joined.after.extend(targets);
    }
    if !configs.is_empty() {
        properties["FileSystemConfigs"] = Value::Array(configs);
        joined
            .policies
            .push(inline("efs-mount-access", volumes.statements()));
    }
    Ok(joined)
}
