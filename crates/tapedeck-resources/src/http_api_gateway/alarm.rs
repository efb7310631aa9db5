//! Alarms of an `http-api-gateway`.

use tapedeck_config::schema::{Branch, Case, Key, Kind, OBJECT, Object, REQUIRED, one_type, whole};

use crate::shared::alarms;

/// An entry of `alarms`.
pub(super) static ALARM: Object = Object {
    name: "an alarm of an HTTP API",
    doc: "What is watched, and who is told when it is wrong.",
    keys: &[
        Key {
            name: "trigger",
            kind: Kind::Object(&TRIGGER),
            doc: "what is watched",
            ..REQUIRED
        },
        alarms::EVALUATION,
        alarms::NOTIFICATION_TARGETS,
        alarms::DESCRIPTION,
        alarms::INCLUDE_IN_HISTORY,
    ],
    ..OBJECT
};

static TRIGGER: Object = Object {
    name: "`trigger` of an alarm of an HTTP API",
    doc: "What is watched.",
    keys: &[
        Key {
            name: "type",
            kind: Kind::Type(&[
                one_type("http-api-gateway-error-rate"),
                one_type("http-api-gateway-latency"),
            ]),
            doc: "the measure",
            ..REQUIRED
        },
        Key {
            name: "properties",
            kind: Kind::Branch(&TRIGGER_PROPERTIES),
            doc: "when it is wrong",
            ..REQUIRED
        },
    ],
    ..OBJECT
};

static TRIGGER_PROPERTIES: Branch = Branch {
    key: "type",
    select: whole,
    cases: &[
        Case {
            values: &["http-api-gateway-error-rate"],
            object: &ERROR_RATE,
        },
        Case {
            values: &["http-api-gateway-latency"],
            object: &LATENCY,
        },
    ],
};

static ERROR_RATE: Object = Object {
    name: "`http-api-gateway-error-rate`",
    doc: "How many of the requests are answered with 4xx or 5xx.",
    keys: &[
        alarms::threshold("thresholdPercent", "per cent of the requests"),
        alarms::COMPARISON_OPERATOR,
    ],
    ..OBJECT
};

static LATENCY: Object = Object {
    name: "`http-api-gateway-latency`",
    doc: "How long answers take.",
    keys: &[
        alarms::threshold("thresholdMilliseconds", "milliseconds from request to answer"),
        alarms::COMPARISON_OPERATOR,
        alarms::STATISTIC,
    ],
    ..OBJECT
};
