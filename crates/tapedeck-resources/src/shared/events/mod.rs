//! What starts a function or a job: `events`.

mod check;
mod sources;
mod streams;

use tapedeck_config::schema::{Branch, Case, Key, Kind, OBJECT, Object, REQUIRED, Type, one_type, whole};

use super::balancing::{FROM_HTTP_API, FROM_LOAD_BALANCER};
use super::key::list;
use sources::{ALARM, EVENT_BUS, LOG, S3, SCHEDULE, SNS, SQS};
use streams::{DYNAMO_DB, KAFKA, KINESIS};

pub(crate) use check::check;

/// `events` of a function.
pub(crate) const FUNCTION_EVENTS: Key = list("events", &FUNCTION_EVENT, "what starts the function");

static FUNCTION_EVENT: Object = Object {
    name: "an event",
    doc: "What starts the function.",
    keys: &[
        Key {
            name: "type",
            kind: Kind::Type(FUNCTION_TYPES),
            doc: "where it comes from",
            ..REQUIRED
        },
        Key {
            name: "properties",
            kind: Kind::Branch(&FUNCTION_SOURCES),
            doc: "which one, and which of its events",
            ..REQUIRED
        },
    ],
    ..OBJECT
};

static FUNCTION_TYPES: &[Type] = &[
    one_type("http-api-gateway"),
    one_type("application-load-balancer"),
    one_type("schedule"),
    one_type("sqs"),
    one_type("sns"),
    one_type("event-bus"),
    one_type("s3"),
    one_type("kinesis-stream"),
    one_type("dynamo-db-stream"),
    one_type("cloudwatch-log"),
    one_type("cloudwatch-alarm"),
    one_type("kafka-topic"),
];

/// `events` of a batch job.
pub(crate) const JOB_EVENTS: Key = list("events", &JOB_EVENT, "what starts the job");

static JOB_EVENT: Object = Object {
    name: "an event",
    doc: "What starts the job.",
    keys: &[
        Key {
            name: "type",
            kind: Kind::Type(JOB_TYPES),
            doc: "where it comes from",
            ..REQUIRED
        },
        Key {
            name: "properties",
            kind: Kind::Branch(&JOB_SOURCES),
            doc: "which one, and which of its events",
            ..REQUIRED
        },
    ],
    ..OBJECT
};

static JOB_TYPES: &[Type] = &[
    one_type("schedule"),
    one_type("sqs"),
    one_type("sns"),
    one_type("event-bus"),
    one_type("s3"),
    one_type("kinesis-stream"),
    one_type("dynamo-db-stream"),
    one_type("cloudwatch-log"),
    one_type("http-api-gateway"),
    one_type("application-load-balancer"),
];

static FUNCTION_SOURCES: Branch = Branch {
    key: "type",
    select: whole,
    cases: &[
        case(&["http-api-gateway"], &FROM_HTTP_API),
        case(&["application-load-balancer"], &FROM_LOAD_BALANCER),
        case(&["schedule"], &SCHEDULE),
        case(&["sqs"], &SQS),
        case(&["sns"], &SNS),
        case(&["event-bus"], &EVENT_BUS),
        case(&["s3"], &S3),
        case(&["kinesis-stream"], &KINESIS),
        case(&["dynamo-db-stream"], &DYNAMO_DB),
        case(&["cloudwatch-log"], &LOG),
        case(&["cloudwatch-alarm"], &ALARM),
        case(&["kafka-topic"], &KAFKA),
    ],
};

static JOB_SOURCES: Branch = Branch {
    key: "type",
    select: whole,
    cases: &[
        case(&["http-api-gateway"], &FROM_HTTP_API),
        case(&["application-load-balancer"], &FROM_LOAD_BALANCER),
        case(&["schedule"], &SCHEDULE),
        case(&["sqs"], &SQS),
        case(&["sns"], &SNS),
        case(&["event-bus"], &EVENT_BUS),
        case(&["s3"], &S3),
        case(&["kinesis-stream"], &KINESIS),
        case(&["dynamo-db-stream"], &DYNAMO_DB),
        case(&["cloudwatch-log"], &LOG),
    ],
};

const fn case(values: &'static [&'static str], object: &'static Object) -> Case {
    Case { values, object }
}
