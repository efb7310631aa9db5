//! `efs-filesystem`: a file system that several containers share.

use tapedeck_config::schema::{
    Connectable, DecimalRange, Key, Kind, OBJECT, OPTIONAL, Object, Parameter, ResourceType, Support,
    UNSUPPORTED,
};
use tapedeck_config::{Declared, Scope};

use crate::shared::relations;

/// The type.
pub(crate) static TYPE: ResourceType = ResourceType {
    name: "efs-filesystem",
    doc: "A file system that several containers share, in EFS.",
    properties: Some(&FILE_SYSTEM),
    support: Support::NotHere("file systems are not made here yet"),
    parameters: &[
        Parameter::text("arn", "ARN of the file system"),
        Parameter::text("id", "id of the file system"),
    ],
    connectable: Connectable::No("mount it with `volumeMounts`: that brings the permissions with it"),
    check: Some(check),
    ..UNSUPPORTED
};

static FILE_SYSTEM: Object = Object {
    name: "a file system",
    doc: "A file system that several containers share, in EFS.",
    keys: &[
        Key {
            name: "backupEnabled",
            kind: Kind::Boolean,
            default: Some("false"),
            doc: "whether it is backed up every day, for 35 days",
            ..OPTIONAL
        },
        Key {
            name: "throughputMode",
            kind: Kind::TextOneOf(&["elastic", "bursting", "provisioned"]),
            default: Some("elastic"),
            doc: "whether its throughput follows the load, its size, or a number",
            ..OPTIONAL
        },
        Key {
            name: "provisionedThroughputInMibps",
            kind: Kind::Decimal(&THROUGHPUT),
            doc: "MiB in a second, with `throughputMode: provisioned`",
            example: Some("100"),
            ..OPTIONAL
        },
    ],
    ..OBJECT
};

/// Source: API reference of EFS, action CreateFileSystem.
static THROUGHPUT: DecimalRange = DecimalRange {
    min: 1.0,
    max: 3414.0,
    advice: "use 1 to 3414 MiB in a second",
};

/// The rules that relate several keys.
fn check(one: &Declared<'_>, scope: &mut Scope<'_>) {
    let number = "provisionedThroughputInMibps";
    let needed = "`throughputMode: provisioned`";
    let mode = one.properties.spanned_text("throughputMode");
    match mode.as_ref().map(|mode| mode.value.as_str()) {
        Some("provisioned") => missing_number(one, number, scope),
        Some("elastic" | "bursting") => relations::only_with(one.properties, &[number], needed, scope),
        None if !one.properties.has("throughputMode") => {
            relations::only_with(one.properties, &[number], needed, scope);
        }
        _ => {}
    }
}

/// The mode that needs the number.
fn missing_number(one: &Declared<'_>, number: &str, scope: &mut Scope<'_>) {
    if let (Some(mode), false) = (one.properties.get("throughputMode"), one.properties.has(number)) {
        let parent = "a file system with `throughputMode: provisioned`";
        let meaning = "MiB in a second, such as `provisionedThroughputInMibps: 100`";
        scope.diagnostics.missing_key(mode.span, parent, number, meaning);
    }
}
