//! File systems in containers: volumes, access points and permissions.

use serde_json::{Value, json};
use tapedeck_model::{Container, VolumeMount, Workload};

use super::{Ids, named_containers};
use crate::assembly::Assembly;
use crate::intrinsic::{attribute, reference};
use crate::naming::{digest, logical_id};
use crate::policy::allow;
use crate::template::Resource;

/// The volumes of a service, each folder of a file system once.
pub(crate) struct Volumes<'a> {
    volumes: Vec<Volume<'a>>,
}

struct Volume<'a> {
    file_system: &'a str,
    directory: &'a str,
    name: String,
    access_point: String,
}

impl<'a> Volumes<'a> {
    /// The volumes of a service.
    pub(crate) fn of(service: &'a Workload, ids: &Ids<'_>) -> Self {
        let mut volumes: Vec<Volume<'a>> = Vec::new();
        for (_, container) in named_containers(service) {
            for mount in &container.volume_mounts {
                if position(&volumes, mount).is_some() {
                    continue;
                }
                let (file_system, directory) = (&mount.efs_filesystem_name, mount.root_directory.as_str());
                let flat = flat(directory);
                let mut name = format!("efs-{file_system}-{flat}");
                let mut access_point = logical_id(&[ids.name, file_system, &flat, "AccessPoint"]);
                let clashes = |one: &Volume<'_>| one.name == name || one.access_point == access_point;
                // `/a-b` and `/a/b` look the same then.
                if volumes.iter().any(clashes) {
                    let digest = digest(directory);
                    access_point =
                        logical_id(&[ids.name, file_system, &flat, &format!("x{digest}"), "AccessPoint"]);
                    name = format!("{name}-{digest}");
                }
                volumes.push(Volume {
                    file_system,
                    directory,
                    name,
                    access_point,
                });
            }
        }
        Self { volumes }
    }

    /// `MountPoints` of a container.
    pub(crate) fn mount_points(&self, container: &Container) -> Vec<Value> {
        let point = |mount: &VolumeMount| {
            let volume = position(&self.volumes, mount).map(|index| &self.volumes[index])?;
            Some(json!({ "SourceVolume": volume.name, "ContainerPath": mount.mount_path, "ReadOnly": false }))
        };
        container.volume_mounts.iter().filter_map(point).collect()
    }

    /// `Volumes` of the task definition.
    pub(crate) fn definitions(&self) -> Vec<Value> {
        let definition = |volume: &Volume<'_>| {
            json!({
                "Name": volume.name,
                "EFSVolumeConfiguration": {
                    "FilesystemId": reference(&file_system_id(volume.file_system)),
                    "TransitEncryption": "ENABLED",
                    "AuthorizationConfig": { "AccessPointId": reference(&volume.access_point), "IAM": "ENABLED" },
                },
            })
        };
        self.volumes.iter().map(definition).collect()
    }

    /// Adds an access point for each volume.
    pub(crate) fn add_access_points(&self, assembly: &mut Assembly<'_>) {
        for volume in &self.volumes {
            let is_root = volume.directory == "/";
            let user = if is_root { "0" } else { "1000" };
            let mut directory = json!({ "Path": volume.directory });
            if !is_root {
                directory["CreationInfo"] =
                    json!({ "OwnerUid": user, "OwnerGid": user, "Permissions": "0755" });
            }
            let properties = json!({
                "FileSystemId": reference(&file_system_id(volume.file_system)),
                "PosixUser": { "Uid": user, "Gid": user },
                "RootDirectory": directory,
                "AccessPointTags": assembly.tags(),
            });
            assembly.add(
                &volume.access_point,
                Resource::new("AWS::EFS::AccessPoint", properties),
            );
        }
    }

    /// What a task may do with its file systems.
    pub(crate) fn statements(&self) -> Vec<Value> {
        if self.volumes.is_empty() {
            return Vec::new();
        }
        // Through its own access points only, so that no folder of another is reached.
        let mount = self.through(
            &["elasticfilesystem:ClientMount", "elasticfilesystem:ClientWrite"],
            |_| true,
        );
        // Without it whoever mounts as root is nobody, and cannot write.
        let root = self.through(&["elasticfilesystem:ClientRootAccess"], |volume| {
            volume.directory == "/"
        });
        let look = [
            "elasticfilesystem:DescribeFileSystems",
            "elasticfilesystem:DescribeMountTargets",
        ];
        let look = allow(&look, self.file_systems(|_| true));
        mount.into_iter().chain([look]).chain(root).collect()
    }

    /// A statement about volumes that are mounted through their access points.
    fn through(&self, actions: &[&str], is_meant: impl Fn(&Volume<'_>) -> bool + Copy) -> Option<Value> {
        let meant = self.volumes.iter().filter(|volume| is_meant(volume));
        let points: Vec<Value> = meant
            .map(|volume| attribute(&volume.access_point, "Arn"))
            .collect();
        if points.is_empty() {
            return None;
        }
        let mut statement = allow(actions, self.file_systems(is_meant));
        statement["Condition"] = json!({ "StringEquals": { "elasticfilesystem:AccessPointArn": points } });
        Some(statement)
    }

    /// The file systems of volumes, each once.
    fn file_systems(&self, is_meant: impl Fn(&Volume<'_>) -> bool) -> Vec<Value> {
        let mut arns: Vec<Value> = Vec::new();
        for volume in self.volumes.iter().filter(|volume| is_meant(volume)) {
            let arn = attribute(&file_system_id(volume.file_system), "Arn");
            if !arns.contains(&arn) {
                arns.push(arn);
            }
        }
        arns
    }
}

fn position(volumes: &[Volume<'_>], mount: &VolumeMount) -> Option<usize> {
    volumes
        .iter()
        .position(|one| one.file_system == mount.efs_filesystem_name && one.directory == mount.root_directory)
}

fn file_system_id(name: &str) -> String {
    logical_id(&[name, "FileSystem"])
}

/// A path as part of a name.
fn flat(directory: &str) -> String {
    let flat = directory.replace('/', "-");
    let flat = flat.strip_prefix('-').unwrap_or(&flat);
    let flat = flat.strip_suffix('-').unwrap_or(flat);
    match flat {
        "" => "Root".to_string(),
        flat => flat.to_string(),
    }
}
