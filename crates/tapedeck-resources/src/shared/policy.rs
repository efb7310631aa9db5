//! Statements of policies that belong to a resource, such as the policy of a bucket.

use tapedeck_config::schema::{Key, Kind, OPTIONAL, REQUIRED};

/// `Principal`.
pub(crate) const PRINCIPAL: Key = Key {
    name: "Principal",
    kind: Kind::Any,
    doc: "whom it is about: `'*'` for everybody, or a mapping such as `{ AWS: 'arn:…' }`",
    example: Some("{ Service: events.amazonaws.com }"),
    late: true,
    ..REQUIRED
};

/// `Effect`.
pub(crate) const EFFECT: Key = Key {
    name: "Effect",
    kind: Kind::TextOneOf(&["Allow", "Deny"]),
    default: Some("Allow"),
    doc: "whether it allows or denies",
    ..OPTIONAL
};

/// `Action`.
pub(crate) const ACTION: Key = Key {
    name: "Action",
    kind: Kind::Texts,
    doc: "what may be done: a list of actions, or one",
    ..REQUIRED
};

/// `Condition`.
pub(crate) const CONDITION: Key = Key {
    name: "Condition",
    kind: Kind::AnyMapping,
    doc: "when it holds",
    late: true,
    ..OPTIONAL
};
