//! Paths that a CDN answers from somewhere else.

use tapedeck_config::schema::{
    Branch, Case, Key, Kind, OBJECT, OPTIONAL, Object, REQUIRED, Range, one_type, whole,
};

use super::{CACHING_OPTIONS, DISABLE_URL_NORMALIZATION, EDGE_FUNCTIONS, FORWARDING_OPTIONS};
use crate::shared::domains::DOMAIN_NAME;

/// `routeRewrites`.
pub(crate) const ROUTE_REWRITES: Key = Key {
    name: "routeRewrites",
    kind: Kind::ListOf(&ROUTE),
    doc: "paths that are answered from somewhere else; the first that fits counts",
    ..OPTIONAL
};

static ROUTE: Object = Object {
    name: "an entry of `routeRewrites`",
    doc: "A path that a CDN answers from somewhere else, or in another way.",
    keys: &[
        Key {
            name: "path",
            kind: Kind::Text,
            doc: "which paths, with `*` for anything",
            example: Some("'/api/*'"),
            ..REQUIRED
        },
        Key {
            name: "routePrefix",
            kind: Kind::Text,
            doc: "path that is put before that of each request",
            ..OPTIONAL
        },
        Key {
            name: "routeTo",
            kind: Kind::Object(&ORIGIN),
            doc: "what answers; when left out, what is behind the CDN anyway",
            ..OPTIONAL
        },
        CACHING_OPTIONS,
        FORWARDING_OPTIONS,
        EDGE_FUNCTIONS,
    ],
    ..OBJECT
};

static ORIGIN: Object = Object {
    name: "`routeTo`",
    doc: "What answers requests for a path.",
    keys: &[
        Key {
            name: "type",
            kind: Kind::Type(&[
                one_type("application-load-balancer"),
                one_type("http-api-gateway"),
                one_type("function"),
                one_type("bucket"),
                one_type("custom-origin"),
            ]),
            doc: "what kind of thing",
            ..REQUIRED
        },
        Key {
            name: "properties",
            kind: Kind::Branch(&ORIGIN_PROPERTIES),
            doc: "which one",
            ..REQUIRED
        },
    ],
    ..OBJECT
};

static ORIGIN_PROPERTIES: Branch = Branch {
    key: "type",
    select: whole,
    cases: &[
        Case {
            values: &["application-load-balancer"],
            object: &LOAD_BALANCER,
        },
        Case {
            values: &["http-api-gateway"],
            object: &HTTP_API,
        },
        Case {
            values: &["function"],
            object: &FUNCTION,
        },
        Case {
            values: &["bucket"],
            object: &BUCKET,
        },
        Case {
            values: &["custom-origin"],
            object: &CUSTOM_ORIGIN,
        },
    ],
};

static LOAD_BALANCER: Object = Object {
    name: "a route to a load balancer",
    doc: "A load balancer of the stack.",
    keys: &[
        Key {
            name: "loadBalancerName",
            kind: Kind::ResourceName(&["application-load-balancer"]),
            doc: "name of a resource of type `application-load-balancer`",
            ..REQUIRED
        },
        Key {
            name: "listenerPort",
            kind: Kind::Integer(&PORT),
            doc: "port of the listener, where the load balancer has listeners of its own",
            ..OPTIONAL
        },
        Key {
            name: "originDomainName",
            kind: Kind::Pattern(&DOMAIN_NAME),
            doc: "domain to call it by, where it has certificates of one's own and no custom domain",
            ..OPTIONAL
        },
    ],
    ..OBJECT
};

static HTTP_API: Object = Object {
    name: "a route to an HTTP API",
    doc: "An HTTP API of the stack.",
    keys: &[Key {
        name: "httpApiGatewayName",
        kind: Kind::ResourceName(&["http-api-gateway"]),
        doc: "name of a resource of type `http-api-gateway`",
        ..REQUIRED
    }],
    ..OBJECT
};

static FUNCTION: Object = Object {
    name: "a route to a function",
    doc: "A function of the stack that has a URL.",
    keys: &[Key {
        name: "functionName",
        kind: Kind::ResourceName(&["function"]),
        doc: "name of a resource of type `function`",
        ..REQUIRED
    }],
    ..OBJECT
};

static BUCKET: Object = Object {
    name: "a route to a bucket",
    doc: "A bucket of the stack.",
    keys: &[
        Key {
            name: "bucketName",
            kind: Kind::ResourceName(&["bucket"]),
            doc: "name of a resource of type `bucket`",
            ..REQUIRED
        },
        DISABLE_URL_NORMALIZATION,
    ],
    ..OBJECT
};

static CUSTOM_ORIGIN: Object = Object {
    name: "a route to elsewhere",
    doc: "Something that answers HTTP elsewhere.",
    keys: &[
        Key {
            name: "domainName",
            kind: Kind::Pattern(&DOMAIN_NAME),
            doc: "its domain",
            example: Some("legacy.example.com"),
            late: true,
            ..REQUIRED
        },
        Key {
            name: "protocol",
            kind: Kind::TextOneOf(&["HTTP", "HTTPS"]),
            default: Some("HTTPS"),
            doc: "how it is called",
            ..OPTIONAL
        },
        Key {
            name: "port",
            kind: Kind::Integer(&PORT),
            doc: "its port; when left out, 443 for HTTPS and 80 for HTTP",
            ..OPTIONAL
        },
    ],
    ..OBJECT
};

static PORT: Range = Range {
    min: 1,
    max: 65_535,
    advice: "use a port from 1 to 65535",
};
