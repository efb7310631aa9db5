//! `relational-database`: instances of RDS, or a cluster of Aurora with its instances.

mod aurora;
mod engine;
mod instance;
mod strings;

use serde_json::{Value, json};
use tapedeck_model::Data;

use super::alarms::{self, Measure, Metrics};
use super::target::rule;
use super::{Kind, Parameters, Target, no_grants};
use crate::SynthError;
use crate::assembly::Assembly;
use crate::template::Resource;
use engine::Engine;

pub(super) const KIND: Kind = Kind {
    name: "relational-database",
    build,
    parameters,
    grants: no_grants,
    in_vpc: true,
};

/// When backups are made, and when AWS may work on the database.
const BACKUP_WINDOW: &str = "01:00-01:30";
const MAINTENANCE_WINDOW: &str = "Sun:02:00-Sun:04:00";

fn build(database: &Target<'_>, assembly: &mut Assembly<'_>) -> Result<(), SynthError> {
    let engine = Engine::of(database)?;
    if database.is_used("logging.logForwarding") {
        return Err(database.unsupported("`logForwarding` of its logs"));
    }
    add_subnets(database, assembly);
    add_security_group(database, &engine, assembly);
    match engine.is_aurora {
        true => aurora::build(database, &engine, assembly)?,
        false => instance::build(database, &engine, assembly)?,
    }
    let (dimension, part, measure): (_, _, fn(&str) -> Option<Measure>) = match engine.is_aurora {
        true => ("DBClusterIdentifier", "DbCluster", measure_of_cluster),
        false => ("DBInstanceIdentifier", "DbInstance", measure_of_instance),
    };
    let metrics = Metrics {
        namespace: "AWS/RDS",
        dimensions: json!([{ "Name": dimension, "Value": database.reference(part) }]),
        measure,
    };
    alarms::add(database, &metrics, assembly)
}

/// A megabyte, in the unit of the metrics of free space.
const MEGABYTE: f64 = 1_048_576.0;

/// What an alarm of an instance watches.
fn measure_of_instance(trigger: &str) -> Option<Measure> {
    let (name, threshold, factor) = match trigger {
        "database-cpu-utilization" => ("CPUUtilization", "thresholdPercent", 1.0),
        "database-free-storage" => ("FreeStorageSpace", "thresholdMB", MEGABYTE),
        "database-free-memory" => ("FreeableMemory", "thresholdMB", MEGABYTE),
        "database-connection-count" => ("DatabaseConnections", "thresholdCount", 1.0),
        "database-read-latency" => ("ReadLatency", "thresholdSeconds", 1.0),
        "database-write-latency" => ("WriteLatency", "thresholdSeconds", 1.0),
        _ => return None,
    };
    Some(Measure::Metric {
        name,
        threshold,
        factor,
    })
}

/// What an alarm of a cluster watches. Its data grows on its own; what can run out is space for its instances.
fn measure_of_cluster(trigger: &str) -> Option<Measure> {
    match trigger {
        "database-free-storage" => Some(Measure::Metric {
            name: "FreeLocalStorage",
            threshold: "thresholdMB",
            factor: MEGABYTE,
        }),
        trigger => measure_of_instance(trigger),
    }
}

fn parameters(database: &Target<'_>, assembly: &mut Assembly<'_>) -> Result<Parameters, SynthError> {
    let engine = Engine::of(database)?;
    let credentials = Credentials::of(database, assembly)?;
    Ok(match engine.is_aurora {
        true => aurora::parameters(database, &engine, &credentials),
        false => instance::parameters(database, &engine, &credentials),
    })
}

/// Who the master user is.
struct Credentials {
    user: Value,
    password: Value,
}

impl Credentials {
    fn of(database: &Target<'_>, assembly: &mut Assembly<'_>) -> Result<Self, SynthError> {
        let user = match database.get("credentials.masterUserName") {
            Some(user) => assembly.data(user)?,
            None => Value::from("db_master_user"),
        };
        let password = match database.get("credentials.masterUserPassword") {
            Some(password) => assembly.data(password)?,
            None => Value::Null,
        };
        Ok(Self { user, password })
    }
}

/// The identifier of the database.
fn identifier(database: &Target<'_>, assembly: &Assembly<'_>) -> String {
    format!("{}-{}", assembly.names.stack, database.name.to_lowercase())
}

fn add_subnets(database: &Target<'_>, assembly: &mut Assembly<'_>) {
    let name = format!("{}-subnet-group", identifier(database, assembly));
    let group = json!({
        "DBSubnetGroupName": name,
        "DBSubnetGroupDescription": name,
        "SubnetIds": assembly.network.public_subnets,
    });
    assembly.add(
        &database.id("DbSubnetGroup"),
        Resource::new("AWS::RDS::DBSubnetGroup", group),
    );
}

fn add_security_group(database: &Target<'_>, engine: &Engine<'_>, assembly: &mut Assembly<'_>) {
    let from = |addresses: &str| rule(engine.port, "CidrIp", &Value::from(addresses));
    let mut rules = match database.text("accessibility.accessibilityMode") {
        Some("vpc") => vec![from(&assembly.network.cidr_block)],
        Some("scoping-workloads-in-vpc") => database.rules_of_services(engine.port, assembly),
        Some("whitelisted-ips-only") => Vec::new(),
        _ => vec![from("0.0.0.0/0")],
    };
    let listed = database
        .items("accessibility.whitelistedIps")
        .iter()
        .filter_map(Data::as_text);
    rules.extend(listed.map(|address| match address.contains('/') {
        true => from(address),
        false => from(&format!("{address}/32")),
    }));
    database.add_security_group("database", rules, assembly);
}

/// Adds the parameters of instances as this part of the database.
fn add_parameter_group(database: &Target<'_>, part: &str, engine: &Engine<'_>, assembly: &mut Assembly<'_>) {
    let parameters = json!({
        "Description": format!("{} {} param group", assembly.names.stack, database.name),
        "Family": engine.family(),
        "Parameters": engine.instance_parameters(),
    });
    assembly.add(
        &database.id(part),
        Resource::new("AWS::RDS::DBParameterGroup", parameters),
    );
}

/// Adds log groups for what the database writes. Tells their ids, and the kinds of logs.
fn add_log_groups(
    database: &Target<'_>,
    (owner, path): (&str, &str),
    engine: &Engine<'_>,
    assembly: &mut Assembly<'_>,
) -> Vec<String> {
    if database.flag("logging.disabled") {
        return Vec::new();
    }
    let mut ids = Vec::new();
    for kind in engine.logs() {
        let id = crate::naming::logical_id(&[database.name, owner, kind, "LogGroup"]);
        let group = json!({
            "LogGroupName": format!("/aws/rds/{path}/{kind}"),
            "RetentionInDays": database.number("logging.retentionDays").unwrap_or(90),
        });
        assembly.add(&id, Resource::new("AWS::Logs::LogGroup", group));
        ids.push(id);
    }
    ids
}
