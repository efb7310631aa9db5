//! Events of an event bus that something is told of: `events` of type `event-bus`.

use tapedeck_config::Scope;
use tapedeck_config::parse::Mapping;
use tapedeck_config::schema::{Key, Kind, OBJECT, OPTIONAL, Object, REQUIRED};
use tapedeck_diagnostic::Span;

use super::relations;

/// `eventBusArn`.
pub(crate) const EVENT_BUS_ARN: Key = Key {
    name: "eventBusArn",
    kind: Kind::Text,
    doc: "ARN of an event bus of somebody else",
    late: true,
    ..OPTIONAL
};

/// `eventBusName`.
pub(crate) const EVENT_BUS_NAME: Key = Key {
    name: "eventBusName",
    kind: Kind::ResourceName(&["event-bus"]),
    doc: "name of a resource of type `event-bus`",
    ..OPTIONAL
};

/// `useDefaultBus`.
pub(crate) const USE_DEFAULT_BUS: Key = Key {
    name: "useDefaultBus",
    kind: Kind::Boolean,
    default: Some("false"),
    doc: "whether the event bus that every account has is meant",
    ..OPTIONAL
};

/// `eventPattern`.
pub(crate) const EVENT_PATTERN: Key = Key {
    name: "eventPattern",
    kind: Kind::AnyMapping,
    doc: "which events, in the words of EventBridge",
    example: Some("{ source: [shop] }"),
    late: true,
    ..REQUIRED
};

/// `onDeliveryFailure`.
pub(crate) const ON_DELIVERY_FAILURE: Key = Key {
    name: "onDeliveryFailure",
    kind: Kind::Object(&FAILURE),
    doc: "queue for events that could not be delivered",
    ..OPTIONAL
};

static FAILURE: Object = Object {
    name: "`onDeliveryFailure`",
    doc: "The queue for events that could not be delivered.",
    keys: &[
        Key {
            name: "sqsQueueArn",
            kind: Kind::Text,
            doc: "ARN of a queue",
            late: true,
            ..OPTIONAL
        },
        Key {
            name: "sqsQueueName",
            kind: Kind::ResourceName(&["sqs-queue"]),
            doc: "name of a resource of type `sqs-queue`",
            ..OPTIONAL
        },
    ],
    ..OBJECT
};

/// `input`.
pub(crate) const INPUT: Key = Key {
    name: "input",
    kind: Kind::Any,
    doc: "what is delivered instead of the event",
    ..OPTIONAL
};

/// `inputPath`.
pub(crate) const INPUT_PATH: Key = Key {
    name: "inputPath",
    kind: Kind::Text,
    doc: "the part of the event that is delivered, as a JSONPath",
    example: Some("'$.detail'"),
    ..OPTIONAL
};

/// `inputTransformer`.
pub(crate) const INPUT_TRANSFORMER: Key = Key {
    name: "inputTransformer",
    kind: Kind::Object(&TRANSFORMER),
    doc: "how what is delivered is made of the event",
    ..OPTIONAL
};

static TRANSFORMER: Object = Object {
    name: "`inputTransformer`",
    doc: "How what is delivered is made of the event.",
    keys: &[
        Key {
            name: "inputPathsMap",
            kind: Kind::MapOfScalars,
            doc: "names for parts of the event, each a JSONPath",
            example: Some("{ order: '$.detail.order' }"),
            ..OPTIONAL
        },
        Key {
            name: "inputTemplate",
            kind: Kind::Any,
            doc: "what is delivered, with `<name>` for the parts",
            example: Some("{ text: 'order <order> came in' }"),
            late: true,
            ..REQUIRED
        },
    ],
    ..OBJECT
};

/// Judges the properties of one. `at` is where to point when something is missing in them.
pub(crate) fn check(properties: &Mapping, at: Span, scope: &mut Scope<'_>) {
    let parent = "an event of an event bus";
    let buses = ["eventBusArn", "eventBusName", "useDefaultBus"];
    relations::exactly_one(properties, (at, parent), &buses, scope);
    let inputs = ["input", "inputPath", "inputTransformer"];
    relations::at_most_one(properties, (at, parent), &inputs, scope);
    if let (Some(entry), Some(failure)) = (
        properties.entry("onDeliveryFailure"),
        properties.mapping("onDeliveryFailure"),
    ) {
        let place = (entry.key.span, "`onDeliveryFailure`");
        relations::exactly_one(failure, place, &["sqsQueueArn", "sqsQueueName"], scope);
    }
}
