//! What a `relational-database` runs on: instances and storage.

use tapedeck_config::schema::{OBJECT, Object, Pattern, Range};

use crate::shared::key::{Key, defaulting, flag, list, number, pattern, required, section, such_as};

pub(super) const PRIMARY: Key = required(section(
    "primaryInstance",
    &INSTANCE,
    "the instance that is written to",
));

pub(super) const REPLICAS: Key = list(
    "readReplicas",
    &INSTANCE,
    "copies that are only read, each with an address of its own",
);

pub(super) const INSTANCES: Key = required(list(
    "instances",
    &CLUSTER_INSTANCE,
    "the instances: one is written to, the others are read and step in when it fails",
));

static INSTANCE: Object = Object {
    name: "an instance",
    doc: "An instance that a database of RDS runs on.",
    keys: &[
        SIZE,
        flag(
            "multiAz",
            "whether a second one in another zone steps in when it fails",
        ),
    ],
    ..OBJECT
};

static CLUSTER_INSTANCE: Object = Object {
    name: "an instance",
    doc: "An instance that a cluster of Aurora runs on.",
    keys: &[SIZE],
    ..OBJECT
};

const SIZE: Key = such_as(
    "db.t4g.micro",
    required(pattern("instanceSize", &CLASS, "class of the instance")),
);

static CLASS: Pattern = Pattern {
    name: "a class of database instances",
    holds: |text| {
        text.strip_prefix("db.").is_some_and(|rest| {
            rest.split('.').count() >= 2
                && rest.split('.').all(|part| {
                    !part.is_empty()
                        && part
                            .bytes()
                            .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
                })
        })
    },
    advice: "use a class such as db.t4g.micro or db.r6g.large",
    regex: "^db(\\.[a-z0-9-]+){2,}$",
};

pub(super) const STORAGE: Key = section("storage", &STORAGE_OBJECT, "how much it can keep");

static STORAGE_OBJECT: Object = Object {
    name: "`storage`",
    doc: "How much the database can keep. It grows by itself.",
    keys: &[
        defaulting("20", number("initialSize", &GIGABYTES, "gigabytes at the start")),
        defaulting("200", number("maxSize", &GIGABYTES, "gigabytes that it grows to")),
    ],
    ..OBJECT
};

/// Source: API reference of RDS, AllocatedStorage.
static GIGABYTES: Range = Range {
    min: 20,
    max: 65_536,
    advice: "use 20 to 65536 gigabytes",
};
