//! Sources of events that are handed on one by one or in small batches.

use tapedeck_config::schema::{Kind, OBJECT, Object, Pattern, Range};

use crate::shared::event_bus_rule::{
    EVENT_BUS_ARN, EVENT_BUS_NAME, EVENT_PATTERN, INPUT, INPUT_PATH, INPUT_TRANSFORMER, ON_DELIVERY_FAILURE,
    USE_DEFAULT_BUS,
};
use crate::shared::key::{
    defaulting, key, late, number, pattern, required, resource, section, such_as, text,
};
use crate::shared::patterns::ARN;

pub(super) static SCHEDULE: Object = Object {
    name: "`schedule`",
    doc: "The clock.",
    keys: &[
        such_as(
            "rate(2 hours)",
            required(pattern(
                "scheduleRate",
                &RATE,
                "when: `rate(…)` or `cron(…)`, in UTC",
            )),
        ),
        INPUT,
        INPUT_PATH,
        INPUT_TRANSFORMER,
    ],
    ..OBJECT
};

/// Source: user guide of EventBridge, "Schedule types".
static RATE: Pattern = Pattern {
    name: "a schedule",
    holds: is_schedule,
    advice: "use such as 'rate(2 hours)', 'rate(1 minute)' or, with six fields, 'cron(0 10 * * ? *)'",
    regex: "^(rate\\(.+\\)|cron\\(.+\\))$",
};

fn is_schedule(text: &str) -> bool {
    let inner = |name: &str| text.strip_prefix(name)?.strip_prefix('(')?.strip_suffix(')');
    if let Some(cron) = inner("cron") {
        return cron.split_whitespace().count() == 6;
    }
    let Some((value, unit)) = inner("rate").and_then(|rate| rate.trim().split_once(' ')) else {
        return false;
    };
    let units: &[&str] = match value.parse::<u32>() {
        Ok(1) => &["minute", "hour", "day"],
        Ok(2..) => &["minutes", "hours", "days"],
        _ => &[],
    };
    units.contains(&unit.trim())
}

pub(super) static SQS: Object = Object {
    name: "`sqs`",
    doc: "Messages of a queue.",
    keys: &[
        resource("sqsQueueName", &["sqs-queue"], "the queue"),
        late(pattern(
            "sqsQueueArn",
            &ARN,
            "ARN of a queue that is not of this stack",
        )),
        defaulting(
            "10",
            number(
                "batchSize",
                &BATCH,
                "the most messages that are handed over at once",
            ),
        ),
        number(
            "maxBatchWindowSeconds",
            &WINDOW,
            "seconds to wait for a batch to fill; when left out, none",
        ),
    ],
    ..OBJECT
};

/// Source: developer guide of Lambda, parameters of event source mappings.
pub(super) static BATCH: Range = Range {
    min: 1,
    max: 10_000,
    advice: "use a whole number from 1 to 10000",
};

/// Source: as of [`BATCH`].
pub(super) static WINDOW: Range = Range {
    min: 0,
    max: 300,
    advice: "use 0 to 300 seconds",
};

pub(super) static SNS: Object = Object {
    name: "`sns`",
    doc: "Messages of a topic.",
    keys: &[
        resource("snsTopicName", &["sns-topic"], "the topic"),
        late(pattern(
            "snsTopicArn",
            &ARN,
            "ARN of a topic that is not of this stack",
        )),
        key(
            "filterPolicy",
            Kind::AnyMapping,
            "which messages are handed over, by their attributes",
        ),
        ON_DELIVERY_FAILURE,
    ],
    ..OBJECT
};

pub(super) static EVENT_BUS: Object = Object {
    name: "`event-bus`",
    doc: "Events of a bus that fit a pattern.",
    keys: &[
        EVENT_BUS_NAME,
        EVENT_BUS_ARN,
        USE_DEFAULT_BUS,
        EVENT_PATTERN,
        ON_DELIVERY_FAILURE,
        INPUT,
        INPUT_PATH,
        INPUT_TRANSFORMER,
    ],
    ..OBJECT
};

pub(super) static S3: Object = Object {
    name: "`s3`",
    doc: "What happens in a bucket.",
    keys: &[
        required(late(pattern("bucketArn", &ARN, "ARN of the bucket"))),
        such_as(
            "'s3:ObjectCreated:*'",
            required(pattern("s3EventType", &S3_EVENT, "what happens")),
        ),
        section(
            "filterRule",
            &FILTER,
            "which objects it happens to; when left out, all",
        ),
    ],
    ..OBJECT
};

static S3_EVENT: Pattern = Pattern {
    name: "a type of event of S3",
    holds: |text| {
        S3_EVENTS
            .iter()
            .any(|event| text.strip_prefix("s3:") == Some(*event))
    },
    advice: "use one such as 's3:ObjectCreated:*', 's3:ObjectCreated:Put' or 's3:ObjectRemoved:Delete'",
    regex: "^s3:[A-Za-z]+(:(\\*|[A-Za-z]+))?$",
};

/// Source: user guide of S3, "Supported event types".
const S3_EVENTS: [&str; 29] = [
    "TestEvent",
    "ObjectCreated:*",
    "ObjectCreated:Put",
    "ObjectCreated:Post",
    "ObjectCreated:Copy",
    "ObjectCreated:CompleteMultipartUpload",
    "ObjectRemoved:*",
    "ObjectRemoved:Delete",
    "ObjectRemoved:DeleteMarkerCreated",
    "ObjectRestore:*",
    "ObjectRestore:Post",
    "ObjectRestore:Completed",
    "ObjectRestore:Delete",
    "ReducedRedundancyLostObject",
    "Replication:*",
    "Replication:OperationFailedReplication",
    "Replication:OperationMissedThreshold",
    "Replication:OperationReplicatedAfterThreshold",
    "Replication:OperationNotTracked",
    "LifecycleExpiration:*",
    "LifecycleExpiration:Delete",
    "LifecycleExpiration:DeleteMarkerCreated",
    "LifecycleTransition",
    "IntelligentTiering",
    "ObjectTagging:*",
    "ObjectTagging:Put",
    "ObjectTagging:Delete",
    "ObjectAcl:Put",
    "ObjectAcl:*",
];

static FILTER: Object = Object {
    name: "`filterRule`",
    doc: "Which objects: those whose keys begin and end so.",
    keys: &[
        text("prefix", "what their keys begin with"),
        text("suffix", "what their keys end with"),
    ],
    ..OBJECT
};

pub(super) static LOG: Object = Object {
    name: "`cloudwatch-log`",
    doc: "Records of a log.",
    keys: &[
        required(late(pattern("logGroupArn", &ARN, "ARN of the group of logs"))),
        text("filter", "which records; when left out, all"),
    ],
    ..OBJECT
};

pub(super) static ALARM: Object = Object {
    name: "`cloudwatch-alarm`",
    doc: "An alarm that goes off.",
    keys: &[required(text("alarmName", "name of the alarm"))],
    ..OBJECT
};
