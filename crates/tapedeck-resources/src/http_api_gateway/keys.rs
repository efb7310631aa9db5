//! The keys of an `http-api-gateway`.

use tapedeck_config::schema::{Key, Kind, OBJECT, OPTIONAL, Object, Pattern};

use super::alarm::ALARM;
use crate::shared::alarms;
use crate::shared::cdn::CDN;
use crate::shared::container::{LOG_FORWARDING_KEY, RETENTION_DAYS};
use crate::shared::cors::CORS;
use crate::shared::domains::CUSTOM_DOMAINS;

/// `properties` of a resource of type `http-api-gateway`.
pub(super) static API: Object = Object {
    name: "an HTTP API",
    doc: "HTTP requests that functions and containers answer, in API Gateway.",
    keys: &[
        Key {
            name: "payloadFormat",
            kind: Kind::Pattern(&PAYLOAD_FORMAT),
            default: Some("'1.0'"),
            doc: "form in which functions get requests, where their own events do not say it",
            ..OPTIONAL
        },
        CORS,
        Key {
            name: "logging",
            kind: Kind::Object(&LOGGING),
            doc: "what is kept of each request",
            ..OPTIONAL
        },
        CUSTOM_DOMAINS,
        CDN,
        alarms::alarms(&ALARM),
        alarms::DISABLED_GLOBAL_ALARMS,
    ],
    absent: &[(
        "routes",
        "the routes stand where they lead to: in `events` of functions and of containers",
    )],
};

static PAYLOAD_FORMAT: Pattern = Pattern {
    name: "'1.0' or '2.0', in quotes",
    holds: |text| matches!(text, "1.0" | "2.0"),
    advice: "use '1.0' or '2.0'",
    regex: "^(1|2)\\.0$",
};

static LOGGING: Object = Object {
    name: "`logging` of an HTTP API",
    doc: "What is kept of each request: when it came, from where, and how it was answered.",
    keys: &[
        Key {
            name: "disabled",
            kind: Kind::Boolean,
            default: Some("false"),
            doc: "whether nothing is kept",
            ..OPTIONAL
        },
        Key {
            name: "format",
            kind: Kind::TextOneOf(&["CLF", "JSON", "XML", "CSV"]),
            default: Some("JSON"),
            doc: "form of a line",
            ..OPTIONAL
        },
        Key {
            name: "retentionDays",
            kind: Kind::NumberOneOf(RETENTION_DAYS),
            default: Some("30"),
            doc: "days that it is kept",
            ..OPTIONAL
        },
        LOG_FORWARDING_KEY,
    ],
    ..OBJECT
};
