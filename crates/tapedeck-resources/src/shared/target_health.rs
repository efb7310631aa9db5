//! How a load balancer tells whether a container is healthy.

use tapedeck_config::Scope;
use tapedeck_config::parse::Mapping;
use tapedeck_config::schema::{OBJECT, Object, Range};
use tapedeck_diagnostic::Spanned;

use super::key::{Key, defaulting, number, pattern, section, word};
use super::patterns::ROOTED_PATH;
use super::workload::port;

/// `loadBalancerHealthCheck` of a container.
pub(crate) const LOAD_BALANCER_HEALTH_CHECK: Key = section(
    "loadBalancerHealthCheck",
    &HEALTH_CHECK,
    "how a load balancer tells whether the container is healthy",
);

static HEALTH_CHECK: Object = Object {
    name: "`loadBalancerHealthCheck`",
    doc: "How a load balancer tells whether the container is healthy.",
    keys: &[
        HEALTH_PATH,
        HEALTH_INTERVAL,
        HEALTH_TIMEOUT,
        HEALTH_PROTOCOL,
        HEALTH_PORT,
    ],
    ..OBJECT
};

/// `healthcheckPath` of a load balancer.
pub(crate) const HEALTH_PATH: Key = defaulting(
    "/",
    pattern(
        "healthcheckPath",
        &ROOTED_PATH,
        "path that has to answer with success",
    ),
);

/// `healthcheckInterval` of a load balancer.
pub(crate) const HEALTH_INTERVAL: Key = defaulting(
    "5",
    number("healthcheckInterval", &INTERVAL, "seconds between two checks"),
);

/// `healthcheckTimeout` of a load balancer.
pub(crate) const HEALTH_TIMEOUT: Key = defaulting(
    "4",
    number(
        "healthcheckTimeout",
        &TIMEOUT,
        "seconds after which a check counts as failed",
    ),
);

/// `healthCheckProtocol` of a load balancer.
pub(crate) const HEALTH_PROTOCOL: Key = word(
    "healthCheckProtocol",
    &["TCP", "HTTP"],
    "whether a connection is enough, or the path has to answer",
);

/// `healthCheckPort` of a load balancer.
pub(crate) const HEALTH_PORT: Key = port(
    "healthCheckPort",
    "port that is checked; when left out, the one that gets the traffic",
);

/// Source: API reference of Elastic Load Balancing, CreateTargetGroup.
static INTERVAL: Range = Range {
    min: 5,
    max: 300,
    advice: "use 5 to 300 seconds",
};

/// Source: as of [`INTERVAL`].
static TIMEOUT: Range = Range {
    min: 2,
    max: 120,
    advice: "use 2 to 120 seconds",
};

/// Tells when a check would end after the next one has begun.
pub(crate) fn check(settings: &Mapping, scope: &mut Scope<'_>) {
    let interval: u32 = settings.integer("healthcheckInterval").unwrap_or(5);
    let timeout: u32 = settings.integer("healthcheckTimeout").unwrap_or(4);
    let Some(value) = settings
        .get("healthcheckTimeout")
        .or_else(|| settings.get("healthcheckInterval"))
        .filter(|_| timeout >= interval)
    else {
        return;
    };
    let given = Spanned::new(timeout.to_string(), value.span);
    let advice = format!("use less than `healthcheckInterval`, which is {interval}");
    scope
        .diagnostics
        .out_of_range(&given, "`healthcheckTimeout`", &advice);
}
