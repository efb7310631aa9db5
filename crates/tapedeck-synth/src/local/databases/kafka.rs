//! Topics of Kafka: one broker has all of a stack.

use serde_json::Value;
use tapedeck_model::{ResourceName, Stack};

use super::{ADDRESS, Database, DatabaseKind, PORT, found, text};
use crate::template::Template;
use crate::types::KAFKA_TOPIC;

/// The port of Kafka.
const USUAL_PORT: u16 = 9092;

/// The service with the broker, unless a resource is called so.
const SERVICE: &str = "kafka";

/// Where nobody answers, and why: Upstash's REST protocol for Kafka is not served here.
const NO_REST: &str = "http://kafka-has-no-rest-in-region-local.invalid";

pub(super) fn all(stack: &Stack, template: &Template) -> Vec<Database> {
    let topics: Vec<_> = found(stack, template, "Topic", KAFKA_TOPIC).collect();
    if topics.is_empty() {
        return Vec::new();
    }
    let service = service(stack);
    let mut broker = Database {
        resources: topics.iter().map(|(resource, ..)| (*resource).clone()).collect(),
        ..Database::new(&service, DatabaseKind::Kafka, "Kafka of Upstash", USUAL_PORT)
    };
    let mut wanted = Vec::new();
    for (_, id, topic) in &topics {
        let name = text(topic, "Name").unwrap_or_default();
        let partitions = topic.properties.get("Partitions").and_then(Value::as_u64);
        wanted.push(format!("{name}:{}", partitions.unwrap_or(1)));
        let attributes = [
            ("TopicName", name),
            ("TopicId", name),
            // Nobody is asked who they are.
            ("Username", ""),
            ("Password", ""),
            ("TcpEndpoint", &format!("{ADDRESS}:{PORT}")),
            ("RestEndpoint", NO_REST),
        ];
        broker.answer(id, &attributes);
    }
    broker.environment = vec![
        ("KAFKA_PORT", USUAL_PORT.to_string().into()),
        ("KAFKA_TOPICS", wanted.join(" ").into()),
    ];
    vec![broker]
}

/// A name that no resource of the stack has.
fn service(stack: &Stack) -> ResourceName {
    let is_free = |name: &ResourceName| !stack.resources.iter().any(|resource| resource.name == *name);
    let numbered = (2..).map(|number| format!("{SERVICE}{number}"));
    let mut names = std::iter::once(SERVICE.to_string())
        .chain(numbered)
        .filter_map(|name| ResourceName::new(name).ok());
    names
        .find(is_free)
        .expect("a stack has fewer resources than there are numbers")
}
