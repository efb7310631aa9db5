//! Which parts of a request a CDN passes on.

use tapedeck_config::Scope;
use tapedeck_config::parse::Mapping;
use tapedeck_config::schema::{Key, Kind, OBJECT, OPTIONAL, Object, REQUIRED};

use super::caching::{all_or_none, listed};
use super::selection;
use crate::shared::relations;

/// `forwardingOptions`.
pub(super) static FORWARDING: Object = Object {
    name: "`forwardingOptions`",
    doc: "Which parts of a request a CDN passes on, beside those that count for its cache.",
    keys: &[
        Key {
            name: "customRequestHeaders",
            kind: Kind::ListOf(&REQUEST_HEADER),
            doc: "headers that are added to each request",
            ..OPTIONAL
        },
        Key {
            name: "allowedMethods",
            kind: Kind::TextsOneOf(&["GET", "HEAD", "OPTIONS", "PUT", "PATCH", "POST", "DELETE"]),
            doc: "methods that are passed on; when left out, all",
            ..OPTIONAL
        },
        Key {
            name: "cookies",
            kind: Kind::Object(&COOKIES),
            doc: "which cookies are passed on; when left out, all",
            ..OPTIONAL
        },
        Key {
            name: "headers",
            kind: Kind::Object(&HEADERS),
            doc: "which headers are passed on; when left out, all but `Authorization`",
            ..OPTIONAL
        },
        Key {
            name: "queryString",
            kind: Kind::Object(&QUERY),
            doc: "which parameters of the query are passed on; when left out, all",
            ..OPTIONAL
        },
        Key {
            name: "originRequestPolicyId",
            kind: Kind::Text,
            doc: "id of a policy of CloudFront to use instead",
            late: true,
            ..OPTIONAL
        },
    ],
    ..OBJECT
};

static REQUEST_HEADER: Object = Object {
    name: "a header of requests",
    doc: "A header that a CDN adds to each request.",
    keys: &[
        Key {
            name: "headerName",
            kind: Kind::Text,
            doc: "its name",
            example: Some("X-Origin-Key"),
            ..REQUIRED
        },
        Key {
            name: "value",
            kind: Kind::Text,
            doc: "its value",
            late: true,
            ..REQUIRED
        },
    ],
    ..OBJECT
};

static COOKIES: Object = Object {
    name: "`cookies` that are passed on",
    doc: "Which cookies are passed on. Just one of the keys.",
    keys: &[
        all_or_none("none", "none is passed on"),
        listed("whitelist", "those that are passed on"),
        all_or_none("all", "all are passed on"),
    ],
    ..OBJECT
};

static HEADERS: Object = Object {
    name: "`headers` that are passed on",
    doc: "Which headers are passed on. Just one of the keys.",
    keys: &[
        all_or_none("none", "none is passed on"),
        listed("whitelist", "those that are passed on"),
        all_or_none("allViewer", "all of the request are passed on"),
        listed(
            "allViewerAndWhitelistCloudFront",
            "those of CloudFront that are passed on, beside all of the request",
        ),
        listed("allExcept", "those that are not passed on"),
    ],
    ..OBJECT
};

static QUERY: Object = Object {
    name: "`queryString` that is passed on",
    doc: "Which parameters of the query are passed on. Just one of the keys.",
    keys: &[
        all_or_none("all", "all are passed on"),
        all_or_none("none", "none is passed on"),
        listed("whitelist", "those that are passed on"),
    ],
    ..OBJECT
};

/// Judges `forwardingOptions` of a CDN or of a route.
pub(super) fn check(parent: &Mapping, scope: &mut Scope<'_>) {
    let Some(forwarding) = parent.mapping("forwardingOptions") else {
        return;
    };
    if forwarding.has("originRequestPolicyId") {
        let reason = "the policy of `originRequestPolicyId` decides";
        relations::unused(forwarding, &["cookies", "headers", "queryString"], reason, scope);
    }
    let headers = [
        "none",
        "whitelist",
        "allViewer",
        "allViewerAndWhitelistCloudFront",
        "allExcept",
    ];
    selection(forwarding, "cookies", &["none", "whitelist", "all"], scope);
    selection(forwarding, "headers", &headers, scope);
    selection(forwarding, "queryString", &["all", "none", "whitelist"], scope);
}
