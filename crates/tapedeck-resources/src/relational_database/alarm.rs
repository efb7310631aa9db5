//! Alarms of a `relational-database`.

use tapedeck_config::schema::{Branch, Case, Kind, OBJECT, Object, REQUIRED, Type, one_type, whole};

use crate::shared::alarms::{
    COMPARISON_OPERATOR, DESCRIPTION, EVALUATION, INCLUDE_IN_HISTORY, NOTIFICATION_TARGETS, STATISTIC,
    threshold,
};
use crate::shared::key::Key;

pub(super) static ALARM: Object = Object {
    name: "an alarm of a database",
    doc: "What it watches, and who is told when it goes off.",
    keys: &[
        Key {
            name: "trigger",
            kind: Kind::Object(&TRIGGER),
            doc: "what sets it off",
            ..REQUIRED
        },
        EVALUATION,
        NOTIFICATION_TARGETS,
        INCLUDE_IN_HISTORY,
        DESCRIPTION,
    ],
    ..OBJECT
};

static TRIGGER: Object = Object {
    name: "`trigger`",
    doc: "What sets an alarm of a database off.",
    keys: &[
        Key {
            name: "type",
            kind: Kind::Type(TRIGGERS),
            doc: "what is measured",
            ..REQUIRED
        },
        Key {
            name: "properties",
            kind: Kind::Branch(&SETTINGS),
            doc: "from when on",
            ..REQUIRED
        },
    ],
    ..OBJECT
};

static TRIGGERS: &[Type] = &[
    one_type("database-cpu-utilization"),
    one_type("database-free-storage"),
    one_type("database-free-memory"),
    one_type("database-connection-count"),
    one_type("database-read-latency"),
    one_type("database-write-latency"),
];

static SETTINGS: Branch = Branch {
    key: "type",
    select: whole,
    cases: &[
        Case {
            values: &["database-cpu-utilization"],
            object: &CPU,
        },
        Case {
            values: &["database-free-storage", "database-free-memory"],
            object: &FREE,
        },
        Case {
            values: &["database-connection-count"],
            object: &CONNECTIONS,
        },
        Case {
            values: &["database-read-latency", "database-write-latency"],
            object: &LATENCY,
        },
    ],
};

static CPU: Object = Object {
    name: "the trigger by CPU",
    doc: "How busy the CPU is.",
    keys: &[
        threshold("thresholdPercent", "per cent of the CPU"),
        COMPARISON_OPERATOR,
        STATISTIC,
    ],
    ..OBJECT
};

static FREE: Object = Object {
    name: "the trigger by free space",
    doc: "How much storage or memory is free.",
    keys: &[
        threshold("thresholdMB", "megabytes that are free"),
        COMPARISON_OPERATOR,
        STATISTIC,
    ],
    ..OBJECT
};

static CONNECTIONS: Object = Object {
    name: "the trigger by connections",
    doc: "How many connections there are.",
    keys: &[
        threshold("thresholdCount", "connections"),
        COMPARISON_OPERATOR,
        STATISTIC,
    ],
    ..OBJECT
};

static LATENCY: Object = Object {
    name: "the trigger by latency",
    doc: "How long reading or writing takes.",
    keys: &[
        threshold("thresholdSeconds", "seconds"),
        COMPARISON_OPERATOR,
        STATISTIC,
    ],
    ..OBJECT
};
