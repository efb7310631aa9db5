//! `batch-job`: a container that runs to its end.

use tapedeck_config::schema::{
    Connectable, DecimalRange, Key, Kind, OBJECT, Object, Parameter, Range, ResourceType, Support,
    UNSUPPORTED,
};
use tapedeck_config::{Declared, Scope};
use tapedeck_model::{BatchJob, Container, Cpu, MemoryMb, ResourceName};

use crate::shared::container::{ENVIRONMENT, LOGGING};
use crate::shared::key::{defaulting, flag, key, number, required, section, such_as};
use crate::shared::workload::{CONNECT_TO, IAM_ROLE_STATEMENTS, keeps_logs};
use crate::shared::{connections, events, lower, packaging, relations};
use crate::worker_service::containers;
use crate::worker_service::keys::PACKAGING_KEY;
use crate::worker_service::permissions;

/// The type.
pub(crate) static TYPE: ResourceType = ResourceType {
    name: "batch-job",
    doc: "A container that runs to its end, when something starts it.",
    properties: Some(&BATCH_JOB),
    support: Support::Full,
    parameters: &[
        Parameter::text("jobDefinitionArn", "ARN of the definition of the job"),
        Parameter::text("stateMachineArn", "ARN of the state machine that runs the job"),
        Parameter::text("logGroupArn", "ARN of its group of logs")
            .when(keeps_logs, "unless `logging` is disabled"),
    ],
    connectable: Connectable::Yes,
    check: Some(check),
    job: Some(lower),
    ..UNSUPPORTED
};

static BATCH_JOB: Object = Object {
    name: "a batch job",
    doc: "A container that runs to its end, when something starts it.",
    keys: &[
        required(section("container", &CONTAINER, "what runs")),
        required(section("resources", &RESOURCES, "what it gets of the machine")),
        number(
            "timeout",
            &TIMEOUT,
            "seconds after which it is stopped; when left out, never",
        ),
        flag(
            "useSpotInstances",
            "whether it runs on spare machines, which are cheap and can be taken away",
        ),
        section("retryConfig", &RETRIES, "how often it is tried again"),
        events::JOB_EVENTS,
        LOGGING,
        CONNECT_TO,
        IAM_ROLE_STATEMENTS,
    ],
    absent: &[
        ("packaging", "it belongs into `container`"),
        ("environment", "it belongs into `container`"),
        ("scaling", "each start of the job is one run"),
    ],
};

static CONTAINER: Object = Object {
    name: "`container`",
    doc: "What runs.",
    keys: &[PACKAGING_KEY, ENVIRONMENT],
    ..OBJECT
};

static RESOURCES: Object = Object {
    name: "`resources` of a batch job",
    doc: "What the job gets of the machine.",
    keys: &[
        such_as("1", required(number("cpu", &CPU, "virtual CPUs"))),
        such_as(
            "1800",
            required(number(
                "memory",
                &MEMORY,
                "memory in MiB; a little less than a power of two fits machines better",
            )),
        ),
        Key {
            support: Support::NotHere("jobs have no GPU here"),
            ..number("gpu", &GPU, "GPUs; when left out, none")
        },
    ],
    ..OBJECT
};

/// Source: API reference of Batch, ResourceRequirement.
static CPU: Range = Range {
    min: 1,
    max: 448,
    advice: "use a whole number of virtual CPUs from 1 on",
};

/// Source: as of [`CPU`].
static MEMORY: Range = Range {
    min: 4,
    max: 25_000_000,
    advice: "use a whole number of MiB from 4 on, such as 1800",
};

static GPU: Range = Range {
    min: 1,
    max: 16,
    advice: "use 1 to 16",
};

/// Source: API reference of Batch, JobTimeout.
static TIMEOUT: Range = Range {
    min: 60,
    max: 31_536_000,
    advice: "use 60 seconds or more",
};

static RETRIES: Object = Object {
    name: "`retryConfig`",
    doc: "How often the job is tried again, and when.",
    keys: &[
        defaulting(
            "1",
            number("attempts", &ATTEMPTS, "the most times that it is run"),
        ),
        defaulting(
            "0",
            number(
                "retryIntervalSeconds",
                &SECONDS,
                "seconds before it is tried again",
            ),
        ),
        defaulting(
            "1",
            key(
                "retryIntervalMultiplier",
                Kind::Decimal(&FACTOR),
                "by how much that time grows with each attempt",
            ),
        ),
    ],
    ..OBJECT
};

/// Source: language of Step Functions, "Retrying after an error".
static ATTEMPTS: Range = Range {
    min: 1,
    max: 99_999_999,
    advice: "use a whole number from 1 on",
};

/// Source: as of [`ATTEMPTS`].
static SECONDS: Range = Range {
    min: 0,
    max: 99_999_999,
    advice: "use a whole number of seconds",
};

/// Source: as of [`ATTEMPTS`].
static FACTOR: DecimalRange = DecimalRange {
    min: 1.0,
    max: 1000.0,
    advice: "use 1 or more",
};

/// What each run is. `None` when it is not whole, which has been reported.
fn lower(one: &Declared<'_>) -> Option<BatchJob> {
    let properties = one.properties;
    let resources = properties.mapping("resources")?;
    Some(BatchJob {
        name: ResourceName::new(one.name.value.clone()).ok()?,
        container: Container {
            logging: lower::logging(properties.mapping("logging"))?,
            ..lower::container(properties.mapping("container")?)?
        },
        cpu: Cpu::of_machine(resources.integer("cpu")?),
        memory: MemoryMb::new(resources.integer("memory")?).ok()?,
    })
}

fn check(one: &Declared<'_>, scope: &mut Scope<'_>) {
    let properties = one.properties;
    containers::secrets(properties, scope);
    permissions::check(one, scope);
    connections::check(one, scope);
    events::check(properties, scope);
    let packaging = properties
        .mapping("container")
        .and_then(|container| container.mapping("packaging"));
    if let Some(packaging) = packaging {
        packaging::check(packaging, scope);
    }
    if let Some(retries) = properties.mapping("retryConfig")
        && retries.integer::<u32>("attempts").unwrap_or(1) == 1
    {
        let keys = ["retryIntervalSeconds", "retryIntervalMultiplier"];
        relations::unused(
            retries,
            &keys,
            "`attempts` is 1, so it is never tried again",
            scope,
        );
    }
}
