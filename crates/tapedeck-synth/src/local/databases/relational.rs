//! Databases of RDS and Aurora.

use std::collections::BTreeSet;

use serde_json::Value;
use tapedeck_model::{ResourceName, Stack};

use super::{ADDRESS, Access, Database, DatabaseKind, PORT, Variables, found, port, text, value};
use crate::intrinsic::reference;
use crate::naming::logical_id;
use crate::template::{Resource, Template};

/// A part of a resource, its type, and the property with the name of the database that is there from the beginning.
const PARTS: [(&str, &str, &str); 2] = [
    ("DbInstance", "AWS::RDS::DBInstance", "DBName"),
    ("DbCluster", "AWS::RDS::DBCluster", "DatabaseName"),
];

const ATTRIBUTES: [(&str, &str); 4] = [
    ("Endpoint.Address", ADDRESS),
    ("Endpoint.Port", PORT),
    ("ReadEndpoint.Address", ADDRESS),
    ("ReadEndpoint.Port", PORT),
];

pub(super) fn all(stack: &Stack, template: &Template) -> Vec<Database> {
    let databases = PARTS.iter().flat_map(|(part, kind, name)| {
        let found = found(stack, template, part, kind);
        found.filter_map(move |(resource, id, main)| {
            let mut database = read(resource, main, text(main, name).unwrap_or_default())?;
            database.answer(&id, &ATTRIBUTES);
            for replica in replicas(&id, template) {
                database.answer(&replica, &ATTRIBUTES);
            }
            let group = logical_id(&[resource.as_str(), "SecurityGroup"]);
            database.access = Access::of(template, &group, "SecurityGroupIngress");
            Some(database)
        })
    });
    databases.collect()
}

fn read(resource: &ResourceName, main: &Resource, name: &str) -> Option<Database> {
    let engine = text(main, "Engine")?;
    let (kind, usual) = match engine {
        engine if engine.contains("postgres") => (DatabaseKind::Postgres, 5432),
        engine if engine.contains("mysql") || engine == "mariadb" => (DatabaseKind::MySql, 3306),
        _ => return None,
    };
    let names = match kind {
        DatabaseKind::Postgres => [
            "POSTGRES_USER",
            "POSTGRES_PASSWORD",
            "POSTGRES_DB",
            "POSTGRES_PORT",
        ],
        _ => ["MYSQL_USER", "MYSQL_PASSWORD", "MYSQL_DATABASE", "MYSQL_PORT"],
    };
    let port = port(main).unwrap_or(usual);
    let values = [
        value(main, "MasterUsername"),
        value(main, "MasterUserPassword"),
        Value::from(name),
        Value::from(port.to_string()),
    ];
    Some(Database {
        version: text(main, "EngineVersion").map(str::to_string),
        is_same_program: kind == DatabaseKind::Postgres || engine == "mariadb",
        environment: names.into_iter().zip(values).collect::<Variables>(),
        ..Database::new(resource, kind, engine, port)
    })
}

/// The instances of a cluster, and the replicas of an instance.
fn replicas(main: &str, template: &Template) -> BTreeSet<String> {
    let main = reference(main);
    let belongs = |resource: &Resource| {
        let properties = ["DBClusterIdentifier", "SourceDBInstanceIdentifier"];
        properties
            .iter()
            .any(|key| resource.properties.get(*key) == Some(&main))
    };
    let resources = template.resources.iter();
    resources
        .filter(|(_, resource)| belongs(resource))
        .map(|(id, _)| id.clone())
        .collect()
}
