//! What `$ResourceParam` can ask of a `relational-database`, and `connectTo` tells.

use tapedeck_config::parse::Mapping;
use tapedeck_config::schema::Parameter;

use super::engines::{self, Family, Form};

pub(super) static PARAMETERS: &[Parameter] = &[
    Parameter::text("host", "host that is written to"),
    Parameter::secret("connectionString", "URL with the user and the password"),
    Parameter::secret(
        "jdbcConnectionString",
        "URL for JDBC with the user and the password",
    ),
    of_cluster(Parameter::text(
        "hosts",
        "hosts of all instances, separated by commas",
    )),
    of_cluster(Parameter::text("readerHost", "host that is read from")),
    of_cluster(Parameter::secret(
        "readerConnectionString",
        "URL for reading, with the user and the password",
    )),
    of_cluster(Parameter::number("readerPort", "port that is read from")),
    of_cluster(Parameter::secret(
        "readerJdbcConnectionString",
        "URL for reading by JDBC, with the user and the password",
    )),
    of_replica("readReplica0Port", has_replica::<0>, "with a read replica"),
    of_replica("readReplica1Port", has_replica::<1>, "with 2 read replicas"),
    of_replica("readReplica2Port", has_replica::<2>, "with 3 read replicas"),
    of_replica("readReplica3Port", has_replica::<3>, "with 4 read replicas"),
    of_replica("readReplica4Port", has_replica::<4>, "with 5 read replicas"),
    of_replica("readReplica5Port", has_replica::<5>, "with 6 read replicas"),
    of_replica("readReplica6Port", has_replica::<6>, "with 7 read replicas"),
    of_replica("readReplica7Port", has_replica::<7>, "with 8 read replicas"),
    of_replica("readReplica8Port", has_replica::<8>, "with 9 read replicas"),
    of_replica("readReplica9Port", has_replica::<9>, "with 10 read replicas"),
    of_replica("readReplica10Port", has_replica::<10>, "with 11 read replicas"),
    of_replica("readReplica11Port", has_replica::<11>, "with 12 read replicas"),
    of_replica("readReplica12Port", has_replica::<12>, "with 13 read replicas"),
    of_replica("readReplica13Port", has_replica::<13>, "with 14 read replicas"),
    of_replica("readReplica14Port", has_replica::<14>, "with 15 read replicas"),
    with_replicas(Parameter::text(
        "readReplicaHosts",
        "hosts of the read replicas, separated by commas",
    )),
    with_replicas(Parameter::secret(
        "readReplicaConnectionStrings",
        "URLs of the read replicas, separated by commas, each with the user and the password",
    )),
    with_replicas(Parameter::secret(
        "readReplicaJdbcConnectionStrings",
        "URLs of the read replicas for JDBC, separated by commas, each with the user and the password",
    )),
    Parameter::number("port", "port that is written to"),
    Parameter::text("dbName", "name of the database that is there at the start").when(
        |properties| engines::of(properties).is_none_or(|engine| engine.family != Family::SqlServer),
        "of every engine but SQL Server",
    ),
];

const fn of_cluster(parameter: Parameter) -> Parameter {
    parameter.when(
        |properties| {
            engines::of(properties)
                .is_some_and(|engine| matches!(engine.form, Form::Cluster | Form::Serverless))
        },
        "of Aurora, but for Serverless v1",
    )
}

const fn of_replica(name: &'static str, holds: fn(&Mapping) -> bool, condition: &'static str) -> Parameter {
    Parameter::number(name, "port of a read replica").when(holds, condition)
}

const fn with_replicas(parameter: Parameter) -> Parameter {
    parameter.when(has_replica::<0>, "with read replicas")
}

fn has_replica<const INDEX: usize>(properties: &Mapping) -> bool {
    engines::settings(properties).is_some_and(|settings| settings.list("readReplicas").len() > INDEX)
}
