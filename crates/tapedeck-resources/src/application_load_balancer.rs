//! `application-load-balancer`: hands HTTP requests out to functions and containers.

use std::collections::HashMap;

use tapedeck_config::parse::Mapping;
use tapedeck_config::schema::{
    Connectable, Kind, OBJECT, Object, Parameter, Pattern, REQUIRED, ResourceType, Support, UNSUPPORTED,
    one_type,
};
use tapedeck_config::{Declared, Scope};
use tapedeck_diagnostic::{Allowed, Span, Spanned};

use crate::shared::balancing::of_type;
use crate::shared::key::{Key, key, list, pattern, required, section, text, word};
use crate::shared::listeners::{self, CERTIFICATES, DOMAINS, INTERFACE, PORT, WHITELIST, has_listener_on};
use crate::shared::patterns::ROOTED_PATH;
use crate::shared::{alarms, balancer_alarms, cdn};

/// The type.
pub(crate) static TYPE: ResourceType = ResourceType {
    name: "application-load-balancer",
    doc: "A load balancer that hands HTTP requests out to functions and containers.",
    properties: Some(&BALANCER),
    support: Support::NotHere("there are no load balancers yet"),
    parameters: &[
        Parameter::text("canonicalDomain", "domain that AWS gave it"),
        Parameter::text("customDomains", "its custom domains, separated by commas")
            .when(listeners::has_domains, listeners::WITH_DOMAINS),
        Parameter::text("domain", "domain at which it is reached"),
        Parameter::text("url", "URL at which it is reached").when(
            |properties| listeners::has_domains(properties) || !listeners::has_certificates(properties),
            "with `customDomains`, or without `customCertificateArns`",
        ),
        Parameter::number("port443", "port of the listener for HTTPS").when(
            |properties| listeners::all(properties).is_empty() || has_listener_on(properties, 443),
            "with a listener on the port 443, which is there without `listeners`",
        ),
        Parameter::number("port80", "port of the listener for HTTP").when(
            |properties| listeners::all(properties).is_empty() || has_listener_on(properties, 80),
            "with a listener on the port 80, which is there without `listeners`",
        ),
        cdn::CDN_URL.when(cdn::has_no_domains, cdn::WITHOUT_DOMAINS),
        cdn::CDN_CUSTOM_DOMAIN_URLS.when(cdn::has_domains, cdn::WITH_DOMAINS),
        cdn::CDN_CUSTOM_DOMAINS.when(cdn::has_domains, cdn::WITH_DOMAINS),
        cdn::CDN_DOMAIN.when(cdn::is_on, cdn::WITH_CDN),
        cdn::CDN_CANONICAL_DOMAIN.when(cdn::is_on, cdn::WITH_CDN),
        cdn::CDN_CANONICAL_URL.when(cdn::is_on, cdn::WITH_CDN),
    ],
    connectable: Connectable::No(
        "pass its URL on instead: $ResourceParam('name', 'url'), or make what is behind it a `private-service`",
    ),
    check: Some(check),
    ..UNSUPPORTED
};

static BALANCER: Object = Object {
    name: "an application load balancer",
    doc: "A load balancer that hands HTTP requests out to functions and containers.",
    keys: &[
        INTERFACE,
        DOMAINS,
        list(
            "listeners",
            &LISTENER,
            "ports on which it listens; when left out, 443 for HTTPS and 80, which leads there",
        ),
        cdn::LOAD_BALANCER_CDN,
        cdn::USE_FIREWALL,
        alarms::alarms(&balancer_alarms::LOAD_BALANCER_ALARM),
        alarms::DISABLED_GLOBAL_ALARMS,
    ],
    ..OBJECT
};

static LISTENER: Object = Object {
    name: "a listener",
    doc: "A port on which the load balancer listens.",
    keys: &[
        PORT,
        required(word("protocol", &["HTTPS", "HTTP"], "protocol of the requests")),
        CERTIFICATES,
        WHITELIST,
        section(
            "defaultAction",
            &ACTION,
            "what becomes of requests that no event takes; when left out, they are answered with 404",
        ),
    ],
    ..OBJECT
};

static ACTION: Object = Object {
    name: "`defaultAction`",
    doc: "What becomes of requests that no event takes.",
    keys: &[
        Key {
            name: "type",
            kind: Kind::Type(&[one_type("redirect")]),
            doc: "what is done",
            ..REQUIRED
        },
        Key {
            name: "properties",
            kind: Kind::Object(&REDIRECT),
            doc: "where they are sent to",
            ..REQUIRED
        },
    ],
    ..OBJECT
};

static REDIRECT: Object = Object {
    name: "`properties` of a redirect",
    doc: "Where requests are sent to. `#{path}`, `#{query}`, `#{host}` and `#{port}` stand for those of the request.",
    keys: &[
        required(word(
            "statusCode",
            &["HTTP_301", "HTTP_302"],
            "whether that is for good (301) or for now (302)",
        )),
        word(
            "protocol",
            &["HTTPS", "HTTP"],
            "protocol; when left out, the same",
        ),
        text("host", "host; when left out, the same"),
        key("port", Kind::Scalar, "port; when left out, the same"),
        pattern("path", &ROOTED_PATH, "path; when left out, the same"),
        pattern("query", &QUERY, "query without `?`; when left out, the same"),
    ],
    ..OBJECT
};

static QUERY: Pattern = Pattern {
    name: "a query",
    holds: |text| !text.starts_with('?'),
    advice: "leave out the `?` at the beginning",
    regex: "^[^?]",
};

fn check(one: &Declared<'_>, scope: &mut Scope<'_>) {
    let properties = one.properties;
    listeners::check(one, "HTTPS", scope);
    for listener in listeners::all(properties) {
        redirect(listener, scope);
    }
    cdn::check(properties, scope);
    alarms::check(properties, scope);
    priorities(one, scope);
}

/// Elastic Load Balancing sends nobody from HTTPS to HTTP.
fn redirect(listener: &Mapping, scope: &mut Scope<'_>) {
    let properties = listener
        .mapping("defaultAction")
        .and_then(|action| action.mapping("properties"));
    let Some(properties) = properties else { return };
    if let Some(protocol) = properties.spanned_text("protocol")
        && protocol.value == "HTTP"
        && listener.text("protocol") == Some("HTTPS")
    {
        let advice = Allowed::Advice("a listener for HTTPS sends nobody to HTTP: use HTTPS");
        scope
            .diagnostics
            .invalid_value(&protocol, "`protocol` of the redirect", advice);
    }
    if let Some(port) = properties.get("port").and_then(|value| {
        let text = value.value.as_scalar()?.text.clone();
        Some(Spanned::new(text, value.span))
    }) && port.value != "#{port}"
        && !port.value.parse::<u16>().is_ok_and(|port| port > 0)
    {
        let advice = Allowed::Advice("use a port from 1 to 65535, or '#{port}'");
        scope
            .diagnostics
            .invalid_value(&port, "`port` of the redirect", advice);
    }
}

/// Each rule of a listener has a priority of its own. Told of all load balancers at the first.
fn priorities(one: &Declared<'_>, scope: &mut Scope<'_>) {
    if !scope.is_first_of_type(one) {
        return;
    }
    let mut seen: HashMap<(&str, &str, i64), Span> = HashMap::new();
    let mut taken: Vec<(Spanned<String>, Span)> = Vec::new();
    for workload in scope.declared {
        let containers = workload.properties.list("containers").iter();
        let owners =
            std::iter::once(workload.properties).chain(containers.filter_map(|item| item.value.as_mapping()));
        let events = owners.flat_map(|owner| of_type(owner, "application-load-balancer"));
        for event in events {
            let balancer = event.text("loadBalancerName").unwrap_or_default();
            let given = event.get("priority").zip(event.integer::<i64>("priority"));
            let (Some((value, priority)), true) = (given, scope.is_of_type(balancer, one.kind.name)) else {
                continue;
            };
            let listener = event.scalar("listenerPort").unwrap_or_default();
            match seen.get(&(balancer, listener, priority)) {
                Some(first) => taken.push((Spanned::new(priority.to_string(), value.span), *first)),
                None => drop(seen.insert((balancer, listener, priority), value.span)),
            }
        }
    }
    for (priority, first) in taken {
        scope.diagnostics.already_taken(&priority, "the priority", first);
    }
}
