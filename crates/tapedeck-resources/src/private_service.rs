//! `private-service`: a container that runs continuously and is reached by the other resources of the stack.

use tapedeck_config::parse::Mapping;
use tapedeck_config::schema::{
    Connectable, Kind, OBJECT, Object, Parameter, REQUIRED, ResourceType, Support, UNSUPPORTED, one_type,
};
use tapedeck_config::{Declared, Scope};
use tapedeck_model::naming::pascal_case;
use tapedeck_model::{EnvironmentVariable, Late, MAIN_CONTAINER, Way, WayKind, Workload};

use crate::shared::container::{ENVIRONMENT, HEALTH_CHECK, LOGGING, STOP_TIMEOUT, VOLUME_MOUNTS};
use crate::shared::key::{Key, section, word};
use crate::shared::workload::{
    COMPUTE_KEY, CONNECT_TO, IAM_ROLE_STATEMENTS, PRIVATE_SUBNETS, REMOTE_SESSIONS, SCALING, SERVICE_PORT,
    SIDE_CONTAINERS,
};
use crate::shared::{connections, relations};
use crate::worker_service::keys::PACKAGING_KEY;
use crate::worker_service::{self, compute, containers, lower, permissions};

/// The type.
pub(crate) static TYPE: ResourceType = ResourceType {
    name: "private-service",
    doc: "A container that runs continuously and is reached by the other resources of the stack only.",
    properties: Some(&PRIVATE_SERVICE),
    support: Support::Full,
    parameters: &[
        Parameter::text("address", "host and port at which it is reached"),
        Parameter::text(
            "canonicalDomain",
            "domain that the load balancer was given by AWS",
        )
        .when(is_behind_load_balancer, BEHIND_LOAD_BALANCER),
        Parameter::text("domain", "domain of the load balancer")
            .when(is_behind_load_balancer, BEHIND_LOAD_BALANCER),
        Parameter::text("url", "URL of the load balancer")
            .when(is_behind_load_balancer, BEHIND_LOAD_BALANCER),
        Parameter::number("port3000", "port of the listener").when(
            |properties| is_behind_load_balancer(properties) && port(properties) == Some(DEFAULT_PORT),
            "with `loadBalancing` of type `application-load-balancer` and the port 3000",
        ),
    ],
    connectable: Connectable::Yes,
    children: Some(children),
    check: Some(check),
    workload: Some(workload),
    ..UNSUPPORTED
};

/// The port of a service that names none.
const DEFAULT_PORT: u16 = 3000;

const BEHIND_LOAD_BALANCER: &str = "with `loadBalancing` of type `application-load-balancer`";

/// Whether a load balancer is what others reach.
pub(crate) fn is_behind_load_balancer(properties: &Mapping) -> bool {
    properties
        .mapping("loadBalancing")
        .is_some_and(|balancing| balancing.text("type") == Some("application-load-balancer"))
}

/// What is said to whoever looks for a way in from outside.
const NOT_PUBLIC: &str = "a private service cannot be reached from outside; use a `web-service`";

static PRIVATE_SERVICE: Object = Object {
    name: "a private service",
    doc: "A container that runs continuously and is reached by the other resources of the stack only.",
    keys: &[
        PACKAGING_KEY,
        COMPUTE_KEY,
        SERVICE_PORT,
        word(
            "protocol",
            &["http", "http2", "grpc"],
            "protocol that it speaks, for measures that know it",
        ),
        section(
            "loadBalancing",
            &LOAD_BALANCING,
            "how the others reach it; when left out, `service-connect`",
        ),
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
    ],
    absent: &[
        ("cors", NOT_PUBLIC),
        ("customDomains", NOT_PUBLIC),
        ("cdn", NOT_PUBLIC),
        ("useFirewall", NOT_PUBLIC),
        (
            "deployment",
            "a private service is always rolled out task by task; a `web-service` can shift its traffic",
        ),
        (
            "alarms",
            "a private service has no alarms of its own; add them to `cloudformationResources`",
        ),
        (
            "events",
            "a private service is called at its address; a `multi-container-workload` has `events`",
        ),
    ],
};

static LOAD_BALANCING: Object = Object {
    name: "`loadBalancing`",
    doc: "How the other resources reach the service.",
    keys: &[Key {
        name: "type",
        kind: Kind::Type(&[one_type("service-connect"), one_type("application-load-balancer")]),
        doc: "straight from container to container, or through a load balancer that functions can reach too",
        ..REQUIRED
    }],
    ..OBJECT
};

fn check(one: &Declared<'_>, scope: &mut Scope<'_>) {
    compute::check(one, scope);
    compute::scaling(one, scope);
    containers::check(one, scope);
    permissions::check(one, scope);
    connections::check(one, scope);
    if is_behind_load_balancer(one.properties) {
        let reason = "the load balancer speaks HTTP/1.1 to the container";
        relations::unused(one.properties, &["protocol"], reason, scope);
    }
}

/// The logical ids of what a private service becomes in AWS.
fn children(one: &Declared<'_>) -> Vec<String> {
    let mut children = worker_service::children(one);
    if let (true, Some(port)) = (is_behind_load_balancer(one.properties), port(one.properties)) {
        let stem = pascal_case(&one.name.value);
        let endings = [
            "LoadBalancer".to_string(),
            "LbSecurityGroup".to_string(),
            format!("Port{port}Listener"),
            format!("Port{port}Priority3ListenerRule"),
            format!("{stem}ToPort{port}TargetGroup"),
        ];
        children.extend(endings.map(|ending| format!("{stem}{ending}")));
    }
    children
}

/// The port on which the container listens.
fn port(properties: &Mapping) -> Option<u16> {
    match properties.has("port") {
        true => properties.integer("port"),
        false => Some(DEFAULT_PORT),
    }
}

/// The name and the port at which other services of the stack reach a service, if it is one that has a name.
pub(crate) fn address(one: &Declared<'_>) -> Option<String> {
    let has_name = one.kind.name == TYPE.name && !is_behind_load_balancer(one.properties);
    let port = port(one.properties).filter(|_| has_name)?;
    Some(format!("{}:{port}", one.name.value.to_lowercase()))
}

/// The containers of a service. The main one is told where to listen.
fn workload(one: &Declared<'_>) -> Option<Workload> {
    let properties = one.properties;
    let port = port(properties)?;
    let mut workload = lower::service(one)?.workload();
    let kind = match is_behind_load_balancer(properties) {
        true => WayKind::OwnLoadBalancer,
        false => WayKind::ServiceConnect {
            alias: Some(one.name.value.to_lowercase()),
        },
    };
    workload.ways.push(Way {
        container: MAIN_CONTAINER.to_string(),
        port,
        protocol: properties.text("protocol").map(str::to_string),
        kind,
    });
    let environment = &mut workload.containers.first_mut()?.container.environment;
    for (name, value) in [("PORT", port.to_string()), ("HOST", "0.0.0.0".to_string())] {
        if environment.iter().all(|own| own.name != name) {
            environment.push(EnvironmentVariable {
                name: name.to_string(),
                value: Late::Known(value),
            });
        }
    }
    Some(workload)
}
