//! `open-search-domain`: search and analysis of documents, in OpenSearch Service.

use tapedeck_config::parse::Mapping;
use tapedeck_config::schema::{
    Connectable, Kind, OBJECT, Object, Parameter, Pattern, Range, ResourceType, Support, UNSUPPORTED,
};
use tapedeck_config::{Declared, Scope};

use crate::shared::container::RETENTION_DAYS;
use crate::shared::key::{
    Key, defaulting, flag, key, number, pattern, required, resource, section, such_as, word,
};
use crate::shared::{patterns, reach, relations};

/// The type.
pub(crate) static TYPE: ResourceType = ResourceType {
    name: "open-search-domain",
    doc: "Search and analysis of documents.",
    properties: Some(&DOMAIN),
    support: Support::NotHere("OpenSearch is not run yet"),
    parameters: &[
        Parameter::text(
            "domainEndpoint",
            "host at which it is reached, without https:// before it",
        ),
        Parameter::text("arn", "ARN of the domain"),
    ],
    connectable: Connectable::Yes,
    check: Some(check),
    ..UNSUPPORTED
};

static DOMAIN: Object = Object {
    name: "an OpenSearch domain",
    doc: "Search and analysis of documents.",
    keys: &[
        defaulting("'2.17'", key("version", Kind::Scalar, "version of OpenSearch")),
        section("clusterConfig", &CLUSTER, "the instances that it runs on"),
        section("storage", &STORAGE, "how much each instance can keep"),
        section("accessibility", &ACCESSIBILITY, "from where it is reached"),
        resource(
            "userPool",
            &["user-auth-pool"],
            "pool of users who may use its dashboards",
        ),
        section("logging", &LOGGING, "what becomes of its logs"),
    ],
    ..OBJECT
};

static CLUSTER: Object = Object {
    name: "`clusterConfig`",
    doc: "The instances that the domain runs on.",
    keys: &[
        such_as(
            "t3.small.search",
            required(pattern(
                "instanceType",
                &INSTANCE,
                "type of the instances that keep the documents",
            )),
        ),
        such_as(
            "1",
            required(number("instanceCount", &INSTANCES, "how many of them")),
        ),
        pattern(
            "dedicatedMasterType",
            &INSTANCE,
            "type of the instances that only hold the cluster together",
        ),
        key(
            "dedicatedMasterCount",
            Kind::NumberOneOf(&["3", "5", "7"]),
            "how many of them",
        ),
        pattern(
            "warmType",
            &INSTANCE,
            "type of the instances for documents that are seldom looked for, such as ultrawarm1.medium.search",
        ),
        number("warmCount", &WARM, "how many of them"),
        flag("multiAzDisabled", "whether all instances are in one zone"),
        flag(
            "standbyEnabled",
            "whether one of three zones only steps in when another fails",
        ),
    ],
    ..OBJECT
};

static INSTANCE: Pattern = Pattern {
    name: "a type of search instances",
    holds: |text| {
        let parts: Vec<&str> = text.split('.').collect();
        matches!(parts[..], [family, size, "search"] if [family, size].iter().all(|part| {
            !part.is_empty()
                && part
                    .bytes()
                    .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
        }))
    },
    advice: "use a type such as t3.small.search or r6g.large.search",
    regex: "^[a-z0-9]+\\.[a-z0-9]+\\.search$",
};

/// Source: developer guide of OpenSearch Service, "Quotas".
static INSTANCES: Range = Range {
    min: 1,
    max: 1002,
    advice: "use 1 to 1002",
};

/// Source: as of [`INSTANCES`].
static WARM: Range = Range {
    min: 2,
    max: 750,
    advice: "use 2 to 750",
};

static STORAGE: Object = Object {
    name: "`storage` of OpenSearch",
    doc: "How much each instance can keep.",
    keys: &[
        such_as(
            "10",
            required(number("size", &GIGABYTES, "gigabytes for each instance")),
        ),
        defaulting(
            "3000",
            number(
                "iops",
                &OPERATIONS,
                "reads and writes a second, of volumes of the type gp3",
            ),
        ),
        defaulting(
            "125",
            number(
                "throughput",
                &THROUGHPUT,
                "MiB a second, of volumes of the type gp3",
            ),
        ),
    ],
    ..OBJECT
};

static GIGABYTES: Range = Range {
    min: 10,
    max: 24_576,
    advice: "use 10 to 24576 gigabytes; how many an instance can have depends on its type",
};

static OPERATIONS: Range = Range {
    min: 3000,
    max: 250_000,
    advice: "use 3000 or more; how many there can be depends on the size",
};

static THROUGHPUT: Range = Range {
    min: 125,
    max: 10_000,
    advice: "use 125 or more; how much there can be depends on the size",
};

static ACCESSIBILITY: Object = Object {
    name: "`accessibility` of OpenSearch",
    doc: "From where it is reached. It cannot be changed from `internet` to another mode or back.",
    keys: &[defaulting(
        "internet",
        word(
            "accessibilityMode",
            &["internet", "vpc", "scoping-workloads-in-vpc"],
            "from everywhere with permissions of IAM, from the network of the stack, or from those that list it in `connectTo`",
        ),
    )],
    ..OBJECT
};

static LOGGING: Object = Object {
    name: "`logging` of OpenSearch",
    doc: "What becomes of its logs.",
    keys: &[
        section("errorLogs", &ERROR_LOG, "errors and warnings"),
        section("searchSlowLogs", &SLOW_LOG, "searches that take long"),
        section("indexSlowLogs", &SLOW_LOG, "documents that take long to take in"),
    ],
    ..OBJECT
};

static ERROR_LOG: Object = Object {
    name: "a log",
    doc: "Whether the log is kept, and for how long.",
    keys: &[DISABLED, defaulting("30", RETENTION)],
    ..OBJECT
};

static SLOW_LOG: Object = Object {
    name: "a log",
    doc: "Whether the log is kept, and for how long.",
    keys: &[DISABLED, defaulting("5", RETENTION)],
    ..OBJECT
};

const DISABLED: Key = flag("disabled", "whether it is thrown away");

const RETENTION: Key = key(
    "retentionDays",
    Kind::NumberOneOf(RETENTION_DAYS),
    "days that it is kept",
);

/// The versions that are known. Source: developer guide of OpenSearch Service, "Supported versions".
const VERSIONS: [&str; 14] = [
    "1.0", "1.1", "1.2", "1.3", "2.3", "2.5", "2.7", "2.9", "2.11", "2.13", "2.15", "2.17", "2.19", "3.1",
];

fn check(one: &Declared<'_>, scope: &mut Scope<'_>) {
    let properties = one.properties;
    reach::check(one, scope);
    let known = |given: &str| VERSIONS.contains(&given);
    patterns::version((properties, "version"), "OpenSearch", &VERSIONS, known, scope);
    if let Some(cluster) = properties.mapping("clusterConfig") {
        self::cluster(cluster, scope);
    }
}

/// Source: API reference of OpenSearch Service, ClusterConfig; developer guide, "UltraWarm".
fn cluster(cluster: &Mapping, scope: &mut Scope<'_>) {
    let pairs = [
        ("dedicatedMasterType", "dedicatedMasterCount"),
        ("warmType", "warmCount"),
    ];
    for (kind, count) in pairs {
        if !cluster.has(count) {
            relations::only_with(cluster, &[kind], &format!("`{count}`"), scope);
        }
        if !cluster.has(kind) {
            relations::only_with(cluster, &[count], &format!("`{kind}`"), scope);
        }
    }
    let has_masters = cluster.has("dedicatedMasterType") || cluster.has("dedicatedMasterCount");
    if cluster.has("warmType") && !has_masters {
        let needed = "`dedicatedMasterType` and `dedicatedMasterCount`";
        relations::only_with(cluster, &["warmType"], needed, scope);
    }
    if !cluster.flag("standbyEnabled") {
        return;
    }
    let count: i64 = cluster.integer("instanceCount").unwrap_or(3);
    if count % 3 != 0 || !has_masters {
        let needed = "`instanceCount` that is a multiple of 3, and dedicated masters";
        relations::only_with(cluster, &["standbyEnabled"], needed, scope);
    }
    if cluster.flag("multiAzDisabled") {
        relations::only_with(cluster, &["standbyEnabled"], "`multiAzDisabled: false`", scope);
    }
}
