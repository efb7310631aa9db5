//! `web-service`: a container that runs continuously and has a public URL.

use std::collections::HashMap;

use tapedeck_config::parse::Mapping;
use tapedeck_config::schema::{
    Branch, Case, Connectable, Kind, OBJECT, OPTIONAL, Object, Parameter, REQUIRED, ResourceType, Support,
    UNSUPPORTED, one_type, whole,
};
use tapedeck_config::{Declared, Scope};
use tapedeck_diagnostic::{Allowed, Span};

use crate::shared::container::{ENVIRONMENT, HEALTH_CHECK, LOGGING, STOP_TIMEOUT, VOLUME_MOUNTS};
use crate::shared::deployment::DEPLOYMENT;
use crate::shared::key::{Key, defaulting, list, required, section, word};
use crate::shared::patterns::already_taken;
use crate::shared::target_health::{
    HEALTH_INTERVAL, HEALTH_PATH, HEALTH_PORT, HEALTH_PROTOCOL, HEALTH_TIMEOUT,
};
use crate::shared::workload::{
    COMPUTE_KEY, CONNECT_TO, IAM_ROLE_STATEMENTS, PRIVATE_SUBNETS, REMOTE_SESSIONS, SCALING, SIDE_CONTAINERS,
    port,
};
use crate::shared::{alarms, balancer_alarms, cdn, connections, cors, domains, relations, target_health};
use crate::worker_service::keys::PACKAGING_KEY;
use crate::worker_service::{compute, containers, permissions};

/// The type.
pub(crate) static TYPE: ResourceType = ResourceType {
    name: "web-service",
    doc: "A container that runs continuously and has a public URL.",
    properties: Some(&WEB_SERVICE),
    support: Support::NotHere("services that are called are not run yet"),
    parameters: &[
        Parameter::text(
            "canonicalDomain",
            "domain that its load balancer or HTTP API was given by AWS",
        )
        .when(
            has_canonical_domain,
            "behind a load balancer, or with `customDomains`",
        ),
        Parameter::text("customDomains", "its custom domains, separated by commas")
            .when(domains::are_given, WITH_DOMAINS),
        Parameter::text("domain", "domain at which it is reached").when(
            |properties| balancing(properties) != HTTP_API || !domains::are_given(properties),
            "behind a load balancer, or without `customDomains`",
        ),
        Parameter::text("url", "URL at which it is reached").when(
            |properties| match balancing(properties) {
                HTTP_API => !domains::are_given(properties),
                kind => kind == LOAD_BALANCER,
            },
            "behind an HTTP API without `customDomains`, or behind an application load balancer",
        ),
        Parameter::text("customDomainUrl", "URL with the first of its custom domains")
            .when(is_api_with_domains, API_WITH_DOMAINS),
        Parameter::text(
            "customDomainUrls",
            "URLs with its custom domains, separated by commas",
        )
        .when(is_api_with_domains, API_WITH_DOMAINS),
        cdn::CDN_URL.when(cdn::has_no_domains, cdn::WITHOUT_DOMAINS),
        cdn::CDN_CUSTOM_DOMAIN_URLS.when(cdn::has_domains, cdn::WITH_DOMAINS),
        cdn::CDN_CUSTOM_DOMAINS.when(cdn::has_domains, cdn::WITH_DOMAINS),
        cdn::CDN_DOMAIN.when(cdn::is_on, cdn::WITH_CDN),
        cdn::CDN_CANONICAL_DOMAIN.when(cdn::is_on, cdn::WITH_CDN),
        cdn::CDN_CANONICAL_URL.when(cdn::is_on, cdn::WITH_CDN),
    ],
    connectable: Connectable::No(
        "make it a `private-service` to reach it within the stack, or pass its public URL on: $ResourceParam('name', 'url')",
    ),
    check: Some(check),
    ..UNSUPPORTED
};

const WITH_DOMAINS: &str = "with `customDomains`";
const API_WITH_DOMAINS: &str = "behind an HTTP API with `customDomains`";
const HTTP_API: &str = "http-api-gateway";
const LOAD_BALANCER: &str = "application-load-balancer";
const NETWORK_LOAD_BALANCER: &str = "network-load-balancer";

/// In front of it: the type of `loadBalancing`.
fn balancing(properties: &Mapping) -> &str {
    properties
        .mapping("loadBalancing")
        .and_then(|balancing| balancing.text("type"))
        .unwrap_or(HTTP_API)
}

fn is_api_with_domains(properties: &Mapping) -> bool {
    balancing(properties) == HTTP_API && domains::are_given(properties)
}

fn has_canonical_domain(properties: &Mapping) -> bool {
    balancing(properties) != HTTP_API || domains::are_given(properties)
}

static WEB_SERVICE: Object = Object {
    name: "a web service",
    doc: "A container that runs continuously and has a public URL.",
    keys: &[
        PACKAGING_KEY,
        COMPUTE_KEY,
        section(
            "loadBalancing",
            &LOAD_BALANCING,
            "what is in front of it; when left out, an HTTP API",
        ),
        cors::CORS,
        domains::CUSTOM_DOMAINS,
        cdn::CDN,
        cdn::USE_FIREWALL,
        DEPLOYMENT,
        ENVIRONMENT,
        LOGGING,
        SCALING,
        HEALTH_CHECK,
        STOP_TIMEOUT,
        CONNECT_TO,
        IAM_ROLE_STATEMENTS,
        SIDE_CONTAINERS,
        VOLUME_MOUNTS,
        PRIVATE_SUBNETS,
        REMOTE_SESSIONS,
        alarms::alarms(&balancer_alarms::ALARM),
        alarms::DISABLED_GLOBAL_ALARMS,
    ],
    absent: &[
        (
            "port",
            "a web service listens on the port that the variable `PORT` tells it",
        ),
        (
            "events",
            "all requests go to the container; use a `function` or a `multi-container-workload` for other events",
        ),
    ],
};

static LOAD_BALANCING: Object = Object {
    name: "`loadBalancing`",
    doc: "What is in front of the service.",
    keys: &[
        Key {
            name: "type",
            kind: Kind::Type(&[
                one_type(HTTP_API),
                one_type(LOAD_BALANCER),
                one_type(NETWORK_LOAD_BALANCER),
            ]),
            doc: "an HTTP API, or a load balancer of one of two kinds",
            ..REQUIRED
        },
        Key {
            name: "properties",
            kind: Kind::Branch(&BALANCERS),
            doc: "its settings",
            ..OPTIONAL
        },
    ],
    ..OBJECT
};

static BALANCERS: Branch = Branch {
    key: "type",
    select: whole,
    cases: &[
        Case {
            values: &[HTTP_API],
            object: &API,
        },
        Case {
            values: &[LOAD_BALANCER],
            object: &APPLICATION,
        },
        Case {
            values: &[NETWORK_LOAD_BALANCER],
            object: &NETWORK,
        },
    ],
};

static API: Object = Object {
    name: "`loadBalancing` by an HTTP API",
    doc: "An HTTP API has no settings here.",
    ..OBJECT
};

static APPLICATION: Object = Object {
    name: "`loadBalancing` by an application load balancer",
    doc: "How the load balancer tells whether a container is healthy.",
    keys: &[HEALTH_PATH, HEALTH_INTERVAL, HEALTH_TIMEOUT],
    ..OBJECT
};

static NETWORK: Object = Object {
    name: "`loadBalancing` by a network load balancer",
    doc: "On which ports it listens, and how it tells whether a container is healthy.",
    keys: &[
        required(list("ports", &PORT, "ports on which it listens")),
        HEALTH_PATH,
        HEALTH_INTERVAL,
        HEALTH_TIMEOUT,
        defaulting("TCP", HEALTH_PROTOCOL),
        HEALTH_PORT,
    ],
    ..OBJECT
};

static PORT: Object = Object {
    name: "a port",
    doc: "A port on which the network load balancer listens.",
    keys: &[
        required(port("port", "the port")),
        defaulting(
            "TLS",
            word(
                "protocol",
                &["TLS", "TCP"],
                "whether the load balancer ends the encryption, or passes everything on as it is",
            ),
        ),
        port("containerPort", "port of the container; when left out, the same"),
    ],
    ..OBJECT
};

fn check(one: &Declared<'_>, scope: &mut Scope<'_>) {
    let properties = one.properties;
    compute::check(one, scope);
    compute::scaling(one, scope);
    containers::check(one, scope);
    permissions::check(one, scope);
    connections::check(one, scope);
    cors::check(properties, scope);
    domains::check(properties, scope);
    cdn::check(properties, scope);
    alarms::check(properties, scope);
    in_front(properties, scope);
    if let Some(settings) = properties
        .mapping("loadBalancing")
        .and_then(|balancing| balancing.mapping("properties"))
    {
        target_health::check(settings, scope);
    }
    ports(properties, scope);
}

/// What only some of those that can be in front of it offer.
fn in_front(properties: &Mapping, scope: &mut Scope<'_>) {
    let kind = balancing(properties);
    let application = "`loadBalancing` of type `application-load-balancer`";
    if kind != LOAD_BALANCER {
        relations::only_with(properties, &["deployment", "useFirewall"], application, scope);
    }
    if kind != HTTP_API {
        let api = "`loadBalancing` of type `http-api-gateway`, which is what there is without the key";
        relations::only_with(properties, &["cors"], api, scope);
    }
    if kind == NETWORK_LOAD_BALANCER && cdn::is_on(properties) {
        let others = "`loadBalancing` of type `http-api-gateway` or `application-load-balancer`";
        relations::only_with(properties, &["cdn"], others, scope);
    }
    let alarms = properties.list("alarms").iter();
    for trigger in alarms.filter_map(|item| item.value.as_mapping()?.mapping("trigger")?.spanned_text("type"))
    {
        if !trigger.value.starts_with(kind) {
            let advice = format!("the service is behind `{kind}`: use a trigger whose name begins so");
            scope
                .diagnostics
                .invalid_value(&trigger, "`type` of the trigger", Allowed::Advice(&advice));
        }
    }
}

fn ports(properties: &Mapping, scope: &mut Scope<'_>) {
    if balancing(properties) != NETWORK_LOAD_BALANCER {
        return;
    }
    let Some(balancing) = properties.entry("loadBalancing") else {
        return;
    };
    let settings = properties
        .mapping("loadBalancing")
        .and_then(|balancing| balancing.entry("properties"));
    let Some(settings) = settings else {
        let meaning = "the settings of the load balancer, at least `ports`";
        return scope
            .diagnostics
            .missing_key(balancing.key.span, NETWORK.name, "properties", meaning);
    };
    let Some(settings) = settings.value.value.as_mapping() else {
        return;
    };
    if let Some(entry) = settings
        .entry("ports")
        .filter(|_| settings.list("ports").is_empty())
    {
        return scope.diagnostics.empty_section(entry.key.span, "`ports`", &[]);
    }
    let mut seen: HashMap<String, Span> = HashMap::new();
    for item in settings
        .list("ports")
        .iter()
        .filter_map(|item| item.value.as_mapping())
    {
        already_taken(item, "port", "the port", &mut seen, scope);
    }
}
