//! Users of clusters: one with a password where the config asks for it, and one for the role of each service.

use serde_json::{Value, json};
use tapedeck_model::Connection;

use super::project;
use super::{CLUSTER, name};
use crate::SynthError;
use crate::assembly::Assembly;
use crate::intrinsic::attribute;
use crate::naming::logical_id;
use crate::template::Resource;
use crate::types::Target;

/// Adds the user that the role of a workload is, if it is connected to a cluster.
///
/// It may read and write what is in the clusters that the workload is connected to, and is known to no other. Which of
/// their databases the workload uses is not in the config, so that it is all of them.
pub(crate) fn add_user(
    workload: &str,
    role: &str,
    connections: &[Connection],
    assembly: &mut Assembly<'_>,
) -> Result<(), SynthError> {
    let clusters = project::connected(connections, assembly);
    if clusters.is_empty() {
        return Ok(());
    }
    let scopes = clusters.iter().map(|cluster| scope(&cluster.to_lowercase()));
    let mut properties = json!({
        "AwsIAMType": "ROLE",
        "DatabaseName": "$external",
        "ProjectId": project::reference(),
        "Roles": [{ "DatabaseName": "admin", "RoleName": "readWriteAnyDatabase" }],
        "Scopes": scopes.collect::<Vec<Value>>(),
        "Username": attribute(role, "Arn"),
    });
    project::add_keys(&mut properties, assembly)?;
    let after = clusters.iter().map(|cluster| logical_id(&[cluster, CLUSTER]));
    let user = Resource::new("MongoDB::StpAtlasV1::DatabaseUser", properties).after(after);
    assembly.add(&logical_id(&[workload, "AtlasMongoDatabaseUser"]), user);
    Ok(())
}

/// Adds the user with a password, if the config asks for it.
pub(super) fn add_administrator(cluster: &Target<'_>, assembly: &mut Assembly<'_>) -> Result<(), SynthError> {
    let Some(user) = cluster.get("adminUserCredentials.userName") else {
        return Ok(());
    };
    let mut properties = json!({
        "DatabaseName": "admin",
        "ProjectId": project::reference(),
        "Roles": [{ "DatabaseName": "admin", "RoleName": "atlasAdmin" }],
        "Scopes": [scope(&name(cluster))],
        "Username": assembly.data(user)?,
    });
    if let Some(password) = cluster.get("adminUserCredentials.password") {
        properties["Password"] = assembly.data(password)?;
    }
    project::add_keys(&mut properties, assembly)?;
    let user = Resource::new("MongoDB::StpAtlasV1::DatabaseUser", properties).after([cluster.id(CLUSTER)]);
    assembly.add(&cluster.id("DatabaseUser"), user);
    Ok(())
}

fn scope(cluster: &str) -> Value {
    json!({ "Name": cluster, "Type": "CLUSTER" })
}
