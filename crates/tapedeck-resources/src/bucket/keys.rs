//! The keys of a `bucket`.

use tapedeck_config::schema::{Key, Kind, OBJECT, OPTIONAL, Object, REQUIRED, Range};

use super::lifecycle::LIFECYCLE_RULES;
use crate::shared::cdn::BUCKET_CDN;
use crate::shared::cors::{ALLOWED_HEADERS, ALLOWED_ORIGINS, ENABLED, EXPOSED_RESPONSE_HEADERS};
use crate::shared::policy;
use crate::shared::upload::{EXCLUDE_FILES_PATTERNS, FILE_OPTIONS, PRESETS, RELATIVE_FOLDER};

/// `properties` of a resource of type `bucket`.
pub(super) static BUCKET: Object = Object {
    name: "a bucket",
    doc: "Files in S3.",
    keys: &[
        Key {
            name: "directoryUpload",
            kind: Kind::Object(&DIRECTORY_UPLOAD),
            doc: "a folder whose files each deployment puts into the bucket, and nothing else",
            ..OPTIONAL
        },
        Key {
            name: "accessibility",
            kind: Kind::Object(&ACCESSIBILITY),
            doc: "who may read and write",
            ..OPTIONAL
        },
        Key {
            name: "cors",
            kind: Kind::Object(&CORS),
            doc: "which pages of other origins may use it",
            ..OPTIONAL
        },
        Key {
            name: "versioning",
            kind: Kind::Boolean,
            default: Some("false"),
            doc: "whether what is overwritten or deleted is kept as an older version",
            ..OPTIONAL
        },
        Key {
            name: "encryption",
            kind: Kind::Boolean,
            default: Some("false"),
            doc: "whether encryption at rest is asked for; S3 encrypts all the same",
            ..OPTIONAL
        },
        LIFECYCLE_RULES,
        Key {
            name: "enableEventBusNotifications",
            kind: Kind::Boolean,
            default: Some("false"),
            doc: "whether the default event bus is told of what happens to its files",
            ..OPTIONAL
        },
        BUCKET_CDN,
    ],
    ..OBJECT
};

static DIRECTORY_UPLOAD: Object = Object {
    name: "`directoryUpload`",
    doc: "A folder whose files each deployment puts into the bucket. What is not in the folder is deleted.",
    keys: &[
        Key {
            name: "directoryPath",
            kind: Kind::Pattern(&RELATIVE_FOLDER),
            doc: "path of the folder, relative to that of the config file",
            example: Some("./public"),
            ..REQUIRED
        },
        FILE_OPTIONS,
        EXCLUDE_FILES_PATTERNS,
        Key {
            name: "headersPreset",
            kind: Kind::TextOneOf(PRESETS),
            doc: "headers for caching that suit this kind of site",
            ..OPTIONAL
        },
        Key {
            name: "disableS3TransferAcceleration",
            kind: Kind::Boolean,
            default: Some("false"),
            doc: "whether files are uploaded without the accelerated way, which costs a little",
            ..OPTIONAL
        },
    ],
    ..OBJECT
};

static ACCESSIBILITY: Object = Object {
    name: "`accessibility` of a bucket",
    doc: "Who may read and write.",
    keys: &[
        Key {
            name: "accessibilityMode",
            kind: Kind::TextOneOf(&["private", "public-read", "public-read-write"]),
            default: Some("private"),
            doc: "what everybody may do; in `private`, only who has a permission",
            ..OPTIONAL
        },
        Key {
            name: "accessPolicyStatements",
            kind: Kind::ListOf(&POLICY_STATEMENT),
            doc: "statements of the policy of the bucket",
            ..OPTIONAL
        },
    ],
    ..OBJECT
};

static POLICY_STATEMENT: Object = Object {
    name: "a statement of the policy of a bucket",
    doc: "A statement that is added to the policy of the bucket.",
    keys: &[
        policy::PRINCIPAL,
        Key {
            name: "Resource",
            kind: Kind::Texts,
            doc: "what it is about: a list of ARNs, or one",
            example: Some("$CfFormat('{}/*', $ResourceParam('photos', 'arn'))"),
            late: true,
            ..REQUIRED
        },
        Key {
            example: Some("'s3:GetObject'"),
            ..policy::ACTION
        },
        policy::EFFECT,
        Key {
            name: "Sid",
            kind: Kind::Text,
            doc: "its id",
            ..OPTIONAL
        },
        policy::CONDITION,
    ],
    ..OBJECT
};

static CORS: Object = Object {
    name: "`cors` of a bucket",
    doc: "Which pages of other origins may use the bucket. Without rules, all may.",
    keys: &[
        ENABLED,
        Key {
            name: "corsRules",
            kind: Kind::ListOf(&CORS_RULE),
            doc: "who may do what; the first rule that fits counts",
            ..OPTIONAL
        },
    ],
    ..OBJECT
};

static CORS_RULE: Object = Object {
    name: "an entry of `corsRules`",
    doc: "Which pages may do what.",
    keys: &[
        ALLOWED_ORIGINS,
        ALLOWED_HEADERS,
        Key {
            name: "allowedMethods",
            kind: Kind::TextsOneOf(&["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "*"]),
            doc: "methods that they may use",
            example: Some("[GET, PUT]"),
            ..OPTIONAL
        },
        EXPOSED_RESPONSE_HEADERS,
        Key {
            name: "maxAge",
            kind: Kind::Integer(&MAX_AGE),
            doc: "seconds for which a browser may keep what it was told",
            ..OPTIONAL
        },
    ],
    ..OBJECT
};

static MAX_AGE: Range = Range {
    min: 0,
    max: 2_147_483_647,
    advice: "use a whole number of seconds from 0 on",
};
