//! What is known of keys that change no template, and of those that are refused.

macro_rules! code {
    ($rest:literal) => {
        concat!(
            "{ runtime: nodejs22.x, packaging: { type: custom-artifact, properties: { packagePath: a.zip, handler: 'a.js:b' } }, ",
            $rest,
            " }"
        )
    };
}

macro_rules! job {
    ($rest:literal) => {
        concat!(
            "{ container: { packaging: { type: prebuilt-image, properties: { image: busybox } } }, resources: { cpu: 1, memory: 1800 }, ",
            $rest,
            " }"
        )
    };
}

/// Types whose keys are looked at elsewhere.
pub(super) const TO_OTHERS: [&str; 8] = [
    "multi-container-workload",
    "private-service",
    "open-search-domain",
    "redis-cluster",
    "relational-database",
    "state-machine",
    "user-auth-pool",
    "worker-service",
];

/// Keys that are heeded elsewhere than in the template: type, key, where.
pub(super) const ELSEWHERE: &[(&str, &str, &str)] = &[
    (
        "bucket",
        "cdn.cachingOptions.cacheKeyParameters.cookies.none",
        ANYWAY,
    ),
    (
        "bucket",
        "cdn.cachingOptions.cacheKeyParameters.headers.none",
        ANYWAY,
    ),
    (
        "bucket",
        "cdn.cachingOptions.cacheKeyParameters.queryString.none",
        ANYWAY,
    ),
    ("bucket", "cdn.forwardingOptions.cookies.none", ANYWAY),
    ("bucket", "cdn.forwardingOptions.queryString.none", ANYWAY),
    (
        "bucket",
        "cdn.routeRewrites.cachingOptions.cacheKeyParameters.cookies.none",
        ANYWAY,
    ),
    (
        "bucket",
        "cdn.routeRewrites.cachingOptions.cacheKeyParameters.headers.none",
        ANYWAY,
    ),
    (
        "bucket",
        "cdn.routeRewrites.cachingOptions.cacheKeyParameters.queryString.none",
        ANYWAY,
    ),
    (
        "bucket",
        "cdn.routeRewrites.forwardingOptions.cookies.all",
        ANYWAY,
    ),
    (
        "bucket",
        "cdn.routeRewrites.forwardingOptions.queryString.all",
        ANYWAY,
    ),
    ("sqs-queue", "alarms.includeInHistory", HISTORY),
    ("sqs-queue", "events.properties.<event-bus>.useDefaultBus", OTHERS),
    ("function", "alarms.includeInHistory", HISTORY),
    ("function", "events.properties.<event-bus>.useDefaultBus", OTHERS),
    (
        "function",
        "packaging.properties.<stacktape-lambda-buildpack>",
        PACKED,
    ),
    (
        "function",
        "packaging.properties.<custom-artifact>.packagePath",
        PACKED,
    ),
    ("batch-job", "events.properties.<event-bus>.useDefaultBus", OTHERS),
    ("batch-job", "container.packaging.properties", PACKED),
    ("dynamo-db-table", "dev", DEV),
    ("bucket", "cdn.edgeFunctions", NO_TYPE),
    ("bucket", "cdn.routeRewrites.edgeFunctions", NO_TYPE),
    ("bucket", "cdn.useFirewall", NO_TYPE),
];

const ANYWAY: &str = "says what holds anyway, when nothing else is said";
const OTHERS: &str = "says that none of the other keys is there, each of which is heeded";
const HISTORY: &str = "CloudWatch remembers every alarm";
const PACKED: &str = "decides what is packed up, of which a template knows the name only";
const DEV: &str = "is about `tapedeck dev`";
const NO_TYPE: &str = "names a resource of a type that the config refuses";

/// Keys that are refused: type, key, properties with it.
pub(super) const REFUSED: &[(&str, &str, &str)] = &[
    (
        "bucket",
        "cdn.routeRewrites.routeTo.properties.<application-load-balancer>",
        "cdn: { enabled: true, routeRewrites: [{ path: /a, routeTo: { type: application-load-balancer, properties: { loadBalancerName: balancer } } }] }",
    ),
    (
        "bucket",
        "cdn.routeRewrites.routeTo.properties.<http-api-gateway>",
        "cdn: { enabled: true, routeRewrites: [{ path: /a, routeTo: { type: http-api-gateway, properties: { httpApiGatewayName: api } } }] }",
    ),
    (
        "bucket",
        "cdn.routeRewrites.routeTo.properties.<function>",
        "cdn: { enabled: true, routeRewrites: [{ path: /a, routeTo: { type: function, properties: { functionName: code } } }] }",
    ),
    ("function", "cdn", code!("cdn: { enabled: true }")),
    (
        "function",
        "deployment",
        code!("deployment: { strategy: AllAtOnce }"),
    ),
    (
        "function",
        "provisionedConcurrency",
        code!("provisionedConcurrency: 5"),
    ),
    (
        "function",
        "volumeMounts.properties.<s3files>",
        code!(
            "joinDefaultVpc: true, volumeMounts: [{ type: s3files, properties: { accessPointArn: 'arn:aws:s3files:eu-west-1:123456789012:a', mountPath: /mnt/a } }]"
        ),
    ),
    (
        "function",
        "events.properties.<http-api-gateway>",
        code!(
            "events: [{ type: http-api-gateway, properties: { httpApiGatewayName: api, method: GET, path: /a } }]"
        ),
    ),
    (
        "function",
        "events.properties.<application-load-balancer>",
        code!(
            "events: [{ type: application-load-balancer, properties: { loadBalancerName: balancer, priority: 1, paths: [/a] } }]"
        ),
    ),
    (
        "batch-job",
        "events.properties.<http-api-gateway>",
        job!(
            "events: [{ type: http-api-gateway, properties: { httpApiGatewayName: api, method: GET, path: /a } }]"
        ),
    ),
    (
        "batch-job",
        "events.properties.<application-load-balancer>",
        job!(
            "events: [{ type: application-load-balancer, properties: { loadBalancerName: balancer, priority: 1, paths: [/a] } }]"
        ),
    ),
];

/// Other resources that refused ones name.
pub(super) const COMPANIONS: &str = "
balancer: { type: application-load-balancer }
api: { type: http-api-gateway }
code:
  type: function
  properties: { url: { enabled: true }, runtime: nodejs22.x, packaging: { type: custom-artifact, properties: { packagePath: a.zip, handler: 'a.js:b' } } }
queue: { type: sqs-queue }
";
