//! The section `providerConfig`: accounts of other providers.

use crate::schema::{Key, Kind, OBJECT, OPTIONAL, Object, REQUIRED};

pub(super) static PROVIDERS: Object = Object {
    name: "`providerConfig`",
    doc: "Accounts of other providers, for the resources that need them.",
    keys: &[
        Key {
            name: "mongoDbAtlas",
            kind: Kind::Object(&MONGO_DB_ATLAS),
            doc: "account of MongoDB Atlas",
            ..OPTIONAL
        },
        Key {
            name: "upstash",
            kind: Kind::Object(&UPSTASH),
            doc: "account of Upstash",
            ..OPTIONAL
        },
    ],
    ..OBJECT
};

static MONGO_DB_ATLAS: Object = Object {
    name: "`mongoDbAtlas`",
    doc: "The account in which clusters are made, and who reaches them.",
    keys: &[
        Key {
            name: "publicKey",
            kind: Kind::Text,
            doc: "public key of the API",
            late: true,
            ..OPTIONAL
        },
        Key {
            name: "privateKey",
            kind: Kind::Text,
            doc: "private key of the API, best as a `$Secret()`",
            late: true,
            ..OPTIONAL
        },
        Key {
            name: "organizationId",
            kind: Kind::Text,
            doc: "the organization",
            late: true,
            ..OPTIONAL
        },
        Key {
            name: "accessibility",
            kind: Kind::Object(&ATLAS_ACCESSIBILITY),
            doc: "who reaches the clusters",
            ..OPTIONAL
        },
    ],
    ..OBJECT
};

static ATLAS_ACCESSIBILITY: Object = Object {
    name: "`accessibility` of MongoDB Atlas",
    doc: "Who reaches the clusters of the stack.",
    keys: &[
        Key {
            name: "accessibilityMode",
            kind: Kind::TextOneOf(&[
                "internet",
                "vpc",
                "scoping-workloads-in-vpc",
                "whitelisted-ips-only",
            ]),
            default: Some("internet"),
            doc: "from where",
            ..REQUIRED
        },
        Key {
            name: "whitelistedIps",
            kind: Kind::Texts,
            doc: "addresses and blocks of addresses that are let in, in every mode",
            ..OPTIONAL
        },
    ],
    ..OBJECT
};

static UPSTASH: Object = Object {
    name: "`upstash`",
    doc: "The account in which databases are made.",
    keys: &[
        Key {
            name: "accountEmail",
            kind: Kind::Text,
            doc: "address of the account",
            late: true,
            ..REQUIRED
        },
        Key {
            name: "apiKey",
            kind: Kind::Text,
            doc: "key of the API, best as a `$Secret()`",
            late: true,
            ..REQUIRED
        },
    ],
    ..OBJECT
};
