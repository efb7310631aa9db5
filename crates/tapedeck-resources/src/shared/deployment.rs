//! Deployments that shift the traffic step by step.

use tapedeck_config::schema::{OBJECT, Object};

use super::key::{Key, required, resource, section, word};
use super::workload::port;

/// `deployment` of a service of containers.
pub(crate) const DEPLOYMENT: Key = section(
    "deployment",
    &CONTAINERS,
    "how the traffic is shifted to a new version; behind an application load balancer",
);

static CONTAINERS: Object = Object {
    name: "`deployment`",
    doc: "How the traffic is shifted to a new version.",
    keys: &[
        required(word(
            "strategy",
            &[
                "Canary10Percent5Minutes",
                "Canary10Percent15Minutes",
                "Linear10PercentEvery1Minutes",
                "Linear10PercentEvery3Minutes",
                "AllAtOnce",
            ],
            "in which steps",
        )),
        BEFORE,
        AFTER,
        port(
            "testListenerPort",
            "port of the listener that `beforeAllowTrafficFunction` can test the new version on",
        ),
    ],
    ..OBJECT
};

/// `deployment` of a function.
pub(crate) const FUNCTION_DEPLOYMENT: Key = section(
    "deployment",
    &FUNCTIONS,
    "how the traffic is shifted to a new version",
);

static FUNCTIONS: Object = Object {
    name: "`deployment` of a function",
    doc: "How the traffic is shifted to a new version.",
    keys: &[
        required(word(
            "strategy",
            &[
                "Canary10Percent5Minutes",
                "Canary10Percent10Minutes",
                "Canary10Percent15Minutes",
                "Canary10Percent30Minutes",
                "Linear10PercentEvery1Minute",
                "Linear10PercentEvery2Minutes",
                "Linear10PercentEvery3Minutes",
                "Linear10PercentEvery10Minutes",
                "AllAtOnce",
            ],
            "in which steps",
        )),
        BEFORE,
        AFTER,
    ],
    ..OBJECT
};

const BEFORE: Key = resource(
    "beforeAllowTrafficFunction",
    &["function"],
    "function that judges the new version before it gets traffic",
);

const AFTER: Key = resource(
    "afterTrafficShiftFunction",
    &["function"],
    "function that judges the new version once it has all the traffic",
);
