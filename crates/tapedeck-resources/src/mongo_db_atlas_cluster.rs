//! `mongo-db-atlas-cluster`: a cluster of MongoDB at Atlas.

use tapedeck_config::parse::Mapping;
use tapedeck_config::schema::{
    Connectable, Key, Kind, OBJECT, OPTIONAL, Object, Parameter, Pattern, REQUIRED, Range, ResourceType,
    Support, UNSUPPORTED,
};
use tapedeck_config::{Declared, Scope};

use crate::shared::relations;

/// The type. Who reaches a cluster is said in `providerConfig.mongoDbAtlas`, for all of them.
pub(crate) static TYPE: ResourceType = ResourceType {
    name: "mongo-db-atlas-cluster",
    doc: "A cluster of MongoDB at Atlas.",
    properties: Some(&CLUSTER),
    support: Support::Partly(
        "SecantusDB, which speaks the protocol of MongoDB, stands in: one node, and a URL with a password in place of the role",
    ),
    // It holds no credential: whoever connects proves who they are by their role.
    parameters: &[Parameter::text(
        "connectionString",
        "URL to connect with, without a user",
    )],
    connectable: Connectable::Yes,
    takes_overrides: false,
    check: Some(check),
    ..UNSUPPORTED
};

/// The sizes of a node, in the order of their power.
const TIERS: &[&str] = &[
    "M2",
    "M5",
    "M10",
    "M20",
    "M30",
    "M40",
    "M40 Low-CPU (R40)",
    "M40_NVME",
    "M50",
    "M50 Low-CPU (R50)",
    "M50_NVME",
    "M60",
    "M60 Low-CPU (R60)",
    "M60_NVME",
    "M80",
    "M80 Low-CPU (R80)",
    "M80_NVME",
    "M100",
    "M140",
    "M200",
    "M200 Low-CPU (R200)",
    "M200_NVME",
    "M300",
    "M300 Low-CPU (R300)",
    "M400",
    "M400 Low-CPU (R400)",
    "M400_NVME",
    "M700",
    "M700 Low-CPU (R700)",
];

/// Those of [`TIERS`] that are not shared with others.
const DEDICATED_TIERS: &[&str] = TIERS.split_at(2).1;

/// The major versions that are known of.
const VERSIONS: [&str; 4] = ["5.0", "6.0", "7.0", "8.0"];

static CLUSTER: Object = Object {
    name: "a MongoDB cluster",
    doc: "A cluster of MongoDB at Atlas, in the account of `providerConfig.mongoDbAtlas`.",
    keys: &[
        Key {
            name: "clusterTier",
            kind: Kind::TextOneOf(TIERS),
            doc: "size of each node",
            example: Some("M10"),
            ..REQUIRED
        },
        Key {
            name: "version",
            kind: Kind::Pattern(&VERSION),
            default: Some("'7.0'"),
            doc: "major version of MongoDB",
            ..OPTIONAL
        },
        Key {
            name: "diskSizeGB",
            kind: Kind::Integer(&DISK),
            doc: "size of the disk of each node in GB; from M10 on",
            ..OPTIONAL
        },
        Key {
            name: "numShards",
            kind: Kind::Integer(&SHARDS),
            default: Some("1"),
            doc: "number of shards; more than one from M30 on",
            ..OPTIONAL
        },
        Key {
            name: "replication",
            kind: Kind::Object(&REPLICATION),
            doc: "number of nodes of each kind",
            ..OPTIONAL
        },
        Key {
            name: "enableBackups",
            kind: Kind::Boolean,
            default: Some("false"),
            doc: "whether it is backed up; from M10 on",
            ..OPTIONAL
        },
        Key {
            name: "enablePointInTimeRecovery",
            kind: Kind::Boolean,
            default: Some("false"),
            doc: "whether it can be restored to any moment of the last 7 days; with `enableBackups`",
            ..OPTIONAL
        },
        Key {
            name: "biConnector",
            kind: Kind::Object(&BI_CONNECTOR),
            doc: "access with SQL; from M10 on",
            ..OPTIONAL
        },
        Key {
            name: "autoScaling",
            kind: Kind::Object(&AUTO_SCALING),
            doc: "how tier and disk follow the load; from M10 on",
            ..OPTIONAL
        },
        Key {
            name: "adminUserCredentials",
            kind: Kind::Object(&ADMIN),
            doc: "a user who may do everything; what is connected needs none",
            ..OPTIONAL
        },
    ],
    absent: &[(
        "accessibility",
        "it is the same for all clusters: move it to `providerConfig.mongoDbAtlas.accessibility`",
    )],
};

static VERSION: Pattern = Pattern {
    name: "a version in quotes, such as '7.0'",
    holds: |text| {
        let is_number = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
        text.split_once('.')
            .is_some_and(|(major, minor)| is_number(major) && is_number(minor))
    },
    advice: "use a major version, such as '7.0'",
    regex: "^[0-9]+\\.[0-9]+$",
};

static DISK: Range = Range {
    min: 10,
    max: 4096,
    advice: "use 10 to 4096 GB",
};

static SHARDS: Range = Range {
    min: 1,
    max: 70,
    advice: "use 1 to 70 shards",
};

static REPLICATION: Object = Object {
    name: "`replication`",
    doc: "Number of nodes of each kind.",
    keys: &[
        Key {
            name: "numElectableNodes",
            kind: Kind::NumberOneOf(&["3", "5", "7"]),
            default: Some("3"),
            doc: "nodes that can become the primary one",
            ..OPTIONAL
        },
        nodes("numAnalyticsNodes", "nodes for long queries"),
        nodes("numReadOnlyNodes", "nodes for reading only"),
    ],
    ..OBJECT
};

const fn nodes(name: &'static str, doc: &'static str) -> Key {
    Key {
        name,
        kind: Kind::Integer(&NODES),
        default: Some("0"),
        doc,
        ..OPTIONAL
    }
}

static NODES: Range = Range {
    min: 0,
    max: 50,
    advice: "use 0 to 50 nodes",
};

static BI_CONNECTOR: Object = Object {
    name: "`biConnector`",
    doc: "Access with SQL.",
    keys: &[
        Key {
            name: "enabled",
            kind: Kind::Boolean,
            default: Some("false"),
            doc: "whether there is any",
            ..REQUIRED
        },
        Key {
            name: "readPreference",
            kind: Kind::TextOneOf(&["primary", "secondary", "analytics"]),
            doc: "from which nodes it reads",
            ..OPTIONAL
        },
    ],
    ..OBJECT
};

static AUTO_SCALING: Object = Object {
    name: "`autoScaling`",
    doc: "How tier and disk follow the load.",
    keys: &[
        Key {
            name: "minClusterTier",
            kind: Kind::TextOneOf(DEDICATED_TIERS),
            doc: "the smallest tier",
            ..OPTIONAL
        },
        Key {
            name: "maxClusterTier",
            kind: Kind::TextOneOf(DEDICATED_TIERS),
            doc: "the largest tier",
            ..OPTIONAL
        },
        Key {
            name: "disableDiskScaling",
            kind: Kind::Boolean,
            default: Some("false"),
            doc: "whether the disk stays as it is when it fills",
            ..OPTIONAL
        },
        Key {
            name: "disableScaleDown",
            kind: Kind::Boolean,
            default: Some("false"),
            doc: "whether the tier never gets smaller",
            ..OPTIONAL
        },
    ],
    ..OBJECT
};

static ADMIN: Object = Object {
    name: "`adminUserCredentials`",
    doc: "A user who may do everything.",
    keys: &[
        Key {
            name: "userName",
            kind: Kind::Text,
            doc: "name of the user",
            late: true,
            ..REQUIRED
        },
        Key {
            name: "password",
            kind: Kind::Text,
            doc: "password of the user, best as a `$Secret()`",
            example: Some("$Secret('atlasPassword')"),
            late: true,
            ..REQUIRED
        },
    ],
    ..OBJECT
};

/// The rules that relate several keys.
fn check(one: &Declared<'_>, scope: &mut Scope<'_>) {
    let properties = one.properties;
    version(properties, scope);
    if let Some(tier) = properties.text("clusterTier").and_then(power) {
        small_tiers(properties, tier, scope);
    }
    if !properties.flag("enableBackups") {
        let needed = "`enableBackups: true`";
        relations::only_with(properties, &["enablePointInTimeRecovery"], needed, scope);
    }
    tier_bounds(properties, scope);
    relations::unused_when_disabled(properties.mapping("biConnector"), &["readPreference"], scope);
    let admin = properties.mapping("adminUserCredentials");
    if let Some(password) = admin.and_then(|admin| admin.spanned_text("password")) {
        scope.diagnostics.plaintext_secret(password.span, "`password`");
    }
}

/// Which versions there are, Atlas decides.
fn version(properties: &Mapping, scope: &mut Scope<'_>) {
    let Some(version) = properties.spanned_text("version") else {
        return;
    };
    if (VERSION.holds)(&version.value) && !VERSIONS.contains(&version.value.as_str()) {
        let newest = VERSIONS[VERSIONS.len() - 1];
        scope.diagnostics.unknown_version_of(&version, "Atlas", newest);
    }
}

/// What the smaller tiers do not have. Source: documentation of Atlas, limits of M2 and M5.
fn small_tiers(properties: &Mapping, tier: u32, scope: &mut Scope<'_>) {
    if tier < 10 {
        let dedicated = [
            "diskSizeGB",
            "enableBackups",
            "enablePointInTimeRecovery",
            "autoScaling",
        ];
        let needed = "a `clusterTier` from M10 on";
        relations::only_with(properties, &dedicated, needed, scope);
        let connects = properties
            .mapping("biConnector")
            .is_some_and(|one| one.flag("enabled"));
        if connects {
            relations::only_with(properties, &["biConnector"], needed, scope);
        }
    }
    if tier < 30 && properties.integer("numShards").unwrap_or(1_i64) > 1 {
        let needed = "a `clusterTier` from M30 on";
        relations::only_with(properties, &["numShards"], needed, scope);
    }
}

/// The tier lies between the smallest and the largest one.
fn tier_bounds(properties: &Mapping, scope: &mut Scope<'_>) {
    let Some(scaling) = properties.mapping("autoScaling") else {
        return;
    };
    let smallest = scaling.spanned_text("minClusterTier");
    let largest = scaling.spanned_text("maxClusterTier");
    let own = properties.spanned_text("clusterTier");
    let pairs = [
        (("minClusterTier", &smallest), ("maxClusterTier", &largest)),
        (("minClusterTier", &smallest), ("clusterTier", &own)),
        (("clusterTier", &own), ("maxClusterTier", &largest)),
    ];
    for ((least, low), (greatest, high)) in pairs {
        let (Some(low), Some(high)) = (low, high) else {
            continue;
        };
        if let (Some(less), Some(more)) = (power(&low.value), power(&high.value))
            && more < less
        {
            let upper = (greatest, high.value.as_str());
            return scope
                .diagnostics
                .reversed_bounds(high.span, upper, (least, &low.value));
        }
    }
}

/// The number in the name of a tier.
fn power(tier: &str) -> Option<u32> {
    let digits: String = tier
        .strip_prefix('M')?
        .chars()
        .take_while(char::is_ascii_digit)
        .collect();
    digits.parse().ok()
}
