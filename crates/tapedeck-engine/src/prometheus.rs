//! Metrics as Prometheus reads them. Source: Prometheus documentation, "text-based format".

use std::collections::BTreeMap;
use std::fmt::Write;
use std::time::Duration;

use tapedeck_api::{Metrics, Refusal, Response, ServiceMetrics, TaskMetrics};
use tapedeck_model::{StackName, TaskState};

use crate::fleet::{Service, ServiceKey};
use crate::main_loop::Engine;

/// The value of the header that names the format.
pub(crate) const CONTENT_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

impl Engine {
    /// What the tasks of a stack use, or of all.
    pub(crate) fn metrics(&self, stack: Option<&StackName>, seconds: u64) -> Response {
        let wanted = |key: &&ServiceKey| stack.is_none_or(|stack| key.stack == *stack);
        let services: Vec<ServiceMetrics> = self
            .fleet
            .services
            .iter()
            .filter(|(key, _)| wanted(key))
            .map(|(key, service)| self.metrics_of(key, service, seconds))
            .collect();
        match stack {
            Some(name) if services.is_empty() => Response::Refused {
                refusal: Refusal::UnknownStack { name: name.clone() },
            },
            _ => Response::Metrics {
                metrics: Metrics {
                    at: self.clock.now(),
                    services,
                },
            },
        }
    }

    /// What all tasks use, as text.
    pub(crate) fn prometheus_text(&self) -> String {
        let now = self.clock.now();
        let services = &self.fleet.services;
        // The newest second of each is enough.
        let metrics: Vec<ServiceMetrics> = services
            .iter()
            .map(|(key, service)| self.metrics_of(key, service, 3))
            .collect();
        let mut text = text(&metrics);
        let _ = writeln!(
            text,
            "# HELP tapedeck_engine_start_time_seconds When the engine started.\n\
             # TYPE tapedeck_engine_start_time_seconds gauge\n\
             tapedeck_engine_start_time_seconds {}\n\
             # HELP tapedeck_engine_uptime_seconds How long the engine has been running.\n\
             # TYPE tapedeck_engine_uptime_seconds gauge\n\
             tapedeck_engine_uptime_seconds {}",
            self.started.millis() / 1000,
            now.since(self.started).as_secs()
        );
        text
    }

    fn metrics_of(&self, key: &ServiceKey, service: &Service, seconds: u64) -> ServiceMetrics {
        let since = self.clock.now() - Duration::from_secs(seconds);
        let mut tasks = Vec::new();
        for task in service.tasks.values() {
            let TaskState::Running { started, pid } = task.state else {
                continue;
            };
            let sample = self.meters.tasks.get(&task.id).map(|meter| meter.sample);
            let sample = sample.unwrap_or_default();
            tasks.push(TaskMetrics {
                task: task.id.clone(),
                revision: task.revision,
                started,
                memory_bytes: sample.memory,
                cpu_ms: u64::try_from(sample.cpu.as_millis()).unwrap_or(u64::MAX),
                oom_kills: sample.oom_kills,
                storage: self.host.storage_of(pid),
                history: self.meters.history_of_task(&task.id, since),
            });
        }
        let container = service.container();
        ServiceMetrics {
            stack: key.stack.clone(),
            name: key.name.clone(),
            desired_count: service.wanted(),
            running_count: service.running_count(),
            cpu: container.cpu,
            memory: container.memory,
            history: self.meters.history_of_service(key, since),
            tasks,
        }
    }
}

/// One kind of number.
struct Family<'a> {
    name: &'a str,
    kind: &'a str,
    help: &'a str,
}

const fn family<'a>(name: &'a str, kind: &'a str, help: &'a str) -> Family<'a> {
    Family { name, kind, help }
}

/// Services and tasks as text.
pub(crate) fn text(services: &[ServiceMetrics]) -> String {
    let mut out = String::new();
    let of_service =
        |service: &ServiceMetrics| format!("stack=\"{}\",service=\"{}\"", service.stack, service.name);
    let mut per_service = |family: &Family<'_>, value: fn(&ServiceMetrics) -> f64| {
        head(&mut out, family);
        for service in services {
            let _ = writeln!(
                out,
                "{}{{{}}} {}",
                family.name,
                of_service(service),
                value(service)
            );
        }
    };
    let gauge = "gauge";
    per_service(
        &family("tapedeck_service_desired_tasks", gauge, "Tasks that are wanted."),
        |service| f64::from(service.desired_count),
    );
    per_service(
        &family(
            "tapedeck_service_running_tasks",
            gauge,
            "Tasks whose process runs.",
        ),
        |service| f64::from(service.running_count),
    );
    per_service(
        &family(
            "tapedeck_task_cpu_limit_cores",
            gauge,
            "CPU of each task, in vCPU.",
        ),
        |service| f64::from(service.cpu.millis()) / 1000.0,
    );
    per_service(
        &family(
            "tapedeck_task_memory_limit_bytes",
            gauge,
            "Memory limit of each task.",
        ),
        |service| bytes(service.memory.bytes()),
    );
    let mut per_task = |family: &Family<'_>, value: fn(&TaskMetrics) -> f64| {
        head(&mut out, family);
        for service in services {
            for task in &service.tasks {
                let (labels, id) = (of_service(service), &task.task);
                let revision = task.revision;
                let _ = writeln!(
                    out,
                    "{}{{{labels},task=\"{id}\",revision=\"{revision}\"}} {}",
                    family.name,
                    value(task)
                );
            }
        }
    };
    per_task(
        &family(
            "tapedeck_task_cpu_seconds_total",
            "counter",
            "CPU time that was used.",
        ),
        |task| bytes(task.cpu_ms) / 1000.0,
    );
    per_task(
        &family(
            "tapedeck_task_memory_working_set_bytes",
            gauge,
            "Memory that is held and cannot be dropped at once.",
        ),
        |task| bytes(task.memory_bytes),
    );
    per_task(
        &family(
            "tapedeck_task_oom_kills_total",
            "counter",
            "Processes that were killed for want of memory.",
        ),
        |task| bytes(task.oom_kills),
    );
    per_task(
        &family(
            "tapedeck_task_storage_used_bytes",
            gauge,
            "What the task has written to its disk.",
        ),
        |task| task.storage.map_or(0.0, |storage| bytes(storage.used_bytes)),
    );
    per_task(
        &family(
            "tapedeck_task_cpu_throttled_ratio",
            gauge,
            "Share of the periods of the last second in which the task was held back.",
        ),
        |task| {
            task.history
                .last()
                .map_or(0.0, |last| f64::from(last.throttled) / 100.0)
        },
    );
    per_task(
        &family(
            "tapedeck_task_cpu_utilization_ratio",
            gauge,
            "CPU of the last second, as a share of the limit.",
        ),
        |task| {
            task.history
                .last()
                .map_or(0.0, |last| f64::from(last.cpu) / 100.0)
        },
    );
    per_task(
        &family(
            "tapedeck_task_cpu_pressure_ratio",
            gauge,
            "Share of the last ten seconds in which a process waited for a processor.",
        ),
        |task| {
            task.history
                .last()
                .map_or(0.0, |last| f64::from(last.pressure) / 100.0)
        },
    );
    let mut stacks: BTreeMap<&StackName, usize> = BTreeMap::new();
    for service in services {
        *stacks.entry(&service.stack).or_default() += 1;
    }
    head(
        &mut out,
        &family("tapedeck_stack_services", gauge, "Services of the stack."),
    );
    for (stack, count) in stacks {
        let _ = writeln!(out, "tapedeck_stack_services{{stack=\"{stack}\"}} {count}");
    }
    out
}

fn head(out: &mut String, family: &Family<'_>) {
    let Family { name, kind, help } = family;
    let _ = writeln!(out, "# HELP {name} {help}\n# TYPE {name} {kind}");
}

#[expect(clippy::cast_precision_loss, reason = "far below 2^53")]
fn bytes(number: u64) -> f64 {
    number as f64
}
