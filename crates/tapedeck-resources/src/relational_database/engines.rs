//! What is known of each engine. Sources: user guides of RDS and Aurora, API reference of RDS.

use tapedeck_config::parse::Mapping;

/// An engine.
pub(super) struct Engine {
    /// The value of `type`.
    pub(super) name: &'static str,
    /// Whose dialect it speaks.
    pub(super) family: Family,
    /// What it becomes.
    pub(super) form: Form,
    /// The versions that are known: what the version begins with, up to a dot. The newest is the last one.
    pub(super) versions: &'static [&'static str],
    /// The most replicas that it can have; none when it has no replicas at all.
    pub(super) most_replicas: usize,
}

/// Whose dialect an engine speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Family {
    /// PostgreSQL.
    Postgres,
    /// MySQL.
    Mysql,
    /// MariaDB.
    Mariadb,
    /// SQL Server.
    SqlServer,
    /// Oracle.
    Oracle,
}

/// What an engine becomes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    /// An instance of RDS, perhaps with replicas.
    Instance,
    /// A cluster of Aurora with instances of given sizes.
    Cluster,
    /// A cluster of Aurora whose instances grow and shrink.
    Serverless,
    /// The first version of that, without instances that are seen.
    OldServerless,
}

const POSTGRES: &[&str] = &["11", "12", "13", "14", "15", "16", "17", "18"];
const MYSQL: &[&str] = &["5.7", "8.0", "8.4"];
const MARIADB: &[&str] = &["10.4", "10.5", "10.6", "10.11", "11.4", "11.8"];
const SQL_SERVER: &[&str] = &["13.00", "14.00", "15.00", "16.00"];
const ORACLE: &[&str] = &["19", "21"];
const AURORA_POSTGRES: &[&str] = &["11", "12", "13", "14", "15", "16", "17"];
const AURORA_MYSQL: &[&str] = &["5.7", "8.0"];

static ENGINES: [Engine; 15] = [
    engine("postgres", Family::Postgres, Form::Instance, POSTGRES, 15),
    engine("mysql", Family::Mysql, Form::Instance, MYSQL, 15),
    engine("mariadb", Family::Mariadb, Form::Instance, MARIADB, 15),
    engine("sqlserver-ee", Family::SqlServer, Form::Instance, SQL_SERVER, 15),
    engine("sqlserver-se", Family::SqlServer, Form::Instance, SQL_SERVER, 0),
    engine("sqlserver-ex", Family::SqlServer, Form::Instance, SQL_SERVER, 0),
    engine("sqlserver-web", Family::SqlServer, Form::Instance, SQL_SERVER, 0),
    engine("oracle-ee", Family::Oracle, Form::Instance, ORACLE, 5),
    engine("oracle-se2", Family::Oracle, Form::Instance, ORACLE, 0),
    engine(
        "aurora-postgresql",
        Family::Postgres,
        Form::Cluster,
        AURORA_POSTGRES,
        15,
    ),
    engine("aurora-mysql", Family::Mysql, Form::Cluster, AURORA_MYSQL, 15),
    engine(
        "aurora-postgresql-serverless-v2",
        Family::Postgres,
        Form::Serverless,
        AURORA_POSTGRES,
        15,
    ),
    engine(
        "aurora-mysql-serverless-v2",
        Family::Mysql,
        Form::Serverless,
        &["8.0"],
        15,
    ),
    engine(
        "aurora-postgresql-serverless",
        Family::Postgres,
        Form::OldServerless,
        &["11", "13"],
        0,
    ),
    engine(
        "aurora-mysql-serverless",
        Family::Mysql,
        Form::OldServerless,
        &["5.7"],
        0,
    ),
];

const fn engine(
    name: &'static str,
    family: Family,
    form: Form,
    versions: &'static [&'static str],
    most_replicas: usize,
) -> Engine {
    Engine {
        name,
        family,
        form,
        versions,
        most_replicas,
    }
}

/// The engine of a database, if it is one that is known.
pub(super) fn of(properties: &Mapping) -> Option<&'static Engine> {
    let name = properties.mapping("engine")?.text("type")?;
    ENGINES.iter().find(|engine| engine.name == name)
}

/// `properties` of the engine.
pub(super) fn settings(properties: &Mapping) -> Option<&Mapping> {
    properties.mapping("engine")?.mapping("properties")
}

impl Engine {
    /// Whether a version is one of those that are known.
    pub(super) fn knows(&self, version: &str) -> bool {
        self.versions.iter().any(|known| {
            version
                .strip_prefix(known)
                .is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
        })
    }

    /// The kinds of logs that it writes.
    pub(super) fn log_types(&self) -> &'static [&'static str] {
        match self.family {
            Family::Postgres => &["postgresql", "upgrade"],
            Family::Mysql | Family::Mariadb => &["audit", "error", "general", "slowquery"],
            Family::SqlServer => &["agent", "error"],
            Family::Oracle => &["alert", "audit", "listener", "trace", "oemagent"],
        }
    }

    /// The longest name of the main user.
    pub(super) fn longest_user(&self) -> usize {
        match self.family {
            Family::Postgres => 63,
            Family::Mysql | Family::Mariadb => 16,
            Family::SqlServer => 128,
            Family::Oracle => 30,
        }
    }

    /// The longest password.
    pub(super) fn longest_password(&self) -> usize {
        match (self.family, self.form) {
            (Family::Postgres, Form::Instance) | (Family::SqlServer, _) => 128,
            (Family::Postgres, _) => 99,
            (Family::Mysql | Family::Mariadb, _) => 41,
            (Family::Oracle, _) => 30,
        }
    }
}
