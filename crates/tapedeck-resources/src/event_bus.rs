//! `event-bus`: events that rules sort.

use tapedeck_config::parse::Mapping;
use tapedeck_config::schema::{
    Connectable, Key, Kind, OBJECT, OPTIONAL, Object, Parameter, Pattern, REQUIRED, Range, ResourceType,
    Support, UNSUPPORTED,
};
use tapedeck_config::{Declared, Scope};

use crate::shared::relations;

/// The type.
pub(crate) static TYPE: ResourceType = ResourceType {
    name: "event-bus",
    doc: "Events that rules sort, in EventBridge.",
    properties: Some(&BUS),
    support: Support::Full,
    parameters: &[
        Parameter::text("arn", "ARN of the event bus"),
        Parameter::text("archiveArn", "ARN of the archive of its events")
            .when(is_archived, "with `archivation`"),
    ],
    connectable: Connectable::Yes,
    check: Some(check),
    ..UNSUPPORTED
};

static BUS: Object = Object {
    name: "an event bus",
    doc: "Events that rules sort, in EventBridge.",
    keys: &[
        Key {
            name: "eventSourceName",
            kind: Kind::Pattern(&SOURCE_NAME),
            doc: "source of a partner of AWS whose events come over this bus",
            example: Some("aws.partner/shopify.com/123/shop"),
            ..OPTIONAL
        },
        Key {
            name: "archivation",
            kind: Kind::Object(&ARCHIVATION),
            doc: "whether events are kept, so that they can be replayed",
            ..OPTIONAL
        },
    ],
    ..OBJECT
};

/// Source: API reference of EventBridge, action CreateEventBus.
static SOURCE_NAME: Pattern = Pattern {
    name: "the name of a source",
    holds: |text| {
        let parts: Vec<&str> = text.split('/').collect();
        text.len() <= 256
            && parts.len() > 2
            && parts[0] == "aws.partner"
            && parts[1..].iter().all(|part| {
                !part.is_empty()
                    && part
                        .bytes()
                        .all(|byte| byte.is_ascii_alphanumeric() || b".-_".contains(&byte))
            })
    },
    advice: "use the name as the partner gave it, such as aws.partner/shopify.com/123/shop",
    regex: "^aws\\.partner(/[.\\-_A-Za-z0-9]+){2,}$",
};

static ARCHIVATION: Object = Object {
    name: "`archivation`",
    doc: "Whether events are kept, so that they can be replayed.",
    keys: &[
        Key {
            name: "enabled",
            kind: Kind::Boolean,
            default: Some("false"),
            doc: "whether events are kept; switching it off deletes those that were",
            ..REQUIRED
        },
        Key {
            name: "retentionDays",
            kind: Kind::Integer(&DAYS),
            default: Some("0"),
            doc: "days that events are kept, 0 for ever",
            ..OPTIONAL
        },
    ],
    ..OBJECT
};

static DAYS: Range = Range {
    min: 0,
    max: 2_147_483_647,
    advice: "use a whole number of days, 0 for ever",
};

/// Whether events are kept.
fn is_archived(properties: &Mapping) -> bool {
    properties
        .mapping("archivation")
        .is_some_and(|archivation| archivation.flag("enabled"))
}

/// The rules that relate several keys.
fn check(one: &Declared<'_>, scope: &mut Scope<'_>) {
    relations::unused_when_disabled(one.properties.mapping("archivation"), &["retentionDays"], scope);
}
