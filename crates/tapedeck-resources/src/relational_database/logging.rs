//! `logging` of a `relational-database`.

use tapedeck_config::schema::{DecimalRange, Kind, OBJECT, Object, Range};

use crate::shared::container::{LOG_FORWARDING_KEY, RETENTION_DAYS};
use crate::shared::key::{Key, defaulting, flag, key, number, section, texts, word};

pub(super) const LOGGING: Key = section("logging", &LOGGING_OBJECT, "what becomes of its logs");

static LOGGING_OBJECT: Object = Object {
    name: "`logging` of a database",
    doc: "What becomes of the logs of the database.",
    keys: &[
        flag("disabled", "whether they are thrown away"),
        defaulting(
            "90",
            key(
                "retentionDays",
                Kind::NumberOneOf(RETENTION_DAYS),
                "days that they are kept",
            ),
        ),
        texts(
            "logTypes",
            "which of its logs; when left out, those that its engine writes anyway",
        ),
        section("engineSpecificOptions", &OPTIONS, "what is written into them"),
        LOG_FORWARDING_KEY,
    ],
    ..OBJECT
};

/// The names of the options of PostgreSQL.
pub(super) const POSTGRES_OPTIONS: [&str; 5] = [
    "log_connections",
    "log_disconnections",
    "log_lock_waits",
    "log_min_duration_statement",
    "log_statement",
];

/// The names of the options of MySQL and MariaDB.
pub(super) const MYSQL_OPTIONS: [&str; 2] = ["server_audit_events", "long_query_time"];

static OPTIONS: Object = Object {
    name: "`engineSpecificOptions`",
    doc: "What is written into the logs: of PostgreSQL by options that begin with `log_`, of MySQL and MariaDB by the other two.",
    keys: &[
        key(
            "log_connections",
            Kind::Boolean,
            "whether each new connection is written; when left out, no",
        ),
        key(
            "log_disconnections",
            Kind::Boolean,
            "whether each end of a connection is written; when left out, no",
        ),
        key(
            "log_lock_waits",
            Kind::Boolean,
            "whether it is written who waits for locks; when left out, no",
        ),
        number(
            "log_min_duration_statement",
            &MILLISECONDS,
            "milliseconds from which on a statement is written: 0 for all, -1 for none; when left out, 10000",
        ),
        word(
            "log_statement",
            &["none", "ddl", "mod", "all"],
            "which statements are written: none, those that change structures, those that change anything, or all; when left out, `ddl`",
        ),
        key(
            "server_audit_events",
            Kind::TextsOneOf(&[
                "CONNECT",
                "QUERY",
                "QUERY_DDL",
                "QUERY_DML",
                "QUERY_DML_NO_SELECT",
                "QUERY_DCL",
            ]),
            "what is written into the log `audit`; when left out, QUERY_DDL",
        ),
        key(
            "long_query_time",
            Kind::Decimal(&SECONDS),
            "seconds from which on a query is a slow one, -1 for never; when left out, 10",
        ),
    ],
    ..OBJECT
};

static MILLISECONDS: Range = Range {
    min: -1,
    max: 2_147_483_647,
    advice: "use milliseconds from 0 on, or -1 for none",
};

static SECONDS: DecimalRange = DecimalRange {
    min: -1.0,
    max: 31_536_000.0,
    advice: "use seconds from 0 on, or -1 for never",
};
