//! Engines of databases: what differs from one to another.

use serde_json::{Value, json};
use tapedeck_model::Data;

use crate::SynthError;
use crate::types::Target;

/// The engine of a database.
pub(super) struct Engine<'a> {
    /// Its type in the config, such as `aurora-mysql-serverless-v2`.
    pub(super) kind: &'a str,
    /// Its name in RDS.
    pub(super) name: &'a str,
    /// Its version.
    pub(super) version: &'a str,
    /// The port that it listens on.
    pub(super) port: u64,
    /// The name of the first database; SQL Server has none.
    pub(super) database: Option<&'a str>,
    /// Whether it is Aurora's.
    pub(super) is_aurora: bool,
    /// Whether it goes to newer minor versions by itself.
    pub(super) upgrades: bool,
    /// Which of its logs are kept, if the config says so.
    kept_logs: Option<Vec<&'a str>>,
    /// What is written into its logs, as the config says.
    log_options: Option<&'a Data>,
}

impl<'a> Engine<'a> {
    /// The engine of a database.
    pub(super) fn of(database: &Target<'a>) -> Result<Self, SynthError> {
        let kind = database.text("engine.type").unwrap_or_default();
        let name = kind.trim_end_matches("-v2").trim_end_matches("-serverless");
        let is_sql_server = kind.starts_with("sqlserver");
        let port = match name {
            "postgres" | "aurora-postgresql" => 5432,
            "mysql" | "mariadb" | "aurora-mysql" => 3306,
            _ if is_sql_server => 1433,
            _ => 1521,
        };
        let version = database.text("engine.properties.version");
        let version = match (version, kind) {
            (Some(version), _) => version,
            (None, _) => return Err(database.unsupported("an engine without `version`")),
        };
        Ok(Self {
            kind,
            name,
            version,
            port: database.number("engine.properties.port").unwrap_or(port),
            database: (!is_sql_server).then(|| database.text("engine.properties.dbName").unwrap_or("defdb")),
            is_aurora: kind.starts_with("aurora"),
            upgrades: !database.flag("engine.properties.disableAutoMinorVersionUpgrade"),
            kept_logs: database.get("logging.logTypes").map(|_| {
                database
                    .items("logging.logTypes")
                    .iter()
                    .filter_map(Data::as_text)
                    .collect()
            }),
            log_options: database.get("logging.engineSpecificOptions"),
        })
    }

    /// Whether it is of one of the families of names.
    pub(super) fn is(&self, family: &str) -> bool {
        self.name.contains(family)
    }

    /// Whether it is the first kind of Aurora without instances.
    pub(super) fn is_first_serverless(&self) -> bool {
        self.kind.ends_with("-serverless")
    }

    /// Whether it is the second kind of Aurora without instances.
    pub(super) fn is_second_serverless(&self) -> bool {
        self.kind.ends_with("-serverless-v2")
    }

    /// The logs that are kept.
    pub(super) fn logs(&self) -> Vec<&'a str> {
        if let Some(logs) = &self.kept_logs {
            return logs.clone();
        }
        match self.name {
            _ if self.is("postgres") => vec!["postgresql"],
            _ if self.is("mysql") || self.is("mariadb") => vec!["audit", "error", "slowquery"],
            _ if self.is("sqlserver") => vec!["error"],
            _ => vec!["alert", "listener"],
        }
    }

    /// What is written into the log `audit`.
    pub(super) fn audited(&self) -> String {
        let events = match self
            .log_options
            .and_then(|options| options.get("server_audit_events"))
        {
            Some(Data::List(events)) => events.iter().filter_map(Data::as_text).collect(),
            _ => vec!["QUERY_DDL"],
        };
        events.join(",")
    }

    /// Puts what the config says of the logs into parameters.
    fn set_log_options(&self, parameters: &mut Value) {
        let Some(Data::Mapping(options)) = self.log_options else {
            return;
        };
        for (key, value) in options.iter().filter(|(key, _)| key != "server_audit_events") {
            let value = match value {
                Data::Boolean(flag) => Some(u8::from(*flag).to_string()),
                Data::Number(number) => Some(number.0.clone()),
                other => other.as_text().map(str::to_string),
            };
            parameters[key] = Value::from(value);
        }
    }

    /// `major` or `major.minor`, as the engine counts.
    pub(super) fn major(&self) -> String {
        let mut parts = self.version.split('.');
        let first = parts.next().unwrap_or_default();
        match self.name {
            _ if self.is("postgres") || self.is("oracle") => first.to_string(),
            _ if self.is("sqlserver") => format!("{first}.0"),
            _ => format!("{first}.{}", parts.next().unwrap_or("0")),
        }
    }

    /// The family of its parameters.
    pub(super) fn family(&self) -> String {
        let dash = if self.is("sqlserver") || self.is("oracle") {
            "-"
        } else {
            ""
        };
        format!("{}{dash}{}", self.name, self.major())
    }

    /// Parameters for an instance.
    pub(super) fn instance_parameters(&self) -> Value {
        let mut parameters = if self.is("postgres") {
            json!({
                "log_connections": "0",
                "log_disconnections": "0",
                "log_lock_waits": "0",
                "log_min_duration_statement": "10000",
                "log_statement": "ddl",
            })
        } else if self.is("mysql") || self.is("mariadb") {
            json!({
                "general_log": "0",
                "log_output": "FILE",
                "long_query_time": "10",
                "slow_query_log": "1",
            })
        } else {
            json!({})
        };
        self.set_log_options(&mut parameters);
        parameters
    }

    /// Parameters for a cluster: those of an instance, and what only a cluster has.
    pub(super) fn cluster_parameters(&self) -> Value {
        let mut parameters = self.instance_parameters();
        let audited = self.audited();
        let more: &[(&str, &str)] = match self.is("postgres") {
            true => &[
                ("log_autovacuum_min_duration", "3000"),
                ("rds.force_autovacuum_logging_level", "warning"),
            ],
            false => &[
                ("server_audit_events", &audited),
                ("server_audit_logging", "1"),
                ("server_audit_logs_upload", "1"),
            ],
        };
        for (key, value) in more {
            parameters[*key] = Value::from(*value);
        }
        parameters
    }
}
