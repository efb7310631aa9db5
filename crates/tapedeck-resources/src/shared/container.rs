//! What containers of every kind of service have: environment, logging, health check, volumes.

use tapedeck_config::schema::{
    Branch, Case, Key, Kind, OBJECT, OPTIONAL, Object, Pattern, REQUIRED, Range, Support, Type, one_type,
    whole,
};

/// `environment`.
pub(crate) const ENVIRONMENT: Key = Key {
    name: "environment",
    kind: Kind::Environment(&VARIABLE),
    doc: "environment variables: a list of `name` and `value`, or a mapping of names to values",
    late: true,
    ..OPTIONAL
};

static VARIABLE: Object = Object {
    name: "an environment variable",
    doc: "One entry of the list form of `environment`.",
    keys: &[
        Key {
            name: "name",
            kind: Kind::Text,
            doc: "name of the variable, without `=`",
            example: Some("LOG_LEVEL"),
            ..REQUIRED
        },
        Key {
            name: "value",
            kind: Kind::Scalar,
            doc: "a text, number or boolean; the variable gets it as it is written",
            example: Some("debug"),
            late: true,
            ..REQUIRED
        },
    ],
    ..OBJECT
};

/// `logging`.
pub(crate) const LOGGING: Key = Key {
    name: "logging",
    kind: Kind::Object(&LOGGING_OBJECT),
    doc: "what becomes of the output",
    ..OPTIONAL
};

/// The numbers of days for which CloudWatch can keep logs, those that Stacktape offers.
pub(crate) const RETENTION_DAYS: &[&str] = &[
    "1", "3", "5", "7", "14", "30", "60", "90", "120", "150", "180", "365", "400", "545", "731", "1827",
    "3653",
];

static LOGGING_OBJECT: Object = Object {
    name: "`logging`",
    doc: "Whatever the container writes to stdout and stderr is kept.",
    keys: &[
        Key {
            name: "disabled",
            kind: Kind::Boolean,
            default: Some("false"),
            doc: "whether the output is thrown away",
            ..OPTIONAL
        },
        Key {
            name: "retentionDays",
            kind: Kind::NumberOneOf(RETENTION_DAYS),
            default: Some("90"),
            doc: "days that the output is kept",
            ..OPTIONAL
        },
        LOG_FORWARDING_KEY,
    ],
    ..OBJECT
};

/// `logForwarding`.
pub(crate) const LOG_FORWARDING_KEY: Key = Key {
    name: "logForwarding",
    kind: Kind::Object(&LOG_FORWARDING),
    doc: "another service that gets the output too",
    ..OPTIONAL
};

static LOG_FORWARDING: Object = Object {
    name: "`logForwarding`",
    doc: "Another service that gets the output too.",
    keys: &[
        Key {
            name: "type",
            kind: Kind::Type(FORWARDING_TYPES),
            doc: "which service",
            ..REQUIRED
        },
        Key {
            name: "properties",
            kind: Kind::Branch(&FORWARDING_PROPERTIES),
            doc: "how to reach it",
            ..REQUIRED
        },
    ],
    ..OBJECT
};

static FORWARDING_TYPES: &[Type] = &[
    one_type("http-endpoint"),
    one_type("highlight"),
    one_type("datadog"),
];

static FORWARDING_PROPERTIES: Branch = Branch {
    key: "type",
    select: whole,
    cases: &[
        Case {
            values: &["http-endpoint"],
            object: &HTTP_ENDPOINT,
        },
        Case {
            values: &["highlight"],
            object: &HIGHLIGHT,
        },
        Case {
            values: &["datadog"],
            object: &DATADOG,
        },
    ],
};

static HTTP_ENDPOINT: Object = Object {
    name: "`http-endpoint`",
    doc: "Any endpoint that takes what Amazon Data Firehose sends.",
    keys: &[
        Key {
            name: "endpointUrl",
            kind: Kind::Pattern(&HTTPS_URL),
            doc: "where to send to",
            example: Some("https://logs.example.com/firehose"),
            late: true,
            ..REQUIRED
        },
        Key {
            name: "accessKey",
            kind: Kind::Text,
            doc: "what to prove oneself with, best as a `$Secret()`",
            late: true,
            ..OPTIONAL
        },
        Key {
            name: "parameters",
            kind: Kind::MapOfScalars,
            doc: "common attributes of every request",
            late: true,
            ..OPTIONAL
        },
        Key {
            name: "gzipEncodingEnabled",
            kind: Kind::Boolean,
            default: Some("false"),
            doc: "whether requests are compressed",
            ..OPTIONAL
        },
        Key {
            name: "retryDuration",
            kind: Kind::Integer(&RETRY),
            default: Some("300"),
            doc: "seconds for which a failed request is tried again",
            ..OPTIONAL
        },
    ],
    ..OBJECT
};

static RETRY: Range = Range {
    min: 0,
    max: 7200,
    advice: "use 0 to 7200 seconds, as Firehose does",
};

static HIGHLIGHT: Object = Object {
    name: "`highlight`",
    doc: "The service Highlight.",
    keys: &[
        Key {
            name: "projectId",
            kind: Kind::Text,
            doc: "the project there",
            late: true,
            ..REQUIRED
        },
        Key {
            name: "endpointUrl",
            kind: Kind::Pattern(&HTTPS_URL),
            default: Some("https://pub.highlight.io/v1/logs/firehose"),
            doc: "where to send to",
            late: true,
            ..OPTIONAL
        },
    ],
    ..OBJECT
};

static DATADOG: Object = Object {
    name: "`datadog`",
    doc: "The service Datadog.",
    keys: &[
        Key {
            name: "apiKey",
            kind: Kind::Text,
            doc: "what to prove oneself with, best as a `$Secret()`",
            late: true,
            ..REQUIRED
        },
        Key {
            name: "endpointUrl",
            kind: Kind::Pattern(&HTTPS_URL),
            default: Some("https://aws-kinesis-http-intake.logs.datadoghq.com/v1/input"),
            doc: "where to send to; Datadog has another one in the EU",
            late: true,
            ..OPTIONAL
        },
    ],
    ..OBJECT
};

/// A URL that Firehose can send to.
static HTTPS_URL: Pattern = Pattern {
    name: "a URL",
    holds: |text| {
        text.strip_prefix("https://").is_some_and(|rest| {
            !rest.is_empty() && !rest.starts_with('/') && !rest.contains(char::is_whitespace)
        })
    },
    advice: "use a URL that begins with https://: logs are not sent in the clear",
    regex: "^https://[^/ ][^ ]*$",
};

/// `internalHealthCheck`.
pub(crate) const HEALTH_CHECK: Key = Key {
    name: "internalHealthCheck",
    kind: Kind::Object(&HEALTH_CHECK_OBJECT),
    doc: "a command in the container that tells whether it is healthy; one that is not is replaced",
    ..OPTIONAL
};

static HEALTH_CHECK_OBJECT: Object = Object {
    name: "`internalHealthCheck`",
    doc: "A command in the container that tells whether it is healthy.",
    keys: &[
        Key {
            name: "healthCheckCommand",
            kind: Kind::Texts,
            doc: "`CMD` and a program with its arguments, or `CMD-SHELL` and a line for the shell",
            example: Some("['CMD-SHELL', 'test -e /tmp/alive']"),
            ..REQUIRED
        },
        Key {
            name: "intervalSeconds",
            kind: Kind::Integer(&INTERVAL),
            default: Some("30"),
            doc: "seconds between two checks",
            ..OPTIONAL
        },
        Key {
            name: "timeoutSeconds",
            kind: Kind::Integer(&TIMEOUT),
            default: Some("5"),
            doc: "seconds after which a check counts as failed",
            ..OPTIONAL
        },
        Key {
            name: "retries",
            kind: Kind::Integer(&RETRIES),
            default: Some("3"),
            doc: "failures in a row that make the container unhealthy",
            ..OPTIONAL
        },
        Key {
            name: "startPeriodSeconds",
            kind: Kind::Integer(&START_PERIOD),
            default: Some("0"),
            doc: "seconds at the start in which failures do not count",
            ..OPTIONAL
        },
    ],
    ..OBJECT
};

static INTERVAL: Range = Range {
    min: 5,
    max: 300,
    advice: "use 5 to 300 seconds",
};

static TIMEOUT: Range = Range {
    min: 2,
    max: 60,
    advice: "use 2 to 60 seconds",
};

static RETRIES: Range = Range {
    min: 1,
    max: 10,
    advice: "use 1 to 10 failures in a row",
};

static START_PERIOD: Range = Range {
    min: 0,
    max: 300,
    advice: "use 0 to 300 seconds",
};

/// `stopTimeout`.
pub(crate) const STOP_TIMEOUT: Key = Key {
    name: "stopTimeout",
    kind: Kind::Integer(&STOP_SECONDS),
    default: Some("2"),
    doc: "seconds between SIGTERM and SIGKILL when an instance is stopped",
    ..OPTIONAL
};

static STOP_SECONDS: Range = Range {
    min: 2,
    max: 120,
    advice: "use a whole number of seconds from 2 to 120",
};

/// `volumeMounts`.
pub(crate) const VOLUME_MOUNTS: Key = Key {
    name: "volumeMounts",
    kind: Kind::ListOf(&VOLUME_MOUNT),
    doc: "file systems that outlive an instance",
    support: Support::NotHere("file systems are not mounted yet"),
    ..OPTIONAL
};

static VOLUME_MOUNT: Object = Object {
    name: "a volume mount",
    doc: "A file system in the container that outlives it.",
    keys: &[
        Key {
            name: "type",
            kind: Kind::Type(&[one_type("efs")]),
            doc: "what is mounted",
            ..REQUIRED
        },
        Key {
            name: "properties",
            kind: Kind::Object(&EFS_MOUNT),
            doc: "which one, and where",
            ..REQUIRED
        },
    ],
    ..OBJECT
};

static EFS_MOUNT: Object = Object {
    name: "`properties` of a volume mount",
    doc: "Which file system is mounted, and where.",
    keys: &[
        Key {
            name: "efsFilesystemName",
            kind: Kind::ResourceName(&["efs-filesystem"]),
            doc: "name of a resource of type `efs-filesystem`",
            ..REQUIRED
        },
        Key {
            name: "mountPath",
            kind: Kind::Pattern(&ABSOLUTE_PATH),
            doc: "where it is in the container",
            example: Some("/data"),
            ..REQUIRED
        },
        Key {
            name: "rootDirectory",
            kind: Kind::Pattern(&ABSOLUTE_PATH),
            default: Some("/"),
            doc: "which folder of it is mounted",
            ..OPTIONAL
        },
    ],
    ..OBJECT
};

static ABSOLUTE_PATH: Pattern = Pattern {
    name: "an absolute path",
    holds: |text| text.starts_with('/') && text.len() <= 4096 && !text.split('/').any(|part| part == ".."),
    advice: "use a path that begins with `/` and has no `..` in it",
    regex: "^/",
};
