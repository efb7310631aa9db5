//! `multi-container-workload`: containers that run together, each reached in its own ways.

mod addresses;
mod lower;

use std::collections::HashMap;

use tapedeck_config::parse::Mapping;
use tapedeck_config::schema::{
    Branch, Case, Connectable, Kind, OBJECT, Object, Pattern, REQUIRED, ResourceType, Support, UNSUPPORTED,
    one_type, whole,
};
use tapedeck_config::{Declared, Scope};
use tapedeck_diagnostic::{Span, Spanned};

use crate::shared::balancing::{
    self, CONTAINER_PORT, HTTP_API_TO_CONTAINER, LOAD_BALANCER_TO_CONTAINER,
    NETWORK_LOAD_BALANCER_TO_CONTAINER,
};
use crate::shared::container::{ENVIRONMENT, HEALTH_CHECK, LOGGING, STOP_TIMEOUT, VOLUME_MOUNTS};
use crate::shared::deployment::DEPLOYMENT;
use crate::shared::key::{Key, defaulting, key, list, pattern, required, such_as, text, word};
use crate::shared::target_health::{self, LOAD_BALANCER_HEALTH_CHECK};
use crate::shared::workload::{
    COMPUTE_KEY, CONNECT_TO, IAM_ROLE_STATEMENTS, PRIVATE_SUBNETS, REMOTE_SESSIONS, SCALING,
};
use crate::shared::{connections, relations};
use crate::worker_service::keys::{DEPENDENCY, PACKAGING_KEY};
use crate::worker_service::{children, compute, containers, permissions};

/// The type.
pub(crate) static TYPE: ResourceType = ResourceType {
    name: "multi-container-workload",
    doc: "Containers that run together on the same machine, each reached in its own ways.",
    properties: Some(&WORKLOAD),
    support: Support::NotHere("only the one container of a `worker-service` is run yet"),
    connectable: Connectable::Yes,
    children: Some(children),
    check: Some(check),
    workload: Some(lower::workload),
    ..UNSUPPORTED
};

static WORKLOAD: Object = Object {
    name: "a multi-container workload",
    doc: "Containers that run together on the same machine.",
    keys: &[
        required(list("containers", &CONTAINER, "the containers")),
        COMPUTE_KEY,
        SCALING,
        DEPLOYMENT,
        CONNECT_TO,
        IAM_ROLE_STATEMENTS,
        PRIVATE_SUBNETS,
        REMOTE_SESSIONS,
    ],
    absent: &[
        ("packaging", "each of `containers` has its own"),
        ("environment", "each of `containers` has its own"),
        ("events", "each of `containers` has its own"),
        ("logging", "each of `containers` has its own"),
        (
            "sideContainers",
            "add them to `containers`: those are all of the same rank",
        ),
    ],
};

static CONTAINER: Object = Object {
    name: "a container",
    doc: "One of the containers of the workload.",
    keys: &[
        such_as("api", required(text("name", "its name in the workload"))),
        PACKAGING_KEY,
        ENVIRONMENT,
        list("events", &EVENT, "ways in which it is reached"),
        defaulting(
            "true",
            key(
                "essential",
                Kind::Boolean,
                "whether its end is the end of the others",
            ),
        ),
        list("dependsOn", &DEPENDENCY, "what it waits for before it starts"),
        LOGGING,
        HEALTH_CHECK,
        LOAD_BALANCER_HEALTH_CHECK,
        STOP_TIMEOUT,
        VOLUME_MOUNTS,
    ],
    ..OBJECT
};

static EVENT: Object = Object {
    name: "an event",
    doc: "A way in which the container is reached.",
    keys: &[
        Key {
            name: "type",
            kind: Kind::Type(&[
                one_type("http-api-gateway"),
                one_type("application-load-balancer"),
                one_type("network-load-balancer"),
                one_type("service-connect"),
                one_type("workload-internal"),
            ]),
            doc: "from where",
            ..REQUIRED
        },
        Key {
            name: "properties",
            kind: Kind::Branch(&WAYS),
            doc: "which requests, and to which port",
            ..REQUIRED
        },
    ],
    ..OBJECT
};

static WAYS: Branch = Branch {
    key: "type",
    select: whole,
    cases: &[
        case(&["http-api-gateway"], &HTTP_API_TO_CONTAINER),
        case(&["application-load-balancer"], &LOAD_BALANCER_TO_CONTAINER),
        case(&["network-load-balancer"], &NETWORK_LOAD_BALANCER_TO_CONTAINER),
        case(&["service-connect"], &SERVICE_CONNECT),
        case(&["workload-internal"], &INTERNAL),
    ],
};

const fn case(values: &'static [&'static str], object: &'static Object) -> Case {
    Case { values, object }
}

static SERVICE_CONNECT: Object = Object {
    name: "`service-connect`",
    doc: "The other services of the stack reach the container by a name.",
    keys: &[
        CONTAINER_PORT,
        pattern(
            "alias",
            &ALIAS,
            "that name; when left out, made of the names of the workload and of the container",
        ),
        word(
            "protocol",
            &["http", "http2", "grpc"],
            "protocol that it speaks, for measures that know it",
        ),
    ],
    ..OBJECT
};

static ALIAS: Pattern = Pattern {
    name: "the name of a host",
    holds: |text| {
        text.len() <= 127
            && !text.starts_with('-')
            && text
                .bytes()
                .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"-.".contains(&byte))
    },
    advice: "use lower-case letters, digits, `-` and `.`",
    regex: "^[a-z0-9.][a-z0-9.-]{0,126}$",
};

static INTERNAL: Object = Object {
    name: "`workload-internal`",
    doc: "The other containers of the workload reach the container at `localhost`.",
    keys: &[CONTAINER_PORT],
    ..OBJECT
};

fn check(one: &Declared<'_>, scope: &mut Scope<'_>) {
    let properties = one.properties;
    compute::check(one, scope);
    compute::scaling(one, scope);
    permissions::check(one, scope);
    connections::check(one, scope);
    let all: Vec<&Mapping> = properties
        .list("containers")
        .iter()
        .filter_map(|item| item.value.as_mapping())
        .collect();
    if let Some(entry) = properties.entry("containers")
        && entry.value.value.as_list() == Some(&[])
    {
        scope
            .diagnostics
            .empty_section(entry.key.span, "`containers`", &[]);
    }
    containers::check_equals(&all, scope);
    for container in &all {
        for event in balancing::of_type(container, "application-load-balancer") {
            balancing::listener(event, scope);
        }
        for event in balancing::of_type(container, "network-load-balancer") {
            balancing::listener(event, scope);
        }
        for (port, first) in addresses::named(container).1 {
            scope.diagnostics.already_taken(&port, "the port", first);
        }
        if let Some(check) = container.mapping("loadBalancerHealthCheck") {
            target_health::check(check, scope);
        }
    }
    ports(&all, scope);
    deployment(properties, &all, scope);
    addresses::check(one, scope);
}

/// The containers share one network: a port belongs to one of them.
fn ports(containers: &[&Mapping], scope: &mut Scope<'_>) {
    let mut owners: HashMap<i64, (usize, Span)> = HashMap::new();
    for (index, container) in containers.iter().enumerate() {
        let events = container.list("events").iter();
        let ports = events
            .filter_map(|item| {
                item.value
                    .as_mapping()?
                    .mapping("properties")?
                    .get("containerPort")
            })
            .filter_map(|value| Some((value.value.as_integer()?, value.span)));
        for (port, span) in ports {
            let (owner, first) = *owners.entry(port).or_insert((index, span));
            if owner != index {
                let port = Spanned::new(port.to_string(), span);
                scope.diagnostics.already_taken(&port, "the port", first);
            }
        }
    }
}

/// Traffic can be shifted only where a load balancer hands it out.
fn deployment(properties: &Mapping, containers: &[&Mapping], scope: &mut Scope<'_>) {
    let is_reached_by = |kind: &str| {
        containers
            .iter()
            .any(|container| balancing::of_type(container, kind).next().is_some())
    };
    if !is_reached_by("application-load-balancer") {
        let needed = "a container with an event of type `application-load-balancer`";
        relations::only_with(properties, &["deployment"], needed, scope);
    } else if is_reached_by("service-connect") {
        let needed = "containers without events of type `service-connect`";
        relations::only_with(properties, &["deployment"], needed, scope);
    }
}
