//! What a CDN keeps, and for how long.

use tapedeck_config::Scope;
use tapedeck_config::parse::Mapping;
use tapedeck_config::schema::{Key, Kind, OBJECT, OPTIONAL, Object, Range};
use tapedeck_diagnostic::{Allowed, Spanned};

use super::selection;
use crate::shared::relations;

/// `cachingOptions`.
pub(super) static CACHING: Object = Object {
    name: "`cachingOptions`",
    doc: "What a CDN keeps, and for how long.",
    keys: &[
        Key {
            name: "cacheMethods",
            kind: Kind::TextsOneOf(&["GET", "HEAD", "OPTIONS"]),
            default: Some("[GET, HEAD]"),
            doc: "methods whose answers are kept: GET and HEAD, perhaps OPTIONS",
            ..OPTIONAL
        },
        seconds("minTTL", "least number of seconds for which an answer is kept"),
        seconds("maxTTL", "greatest number of seconds for which an answer is kept"),
        seconds(
            "defaultTTL",
            "seconds for which an answer is kept that says nothing of it",
        ),
        Key {
            name: "disableCompression",
            kind: Kind::Boolean,
            default: Some("false"),
            doc: "whether answers are not compressed",
            ..OPTIONAL
        },
        Key {
            name: "cacheKeyParameters",
            kind: Kind::Object(&CACHE_KEY),
            doc: "what tells two requests apart, beside the path",
            ..OPTIONAL
        },
        Key {
            name: "cachePolicyId",
            kind: Kind::Text,
            doc: "id of a policy of CloudFront to use instead of all that",
            late: true,
            ..OPTIONAL
        },
    ],
    ..OBJECT
};

const fn seconds(name: &'static str, doc: &'static str) -> Key {
    Key {
        name,
        kind: Kind::Integer(&SECONDS),
        doc,
        ..OPTIONAL
    }
}

static SECONDS: Range = Range {
    min: 0,
    max: 31_536_000,
    advice: "use 0 to 31536000 seconds, a year at most",
};

static CACHE_KEY: Object = Object {
    name: "`cacheKeyParameters`",
    doc: "What tells two requests apart, beside the path. All of it is passed on, too.",
    keys: &[
        Key {
            name: "cookies",
            kind: Kind::Object(&COOKIES),
            doc: "which cookies count",
            ..OPTIONAL
        },
        Key {
            name: "headers",
            kind: Kind::Object(&HEADERS),
            doc: "which headers count",
            ..OPTIONAL
        },
        Key {
            name: "queryString",
            kind: Kind::Object(&QUERY),
            doc: "which parameters of the query count",
            ..OPTIONAL
        },
    ],
    ..OBJECT
};

static COOKIES: Object = Object {
    name: "`cookies` of a cache key",
    doc: "Which cookies count. Just one of the keys.",
    keys: &[
        all_or_none("none", "none counts"),
        listed("whitelist", "those that count"),
        listed("allExcept", "those that do not count"),
        all_or_none("all", "all count"),
    ],
    ..OBJECT
};

static HEADERS: Object = Object {
    name: "`headers` of a cache key",
    doc: "Which headers count. Just one of the keys.",
    keys: &[
        all_or_none("none", "none counts"),
        listed("whitelist", "those that count"),
    ],
    ..OBJECT
};

static QUERY: Object = Object {
    name: "`queryString` of a cache key",
    doc: "Which parameters of the query count. Just one of the keys.",
    keys: &[
        all_or_none("all", "all count"),
        all_or_none("none", "none counts"),
        listed("whitelist", "those that count"),
    ],
    ..OBJECT
};

/// A way to choose that names nothing.
pub(super) const fn all_or_none(name: &'static str, doc: &'static str) -> Key {
    Key {
        name,
        kind: Kind::Boolean,
        doc,
        ..OPTIONAL
    }
}

/// A way to choose by names.
pub(super) const fn listed(name: &'static str, doc: &'static str) -> Key {
    Key {
        name,
        kind: Kind::Texts,
        doc,
        ..OPTIONAL
    }
}

/// Judges `cachingOptions` of a CDN or of a route.
pub(super) fn check(parent: &Mapping, scope: &mut Scope<'_>) {
    let Some(caching) = parent.mapping("cachingOptions") else {
        return;
    };
    methods(caching, scope);
    match caching.has("defaultTTL") {
        true => {
            relations::bounds(caching, "minTTL", "defaultTTL", scope);
            relations::bounds(caching, "defaultTTL", "maxTTL", scope);
        }
        false => relations::bounds(caching, "minTTL", "maxTTL", scope),
    }
    if caching.has("cachePolicyId") {
        let replaced = [
            "minTTL",
            "maxTTL",
            "defaultTTL",
            "disableCompression",
            "cacheKeyParameters",
        ];
        relations::unused(caching, &replaced, "the policy of `cachePolicyId` decides", scope);
    }
    let Some(key) = caching.mapping("cacheKeyParameters") else {
        return;
    };
    selection(key, "cookies", &["none", "whitelist", "allExcept", "all"], scope);
    selection(key, "headers", &["none", "whitelist"], scope);
    selection(key, "queryString", &["all", "none", "whitelist"], scope);
}

/// CloudFront keeps the answers to GET and HEAD, always both.
fn methods(caching: &Mapping, scope: &mut Scope<'_>) {
    let given = caching.texts("cacheMethods");
    let has = |method: &str| given.iter().any(|one| one == method);
    if let Some(entry) = caching.entry("cacheMethods")
        && !given.is_empty()
        && !(has("GET") && has("HEAD"))
    {
        let value = Spanned::new(given.join(", "), entry.value.span);
        let advice = "use [GET, HEAD] or [GET, HEAD, OPTIONS]: CloudFront knows no others";
        scope
            .diagnostics
            .invalid_value(&value, "`cacheMethods`", Allowed::Advice(advice));
    }
}
