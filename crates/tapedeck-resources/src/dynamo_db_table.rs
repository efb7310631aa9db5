//! `dynamo-db-table`: items that are found by their keys.

use std::collections::HashMap;

use tapedeck_config::parse::Mapping;
use tapedeck_config::schema::{
    Connectable, Key, Kind, OBJECT, OPTIONAL, Object, Parameter, Pattern, REQUIRED, Range, ResourceType,
    Support, UNSUPPORTED,
};
use tapedeck_config::{Declared, Scope};
use tapedeck_diagnostic::{Span, Spanned};

use crate::shared::dev::DEV;
use crate::shared::relations;

/// The type.
pub(crate) static TYPE: ResourceType = ResourceType {
    name: "dynamo-db-table",
    doc: "Items that are found by their keys, in DynamoDB.",
    properties: Some(&TABLE),
    support: Support::Full,
    parameters: &[
        Parameter::text("name", "name of the table"),
        Parameter::text("arn", "ARN of the table"),
        Parameter::text("streamArn", "ARN of the stream of its changes")
            .when(|properties| properties.has("streamType"), "with `streamType`"),
    ],
    connectable: Connectable::Yes,
    check: Some(check),
    ..UNSUPPORTED
};

static TABLE: Object = Object {
    name: "a table",
    doc: "Items that are found by their keys, in DynamoDB.",
    keys: &[
        Key {
            name: "primaryKey",
            kind: Kind::Object(&PRIMARY_KEY),
            doc: "the attributes that tell one item from another; they cannot be changed later",
            example: Some("{ partitionKey: { name: id, type: string } }"),
            ..REQUIRED
        },
        Key {
            name: "provisionedThroughput",
            kind: Kind::Object(&THROUGHPUT),
            doc: "how much may be read and written in a second; when left out, as much as there is, paid by request",
            ..OPTIONAL
        },
        Key {
            name: "secondaryIndexes",
            kind: Kind::ListOf(&INDEX),
            doc: "other attributes to find items by",
            ..OPTIONAL
        },
        Key {
            name: "streamType",
            kind: Kind::TextOneOf(&["KEYS_ONLY", "NEW_IMAGE", "OLD_IMAGE", "NEW_AND_OLD_IMAGES"]),
            doc: "what of a changed item goes into the stream of changes; when left out, there is no stream",
            ..OPTIONAL
        },
        Key {
            name: "enablePointInTimeRecovery",
            kind: Kind::Boolean,
            default: Some("false"),
            doc: "whether the table can be restored to any second of the last 35 days",
            ..OPTIONAL
        },
        DEV,
    ],
    ..OBJECT
};

static PRIMARY_KEY: Object = Object {
    name: "`primaryKey`",
    doc: "The attributes that tell one item from another.",
    keys: &[PARTITION_KEY, SORT_KEY],
    ..OBJECT
};

const PARTITION_KEY: Key = Key {
    name: "partitionKey",
    kind: Kind::Object(&ATTRIBUTE),
    doc: "the attribute that decides where an item is kept",
    example: Some("{ name: id, type: string }"),
    ..REQUIRED
};

const SORT_KEY: Key = Key {
    name: "sortKey",
    kind: Kind::Object(&ATTRIBUTE),
    doc: "the attribute that items with the same partition key are sorted by",
    ..OPTIONAL
};

static ATTRIBUTE: Object = Object {
    name: "a key attribute",
    doc: "An attribute that every item has.",
    keys: &[
        Key {
            name: "name",
            kind: Kind::Text,
            doc: "its name",
            example: Some("id"),
            ..REQUIRED
        },
        Key {
            name: "type",
            kind: Kind::TextOneOf(&["string", "number", "binary"]),
            doc: "what its values are: `string`, `number` or `binary`",
            ..REQUIRED
        },
    ],
    ..OBJECT
};

static INDEX: Object = Object {
    name: "a secondary index",
    doc: "Other attributes to find items by.",
    keys: &[
        Key {
            name: "name",
            kind: Kind::Pattern(&INDEX_NAME),
            doc: "its name",
            example: Some("byEmail"),
            ..REQUIRED
        },
        PARTITION_KEY,
        SORT_KEY,
        Key {
            name: "projections",
            kind: Kind::Texts,
            doc: "attributes that are in the index, too, beside the keys",
            ..OPTIONAL
        },
    ],
    ..OBJECT
};

/// Source: developer guide of DynamoDB, naming rules.
static INDEX_NAME: Pattern = Pattern {
    name: "the name of an index",
    holds: |text| {
        (3..=255).contains(&text.len())
            && text
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte))
    },
    advice: "use 3 to 255 letters, digits, `-`, `_` and `.`",
    regex: "^[A-Za-z0-9._-]{3,255}$",
};

static THROUGHPUT: Object = Object {
    name: "`provisionedThroughput`",
    doc: "How much may be read and written in a second.",
    keys: &[
        units("readUnits", "times that 4 KB may be read in a second"),
        units("writeUnits", "times that 1 KB may be written in a second"),
        Key {
            name: "readScaling",
            kind: Kind::Object(&SCALING),
            doc: "how the units for reading follow the load",
            ..OPTIONAL
        },
        Key {
            name: "writeScaling",
            kind: Kind::Object(&SCALING),
            doc: "how the units for writing follow the load",
            ..OPTIONAL
        },
    ],
    ..OBJECT
};

const fn units(name: &'static str, doc: &'static str) -> Key {
    Key {
        name,
        kind: Kind::Integer(&UNITS),
        doc,
        example: Some("5"),
        ..REQUIRED
    }
}

static UNITS: Range = Range {
    min: 1,
    max: 10_000_000,
    advice: "use a whole number of units from 1 on",
};

static SCALING: Object = Object {
    name: "scaling of a table",
    doc: "How units follow the load.",
    keys: &[
        units("minUnits", "the least number of units"),
        units("maxUnits", "the greatest number of units"),
        Key {
            name: "keepUtilizationUnder",
            kind: Kind::Integer(&UTILIZATION),
            doc: "per cent of the units in use above which there are to be more",
            example: Some("70"),
            ..REQUIRED
        },
    ],
    ..OBJECT
};

/// Source: developer guide of DynamoDB, auto scaling.
static UTILIZATION: Range = Range {
    min: 20,
    max: 90,
    advice: "use 20 to 90 per cent",
};

/// The rules that relate several keys.
fn check(one: &Declared<'_>, scope: &mut Scope<'_>) {
    let throughput = one.properties.mapping("provisionedThroughput");
    for scaling in ["readScaling", "writeScaling"] {
        if let Some(scaling) = throughput.and_then(|throughput| throughput.mapping(scaling)) {
            relations::bounds(scaling, "minUnits", "maxUnits", scope);
        }
    }
    let indexes: Vec<&Mapping> = one
        .properties
        .list("secondaryIndexes")
        .iter()
        .filter_map(|item| item.value.as_mapping())
        .collect();
    index_names(&indexes, scope);
    let mut types = HashMap::new();
    for keys in one.properties.mapping("primaryKey").into_iter().chain(indexes) {
        same_attribute(keys, scope);
        for attribute in ["partitionKey", "sortKey"] {
            if let Some(attribute) = keys.mapping(attribute) {
                attribute_type(attribute, &mut types, scope);
            }
        }
    }
}

fn index_names(indexes: &[&Mapping], scope: &mut Scope<'_>) {
    let mut seen: HashMap<String, Span> = HashMap::new();
    for name in indexes.iter().filter_map(|index| index.spanned_text("name")) {
        match seen.get(&name.value) {
            Some(first) => scope.diagnostics.duplicate_name(&name, "secondary index", *first),
            None => drop(seen.insert(name.value, name.span)),
        }
    }
}

/// The two attributes of a key are two.
fn same_attribute(keys: &Mapping, scope: &mut Scope<'_>) {
    let name = |key: &str| keys.mapping(key)?.spanned_text("name");
    if let Some((partition, sort)) = name("partitionKey").zip(name("sortKey"))
        && partition.value == sort.value
    {
        scope
            .diagnostics
            .duplicate_name(&sort, "attribute of this key", partition.span);
    }
}

/// An attribute is of the same type in every key.
fn attribute_type(attribute: &Mapping, types: &mut HashMap<String, Spanned<String>>, scope: &mut Scope<'_>) {
    let Some((name, kind)) = attribute.text("name").zip(attribute.spanned_text("type")) else {
        return;
    };
    match types.get(name) {
        Some(first) if first.value != kind.value => {
            let other = (first.value.as_str(), first.span);
            scope.diagnostics.conflicting_attribute(&kind, name, other);
        }
        Some(_) => {}
        None => drop(types.insert(name.to_string(), kind)),
    }
}
