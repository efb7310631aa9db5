//! What a task uses, in the form of Docker's statistics. Source: Docker Engine API, "get container stats based on
//! resource usage", and the developer guide of ECS for what it adds.
//!
//! All containers of a task share its network and its limits, so that these are those of the task; what each uses is counted in
//! the group that it has below that of the task.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use tapedeck_model::{MAIN_CONTAINER, Timestamp};
use tapedeck_runtime::DEFAULT_PIDS_LIMIT;
use tapedeck_runtime::cgroup::{CgroupKind, Sample, Sampler};
use tapedeck_runtime::network::interface_name;

use super::identity::{container_names, docker_id};
use super::metadata::{Facts, text_of};
use crate::host::Host;

/// What Docker gives as the time of a reading that there was not.
const NEVER: &str = "0001-01-01T00:00:00Z";

/// How often the kernel counts, in nanoseconds: its ticks are hundredths of a second for every program.
const TICK: u64 = 10_000_000;

/// Counters of a task at one time.
#[derive(Debug, Clone, Default)]
pub(super) struct Reading {
    at: Timestamp,
    /// What each container uses, by name; nothing of one that does not run.
    containers: BTreeMap<String, Used>,
    /// CPU time of the whole machine, in nanoseconds.
    machine: u64,
    processors: usize,
    network: Traffic,
    is_version_2: bool,
}

/// What one container uses.
#[derive(Debug, Clone, Copy, Default)]
struct Used {
    sample: Sample,
    processes: u64,
}

/// What the link of a task has counted, from the task's side.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Traffic {
    received: Counters,
    sent: Counters,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Counters {
    bytes: u64,
    packets: u64,
    errors: u64,
    dropped: u64,
}

impl Reading {
    /// Reads all counters now.
    pub(super) fn of(host: &Host, facts: &Facts) -> Self {
        let mut sampler = Sampler::new(&host.cgroups);
        let containers = groups(host, facts).into_iter().map(|(name, group)| {
            let used = Used {
                processes: sampler.processes(&group).unwrap_or_default(),
                sample: sampler.sample(&group, None).unwrap_or_default(),
            };
            (name, used)
        });
        let containers = containers.collect();
        let link = interface_name(facts.task.id.as_str());
        // What the host has sent is what the task has received.
        let network = Traffic {
            received: Counters::read(&link, "tx"),
            sent: Counters::read(&link, "rx"),
        };
        let (machine, processors) = machine(&fs_err::read_to_string("/proc/stat").unwrap_or_default());
        Self {
            at: facts.now,
            containers,
            machine,
            processors,
            network,
            is_version_2: host.cgroups.kind() == CgroupKind::Version2,
        }
    }

    fn used_by(&self, name: &str) -> Used {
        self.containers.get(name).copied().unwrap_or_default()
    }
}

/// The group of each container by the name that it is told by. One that is alone in its task has that of the task.
fn groups(host: &Host, facts: &Facts) -> Vec<(String, String)> {
    let of_task = host.cgroup_of(&facts.task.id, facts.task.instance());
    let mut names = container_names(&facts.key.name, &facts.container).into_iter();
    let main = names
        .next()
        .into_iter()
        .map(|name| match facts.container.sides.is_empty() {
            true => (name, of_task.clone()),
            false => (name, format!("{of_task}/{MAIN_CONTAINER}")),
        });
    let sides = names.map(|name| (name.clone(), format!("{of_task}/{name}")));
    main.chain(sides).collect()
}

impl Counters {
    fn read(link: &str, direction: &str) -> Self {
        let read = |name: &str| {
            let path = format!("/sys/class/net/{link}/statistics/{direction}_{name}");
            let text = fs_err::read_to_string(path).unwrap_or_default();
            text.trim().parse().unwrap_or_default()
        };
        Self {
            bytes: read("bytes"),
            packets: read("packets"),
            errors: read("errors"),
            dropped: read("dropped"),
        }
    }
}

/// CPU time of all processors together, and how many there are.
fn machine(stat: &str) -> (u64, usize) {
    let ticks = stat.lines().next().map_or(0, |all| {
        // User, nice, system, idle, iowait, irq, softirq, steal; guests are counted in user.
        let fields = all.split_ascii_whitespace().skip(1).take(8);
        fields.filter_map(|field| field.parse::<u64>().ok()).sum()
    });
    let is_processor = |line: &&str| {
        line.strip_prefix("cpu")
            .is_some_and(|rest| rest.starts_with(|digit: char| digit.is_ascii_digit()))
    };
    (
        ticks.saturating_mul(TICK),
        stat.lines().filter(is_processor).count(),
    )
}

/// Statistics of all containers, by their ids.
pub(super) fn of_task(facts: &Facts, now: &Reading, before: Option<&Reading>) -> Value {
    let all: BTreeMap<String, Value> = container_names(&facts.key.name, &facts.container)
        .iter()
        .map(|name| {
            (
                docker_id(&facts.task.id, name),
                of_container(facts, now, before, name),
            )
        })
        .collect();
    json!(all)
}

/// Statistics of one container.
pub(super) fn of_container(facts: &Facts, now: &Reading, before: Option<&Reading>, name: &str) -> Value {
    let limit = facts.container.memory.bytes();
    let used = now.used_by(name);
    let cache = used.sample.held.saturating_sub(used.sample.memory);
    let cache_name = match now.is_version_2 {
        true => "inactive_file",
        false => "total_inactive_file",
    };
    json!({
        "read": text_of(now.at),
        "preread": before.map_or_else(|| NEVER.to_owned(), |before| text_of(before.at)),
        "id": docker_id(&facts.task.id, name),
        "name": name,
        "num_procs": 0,
        "pids_stats": { "current": used.processes, "limit": DEFAULT_PIDS_LIMIT },
        "cpu_stats": cpu(now, name),
        "precpu_stats": cpu(before.unwrap_or(&Reading::default()), name),
        "memory_stats": {
            "usage": used.sample.held,
            "limit": limit,
            "stats": { cache_name: cache },
        },
        "blkio_stats": {},
        "storage_stats": {},
        "networks": { "eth0": traffic(&now.network) },
        "network_rate_stats": rate(facts, now, before),
    })
}

fn cpu(reading: &Reading, name: &str) -> Value {
    let sample = reading.used_by(name).sample;
    json!({
        "cpu_usage": { "total_usage": u64::try_from(sample.cpu.as_nanos()).unwrap_or(u64::MAX) },
        "system_cpu_usage": reading.machine,
        "online_cpus": reading.processors,
        "throttling_data": {
            "periods": sample.periods,
            "throttled_periods": sample.throttled,
        },
    })
}

fn traffic(Traffic { received, sent }: &Traffic) -> Value {
    json!({
        "rx_bytes": received.bytes,
        "rx_packets": received.packets,
        "rx_errors": received.errors,
        "rx_dropped": received.dropped,
        "tx_bytes": sent.bytes,
        "tx_packets": sent.packets,
        "tx_errors": sent.errors,
        "tx_dropped": sent.dropped,
    })
}

/// Bytes a second since the reading before, or since the task started.
fn rate(facts: &Facts, now: &Reading, before: Option<&Reading>) -> Value {
    let (network, since) = match before {
        Some(before) => (before.network, before.at),
        None => (
            Traffic::default(),
            facts.task.state.started().unwrap_or(facts.task.created),
        ),
    };
    let passed = now.at.since(since).as_secs_f64().max(1e-3);
    let rate = |now: Counters, before: Counters| {
        #[expect(clippy::cast_precision_loss, reason = "far below 2^53")]
        let bytes = now.bytes.saturating_sub(before.bytes) as f64;
        bytes / passed
    };
    json!({
        "rx_bytes_per_sec": rate(now.network.received, network.received),
        "tx_bytes_per_sec": rate(now.network.sent, network.sent),
    })
}
