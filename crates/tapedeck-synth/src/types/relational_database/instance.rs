//! Instances of RDS: one that is written to, and replicas of it.

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

const MAIN: &str = "DbInstance";

pub(super) fn build(
    database: &Target<'_>,
    engine: &Engine<'_>,
    assembly: &mut Assembly<'_>,
) -> Result<(), SynthError> {
    let credentials = Credentials::of(database, assembly)?;
    let name = identifier(database, assembly);
    add_groups(database, engine, assembly);
    let logs = add_log_groups(
        database,
        ("Instance", &format!("instance/{name}")),
        engine,
        assembly,
    );
    let mut main = common(database, engine, "engine.properties.primaryInstance.instanceSize");
    main["DBInstanceIdentifier"] = Value::from(within(name.clone(), 63));
    main["DBSubnetGroupName"] = database.reference("DbSubnetGroup");
    main["Engine"] = Value::from(engine.name);
    main["EngineVersion"] = Value::from(engine.version);
    main["MasterUsername"] = credentials.user;
    main["MasterUserPassword"] = credentials.password;
    if let Some(database) = engine.database {
        main["DBName"] = Value::from(database);
    }
    if engine.is("oracle-se2") {
        main["LicenseModel"] = Value::from("license-included");
    }
    if engine.is("mysql") || engine.is("mariadb") {
        main["OptionGroupName"] = database.reference("OptionGroup");
    }
    if let Some(days) = database
        .number("automatedBackupRetentionDays")
        .filter(|days| *days != 1)
    {
        main["BackupRetentionPeriod"] = Value::from(days);
    }
    if database.flag("deletionProtection") {
        main["DeletionProtection"] = Value::from(true);
    }
    if database.flag("engine.properties.primaryInstance.multiAz") {
        main["MultiAZ"] = Value::from(true);
    }
    add_instance(&database.id(MAIN), main, engine, &logs, assembly);
    for (index, replica) in replicas(database).iter().enumerate() {
        let name = format!("{name}-rep{index}");
        let owner = format!("Replica{index}");
        let logs = add_log_groups(database, (&owner, &format!("instance/{name}")), engine, assembly);
        let mut properties = common(database, engine, "");
        properties["DBInstanceClass"] = Value::from(get(replica, "instanceSize").and_then(Data::as_text));
        properties["DBInstanceIdentifier"] = Value::from(within(name, 63));
        properties["SourceDBInstanceIdentifier"] = database.reference(MAIN);
        if matches!(get(replica, "multiAz"), Some(Data::Boolean(true))) {
            properties["MultiAZ"] = Value::from(true);
        }
        add_instance(
            &database.id(&replica_part(index)),
            properties,
            engine,
            &logs,
            assembly,
        );
    }
    Ok(())
}

fn replicas<'a>(database: &Target<'a>) -> &'a [Data] {
    database.items("engine.properties.readReplicas")
}

fn replica_part(index: usize) -> String {
    format!("Replica{index}DbInstance")
}

fn add_instance(
    id: &str,
    mut properties: Value,
    engine: &Engine<'_>,
    logs: &[String],
    assembly: &mut Assembly<'_>,
) {
    if !logs.is_empty() {
        properties["EnableCloudwatchLogsExports"] = json!(engine.logs());
    }
    let instance = Resource::new("AWS::RDS::DBInstance", properties)
        .after(logs.to_vec())
        .with("DeletionPolicy", Value::from("Delete"));
    assembly.add(id, instance);
}

/// What the instance that is written to and its replicas have.
fn common(database: &Target<'_>, engine: &Engine<'_>, size: &str) -> Value {
    let storage = |key: &str, default: u64| {
        let own = database.number(&format!("engine.properties.storage.{key}"));
        own.unwrap_or(default)
    };
    json!({
        "AllocatedStorage": storage("initialSize", 20).to_string(),
        "MaxAllocatedStorage": storage("maxSize", 200),
        "AllowMajorVersionUpgrade": true,
        "AutoMinorVersionUpgrade": engine.upgrades,
        "DBInstanceClass": database.text(size),
        "DBParameterGroupName": database.reference("DbParameterGroup"),
        "Port": engine.port.to_string(),
        "PreferredBackupWindow": BACKUP_WINDOW,
        "PreferredMaintenanceWindow":
            database.text("preferredMaintenanceWindow").unwrap_or(MAINTENANCE_WINDOW),
        "PubliclyAccessible": !database.flag("accessibility.forceDisablePublicIp"),
        // The free edition of SQL Server cannot be encrypted.
        "StorageEncrypted": engine.name != "sqlserver-ex",
        "StorageType": "gp3",
        "VPCSecurityGroups": [database.reference("SecurityGroup")],
    })
}

fn add_groups(database: &Target<'_>, engine: &Engine<'_>, assembly: &mut Assembly<'_>) {
    let about = format!("{} {}", assembly.names.stack, database.name);
    add_parameter_group(database, "DbParameterGroup", engine, assembly);
    if engine.is("mysql") || engine.is("mariadb") {
        let options = json!({
            "EngineName": engine.name,
            "MajorEngineVersion": engine.major(),
            "OptionConfigurations": [{
                "OptionName": "MARIADB_AUDIT_PLUGIN",
                "OptionSettings": [{ "Name": "SERVER_AUDIT_EVENTS", "Value": engine.audited() }],
            }],
            "OptionGroupDescription": format!("{about} option group"),
        });
        assembly.add(
            &database.id("OptionGroup"),
            Resource::new("AWS::RDS::OptionGroup", options),
        );
    }
}

pub(super) fn parameters(
    database: &Target<'_>,
    engine: &Engine<'_>,
    credentials: &Credentials,
) -> Parameters {
    let host = |part: &str| database.attribute(part, "Endpoint.Address");
    let named = |name: &str, value: Value| (name.to_string(), value);
    let port = Value::from(engine.port.to_string());
    let mut parameters = vec![
        named("host", host(MAIN)),
        named(
            "connectionString",
            strings::connection(engine, credentials, host(MAIN)),
        ),
        named(
            "jdbcConnectionString",
            strings::jdbc(engine, credentials, host(MAIN)),
        ),
    ];
    let hosts: Vec<Value> = (0..replicas(database).len())
        .map(|index| host(&replica_part(index)))
        .collect();
    if !hosts.is_empty() {
        for index in 0..hosts.len() {
            parameters.push((format!("readReplica{index}Port"), port.clone()));
        }
        let all = |of: fn(&Engine<'_>, &Credentials, Value) -> Value| {
            let strings = hosts.iter().map(|host| of(engine, credentials, host.clone()));
            join(",", strings.collect())
        };
        parameters.push(named("readReplicaConnectionStrings", all(strings::connection)));
        parameters.push(named("readReplicaJdbcConnectionStrings", all(strings::jdbc)));
        parameters.insert(parameters.len() - 2, named("readReplicaHosts", join(",", hosts)));
    }
    parameters.push(named("port", port));
    if let Some(name) = engine.database {
        parameters.push(named("dbName", Value::from(name)));
    }
    parameters
}
