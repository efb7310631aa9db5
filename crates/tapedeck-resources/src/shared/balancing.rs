//! Requests that come from load balancers and HTTP APIs: which of them, and to which port of a container.

use tapedeck_config::Scope;
use tapedeck_config::parse::Mapping;
use tapedeck_config::schema::{
    Branch, Case, Kind, OBJECT, Object, Pattern, REQUIRED, Range, one_type, whole,
};
use tapedeck_diagnostic::{Allowed, Spanned, quoted};

use super::key::{
    Key, defaulting, flag, key, late, list, number, pattern, required, resource, such_as, text, texts, word,
};
use super::patterns::ADDRESSES;
use super::workload::port;

/// `containerPort`.
pub(crate) const CONTAINER_PORT: Key = required(port("containerPort", "port on which the container listens"));

/// Requests from an application load balancer, for what has no ports.
pub(crate) static FROM_LOAD_BALANCER: Object = Object {
    name: "`application-load-balancer`",
    doc: "Requests that an application load balancer passes on.",
    keys: LOAD_BALANCER_KEYS,
    ..OBJECT
};

/// Requests from an application load balancer, for a container.
pub(crate) static LOAD_BALANCER_TO_CONTAINER: Object = Object {
    name: "`application-load-balancer`",
    doc: "Requests that an application load balancer passes on to a port of the container.",
    keys: &[
        CONTAINER_PORT,
        LOAD_BALANCER,
        LISTENER_PORT,
        PRIORITY,
        PATHS,
        METHODS,
        HOSTS,
        HEADERS,
        QUERY,
        SOURCES,
    ],
    ..OBJECT
};

const LOAD_BALANCER_KEYS: &[Key] = &[
    LOAD_BALANCER,
    LISTENER_PORT,
    PRIORITY,
    PATHS,
    METHODS,
    HOSTS,
    HEADERS,
    QUERY,
    SOURCES,
];

const LOAD_BALANCER: Key = required(resource(
    "loadBalancerName",
    &["application-load-balancer"],
    "the load balancer",
));

const LISTENER_PORT: Key = port(
    "listenerPort",
    "port of one of its listeners, if it has listeners of its own",
);

const PRIORITY: Key = required(number(
    "priority",
    &PRIORITIES,
    "place among the rules of the listener: the lowest that fits takes the request",
));

/// Source: quotas of Application Load Balancers.
static PRIORITIES: Range = Range {
    min: 1,
    max: 50_000,
    advice: "use a whole number from 1 to 50000",
};

const PATHS: Key = such_as(
    "['/api/*']",
    texts(
        "paths",
        "paths of the requests, with `*` and `?`; when left out, all",
    ),
);

const METHODS: Key = texts("methods", "methods of the requests; when left out, all");

const HOSTS: Key = texts("hosts", "hosts that the requests go to, with `*` and `?`");

const HEADERS: Key = list("headers", &HEADER, "headers that the requests have");

const QUERY: Key = list("queryParams", &PARAMETER, "parameters that the requests have");

const SOURCES: Key = key(
    "sourceIps",
    Kind::Patterns(&ADDRESSES),
    "addresses and blocks of addresses that the requests come from",
);

static HEADER: Object = Object {
    name: "a header of a request",
    doc: "A header that the requests have.",
    keys: &[
        required(text("headerName", "its name")),
        required(texts("values", "values that it may have")),
    ],
    ..OBJECT
};

static PARAMETER: Object = Object {
    name: "a parameter of a request",
    doc: "A parameter that the requests have.",
    keys: &[
        required(text("paramName", "its name")),
        required(texts("values", "values that it may have")),
    ],
    ..OBJECT
};

/// Connections from a network load balancer, for a container.
pub(crate) static NETWORK_LOAD_BALANCER_TO_CONTAINER: Object = Object {
    name: "`network-load-balancer`",
    doc: "Connections that a network load balancer passes on to a port of the container.",
    keys: &[
        CONTAINER_PORT,
        required(resource(
            "loadBalancerName",
            &["network-load-balancer"],
            "the load balancer",
        )),
        required(port("listenerPort", "port of one of its listeners")),
    ],
    ..OBJECT
};

/// Requests from an HTTP API, for what has no ports.
pub(crate) static FROM_HTTP_API: Object = Object {
    name: "`http-api-gateway`",
    doc: "Requests that an HTTP API passes on.",
    keys: &[HTTP_API, METHOD, PATH, AUTHORIZER, PAYLOAD_FORMAT],
    ..OBJECT
};

/// Requests from an HTTP API, for a container.
pub(crate) static HTTP_API_TO_CONTAINER: Object = Object {
    name: "`http-api-gateway`",
    doc: "Requests that an HTTP API passes on to a port of the container.",
    keys: &[CONTAINER_PORT, HTTP_API, METHOD, PATH, AUTHORIZER, PAYLOAD_FORMAT],
    ..OBJECT
};

const HTTP_API: Key = required(resource(
    "httpApiGatewayName",
    &["http-api-gateway"],
    "the HTTP API",
));

const METHOD: Key = required(word(
    "method",
    &["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "*"],
    "method of the requests, `*` for any",
));

const PATH: Key = such_as(
    "'/items/{id}'",
    required(pattern(
        "path",
        &ROUTE,
        "path of the requests; `{id}` is a part of it, `{rest+}` all that follows, `*` any path",
    )),
);

static ROUTE: Pattern = Pattern {
    name: "a path of requests",
    holds: |text| text == "*" || text.starts_with('/'),
    advice: "use a path such as '/items/{id}', or '*' for any",
    regex: "^(\\*|/.*)$",
};

const PAYLOAD_FORMAT: Key = defaulting(
    "'1.0'",
    word(
        "payloadFormat",
        &["1.0", "2.0"],
        "version of the format that requests are passed on in",
    ),
);

const AUTHORIZER: Key = key(
    "authorizer",
    Kind::Object(&AUTHORIZER_OBJECT),
    "who decides which requests are let in; without one all are",
);

static AUTHORIZER_OBJECT: Object = Object {
    name: "`authorizer`",
    doc: "Who decides which requests are let in.",
    keys: &[
        Key {
            name: "type",
            kind: Kind::Type(&[one_type("cognito"), one_type("lambda")]),
            doc: "in which way",
            ..REQUIRED
        },
        Key {
            name: "properties",
            kind: Kind::Branch(&AUTHORIZERS),
            doc: "by whom",
            ..REQUIRED
        },
    ],
    ..OBJECT
};

static AUTHORIZERS: Branch = Branch {
    key: "type",
    select: whole,
    cases: &[
        Case {
            values: &["cognito"],
            object: &COGNITO,
        },
        Case {
            values: &["lambda"],
            object: &LAMBDA,
        },
    ],
};

static COGNITO: Object = Object {
    name: "`cognito`",
    doc: "A token of a user of the pool lets a request in.",
    keys: &[
        required(resource("userPoolName", &["user-auth-pool"], "the pool of users")),
        IDENTITY_SOURCES,
    ],
    ..OBJECT
};

static LAMBDA: Object = Object {
    name: "`lambda`",
    doc: "A function lets a request in.",
    keys: &[
        required(resource("functionName", &["function"], "the function")),
        flag(
            "iamResponse",
            "whether the function answers with a policy of IAM instead of yes or no",
        ),
        IDENTITY_SOURCES,
        defaulting(
            "0",
            number(
                "cacheResultSeconds",
                &CACHED,
                "seconds for which an answer is remembered",
            ),
        ),
    ],
    ..OBJECT
};

/// Source: API reference of API Gateway V2, AuthorizerResultTtlInSeconds.
static CACHED: Range = Range {
    min: 0,
    max: 3600,
    advice: "use 0 to 3600 seconds",
};

const IDENTITY_SOURCES: Key = late(such_as(
    "['$request.header.Authorization']",
    texts("identitySources", "where in a request the proof is"),
));

/// Judges what a workload says of a load balancer: whether the listener is there.
pub(crate) fn listener(properties: &Mapping, scope: &mut Scope<'_>) {
    let Some(name) = properties.text("loadBalancerName") else {
        return;
    };
    let Some(balancer) = scope.resource(name) else {
        return;
    };
    let ports: Vec<String> = balancer
        .properties
        .list("listeners")
        .iter()
        .filter_map(|item| Some(item.value.as_mapping()?.scalar("port")?.to_string()))
        .collect();
    match properties.get("listenerPort") {
        Some(port) => {
            let given = port.value.as_scalar().map(|scalar| scalar.text.clone());
            let Some(given) = given.filter(|given| !ports.contains(given)) else {
                return;
            };
            let advice = match ports.as_slice() {
                [] => "the load balancer has no listeners of its own: leave `listenerPort` out".to_string(),
                ports => format!("it listens on {}", ports.join(" and on ")),
            };
            let given = Spanned::new(given, port.span);
            scope
                .diagnostics
                .invalid_value(&given, "`listenerPort`", Allowed::Advice(&advice));
        }
        None if !ports.is_empty() => {
            let Some(entry) = properties.entry("loadBalancerName") else {
                return;
            };
            let help = format!(
                "it has listeners of its own: name the port of one, {}",
                ports.join(" or ")
            );
            let subject = format!("an event of {}", quoted(name));
            scope
                .diagnostics
                .missing_setting_for(entry.value.span, &subject, "`listenerPort`", &help);
        }
        None => {}
    }
}

/// The mappings of a list that are of one `type`: their `properties`.
pub(crate) fn of_type<'a>(events: &'a Mapping, kind: &'a str) -> impl Iterator<Item = &'a Mapping> {
    events
        .list("events")
        .iter()
        .filter_map(|item| item.value.as_mapping())
        .filter(move |event| event.text("type") == Some(kind))
        .filter_map(|event| event.mapping("properties"))
}
