//! Alarms of application load balancers, and of HTTP APIs in front of a service.

use tapedeck_config::schema::{
    Branch, Case, DecimalRange, Kind, OBJECT, Object, REQUIRED, Type, one_type, whole,
};

use super::alarms::{
    COMPARISON_OPERATOR, DESCRIPTION, EVALUATION, INCLUDE_IN_HISTORY, NOTIFICATION_TARGETS, STATISTIC,
    threshold,
};
use super::key::{Key, late, required, texts, word};

/// An alarm of a load balancer.
pub(crate) static LOAD_BALANCER_ALARM: Object = Object {
    name: "an alarm of a load balancer",
    doc: "What it watches, and who is told when it goes off.",
    keys: &[
        Key {
            name: "trigger",
            kind: Kind::Object(&LOAD_BALANCER_TRIGGER),
            doc: "what sets it off",
            ..REQUIRED
        },
        EVALUATION,
        NOTIFICATION_TARGETS,
        INCLUDE_IN_HISTORY,
        DESCRIPTION,
    ],
    ..OBJECT
};

/// An alarm of a service behind a load balancer or an HTTP API.
pub(crate) static ALARM: Object = Object {
    name: "an alarm of a web service",
    doc: "What it watches, and who is told when it goes off.",
    keys: &[
        Key {
            name: "trigger",
            kind: Kind::Object(&TRIGGER),
            doc: "what sets it off",
            ..REQUIRED
        },
        EVALUATION,
        NOTIFICATION_TARGETS,
        INCLUDE_IN_HISTORY,
        DESCRIPTION,
    ],
    ..OBJECT
};

static LOAD_BALANCER_TRIGGER: Object = Object {
    name: "`trigger`",
    doc: "What sets an alarm of a load balancer off.",
    keys: &[
        Key {
            name: "type",
            kind: Kind::Type(LOAD_BALANCER_TRIGGERS),
            doc: "what is measured",
            ..REQUIRED
        },
        PROPERTIES,
    ],
    ..OBJECT
};

static LOAD_BALANCER_TRIGGERS: &[Type] = &[
    one_type("application-load-balancer-error-rate"),
    one_type("application-load-balancer-unhealthy-targets"),
    one_type("application-load-balancer-custom"),
];

static TRIGGER: Object = Object {
    name: "`trigger`",
    doc: "What sets an alarm of a web service off.",
    keys: &[
        Key {
            name: "type",
            kind: Kind::Type(TRIGGERS),
            doc: "what is measured",
            ..REQUIRED
        },
        PROPERTIES,
    ],
    ..OBJECT
};

static TRIGGERS: &[Type] = &[
    one_type("http-api-gateway-error-rate"),
    one_type("http-api-gateway-latency"),
    one_type("application-load-balancer-error-rate"),
    one_type("application-load-balancer-unhealthy-targets"),
    one_type("application-load-balancer-custom"),
];

const PROPERTIES: Key = Key {
    name: "properties",
    kind: Kind::Branch(&SETTINGS),
    doc: "from when on",
    ..REQUIRED
};

static SETTINGS: Branch = Branch {
    key: "type",
    select: whole,
    cases: &[
        Case {
            values: &[
                "http-api-gateway-error-rate",
                "application-load-balancer-error-rate",
            ],
            object: &ERROR_RATE,
        },
        Case {
            values: &["http-api-gateway-latency"],
            object: &LATENCY,
        },
        Case {
            values: &["application-load-balancer-unhealthy-targets"],
            object: &UNHEALTHY,
        },
        Case {
            values: &["application-load-balancer-custom"],
            object: &CUSTOM,
        },
    ],
};

static ERROR_RATE: Object = Object {
    name: "the trigger by errors",
    doc: "The share of requests that were answered with an error.",
    keys: &[
        threshold("thresholdPercent", "per cent of the requests"),
        COMPARISON_OPERATOR,
    ],
    ..OBJECT
};

static LATENCY: Object = Object {
    name: "the trigger by latency",
    doc: "How long answers take.",
    keys: &[
        threshold("thresholdMilliseconds", "milliseconds"),
        COMPARISON_OPERATOR,
        STATISTIC,
    ],
    ..OBJECT
};

static UNHEALTHY: Object = Object {
    name: "the trigger by unhealthy targets",
    doc: "The share of targets that are not healthy.",
    keys: &[
        threshold("thresholdPercent", "per cent of the targets"),
        late(texts(
            "onlyIncludeTargets",
            "names of the resources that count; when left out, all",
        )),
        COMPARISON_OPERATOR,
    ],
    ..OBJECT
};

static CUSTOM: Object = Object {
    name: "the trigger by a measure",
    doc: "Any measure of load balancers that CloudWatch knows.",
    keys: &[
        required(word("metric", METRICS, "name of the measure")),
        Key {
            name: "threshold",
            kind: Kind::Decimal(&ANY),
            doc: "value from which on it goes off",
            ..REQUIRED
        },
        STATISTIC,
        COMPARISON_OPERATOR,
    ],
    ..OBJECT
};

static ANY: DecimalRange = DecimalRange {
    min: -1e15,
    max: 1e15,
    advice: "use a number",
};

/// Source: user guide of Application Load Balancers, "CloudWatch metrics".
const METRICS: &[&str] = &[
    "ActiveConnectionCount",
    "AnomalousHostCount",
    "ClientTLSNegotiationErrorCount",
    "ConsumedLCUs",
    "DesyncMitigationMode_NonCompliant_Request_Count",
    "DroppedInvalidHeaderRequestCount",
    "ELBAuthError",
    "ELBAuthFailure",
    "ELBAuthLatency",
    "ELBAuthRefreshTokenSuccess",
    "ELBAuthSuccess",
    "ELBAuthUserClaimsSizeExceeded",
    "ForwardedInvalidHeaderRequestCount",
    "GrpcRequestCount",
    "HTTPCode_ELB_3XX_Count",
    "HTTPCode_ELB_4XX_Count",
    "HTTPCode_ELB_500_Count",
    "HTTPCode_ELB_502_Count",
    "HTTPCode_ELB_503_Count",
    "HTTPCode_ELB_504_Count",
    "HTTPCode_ELB_5XX_Count",
    "HTTPCode_Target_2XX_Count",
    "HTTPCode_Target_3XX_Count",
    "HTTPCode_Target_4XX_Count",
    "HTTPCode_Target_5XX_Count",
    "HTTP_Fixed_Response_Count",
    "HTTP_Redirect_Count",
    "HTTP_Redirect_Url_Limit_Exceeded_Count",
    "HealthyHostCount",
    "HealthyStateDNS",
    "HealthyStateRouting",
    "IPv6ProcessedBytes",
    "IPv6RequestCount",
    "LambdaInternalError",
    "LambdaTargetProcessedBytes",
    "LambdaUserError",
    "MitigatedHostCount",
    "NewConnectionCount",
    "NonStickyRequestCount",
    "ProcessedBytes",
    "RejectedConnectionCount",
    "RequestCount",
    "RequestCountPerTarget",
    "RuleEvaluations",
    "TargetConnectionErrorCount",
    "TargetResponseTime",
    "TargetTLSNegotiationErrorCount",
    "UnHealthyHostCount",
    "UnhealthyRoutingRequestCount",
    "UnhealthyStateDNS",
    "UnhealthyStateRouting",
];
