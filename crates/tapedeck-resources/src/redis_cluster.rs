//! `redis-cluster`: Redis, in ElastiCache.

use tapedeck_config::parse::Mapping;
use tapedeck_config::schema::{
    Connectable, Kind, OBJECT, Object, Parameter, Pattern, Range, ResourceType, Support, UNSUPPORTED,
};
use tapedeck_config::{Declared, Scope};

use crate::shared::container::{LOG_FORWARDING_KEY, RETENTION_DAYS};
use crate::shared::dev::DEV;
use crate::shared::key::{
    defaulting, flag, key, late, number, pattern, required, section, such_as, text, word,
};
use crate::shared::patterns::{self, PORT};
use crate::shared::{passwords, reach, relations};
use crate::worker_service::containers;

/// The type.
pub(crate) static TYPE: ResourceType = ResourceType {
    name: "redis-cluster",
    doc: "Redis: values in memory, on one node or on several.",
    properties: Some(&REDIS_CLUSTER),
    support: Support::Partly(
        "one Redis of this machine's distribution stands in, without shards and replicas",
    ),
    parameters: &[
        Parameter::text("sharding", "`enabled` or `disabled`"),
        Parameter::text("host", "host that is written to, or that knows the shards"),
        without_sharding(Parameter::secret("connectionString", "URL with the password")),
        without_sharding(Parameter::text("readerHost", "host that is read from")),
        without_sharding(Parameter::secret(
            "readerConnectionString",
            "URL for reading, with the password",
        )),
        Parameter::number("port", "port that is written to"),
        without_sharding(Parameter::number("readerPort", "port that is read from")),
        Parameter::secret("connectionString", "URL with the password")
            .when(is_sharded, "with `enableSharding`"),
    ],
    connectable: Connectable::Yes,
    check: Some(check),
    ..UNSUPPORTED
};

const fn without_sharding(parameter: Parameter) -> Parameter {
    parameter.when(|properties| !is_sharded(properties), "without `enableSharding`")
}

fn is_sharded(properties: &Mapping) -> bool {
    properties.flag("enableSharding")
}

static REDIS_CLUSTER: Object = Object {
    name: "a Redis cluster",
    doc: "Redis: values in memory, on one node or on several.",
    keys: &[
        such_as(
            "cache.t4g.micro",
            required(pattern("instanceSize", &NODE_TYPE, "type of its nodes")),
        ),
        such_as(
            "$Secret('redis.password')",
            required(late(text(
                "defaultUserPassword",
                "password, best as a `$Secret()`; everything is encrypted on its way",
            ))),
        ),
        defaulting("'6.2'", key("engineVersion", Kind::Scalar, "version of Redis")),
        defaulting(
            "0",
            number(
                "numReplicaNodes",
                &REPLICAS,
                "copies of each shard that are read and can step in",
            ),
        ),
        flag(
            "enableAutomaticFailover",
            "whether a copy steps in when the node that is written to fails; always so with shards",
        ),
        flag(
            "enableSharding",
            "whether the values are spread over several shards; cannot be changed later",
        ),
        defaulting("1", number("numShards", &SHARDS, "how many shards")),
        defaulting("6379", number("port", &PORT, "port on which it listens")),
        section("accessibility", &ACCESSIBILITY, "from where it is reached"),
        defaulting(
            "0",
            number(
                "automatedBackupRetentionDays",
                &BACKUP_DAYS,
                "days for which daily backups are kept; 0 for no backups",
            ),
        ),
        section("logging", &LOGGING, "what becomes of the log of slow commands"),
        DEV,
    ],
    ..OBJECT
};

static NODE_TYPE: Pattern = Pattern {
    name: "a type of cache nodes",
    holds: |text| {
        let parts: Vec<&str> = text.split('.').collect();
        matches!(parts[..], ["cache", family, size] if [family, size].iter().all(|part| {
            !part.is_empty()
                && part
                    .bytes()
                    .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
        }))
    },
    advice: "use a type such as cache.t4g.micro or cache.m7g.large",
    regex: "^cache\\.[a-z0-9]+\\.[a-z0-9]+$",
};

/// Source: user guide of ElastiCache, "Replication: Redis OSS (cluster mode disabled) vs. (cluster mode enabled)".
static REPLICAS: Range = Range {
    min: 0,
    max: 5,
    advice: "use 0 to 5",
};

/// Source: as of [`REPLICAS`].
static SHARDS: Range = Range {
    min: 1,
    max: 500,
    advice: "use 1 to 500",
};

static BACKUP_DAYS: Range = Range {
    min: 0,
    max: 35,
    advice: "use 0 to 35 days",
};

static ACCESSIBILITY: Object = Object {
    name: "`accessibility` of Redis",
    doc: "From where it is reached; never from outside of the network of the stack.",
    keys: &[defaulting(
        "vpc",
        word(
            "accessibilityMode",
            &["vpc", "scoping-workloads-in-vpc"],
            "from the network of the stack, or from those that list it in `connectTo`",
        ),
    )],
    absent: &[(
        "whitelistedIps",
        "Redis is reached from the network of the stack only: remove it",
    )],
};

static LOGGING: Object = Object {
    name: "`logging` of Redis",
    doc: "What becomes of the log of slow commands.",
    keys: &[
        flag("disabled", "whether it is thrown away"),
        defaulting("json", word("format", &["json", "text"], "form of its lines")),
        defaulting(
            "30",
            key(
                "retentionDays",
                Kind::NumberOneOf(RETENTION_DAYS),
                "days that it is kept",
            ),
        ),
        LOG_FORWARDING_KEY,
    ],
    ..OBJECT
};

/// The versions that are known. Source: user guide of ElastiCache, "Supported engine versions".
const VERSIONS: [&str; 4] = ["6.0", "6.2", "7.0", "7.1"];

fn check(one: &Declared<'_>, scope: &mut Scope<'_>) {
    let properties = one.properties;
    reach::check(one, scope);
    containers::secrets(properties, scope);
    patterns::version(
        (properties, "engineVersion"),
        "Redis",
        &VERSIONS,
        |given| VERSIONS.contains(&given),
        scope,
    );
    password(properties, scope);
    let replicas: u32 = properties.integer("numReplicaNodes").unwrap_or(0);
    let is_known =
        !properties.has("numReplicaNodes") || properties.integer::<u32>("numReplicaNodes").is_some();
    if is_known && replicas == 0 {
        let needed = "`numReplicaNodes` of 1 or more";
        let keys = ["enableSharding", "enableAutomaticFailover"];
        relations::only_with(properties, &keys, needed, scope);
    }
    if !is_sharded(properties)
        && properties
            .integer::<u32>("numShards")
            .is_some_and(|shards| shards > 1)
    {
        relations::only_with(properties, &["numShards"], "`enableSharding: true`", scope);
    }
    if is_sharded(properties)
        && let Some(entry) = properties.entry("enableAutomaticFailover")
        && entry.value.value.as_boolean() == Some(false)
    {
        let reason = "with shards, a copy always steps in";
        scope.diagnostics.unused_setting(&entry.key, reason);
    }
}

/// Source: user guide of ElastiCache, "Authenticating with the AUTH command".
fn password(properties: &Mapping, scope: &mut Scope<'_>) {
    passwords::plaintext(properties, "defaultUserPassword", scope);
    let holds = |text: &str| {
        (16..=128).contains(&text.len()) && passwords::is_printable_without(text, &['/', '"', '@', ' '])
    };
    let advice = "use 16 to 128 printable characters of ASCII, but not /, @, double quotes or spaces";
    passwords::rule(properties, "defaultUserPassword", holds, advice, scope);
}
