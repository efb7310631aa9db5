//! `efs-filesystem`: files that outlive tasks, reachable in every availability zone.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use tapedeck_model::Workload;

use super::target::rule;
use super::{Kind, Parameters, Target, no_grants};
use crate::SynthError;
use crate::assembly::Assembly;
use crate::intrinsic::reference;
use crate::shared::containers;
use crate::template::Resource;
use crate::workload::security_group_id;

pub(super) const KIND: Kind = Kind {
    name: "efs-filesystem",
    build,
    parameters,
    grants: no_grants,
    in_vpc: true,
};

/// The port of NFS.
const PORT: u64 = 2049;

fn build(files: &Target<'_>, assembly: &mut Assembly<'_>) -> Result<(), SynthError> {
    let mode = files.text("throughputMode").unwrap_or("elastic");
    let mut properties = json!({
        "Encrypted": true,
        "FileSystemTags": assembly.tags(),
        "PerformanceMode": "generalPurpose",
        "ThroughputMode": mode,
    });
    if let Some(throughput) = files.get("provisionedThroughputInMibps") {
        properties["ProvisionedThroughputInMibps"] = assembly.data(throughput)?;
    }
    if files.flag("backupEnabled") {
        properties["BackupPolicy"] = json!({ "Status": "ENABLED" });
    }
    assembly.add(
        &files.id("FileSystem"),
        Resource::new("AWS::EFS::FileSystem", properties),
    );
    let mounts = |service: &Workload| {
        let mut mounts = containers(service).flat_map(|container| &container.volume_mounts);
        mounts.any(|mount| mount.efs_filesystem_name == files.name)
    };
    let services: BTreeSet<&str> = assembly
        .workloads
        .iter()
        .filter(|service| mounts(service))
        .map(|service| service.name.as_str())
        .collect();
    let rules: Vec<Value> = services
        .into_iter()
        .map(|name| {
            rule(
                PORT,
                "SourceSecurityGroupId",
                &reference(&security_group_id(name)),
            )
        })
        .collect();
    let group = json!({
        "GroupName": assembly.names.physical(&format!("{}-efs-sg", files.name), 255),
        "GroupDescription": format!("Security group for EFS filesystem {}", files.name),
        "SecurityGroupIngress": rules,
        "Tags": assembly.tags(),
        "VpcId": assembly.network.vpc,
    });
    assembly.add(
        &files.id("SecurityGroup"),
        Resource::new("AWS::EC2::SecurityGroup", group),
    );
    for (index, subnet) in assembly.network.public_subnets.clone().into_iter().enumerate() {
        let target = json!({
            "FileSystemId": files.reference("FileSystem"),
            "SecurityGroups": [files.reference("SecurityGroup")],
            "SubnetId": subnet,
        });
        assembly.add(
            &files.id(&format!("Subnet{index}MountTarget")),
            Resource::new("AWS::EFS::MountTarget", target),
        );
    }
    Ok(())
}

fn parameters(files: &Target<'_>, _: &mut Assembly<'_>) -> Result<Parameters, SynthError> {
    Ok(vec![
        ("arn".to_string(), files.attribute("FileSystem", "Arn")),
        ("id".to_string(), files.reference("FileSystem")),
    ])
}
