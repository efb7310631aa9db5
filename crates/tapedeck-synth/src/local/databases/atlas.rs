//! Clusters of MongoDB at Atlas. There, a service proves who it is by its role; here by a password that is made for it, and that
//! is in the URL.

use tapedeck_model::Stack;

use super::{ADDRESS, Access, Database, DatabaseKind, OwnSecret, PORT, found, text, value};
use crate::naming::logical_id;
use crate::template::Template;
use crate::types::MONGO_DB_ATLAS_ACCESS_LIST;

/// The user that services are.
const USER: &str = "tapedeck";

/// The port of MongoDB.
const USUAL_PORT: u16 = 27017;

pub(super) fn all(stack: &Stack, template: &Template) -> Vec<Database> {
    let clusters = found(stack, template, "Cluster", "MongoDB::StpAtlasV1::Cluster");
    let clusters = clusters.map(|(resource, id, main)| {
        let secret = OwnSecret::of(stack, resource, &["password"]);
        let password = secret.value("password");
        let mut environment = vec![
            ("MONGO_USER", USER.into()),
            ("MONGO_PASSWORD", password.as_str().into()),
            ("MONGO_PORT", USUAL_PORT.to_string().into()),
        ];
        let administrator = logical_id(&[resource.as_str(), "DatabaseUser"]);
        if let Some(administrator) = template.resources.get(&administrator) {
            environment.extend([
                ("MONGO_ADMIN_USER", value(administrator, "Username")),
                ("MONGO_ADMIN_PASSWORD", value(administrator, "Password")),
            ]);
        }
        let mut cluster = Database {
            version: text(main, "MongoDBMajorVersion").map(str::to_string),
            environment,
            secret: Some(secret),
            access: Access::of(template, MONGO_DB_ATLAS_ACCESS_LIST, "AccessList"),
            ..Database::new(resource, DatabaseKind::Mongo, "MongoDB", USUAL_PORT)
        };
        // The server does not know by which address it is reached, and is not asked for it.
        let url = format!("mongodb://{USER}:{password}@{ADDRESS}:{PORT}/?directConnection=true");
        cluster.answer(&id, &[("SrvConnectionString", &url)]);
        cluster
    });
    clusters.collect()
}
