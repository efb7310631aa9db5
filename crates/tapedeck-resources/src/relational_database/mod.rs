//! `relational-database`: a database of RDS or Aurora.

mod alarm;
mod check;
mod engines;
mod instances;
mod keys;
mod logging;
mod parameters;
mod settings;

use tapedeck_config::schema::{Connectable, ResourceType, Support, UNSUPPORTED};

/// The type.
pub(crate) static TYPE: ResourceType = ResourceType {
    name: "relational-database",
    doc: "A database that speaks SQL.",
    properties: Some(&keys::RELATIONAL_DATABASE),
    support: Support::Partly(
        "PostgreSQL and MariaDB of this machine's distribution stand in, without replicas and backups; not Oracle and SQL Server",
    ),
    parameters: parameters::PARAMETERS,
    connectable: Connectable::Yes,
    check: Some(check::check),
    ..UNSUPPORTED
};
