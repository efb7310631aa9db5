//! A small language of its own, with one of everything that tables can say.

use tapedeck_model::ValueType;

use crate::parse::Mapping;
use crate::schema::{
    AttributeCheck, Branch, Case, Catalogue, Connectable, Key, Kind, Need, OBJECT, OPTIONAL, Object,
    Parameter, REQUIRED, Range, ResourceType, Support, Type, UNSUPPORTED, not_yet, one_type, whole,
};

pub(super) static CATALOGUE: Catalogue = Catalogue {
    types: &[&QUEUE, &GAME],
    attribute: |_, _| AttributeCheck::UnknownType,
};

static GAME: ResourceType = ResourceType {
    name: "game",
    ..UNSUPPORTED
};

static QUEUE: ResourceType = ResourceType {
    name: "queue",
    doc: "Messages that wait.",
    properties: Some(&PROPERTIES),
    support: Support::NotHere("queues are not made here yet"),
    parameters: &[
        Parameter::text("arn", "its ARN"),
        Parameter {
            value: ValueType::Number,
            ..Parameter::secret("deadLetters", "letters that nobody took").when(has_letters, "with `letters`")
        },
    ],
    connectable: Connectable::Yes,
    takes_overrides: false,
    ..UNSUPPORTED
};

fn has_letters(properties: &Mapping) -> bool {
    properties.get("letters").is_some()
}

static PROPERTIES: Object = Object {
    name: "a queue",
    doc: "Messages that wait.",
    keys: &[
        Key {
            name: "size",
            kind: Kind::Integer(&SIZE),
            need: Need::Unless("letters"),
            default: Some("3"),
            doc: "how many messages it holds",
            support: Support::NoEffect("it holds all of them"),
            ..OPTIONAL
        },
        Key {
            name: "letters",
            kind: Kind::ListOf(&LETTER),
            doc: "what it holds at first",
            late: true,
            ..OPTIONAL
        },
        Key {
            name: "length",
            kind: Kind::Boolean,
            doc: "older name",
            support: Support::Deprecated("size"),
            ..OPTIONAL
        },
        not_yet("colour", "its colour"),
    ],
    absent: &[("port", "a queue has no port")],
};

static SIZE: Range = Range {
    min: 1,
    max: i64::MAX,
    advice: "use 1 or more",
};

static LETTER: Object = Object {
    name: "a letter",
    doc: "A message.",
    keys: &[
        Key {
            name: "type",
            kind: Kind::Type(TYPES),
            doc: "what it is written on",
            ..REQUIRED
        },
        Key {
            name: "properties",
            kind: Kind::Branch(&LETTER_PROPERTIES),
            doc: "how it looks",
            ..REQUIRED
        },
    ],
    ..OBJECT
};

static TYPES: &[Type] = &[
    one_type("paper"),
    Type {
        name: "stone",
        support: Support::NotYet,
    },
];

static LETTER_PROPERTIES: Branch = Branch {
    key: "type",
    select: whole,
    cases: &[Case {
        values: &["paper"],
        object: &PAPER,
    }],
};

static PAPER: Object = Object {
    name: "paper",
    doc: "Words on paper.",
    keys: &[Key {
        name: "words",
        kind: Kind::Texts,
        doc: "what stands on it",
        late: true,
        ..REQUIRED
    }],
    ..OBJECT
};
