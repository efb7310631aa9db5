//! `network-load-balancer`: hands connections out to containers.

use std::collections::HashMap;

use tapedeck_config::schema::{Connectable, OBJECT, Object, Parameter, ResourceType, Support, UNSUPPORTED};
use tapedeck_config::{Declared, Scope};
use tapedeck_diagnostic::{Span, Spanned};

use crate::shared::balancing::of_type;
use crate::shared::key::{list, required, word};
use crate::shared::listeners::{self, CERTIFICATES, DOMAINS, INTERFACE, PORT, WHITELIST};

/// The type.
pub(crate) static TYPE: ResourceType = ResourceType {
    name: "network-load-balancer",
    doc: "A load balancer that hands connections of TCP and TLS out to containers.",
    properties: Some(&BALANCER),
    support: Support::NotHere("there are no load balancers yet"),
    parameters: &[
        Parameter::text("canonicalDomain", "domain that AWS gave it"),
        Parameter::text("customDomains", "its custom domains, separated by commas")
            .when(listeners::has_domains, listeners::WITH_DOMAINS),
        Parameter::text("domain", "domain at which it is reached"),
    ],
    connectable: Connectable::No(
        "pass its domain on instead: $ResourceParam('name', 'domain'), or make what is behind it a `private-service`",
    ),
    check: Some(check),
    ..UNSUPPORTED
};

static BALANCER: Object = Object {
    name: "a network load balancer",
    doc: "A load balancer that hands connections of TCP and TLS out to containers.",
    keys: &[
        required(list("listeners", &LISTENER, "ports on which it listens")),
        INTERFACE,
        DOMAINS,
    ],
    absent: &[
        (
            "cdn",
            "CloudFront speaks HTTP: use an `application-load-balancer`",
        ),
        (
            "useFirewall",
            "a firewall looks into HTTP: use an `application-load-balancer`",
        ),
    ],
};

static LISTENER: Object = Object {
    name: "a listener",
    doc: "A port on which the load balancer listens.",
    keys: &[
        PORT,
        required(word(
            "protocol",
            &["TLS", "TCP"],
            "whether the load balancer ends the encryption, or passes everything on as it is",
        )),
        CERTIFICATES,
        WHITELIST,
    ],
    ..OBJECT
};

fn check(one: &Declared<'_>, scope: &mut Scope<'_>) {
    if let Some(entry) = one.properties.entry("listeners")
        && entry.value.value.as_list() == Some(&[])
    {
        scope
            .diagnostics
            .empty_section(entry.key.span, "`listeners`", &[]);
    }
    listeners::check(one, "TLS", scope);
    targets(one, scope);
}

/// A listener has one target. Told of all load balancers at the first.
fn targets(one: &Declared<'_>, scope: &mut Scope<'_>) {
    if !scope.is_first_of_type(one) {
        return;
    }
    let mut seen: HashMap<(&str, i64), Span> = HashMap::new();
    let mut taken: Vec<(Spanned<String>, Span)> = Vec::new();
    for workload in scope.declared {
        let containers = workload.properties.list("containers").iter();
        let events = containers
            .filter_map(|item| item.value.as_mapping())
            .flat_map(|container| of_type(container, "network-load-balancer"));
        for event in events {
            let balancer = event.text("loadBalancerName").unwrap_or_default();
            let given = event
                .get("listenerPort")
                .zip(event.integer::<i64>("listenerPort"));
            let (Some((value, port)), true) = (given, scope.is_of_type(balancer, one.kind.name)) else {
                continue;
            };
            match seen.get(&(balancer, port)) {
                Some(first) => taken.push((Spanned::new(port.to_string(), value.span), *first)),
                None => drop(seen.insert((balancer, port), value.span)),
            }
        }
    }
    for (port, first) in taken {
        scope
            .diagnostics
            .already_taken(&port, "the listener on port", first);
    }
}
