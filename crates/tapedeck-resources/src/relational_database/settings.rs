//! `engine` of a `relational-database`: for each engine its version, and on what it runs.

use tapedeck_config::schema::{
    Branch, Case, DecimalRange, Kind, Need, OBJECT, Object, Pattern, REQUIRED, Range, Type, one_type, whole,
};

use super::instances::{INSTANCES, PRIMARY, REPLICAS, STORAGE};
use crate::shared::key::{Key, defaulting, flag, key, number, pattern, required, such_as};

pub(super) static ENGINE: Object = Object {
    name: "`engine`",
    doc: "Which database it is, and on what it runs.",
    keys: &[
        Key {
            name: "type",
            kind: Kind::Type(ENGINE_TYPES),
            doc: "which database",
            ..REQUIRED
        },
        Key {
            name: "properties",
            kind: Kind::Branch(&SETTINGS),
            // Aurora Serverless of the first version needs none. The others are told by a rule.
            need: Need::Optional,
            doc: "its version, and on what it runs",
            ..REQUIRED
        },
    ],
    ..OBJECT
};

static ENGINE_TYPES: &[Type] = &[
    one_type("postgres"),
    one_type("mysql"),
    one_type("mariadb"),
    one_type("aurora-postgresql"),
    one_type("aurora-mysql"),
    one_type("aurora-postgresql-serverless-v2"),
    one_type("aurora-mysql-serverless-v2"),
    one_type("aurora-postgresql-serverless"),
    one_type("aurora-mysql-serverless"),
    one_type("sqlserver-ee"),
    one_type("sqlserver-se"),
    one_type("sqlserver-ex"),
    one_type("sqlserver-web"),
    one_type("oracle-ee"),
    one_type("oracle-se2"),
];

static SETTINGS: Branch = Branch {
    key: "type",
    select: whole,
    cases: &[
        case(&["postgres"], &POSTGRES),
        case(&["mysql", "mariadb"], &MYSQL),
        case(
            &["sqlserver-ee", "sqlserver-se", "sqlserver-ex", "sqlserver-web"],
            &SQL_SERVER,
        ),
        case(&["oracle-ee", "oracle-se2"], &ORACLE),
        case(&["aurora-postgresql"], &AURORA_POSTGRES),
        case(&["aurora-mysql"], &AURORA_MYSQL),
        case(&["aurora-postgresql-serverless-v2"], &SERVERLESS_POSTGRES),
        case(&["aurora-mysql-serverless-v2"], &SERVERLESS_MYSQL),
        case(
            &["aurora-postgresql-serverless", "aurora-mysql-serverless"],
            &OLD_SERVERLESS,
        ),
    ],
};

const fn case(values: &'static [&'static str], object: &'static Object) -> Case {
    Case { values, object }
}

static POSTGRES: Object = Object {
    name: "`properties` of PostgreSQL",
    doc: "The version of PostgreSQL, and the instances that it runs on.",
    keys: &[
        VERSION,
        PRIMARY,
        REPLICAS,
        DATABASE,
        defaulting("5432", PORT),
        STORAGE,
        NO_UPGRADE,
    ],
    ..OBJECT
};

static MYSQL: Object = Object {
    name: "`properties` of MySQL and MariaDB",
    doc: "The version of MySQL or MariaDB, and the instances that it runs on.",
    keys: &[
        VERSION,
        PRIMARY,
        REPLICAS,
        DATABASE,
        defaulting("3306", PORT),
        STORAGE,
        NO_UPGRADE,
    ],
    ..OBJECT
};

static SQL_SERVER: Object = Object {
    name: "`properties` of SQL Server",
    doc: "The version of SQL Server, and the instances that it runs on.",
    keys: &[
        VERSION,
        PRIMARY,
        REPLICAS,
        defaulting("1433", PORT),
        STORAGE,
        NO_UPGRADE,
    ],
    absent: &[(
        "dbName",
        "SQL Server begins without a database: create it once you are connected",
    )],
};

static ORACLE: Object = Object {
    name: "`properties` of Oracle",
    doc: "The version of Oracle, and the instances that it runs on.",
    keys: &[
        VERSION,
        PRIMARY,
        REPLICAS,
        defaulting("defdb", pattern("dbName", &SID, "the SID of the database")),
        defaulting("1521", PORT),
        STORAGE,
        NO_UPGRADE,
    ],
    ..OBJECT
};

static AURORA_POSTGRES: Object = Object {
    name: "`properties` of Aurora PostgreSQL",
    doc: "The version of PostgreSQL, and the instances that it runs on.",
    keys: &[VERSION, INSTANCES, DATABASE, defaulting("5432", PORT), NO_UPGRADE],
    ..OBJECT
};

static AURORA_MYSQL: Object = Object {
    name: "`properties` of Aurora MySQL",
    doc: "The version of MySQL, and the instances that it runs on.",
    keys: &[VERSION, INSTANCES, DATABASE, defaulting("3306", PORT), NO_UPGRADE],
    ..OBJECT
};

static SERVERLESS_POSTGRES: Object = Object {
    name: "`properties` of Aurora PostgreSQL Serverless v2",
    doc: "The version of PostgreSQL, and how far it grows and shrinks.",
    keys: SERVERLESS,
    ..OBJECT
};

static SERVERLESS_MYSQL: Object = Object {
    name: "`properties` of Aurora MySQL Serverless v2",
    doc: "The version of MySQL, and how far it grows and shrinks.",
    keys: SERVERLESS,
    ..OBJECT
};

const SERVERLESS: &[Key] = &[
    VERSION,
    defaulting(
        "0.5",
        key(
            "minCapacity",
            Kind::Decimal(&LEAST_UNITS),
            "the least capacity, in units of about 2 GB of memory; at 0 it sleeps when nobody uses it",
        ),
    ),
    defaulting(
        "10",
        key(
            "maxCapacity",
            Kind::Decimal(&MOST_UNITS),
            "the greatest capacity, in the same units",
        ),
    ),
    defaulting(
        "0",
        number(
            "serverlessReadersCount",
            &READERS,
            "how many instances there are for reading, beside the one for writing",
        ),
    ),
    DATABASE,
    NO_UPGRADE,
];

static OLD_SERVERLESS: Object = Object {
    name: "`properties` of Aurora Serverless v1",
    doc: "How far the database grows and shrinks.",
    keys: &[
        key(
            "version",
            Kind::Scalar,
            "version of the engine; when left out, AWS chooses",
        ),
        DATABASE,
        defaulting(
            "2",
            key(
                "minCapacity",
                Kind::NumberOneOf(OLD_UNITS),
                "the least capacity, in units of about 2 GB",
            ),
        ),
        defaulting(
            "4",
            key(
                "maxCapacity",
                Kind::NumberOneOf(OLD_UNITS),
                "the greatest capacity, in the same units",
            ),
        ),
        number(
            "pauseAfterSeconds",
            &PAUSE,
            "seconds without a connection after which it sleeps; when left out, it never does",
        ),
        NO_UPGRADE,
    ],
    ..OBJECT
};

/// Source: user guide of Aurora, "Aurora Serverless v1 capacity".
const OLD_UNITS: &[&str] = &["1", "2", "4", "8", "16", "32", "64", "128", "192", "256", "384"];

/// Source: user guide of Aurora, "Capacity and scaling for Aurora Serverless v2".
static LEAST_UNITS: DecimalRange = DecimalRange {
    min: 0.0,
    max: 256.0,
    advice: "use 0 to 256 in steps of 0.5",
};

/// Source: as of [`LEAST_UNITS`].
static MOST_UNITS: DecimalRange = DecimalRange {
    min: 1.0,
    max: 256.0,
    advice: "use 1 to 256 in steps of 0.5",
};

static READERS: Range = Range {
    min: 0,
    max: 15,
    advice: "use 0 to 15",
};

static PAUSE: Range = Range {
    min: 300,
    max: 86_400,
    advice: "use 300 seconds (5 minutes) to 86400 (a day)",
};

const VERSION: Key = such_as(
    "'16.6'",
    required(key("version", Kind::Scalar, "version of the engine")),
);

const DATABASE: Key = defaulting(
    "defdb",
    pattern(
        "dbName",
        &DATABASE_NAME,
        "name of the database that is there at the start",
    ),
);

static DATABASE_NAME: Pattern = Pattern {
    name: "the name of a database",
    holds: |text| is_name(text, 63),
    advice: "use up to 63 letters, digits and `_`, and begin with a letter",
    regex: "^[A-Za-z][A-Za-z0-9_]{0,62}$",
};

static SID: Pattern = Pattern {
    name: "a SID of Oracle",
    holds: |text| is_name(text, 8) && !text.contains('_'),
    advice: "use up to 8 letters and digits, and begin with a letter",
    regex: "^[A-Za-z][A-Za-z0-9]{0,7}$",
};

/// Whether a text can be the name of a database or user.
pub(super) fn is_name(text: &str, longest: usize) -> bool {
    text.len() <= longest
        && text.starts_with(|letter: char| letter.is_ascii_alphabetic())
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

const PORT: Key = number("port", &PORTS, "port on which it listens");

/// Source: API reference of RDS, Port.
static PORTS: Range = Range {
    min: 1150,
    max: 65_535,
    advice: "use a port from 1150 to 65535",
};

const NO_UPGRADE: Key = flag(
    "disableAutoMinorVersionUpgrade",
    "whether it stays at its version when there is a newer minor one",
);
