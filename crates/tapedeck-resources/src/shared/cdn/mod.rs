//! `cdn`: CloudFront in front of a resource.

mod caching;
mod forwarding;
mod routes;

use tapedeck_config::Scope;
use tapedeck_config::parse::Mapping;
use tapedeck_config::schema::{Key, Kind, OBJECT, OPTIONAL, Object, Parameter, Pattern, REQUIRED};

use super::{domains, relations};

pub(crate) use routes::ROUTE_REWRITES;

/// `cdn` of what answers requests itself.
pub(crate) const CDN: Key = Key {
    name: "cdn",
    kind: Kind::Object(&CDN_OBJECT),
    doc: "CloudFront in front of it",
    ..OPTIONAL
};

/// `cdn` of a bucket.
pub(crate) const BUCKET_CDN: Key = Key {
    kind: Kind::Object(&BUCKET_CDN_OBJECT),
    ..CDN
};

/// `cdn` of an application load balancer.
pub(crate) const LOAD_BALANCER_CDN: Key = Key {
    kind: Kind::Object(&LOAD_BALANCER_CDN_OBJECT),
    ..CDN
};

static CDN_OBJECT: Object = Object {
    name: "`cdn`",
    doc: "CloudFront in front of the resource.",
    keys: &[
        ENABLED,
        CACHING_OPTIONS,
        FORWARDING_OPTIONS,
        ROUTE_REWRITES,
        domains::CUSTOM_DOMAINS,
        EDGE_FUNCTIONS,
        PRICE_CLASS,
        DEFAULT_ROUTE_PREFIX,
        ERROR_DOCUMENT,
        INDEX_DOCUMENT,
        DISABLE_INVALIDATION,
        USE_FIREWALL,
    ],
    ..OBJECT
};

static LOAD_BALANCER_CDN_OBJECT: Object = Object {
    name: "`cdn` of a load balancer",
    doc: "CloudFront in front of the load balancer.",
    keys: &[
        ENABLED,
        CACHING_OPTIONS,
        FORWARDING_OPTIONS,
        ROUTE_REWRITES,
        domains::CUSTOM_DOMAINS,
        EDGE_FUNCTIONS,
        PRICE_CLASS,
        DEFAULT_ROUTE_PREFIX,
        ERROR_DOCUMENT,
        INDEX_DOCUMENT,
        DISABLE_INVALIDATION,
        USE_FIREWALL,
        Key {
            name: "listenerPort",
            kind: Kind::Integer(&super::patterns::PORT),
            doc: "port of the listener that it calls, if the load balancer has listeners of its own",
            ..OPTIONAL
        },
        Key {
            name: "originDomainName",
            kind: Kind::Pattern(&domains::DOMAIN_NAME),
            doc: "domain that it calls, if the certificates of the load balancer are one's own",
            ..OPTIONAL
        },
    ],
    ..OBJECT
};

static BUCKET_CDN_OBJECT: Object = Object {
    name: "`cdn` of a bucket",
    doc: "CloudFront in front of the bucket.",
    keys: &[
        ENABLED,
        CACHING_OPTIONS,
        FORWARDING_OPTIONS,
        ROUTE_REWRITES,
        domains::CUSTOM_DOMAINS,
        EDGE_FUNCTIONS,
        PRICE_CLASS,
        DEFAULT_ROUTE_PREFIX,
        ERROR_DOCUMENT,
        INDEX_DOCUMENT,
        DISABLE_INVALIDATION,
        USE_FIREWALL,
        Key {
            name: "rewriteRoutesForSinglePageApp",
            kind: Kind::Boolean,
            default: Some("false"),
            doc: "whether a path without an extension gets the index document, for applications of one page",
            ..OPTIONAL
        },
        DISABLE_URL_NORMALIZATION,
    ],
    ..OBJECT
};

const ENABLED: Key = Key {
    name: "enabled",
    kind: Kind::Boolean,
    default: Some("false"),
    doc: "whether there is one",
    ..REQUIRED
};

/// `cachingOptions`.
const CACHING_OPTIONS: Key = Key {
    name: "cachingOptions",
    kind: Kind::Object(&caching::CACHING),
    doc: "what is kept, and for how long",
    ..OPTIONAL
};

/// `forwardingOptions`.
const FORWARDING_OPTIONS: Key = Key {
    name: "forwardingOptions",
    kind: Kind::Object(&forwarding::FORWARDING),
    doc: "which parts of a request are passed on",
    ..OPTIONAL
};

/// `edgeFunctions`.
pub(crate) const EDGE_FUNCTIONS: Key = Key {
    name: "edgeFunctions",
    kind: Kind::Object(&EDGE_FUNCTIONS_OBJECT),
    doc: "functions that see requests and answers on their way",
    ..OPTIONAL
};

static EDGE_FUNCTIONS_OBJECT: Object = Object {
    name: "`edgeFunctions`",
    doc: "Resources of type `edge-lambda-function` that see requests and answers on their way.",
    keys: &[
        edge_function("onRequest", "sees each request, before the cache is looked into"),
        edge_function("onResponse", "sees each answer before it goes out"),
        edge_function("onOriginRequest", "sees requests that the cache cannot answer"),
        edge_function("onOriginResponse", "sees answers before they go into the cache"),
    ],
    ..OBJECT
};

const fn edge_function(name: &'static str, doc: &'static str) -> Key {
    Key {
        name,
        kind: Kind::ResourceName(&["edge-lambda-function"]),
        doc,
        ..OPTIONAL
    }
}

const PRICE_CLASS: Key = Key {
    name: "cloudfrontPriceClass",
    kind: Kind::TextOneOf(&["PriceClass_100", "PriceClass_200", "PriceClass_All"]),
    default: Some("PriceClass_All"),
    doc: "in how much of the world it answers from nearby",
    ..OPTIONAL
};

const DEFAULT_ROUTE_PREFIX: Key = Key {
    name: "defaultRoutePrefix",
    kind: Kind::Text,
    doc: "path that is put before that of each request",
    example: Some("/site"),
    ..OPTIONAL
};

/// `errorDocument`.
pub(crate) const ERROR_DOCUMENT: Key = Key {
    name: "errorDocument",
    kind: Kind::Pattern(&DOCUMENT),
    default: Some("/404.html"),
    doc: "what is shown when there is nothing",
    ..OPTIONAL
};

/// `indexDocument`.
pub(crate) const INDEX_DOCUMENT: Key = Key {
    name: "indexDocument",
    kind: Kind::Pattern(&DOCUMENT),
    default: Some("/index.html"),
    doc: "what is shown at the root",
    ..OPTIONAL
};

static DOCUMENT: Pattern = Pattern {
    name: "the path of a document",
    holds: |text| text.starts_with('/') && text.len() > 1,
    advice: "use a path that begins with `/`, such as /index.html",
    regex: "^/.+",
};

const DISABLE_INVALIDATION: Key = Key {
    name: "disableInvalidationAfterDeploy",
    kind: Kind::Boolean,
    default: Some("false"),
    doc: "whether what is in the cache stays there after a deployment",
    ..OPTIONAL
};

/// `useFirewall`.
pub(crate) const USE_FIREWALL: Key = Key {
    name: "useFirewall",
    kind: Kind::ResourceName(&["web-app-firewall"]),
    doc: "name of a resource of type `web-app-firewall` that protects it",
    ..OPTIONAL
};

/// `disableUrlNormalization`.
pub(crate) const DISABLE_URL_NORMALIZATION: Key = Key {
    name: "disableUrlNormalization",
    kind: Kind::Boolean,
    default: Some("false"),
    doc: "whether `/about` does not find `/about.html` and `/about/index.html`",
    ..OPTIONAL
};

/// The URL with the domain that is made for it. Of those who have no domain of their own.
pub(crate) const CDN_URL: Parameter = Parameter::text("cdnUrl", "URL of the CDN");

/// The URLs with domains of one's own.
pub(crate) const CDN_CUSTOM_DOMAIN_URLS: Parameter = Parameter::text(
    "cdnCustomDomainUrls",
    "URLs with its custom domains, separated by commas",
);

/// The domains of one's own.
pub(crate) const CDN_CUSTOM_DOMAINS: Parameter =
    Parameter::text("cdnCustomDomains", "its custom domains, separated by commas");

/// The domain.
pub(crate) const CDN_DOMAIN: Parameter = Parameter::text("cdnDomain", "domain of the CDN");

/// The domain that CloudFront itself gives.
pub(crate) const CDN_CANONICAL_DOMAIN: Parameter =
    Parameter::text("cdnCanonicalDomain", "domain that CloudFront gave it");

/// The URL with the domain that CloudFront itself gives.
pub(crate) const CDN_CANONICAL_URL: Parameter =
    Parameter::text("cdnCanonicalUrl", "URL with the domain that CloudFront gave it");

/// When a resource has what a CDN brings.
pub(crate) const WITH_CDN: &str = "with `cdn`";

/// When a resource has a CDN without domains of its own.
pub(crate) const WITHOUT_DOMAINS: &str = "with `cdn` that has no `customDomains`";

/// When a resource has a CDN with domains of its own.
pub(crate) const WITH_DOMAINS: &str = "with `cdn` that has `customDomains`";

/// Whether a resource has a CDN.
pub(crate) fn is_on(properties: &Mapping) -> bool {
    properties.mapping("cdn").is_some_and(|cdn| cdn.flag("enabled"))
}

/// Whether a resource has a CDN without domains of its own.
pub(crate) fn has_no_domains(properties: &Mapping) -> bool {
    is_on(properties) && !properties.mapping("cdn").is_some_and(domains::are_given)
}

/// Whether a resource has a CDN with domains of its own.
pub(crate) fn has_domains(properties: &Mapping) -> bool {
    is_on(properties) && properties.mapping("cdn").is_some_and(domains::are_given)
}

/// Judges `cdn` of a resource.
pub(crate) fn check(properties: &Mapping, scope: &mut Scope<'_>) {
    let Some(cdn) = properties.mapping("cdn") else {
        return;
    };
    domains::check(cdn, scope);
    caching::check(cdn, scope);
    forwarding::check(cdn, scope);
    check_routes(cdn, scope);
}

/// Judges `routeRewrites` of a CDN.
pub(crate) fn check_routes(cdn: &Mapping, scope: &mut Scope<'_>) {
    let routes = cdn.list("routeRewrites").iter();
    for route in routes.filter_map(|item| item.value.as_mapping()) {
        caching::check(route, scope);
        forwarding::check(route, scope);
    }
}

/// Which of several things are meant, such as cookies: tells when that is said in two ways.
fn selection(section: &Mapping, key: &str, ways: &[&str], scope: &mut Scope<'_>) {
    if let (Some(entry), Some(selection)) = (section.entry(key), section.mapping(key)) {
        relations::at_most_one(selection, (entry.key.span, &format!("`{key}`")), ways, scope);
    }
}
