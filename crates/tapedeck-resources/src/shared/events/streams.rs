//! Sources of events that are read as a stream.

use tapedeck_config::schema::{
    Branch, Case, DecimalRange, Kind, OBJECT, Object, REQUIRED, Range, one_type, whole,
};

use super::sources::{BATCH, WINDOW};
use crate::shared::key::{
    Key, defaulting, flag, key, late, late_text, number, pattern, required, resource, section, texts, word,
};
use crate::shared::patterns::ARN;

pub(super) static KINESIS: Object = Object {
    name: "`kinesis-stream`",
    doc: "Records of a stream of Kinesis.",
    keys: &[
        resource("kinesisStreamName", &["kinesis-stream"], "the stream"),
        late(pattern(
            "streamArn",
            &ARN,
            "ARN of a stream that is not of this stack",
        )),
        late(pattern(
            "consumerArn",
            &ARN,
            "ARN of a consumer of the stream to read as",
        )),
        flag("autoCreateConsumer", "whether a consumer is made for it alone"),
        WINDOW_KEY,
        defaulting("10", BATCH_SIZE),
        defaulting("TRIM_HORIZON", STARTING_POSITION),
        RETRIES,
        ON_FAILURE,
        PARALLELIZATION,
        BISECT,
    ],
    ..OBJECT
};

pub(super) static DYNAMO_DB: Object = Object {
    name: "`dynamo-db-stream`",
    doc: "Changes of a table.",
    keys: &[
        required(late(pattern("streamArn", &ARN, "ARN of the stream of the table"))),
        WINDOW_KEY,
        defaulting("100", BATCH_SIZE),
        defaulting("TRIM_HORIZON", STARTING_POSITION),
        RETRIES,
        ON_FAILURE,
        PARALLELIZATION,
        BISECT,
    ],
    ..OBJECT
};

const WINDOW_KEY: Key = number(
    "maxBatchWindowSeconds",
    &WINDOW,
    "seconds to wait for a batch to fill; when left out, none",
);

const BATCH_SIZE: Key = number(
    "batchSize",
    &BATCH,
    "the most records that are handed over at once",
);

const STARTING_POSITION: Key = word(
    "startingPosition",
    &["TRIM_HORIZON", "LATEST"],
    "whether it begins with the oldest record that is there, or with the next one",
);

const RETRIES: Key = number(
    "maximumRetryAttempts",
    &RETRY,
    "how often a batch is tried again; when left out, until it is too old",
);

/// Source: developer guide of Lambda, parameters of event source mappings.
static RETRY: Range = Range {
    min: -1,
    max: 10_000,
    advice: "use 0 to 10000, or -1 for no limit",
};

const ON_FAILURE: Key = section(
    "onFailure",
    &DESTINATION,
    "where it is told of batches that failed for good",
);

static DESTINATION: Object = Object {
    name: "`onFailure`",
    doc: "Where it is told of batches that failed for good.",
    keys: &[
        required(word("type", &["sqs", "sns"], "a queue or a topic")),
        required(late(pattern("arn", &ARN, "its ARN"))),
    ],
    ..OBJECT
};

const PARALLELIZATION: Key = number(
    "parallelizationFactor",
    &FACTOR,
    "batches of a shard that are handed over at the same time",
);

/// Source: as of [`RETRY`].
static FACTOR: Range = Range {
    min: 1,
    max: 10,
    advice: "use 1 to 10",
};

const BISECT: Key = flag(
    "bisectBatchOnFunctionError",
    "whether a batch that failed is halved before it is tried again",
);

pub(super) static KAFKA: Object = Object {
    name: "`kafka-topic`",
    doc: "Records of a topic of Kafka.",
    keys: &[
        required(section(
            "customKafkaConfiguration",
            &CLUSTER,
            "the cluster, and which topic of it",
        )),
        defaulting("100", BATCH_SIZE),
        defaulting(
            "0.5",
            key(
                "maxBatchWindowSeconds",
                Kind::Decimal(&FRACTIONS),
                "seconds to wait for a batch to fill",
            ),
        ),
    ],
    ..OBJECT
};

static FRACTIONS: DecimalRange = DecimalRange {
    min: 0.0,
    max: 300.0,
    advice: "use 0 to 300 seconds",
};

static CLUSTER: Object = Object {
    name: "`customKafkaConfiguration`",
    doc: "A cluster of Kafka, and which topic of it.",
    keys: &[
        required(late(texts("bootstrapServers", "its servers, each with a port"))),
        required(late_text("topicName", "the topic")),
        required(section("authentication", &AUTHENTICATION, "how to prove oneself")),
    ],
    ..OBJECT
};

static AUTHENTICATION: Object = Object {
    name: "`authentication`",
    doc: "How to prove oneself to the cluster.",
    keys: &[
        Key {
            name: "type",
            kind: Kind::Type(&[
                one_type("SASL_SCRAM_512_AUTH"),
                one_type("SASL_SCRAM_256_AUTH"),
                one_type("BASIC_AUTH"),
                one_type("MTLS"),
            ]),
            doc: "in which way",
            ..REQUIRED
        },
        Key {
            name: "properties",
            kind: Kind::Branch(&PROOF),
            doc: "with what",
            ..REQUIRED
        },
    ],
    ..OBJECT
};

static PROOF: Branch = Branch {
    key: "type",
    select: whole,
    cases: &[
        Case {
            values: &["SASL_SCRAM_512_AUTH", "SASL_SCRAM_256_AUTH", "BASIC_AUTH"],
            object: &SASL,
        },
        Case {
            values: &["MTLS"],
            object: &MTLS,
        },
    ],
};

static SASL: Object = Object {
    name: "`properties` of a user and a password",
    doc: "A user and a password.",
    keys: &[required(late(pattern(
        "authenticationSecretArn",
        &ARN,
        "ARN of the secret with `username` and `password`",
    )))],
    ..OBJECT
};

static MTLS: Object = Object {
    name: "`properties` of a certificate",
    doc: "A certificate of the client.",
    keys: &[
        required(late(pattern(
            "clientCertificate",
            &ARN,
            "ARN of the secret with the certificate and its key",
        ))),
        late(pattern(
            "serverRootCaCertificate",
            &ARN,
            "ARN of the secret with the certificate that the servers prove themselves with",
        )),
    ],
    ..OBJECT
};
