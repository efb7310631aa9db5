//! What `dev` does with a resource that has an imitation on this machine.

use tapedeck_config::schema::{Key, Kind, OBJECT, OPTIONAL, Object, Support};

/// `dev`.
pub(crate) const DEV: Key = Key {
    name: "dev",
    kind: Kind::Object(&DEV_OBJECT),
    doc: "what the command `dev` does with the resource",
    ..OPTIONAL
};

static DEV_OBJECT: Object = Object {
    name: "`dev`",
    doc: "What the command `dev` does with the resource.",
    keys: &[Key {
        name: "remote",
        kind: Kind::Boolean,
        default: Some("false"),
        doc: "whether `dev` uses the resource that is deployed to AWS instead of an imitation",
        support: Support::NoEffect("region `local` never uses what is deployed to AWS"),
        ..OPTIONAL
    }],
    ..OBJECT
};
