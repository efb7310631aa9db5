//! `upstash-kafka-topic`: a topic of a product that Upstash has ended. There is none in AWS, so that a template cannot have one; on this
//! machine a broker stands in.

use serde_json::json;

use super::{Kind, Parameters, Target, no_grants};
use crate::SynthError;
use crate::assembly::Assembly;
use crate::template::Resource;

pub(super) const KIND: Kind = Kind {
    name: "upstash-kafka-topic",
    build,
    parameters,
    grants: no_grants,
    in_vpc: false,
};

/// The type that a topic has in a template which nobody but this machine is given.
pub(crate) const KAFKA_TOPIC: &str = "Tapedeck::Local::KafkaTopic";

const TOPIC: &str = "Topic";

fn build(topic: &Target<'_>, assembly: &mut Assembly<'_>) -> Result<(), SynthError> {
    if !assembly.lookups.is_local {
        return Err(SynthError::of_type(topic.name, topic.kind));
    }
    let properties = json!({
        "Name": format!("{}-{}", assembly.names.stack, topic.name),
        "Partitions": topic.number("partitions").unwrap_or(1),
    });
    assembly.add(&topic.id(TOPIC), Resource::new(KAFKA_TOPIC, properties));
    Ok(())
}

fn parameters(topic: &Target<'_>, _: &mut Assembly<'_>) -> Result<Parameters, SynthError> {
    let named = |name: &str, attribute: &str| (name.to_string(), topic.attribute(TOPIC, attribute));
    Ok(vec![
        named("topicName", "TopicName"),
        named("topicId", "TopicId"),
        named("username", "Username"),
        named("password", "Password"),
        named("tcpEndpoint", "TcpEndpoint"),
        named("restUrl", "RestEndpoint"),
    ])
}
