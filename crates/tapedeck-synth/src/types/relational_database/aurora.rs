//! Clusters of Aurora: with instances, with instances that grow by themselves, or with none.

use serde_json::{Value, json};
use tapedeck_model::Data;

use super::engine::Engine;
use super::{
    BACKUP_WINDOW, Credentials, MAINTENANCE_WINDOW, add_log_groups, add_parameter_group, identifier, strings,
};
use crate::SynthError;
use crate::assembly::Assembly;
use crate::intrinsic::join;
use crate::naming::within;
use crate::template::Resource;
use crate::types::target::get;
use crate::types::{Parameters, Target};

const CLUSTER: &str = "DbCluster";

pub(super) fn build(
    database: &Target<'_>,
    engine: &Engine<'_>,
    assembly: &mut Assembly<'_>,
) -> Result<(), SynthError> {
    add_groups(database, engine, assembly);
    add_cluster(database, engine, assembly)?;
    let name = identifier(database, assembly);
    for (index, class) in classes(database, engine).into_iter().enumerate() {
        let instance = json!({
            "AllowMajorVersionUpgrade": true,
            "AutoMinorVersionUpgrade": engine.upgrades,
            "DBClusterIdentifier": database.reference(CLUSTER),
            "DBInstanceClass": class,
            "DBInstanceIdentifier": within(format!("{name}-{index}"), 63),
            "DBParameterGroupName": database.reference("InstanceDbParameterGroup"),
            "Engine": engine.name,
            "PubliclyAccessible": !database.flag("accessibility.forceDisablePublicIp"),
        });
        let before = index
            .checked_sub(1)
            .map(|before| database.id(&format!("DbInstance{before}")));
        assembly.add(
            &database.id(&format!("DbInstance{index}")),
            Resource::new("AWS::RDS::DBInstance", instance).after(before),
        );
    }
    Ok(())
}

/// The classes of the instances, the one that is written to first.
fn classes(database: &Target<'_>, engine: &Engine<'_>) -> Vec<String> {
    if engine.is_first_serverless() {
        return Vec::new();
    }
    if engine.is_second_serverless() {
        let readers = database
            .number("engine.properties.serverlessReadersCount")
            .unwrap_or(0);
        return (0..=readers).map(|_| "db.serverless".to_string()).collect();
    }
    let instances = database.items("engine.properties.instances").iter();
    instances
        .filter_map(|instance| get(instance, "instanceSize").and_then(Data::as_text))
        .map(str::to_string)
        .collect()
}

fn add_groups(database: &Target<'_>, engine: &Engine<'_>, assembly: &mut Assembly<'_>) {
    let about = format!("{} {}", assembly.names.stack, database.name);
    let cluster = json!({
        "Description": format!("{about} cluster param group"),
        "Family": engine.family(),
        "Parameters": engine.cluster_parameters(),
    });
    assembly.add(
        &database.id("DbClusterParameterGroup"),
        Resource::new("AWS::RDS::DBClusterParameterGroup", cluster),
    );
    if !engine.is_first_serverless() {
        add_parameter_group(database, "InstanceDbParameterGroup", engine, assembly);
    }
}

fn add_cluster(
    database: &Target<'_>,
    engine: &Engine<'_>,
    assembly: &mut Assembly<'_>,
) -> Result<(), SynthError> {
    let credentials = Credentials::of(database, assembly)?;
    let name = identifier(database, assembly);
    let logs = add_log_groups(
        database,
        ("Cluster", &format!("cluster/{name}")),
        engine,
        assembly,
    );
    let mode = if engine.is_first_serverless() {
        "serverless"
    } else {
        "provisioned"
    };
    let mut cluster = json!({
        "AutoMinorVersionUpgrade": engine.upgrades,
        "DBClusterIdentifier": within(name, 63),
        "DBClusterParameterGroupName": database.reference("DbClusterParameterGroup"),
        "DBSubnetGroupName": database.reference("DbSubnetGroup"),
        "DatabaseName": engine.database,
        "Engine": engine.name,
        "EngineMode": mode,
        "EngineVersion": engine.version,
        "MasterUserPassword": credentials.password,
        "MasterUsername": credentials.user,
        "PreferredBackupWindow": BACKUP_WINDOW,
        "PreferredMaintenanceWindow": database.text("preferredMaintenanceWindow").unwrap_or(MAINTENANCE_WINDOW),
        "StorageEncrypted": true,
        "VpcSecurityGroupIds": [database.reference("SecurityGroup")],
    });
    let capacity = |key: &str, default: f64| {
        let own = database.get(&format!("engine.properties.{key}"));
        own.map_or(json!(default), |own| {
            serde_json::to_value(own).unwrap_or_default()
        })
    };
    if engine.is_first_serverless() {
        let pause = database.number("engine.properties.pauseAfterSeconds");
        let mut scaling = json!({
            "AutoPause": pause.is_some(),
            "MinCapacity": capacity("minCapacity", 2.0),
            "MaxCapacity": capacity("maxCapacity", 4.0),
        });
        if let Some(seconds) = pause {
            scaling["SecondsUntilAutoPause"] = Value::from(seconds);
        }
        cluster["ScalingConfiguration"] = scaling;
    } else {
        cluster["Port"] = Value::from(engine.port);
        if !logs.is_empty() {
            cluster["EnableCloudwatchLogsExports"] = json!(engine.logs());
        }
    }
    if engine.is_second_serverless() {
        cluster["ServerlessV2ScalingConfiguration"] = json!({
            "MinCapacity": capacity("minCapacity", 0.0),
            "MaxCapacity": capacity("maxCapacity", 10.0),
        });
    }
    if let Some(days) = database
        .number("automatedBackupRetentionDays")
        .filter(|days| *days != 1)
    {
        cluster["BackupRetentionPeriod"] = Value::from(days);
    }
    if database.flag("deletionProtection") {
        cluster["DeletionProtection"] = Value::from(true);
    }
    let cluster = Resource::new("AWS::RDS::DBCluster", cluster)
        .after(logs)
        .with("DeletionPolicy", Value::from("Delete"));
    assembly.add(&database.id(CLUSTER), cluster);
    Ok(())
}

pub(super) fn parameters(
    database: &Target<'_>,
    engine: &Engine<'_>,
    credentials: &Credentials,
) -> Parameters {
    let named = |name: &str, value: Value| (name.to_string(), value);
    let host = database.attribute(CLUSTER, "Endpoint.Address");
    let port = Value::from(engine.port.to_string());
    let mut parameters = vec![
        named("host", host.clone()),
        named(
            "connectionString",
            strings::connection(engine, credentials, host.clone()),
        ),
        named("jdbcConnectionString", strings::jdbc(engine, credentials, host)),
    ];
    if !engine.is_first_serverless() {
        let hosts = (0..classes(database, engine).len())
            .map(|index| database.attribute(&format!("DbInstance{index}"), "Endpoint.Address"));
        let reader = database.attribute(CLUSTER, "ReadEndpoint.Address");
        parameters.extend([
            named("hosts", join(",", hosts.collect())),
            named("readerHost", reader.clone()),
            named(
                "readerConnectionString",
                strings::connection(engine, credentials, reader.clone()),
            ),
            named("readerPort", port.clone()),
            named(
                "readerJdbcConnectionString",
                strings::jdbc(engine, credentials, reader),
            ),
        ]);
    }
    parameters.push(named("port", port));
    parameters.extend(engine.database.map(|name| named("dbName", Value::from(name))));
    parameters
}
