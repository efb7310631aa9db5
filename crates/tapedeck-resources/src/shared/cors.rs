//! `cors` of what answers HTTP requests itself.

use tapedeck_config::Scope;
use tapedeck_config::parse::Mapping;
use tapedeck_config::schema::{Key, Kind, OPTIONAL, Object, REQUIRED, Range};

use super::relations;

/// `cors` of an HTTP API.
pub(crate) const CORS: Key = Key {
    name: "cors",
    kind: Kind::Object(&CORS_OBJECT),
    doc: "which pages of other origins may call it; replaces what the application says of that",
    ..OPTIONAL
};

static CORS_OBJECT: Object = Object {
    name: "`cors`",
    doc: "Which pages of other origins may call it.",
    keys: &[
        ENABLED,
        ALLOWED_ORIGINS,
        ALLOWED_HEADERS,
        Key {
            name: "allowedMethods",
            kind: Kind::TextsOneOf(&["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "*"]),
            doc: "methods that they may use; when left out, those of the routes",
            example: Some("[GET, POST]"),
            ..OPTIONAL
        },
        Key {
            name: "allowCredentials",
            kind: Kind::Boolean,
            default: Some("false"),
            doc: "whether they may send cookies and the like; not with every origin",
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
    absent: &[(
        "corsRules",
        "write what is in them into `cors` itself: there is one rule, `corsRules` are of buckets",
    )],
};

/// `enabled` of `cors`.
pub(crate) const ENABLED: Key = Key {
    name: "enabled",
    kind: Kind::Boolean,
    default: Some("false"),
    doc: "whether pages of other origins may call it at all",
    ..REQUIRED
};

/// `allowedOrigins`.
pub(crate) const ALLOWED_ORIGINS: Key = Key {
    name: "allowedOrigins",
    kind: Kind::Texts,
    default: Some("'*'"),
    doc: "origins whose pages may call it",
    example: Some("['https://app.example.com']"),
    late: true,
    ..OPTIONAL
};

/// `allowedHeaders`.
pub(crate) const ALLOWED_HEADERS: Key = Key {
    name: "allowedHeaders",
    kind: Kind::Texts,
    doc: "headers that they may send",
    ..OPTIONAL
};

/// `exposedResponseHeaders`.
pub(crate) const EXPOSED_RESPONSE_HEADERS: Key = Key {
    name: "exposedResponseHeaders",
    kind: Kind::Texts,
    doc: "headers of the answer that they may read",
    ..OPTIONAL
};

/// Source: API reference of API Gateway V2, data type Cors.
static MAX_AGE: Range = Range {
    min: -1,
    max: 86_400,
    advice: "use 0 to 86400 seconds, or -1 for never",
};

/// Judges `cors` of an HTTP API.
pub(crate) fn check(properties: &Mapping, scope: &mut Scope<'_>) {
    let Some(cors) = properties.mapping("cors") else {
        return;
    };
    let settings = [
        "allowedOrigins",
        "allowedHeaders",
        "allowedMethods",
        "allowCredentials",
        "exposedResponseHeaders",
        "maxAge",
    ];
    relations::unused_when_disabled(Some(cors), &settings, scope);
    // Browsers send no credentials to whoever lets in every origin, and API Gateway refuses the pair.
    let origins = cors.texts("allowedOrigins");
    let lets_in_all = !cors.has("allowedOrigins") || origins.iter().any(|origin| origin == "*");
    if cors.flag("allowCredentials") && lets_in_all {
        let needed = "`allowedOrigins` that are named one by one, without `*`";
        relations::only_with(cors, &["allowCredentials"], needed, scope);
    }
}
