//! `kinesis-stream`: a stream.

use serde_json::{Value, json};

use super::{Kind, Parameters, Target};
use crate::SynthError;
use crate::assembly::Assembly;
use crate::policy::allow;
use crate::template::Resource;

pub(super) const KIND: Kind = Kind {
    name: "kinesis-stream",
    build,
    parameters,
    grants,
    in_vpc: false,
};

/// Who has a throughput of its own, among what a stream becomes.
const CONSUMER: &str = "StreamConsumer";

fn build(stream: &Target<'_>, assembly: &mut Assembly<'_>) -> Result<(), SynthError> {
    let mode = stream.text("capacityMode").unwrap_or("ON_DEMAND");
    let mut properties = json!({
        "Name": name(stream, assembly),
        "StreamModeDetails": { "StreamMode": mode },
        "Tags": assembly.tags(),
    });
    if mode == "PROVISIONED" {
        properties["ShardCount"] = Value::from(stream.number("shardCount").unwrap_or(1));
    }
    if let Some(hours) = stream.number("retentionPeriodHours").filter(|hours| *hours != 24) {
        properties["RetentionPeriodHours"] = Value::from(hours);
    }
    if stream.flag("encryption.enabled") {
        let key = match stream.get("encryption.kmsKeyArn") {
            Some(key) => assembly.data(key)?,
            None => Value::from("alias/aws/kinesis"),
        };
        properties["StreamEncryption"] = json!({ "EncryptionType": "KMS", "KeyId": key });
    }
    assembly.add(
        &stream.id("Stream"),
        Resource::new("AWS::Kinesis::Stream", properties),
    );
    if stream.flag("enableEnhancedFanOut") {
        let consumer = json!({
            "ConsumerName": name(stream, assembly),
            "StreamARN": stream.attribute("Stream", "Arn"),
        });
        assembly.add(
            &stream.id(CONSUMER),
            Resource::new("AWS::Kinesis::StreamConsumer", consumer),
        );
    }
    Ok(())
}

fn name(stream: &Target<'_>, assembly: &Assembly<'_>) -> String {
    assembly.names.physical(stream.name, 128)
}

fn parameters(stream: &Target<'_>, assembly: &mut Assembly<'_>) -> Result<Parameters, SynthError> {
    Ok(vec![
        ("arn".to_string(), stream.attribute("Stream", "Arn")),
        ("name".to_string(), Value::from(name(stream, assembly))),
    ])
}

fn grants(stream: &Target<'_>, _: &Assembly<'_>) -> Vec<Value> {
    let actions = [
        "kinesis:DescribeStream",
        "kinesis:DescribeStreamSummary",
        "kinesis:GetRecords",
        "kinesis:GetShardIterator",
        "kinesis:ListShards",
        "kinesis:PutRecord",
        "kinesis:PutRecords",
    ];
    let mut statements = vec![
        allow(&actions, vec![stream.attribute("Stream", "Arn")]),
        // AWS knows no list of one stream.
        allow(&["kinesis:ListStreams"], vec![Value::from("*")]),
    ];
    if stream.flag("enableEnhancedFanOut") {
        statements.push(allow(
            &["kinesis:DescribeStreamConsumer", "kinesis:SubscribeToShard"],
            vec![stream.attribute(CONSUMER, "ConsumerARN")],
        ));
    }
    statements
}
