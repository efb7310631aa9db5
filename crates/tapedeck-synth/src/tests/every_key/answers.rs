//! What is known of keys that change no template, and of those that are refused.

/// Types whose keys are looked at elsewhere.
pub(super) const TO_OTHERS: [&str; 2] = ["function", "batch-job"];

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
    ("dynamo-db-table", "dev", DEV),
    ("state-machine", "definition.StartAt", AS_WRITTEN),
    ("state-machine", "definition.States", AS_WRITTEN),
    ("state-machine", "definition.Version", ANYWAY),
    (
        "worker-service",
        "packaging.properties.<stacktape-image-buildpack>",
        IMAGE,
    ),
    (
        "worker-service",
        "packaging.properties.<custom-dockerfile>.buildContextPath",
        IMAGE,
    ),
    (
        "worker-service",
        "packaging.properties.<custom-dockerfile>.dockerfilePath",
        IMAGE,
    ),
    (
        "worker-service",
        "packaging.properties.<custom-dockerfile>.buildArgs",
        IMAGE,
    ),
    (
        "worker-service",
        "packaging.properties.<custom-dockerfile>.target",
        IMAGE,
    ),
    (
        "worker-service",
        "packaging.properties.<external-buildpack>.sourceDirectoryPath",
        IMAGE,
    ),
    (
        "worker-service",
        "packaging.properties.<external-buildpack>.builder",
        IMAGE,
    ),
    (
        "worker-service",
        "packaging.properties.<external-buildpack>.buildpacks",
        IMAGE,
    ),
    ("worker-service", "packaging.properties.<nixpacks>", IMAGE),
    ("user-auth-pool", "requireEmailVerification", WARNED),
    ("user-auth-pool", "requirePhoneNumberVerification", WARNED),
    ("user-auth-pool", "useFirewall", NO_TYPE),
    ("redis-cluster", "dev", DEV),
    ("relational-database", "alarms.includeInHistory", HISTORY),
    ("relational-database", "dev", DEV),
    ("bucket", "cdn.edgeFunctions", NO_TYPE),
    ("bucket", "cdn.routeRewrites.edgeFunctions", NO_TYPE),
    ("bucket", "cdn.useFirewall", NO_TYPE),
];

const ANYWAY: &str = "says what holds anyway, when nothing else is said";
const OTHERS: &str = "says that none of the other keys is there, each of which is heeded";
const AS_WRITTEN: &str = "stands in the template as it is written";
const WARNED: &str = "is reserved, of which the config warns";
const IMAGE: &str = "is in the image, whose digest stands in the template once it is built";
const HISTORY: &str = "CloudWatch remembers every alarm";
const DEV: &str = "is about `tapedeck dev`";
const NO_TYPE: &str = "names a resource of a type that the config refuses";

/// Keys that are refused: type, key, properties with it.
pub(super) const REFUSED: &[(&str, &str, &str)] = &[
    (
        "multi-container-workload",
        "deployment",
        "
resources: { cpu: 1, memory: 2048 }
deployment: { strategy: Canary10Percent5Minutes }
containers:
  - name: main
    packaging: { type: prebuilt-image, properties: { image: busybox } }
    events: [{ type: application-load-balancer, properties: { containerPort: 80, loadBalancerName: balancer, priority: 1 } }]
",
    ),
    (
        "multi-container-workload",
        "containers.loadBalancerHealthCheck",
        "
resources: { cpu: 1, memory: 2048 }
containers:
  - name: main
    packaging: { type: prebuilt-image, properties: { image: busybox } }
    loadBalancerHealthCheck: { healthcheckPath: /healthy }
",
    ),
    (
        "multi-container-workload",
        "containers.events.properties.<http-api-gateway>",
        "
resources: { cpu: 1, memory: 2048 }
containers:
  - name: main
    packaging: { type: prebuilt-image, properties: { image: busybox } }
    events: [{ type: http-api-gateway, properties: { containerPort: 80, httpApiGatewayName: api, method: GET, path: / } }]
",
    ),
    (
        "multi-container-workload",
        "containers.events.properties.<application-load-balancer>",
        "
resources: { cpu: 1, memory: 2048 }
containers:
  - name: main
    packaging: { type: prebuilt-image, properties: { image: busybox } }
    events: [{ type: application-load-balancer, properties: { containerPort: 80, loadBalancerName: balancer, priority: 1 } }]
",
    ),
    (
        "multi-container-workload",
        "containers.events.properties.<network-load-balancer>",
        "
resources: { cpu: 1, memory: 2048 }
containers:
  - name: main
    packaging: { type: prebuilt-image, properties: { image: busybox } }
    events: [{ type: network-load-balancer, properties: { containerPort: 80, loadBalancerName: connections, listenerPort: 90 } }]
",
    ),
    ("open-search-domain", "userPool", "userPool: users"),
    (
        "redis-cluster",
        "logging.logForwarding",
        "{ instanceSize: cache.t4g.micro, defaultUserPassword: aaaaaaaaaaaaaaaa, logging: { logForwarding: { type: highlight, properties: { projectId: p } } } }",
    ),
    (
        "relational-database",
        "logging.logForwarding",
        "
credentials: { masterUserPassword: p4ssw0rd }
engine: { type: postgres, properties: { version: '16.6', primaryInstance: { instanceSize: db.t4g.micro } } }
logging: { logForwarding: { type: highlight, properties: { projectId: p } } }
",
    ),
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
];

/// Other resources that refused ones name.
pub(super) const COMPANIONS: &str = "
balancer: { type: application-load-balancer }
connections: { type: network-load-balancer, properties: { listeners: [{ port: 90, protocol: TCP }] } }
api: { type: http-api-gateway }
code:
  type: function
  properties: { url: { enabled: true }, runtime: nodejs22.x, packaging: { type: custom-artifact, properties: { packagePath: a.zip, handler: 'a.js:b' } } }
queue: { type: sqs-queue }
users: { type: user-auth-pool }
";
