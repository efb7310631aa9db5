//! The keys of a `function`.

use tapedeck_config::schema::{
    Branch, Case, Kind, OBJECT, Object, Pattern, REQUIRED, Range, one_type, whole,
};

use super::alarm::ALARM;
use super::packaging::PACKAGING;
use crate::shared::alarms::{self, DISABLED_GLOBAL_ALARMS};
use crate::shared::cdn::CDN;
use crate::shared::container::{ENVIRONMENT, LOGGING};
use crate::shared::cors::CORS;
use crate::shared::deployment::FUNCTION_DEPLOYMENT;
use crate::shared::events::FUNCTION_EVENTS;
use crate::shared::key::{
    Key, defaulting, flag, key, late, list, number, pattern, required, resource, section, such_as, text, word,
};
use crate::shared::patterns::{ARN, ROOTED_PATH};
use crate::shared::workload::{CONNECT_TO, IAM_ROLE_STATEMENTS};

/// `properties` of a resource of type `function`.
pub(super) static FUNCTION: Object = Object {
    name: "a function",
    doc: "Code that runs for each event, and only then.",
    keys: &[
        required(section("packaging", &PACKAGING, "how the code is packed up")),
        such_as(
            "nodejs22.x",
            pattern(
                "runtime",
                &RUNTIME,
                "what runs the code; when left out, what the entry file asks for",
            ),
        ),
        defaulting(
            "1024",
            number("memory", &MEMORY, "memory in MiB, from which the CPU follows"),
        ),
        defaulting(
            "20",
            number("timeout", &TIMEOUT, "seconds after which a run is stopped"),
        ),
        defaulting(
            "x86_64",
            word("architecture", &["x86_64", "arm64"], "architecture of the CPU"),
        ),
        defaulting("512", number("storage", &STORAGE, "size of /tmp in MiB")),
        ENVIRONMENT,
        FUNCTION_EVENTS,
        section("url", &URL, "a URL at which it is called"),
        CDN,
        flag(
            "joinDefaultVpc",
            "whether it runs in the network of the stack, from where it does not reach the internet",
        ),
        CONNECT_TO,
        IAM_ROLE_STATEMENTS,
        list(
            "volumeMounts",
            &MOUNT,
            "file systems; with `joinDefaultVpc: true`",
        ),
        late(key(
            "layers",
            Kind::Patterns(&ARN),
            "ARNs of layers of Lambda, 5 at most",
        )),
        section(
            "destinations",
            &DESTINATIONS,
            "where it is told what became of a run",
        ),
        number(
            "reservedConcurrency",
            &CONCURRENCY,
            "the most runs at the same time, kept free for it",
        ),
        number(
            "provisionedConcurrency",
            &PROVISIONED,
            "runs that are kept ready to begin at once",
        ),
        FUNCTION_DEPLOYMENT,
        LOGGING,
        list("tags", &TAG, "tags beside those of the stack, 50 at most"),
        alarms::alarms(&ALARM),
        DISABLED_GLOBAL_ALARMS,
    ],
    absent: &[
        ("handler", "it belongs into `properties` of `packaging`"),
        (
            "resources",
            "give `memory` and `timeout` beside each other: the CPU follows from the memory",
        ),
        ("scaling", "a function has as many runs as there are events"),
        ("cors", "it belongs into `url`"),
    ],
};

/// A runtime of Lambda.
pub(super) static RUNTIME: Pattern = Pattern {
    name: "a runtime of Lambda",
    holds: |text| {
        text.starts_with(|letter: char| letter.is_ascii_lowercase())
            && text
                .bytes()
                .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'.')
    },
    advice: "use a runtime such as nodejs22.x or python3.13",
    regex: "^[a-z][a-z0-9.]*$",
};

/// Source of this and the next ones: API reference of Lambda, CreateFunction.
static MEMORY: Range = Range {
    min: 128,
    max: 10_240,
    advice: "use 128 to 10240 MiB",
};

static TIMEOUT: Range = Range {
    min: 1,
    max: 900,
    advice: "use 1 to 900 seconds; what takes longer is for a `batch-job`",
};

static STORAGE: Range = Range {
    min: 512,
    max: 10_240,
    advice: "use 512 to 10240 MiB",
};

static CONCURRENCY: Range = Range {
    min: 0,
    max: 100_000,
    advice: "use a whole number from 0 on",
};

static PROVISIONED: Range = Range {
    min: 1,
    max: 100_000,
    advice: "use a whole number from 1 on",
};

static URL: Object = Object {
    name: "`url`",
    doc: "A URL at which the function is called.",
    keys: &[
        required(flag("enabled", "whether there is one")),
        defaulting(
            "NONE",
            word(
                "authMode",
                &["NONE", "AWS_IAM"],
                "who may call it: everybody, or those with a permission of IAM",
            ),
        ),
        CORS,
        flag(
            "responseStreamEnabled",
            "whether the answer is sent while it is made",
        ),
    ],
    ..OBJECT
};

static DESTINATIONS: Object = Object {
    name: "`destinations`",
    doc: "Where it is told what became of a run: a queue, a topic, a bus or another function.",
    keys: &[
        late(pattern("onSuccess", &ARN, "ARN of what is told of each success")),
        late(pattern("onFailure", &ARN, "ARN of what is told of each failure")),
    ],
    ..OBJECT
};

static TAG: Object = Object {
    name: "a tag",
    doc: "A tag of the function.",
    keys: &[
        required(text("name", "its key")),
        required(text("value", "its value")),
    ],
    ..OBJECT
};

static MOUNT: Object = Object {
    name: "a volume mount",
    doc: "A file system that outlives the runs of the function.",
    keys: &[
        Key {
            name: "type",
            kind: Kind::Type(&[one_type("efs"), one_type("s3files")]),
            doc: "what is mounted",
            ..REQUIRED
        },
        Key {
            name: "properties",
            kind: Kind::Branch(&MOUNTS),
            doc: "which one, and where",
            ..REQUIRED
        },
    ],
    ..OBJECT
};

static MOUNTS: Branch = Branch {
    key: "type",
    select: whole,
    cases: &[
        Case {
            values: &["efs"],
            object: &EFS,
        },
        Case {
            values: &["s3files"],
            object: &S3_FILES,
        },
    ],
};

static EFS: Object = Object {
    name: "`efs`",
    doc: "A file system of EFS.",
    keys: &[
        required(resource(
            "efsFilesystemName",
            &["efs-filesystem"],
            "name of a resource of type `efs-filesystem`",
        )),
        MOUNT_PATH,
        defaulting(
            "/",
            pattern("rootDirectory", &ROOTED_PATH, "which folder of it is mounted"),
        ),
    ],
    ..OBJECT
};

static S3_FILES: Object = Object {
    name: "`s3files`",
    doc: "Objects of S3 as files.",
    keys: &[
        required(late(pattern("accessPointArn", &ARN, "ARN of the access point"))),
        MOUNT_PATH,
    ],
    ..OBJECT
};

const MOUNT_PATH: Key = such_as(
    "/mnt/data",
    required(pattern("mountPath", &MOUNT_PATHS, "where it is, under /mnt/")),
);

/// Source: API reference of Lambda, FileSystemConfig.
static MOUNT_PATHS: Pattern = Pattern {
    name: "a path under /mnt/",
    holds: |text| {
        text.strip_prefix("/mnt/").is_some_and(|name| {
            !name.is_empty()
                && name
                    .bytes()
                    .all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte))
        })
    },
    advice: "use /mnt/ and a name of letters, digits, `-`, `_` and `.`, such as /mnt/data",
    regex: "^/mnt/[A-Za-z0-9_.-]+$",
};
