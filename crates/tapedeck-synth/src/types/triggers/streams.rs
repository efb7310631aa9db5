//! Streams, which Lambda reads: of Kinesis, of tables, of topics of Kafka.

use serde_json::{Value, json};

use super::Trigger;
use crate::SynthError;
use crate::assembly::Assembly;
use crate::intrinsic::attribute;
use crate::policy::allow;
use crate::template::Resource;

/// Settings of a stream that are written as they are: key and property.
const SETTINGS: [(&str, &str); 6] = [
    ("batchSize", "BatchSize"),
    ("bisectBatchOnFunctionError", "BisectBatchOnFunctionError"),
    ("maxBatchWindowSeconds", "MaximumBatchingWindowInSeconds"),
    ("maximumRetryAttempts", "MaximumRetryAttempts"),
    ("parallelizationFactor", "ParallelizationFactor"),
    ("startingPosition", "StartingPosition"),
];

/// Adds what reads a stream of Kinesis, alone or as a consumer.
pub(super) fn add_kinesis(
    trigger: &Trigger<'_>,
    assembly: &mut Assembly<'_>,
) -> Result<Vec<Value>, SynthError> {
    let stream = trigger.source("kinesisStreamName", "streamArn", assembly)?;
    let mut statements = vec![
        allow(
            &[
                "kinesis:DescribeStream",
                "kinesis:DescribeStreamSummary",
                "kinesis:GetRecords",
                "kinesis:GetShardIterator",
                "kinesis:ListShards",
            ],
            vec![stream.clone()],
        ),
        // AWS knows no list of one stream.
        allow(&["kinesis:ListStreams"], vec![Value::from("*")]),
    ];
    let mut source = stream.clone();
    if let Some(consumer) = trigger.settings.get("consumerArn") {
        source = assembly.data(consumer)?;
    } else if trigger.settings.flag("autoCreateConsumer") {
        let id = trigger.id("StreamConsumer");
        let name = format!("{}-event-{}", trigger.owner.name, trigger.index);
        let consumer = json!({ "ConsumerName": assembly.names.physical(&name, 128), "StreamARN": stream });
        assembly.add(&id, Resource::new("AWS::Kinesis::StreamConsumer", consumer));
        source = attribute(&id, "ConsumerARN");
    }
    if source != stream {
        statements.push(allow(
            &["kinesis:DescribeStreamConsumer", "kinesis:SubscribeToShard"],
            vec![source.clone()],
        ));
    }
    statements.extend(add_mapping(trigger, source, assembly)?);
    Ok(statements)
}

/// Adds what reads the changes of a table.
pub(super) fn add_table(
    trigger: &Trigger<'_>,
    assembly: &mut Assembly<'_>,
) -> Result<Vec<Value>, SynthError> {
    let stream = trigger.source("tableName", "streamArn", assembly)?;
    let mut statements = vec![
        allow(
            &[
                "dynamodb:DescribeStream",
                "dynamodb:GetRecords",
                "dynamodb:GetShardIterator",
            ],
            vec![stream.clone()],
        ),
        // AWS knows no list of one stream.
        allow(&["dynamodb:ListStreams"], vec![Value::from("*")]),
    ];
    statements.extend(add_mapping(trigger, stream, assembly)?);
    Ok(statements)
}

/// Adds the mapping, and tells what the role needs for batches that failed.
fn add_mapping(
    trigger: &Trigger<'_>,
    source: Value,
    assembly: &mut Assembly<'_>,
) -> Result<Option<Value>, SynthError> {
    let mut mapping = json!({ "EventSourceArn": source, "FunctionName": trigger.function_arn() });
    for (key, property) in SETTINGS {
        if let Some(value) = trigger.settings.get(key) {
            mapping[property] = assembly.data(value)?;
        }
    }
    let mut statement = None;
    if let Some(arn) = trigger.settings.get("onFailure.arn") {
        let arn = assembly.data(arn)?;
        mapping["DestinationConfig"] = json!({ "OnFailure": { "Destination": arn } });
        let action = match trigger.settings.text("onFailure.type") {
            Some("sns") => "sns:Publish",
            _ => "sqs:SendMessage",
        };
        statement = Some(allow(&[action], vec![arn]));
    }
    assembly.add(
        &trigger.id("SourceMapping"),
        Resource::new("AWS::Lambda::EventSourceMapping", mapping),
    );
    Ok(statement)
}

/// Adds what reads a topic of Kafka.
pub(super) fn add_kafka(
    trigger: &Trigger<'_>,
    assembly: &mut Assembly<'_>,
) -> Result<Vec<Value>, SynthError> {
    let of = |path: &str| format!("customKafkaConfiguration.{path}");
    let mut secrets = Vec::new();
    let mut accesses = Vec::new();
    let kind = trigger
        .settings
        .text(&of("authentication.type"))
        .unwrap_or_default();
    let proofs = [
        ("authenticationSecretArn", kind),
        ("clientCertificate", "CLIENT_CERTIFICATE_TLS_AUTH"),
        ("serverRootCaCertificate", "SERVER_ROOT_CA_CERTIFICATE"),
    ];
    for (key, kind) in proofs {
        if let Some(secret) = trigger
            .settings
            .get(&of(&format!("authentication.properties.{key}")))
        {
            let secret = assembly.data(secret)?;
            accesses.push(json!({ "Type": kind, "URI": secret }));
            secrets.push(secret);
        }
    }
    let servers = trigger.settings.items(&of("bootstrapServers")).iter();
    let servers: Result<Vec<Value>, SynthError> = servers.map(|server| assembly.data(server)).collect();
    let topic = match trigger.settings.get(&of("topicName")) {
        Some(topic) => assembly.data(topic)?,
        None => Value::Null,
    };
    let mut mapping = json!({
        "BatchSize": trigger.settings.number("batchSize").unwrap_or(100),
        "FunctionName": trigger.function_arn(),
        "SelfManagedEventSource": { "Endpoints": { "KafkaBootstrapServers": servers? } },
        "SourceAccessConfigurations": accesses,
        "StartingPosition": "TRIM_HORIZON",
        "Topics": [topic],
    });
    // Half a second is what Lambda waits anyway, and parts of a second cannot be said.
    let window = trigger
        .settings
        .get("maxBatchWindowSeconds")
        .map(serde_json::to_value);
    let seconds = window.and_then(|value| value.ok()?.as_f64()).unwrap_or(0.5);
    if seconds > 0.5 {
        mapping["MaximumBatchingWindowInSeconds"] = Value::from(seconds.ceil() as u64);
    }
    assembly.add(
        &trigger.id("SourceMapping"),
        Resource::new("AWS::Lambda::EventSourceMapping", mapping),
    );
    Ok(match secrets.is_empty() {
        true => Vec::new(),
        false => vec![allow(&["secretsmanager:GetSecretValue"], secrets)],
    })
}
