//! What the services of a stack use, as CloudWatch has it.

use std::collections::BTreeMap;
use std::process::ExitCode;
use std::time::Duration;

use serde_json::{Map, Value, json};
use tapedeck_cloud::{MetricPoint, MetricQuery, ServiceArn, ServiceState, TaskState};
use tapedeck_model::{Cpu, MemoryMb, StackName, Timestamp};
use tapedeck_synth::deployed;

use super::Aws;
use crate::exit::Outcome;
use crate::printer::{BOLD, DIM, Printer, RESET};
use crate::report::plot;
use crate::text::count;

/// What a figure is about.
const MINUTE: Duration = Duration::from_secs(60);

/// A figure that a service has.
struct Figure {
    /// How it is named in JSON.
    key: &'static str,
    namespace: &'static str,
    metric: &'static str,
    statistic: &'static str,
}

/// Those that every service has, then those that there are with Container Insights.
const FIGURES: [Figure; 5] = [
    of_ecs("cpu", "CPUUtilization", "Average"),
    of_ecs("cpuMaximum", "CPUUtilization", "Maximum"),
    of_ecs("memory", "MemoryUtilization", "Average"),
    of_ecs("memoryMaximum", "MemoryUtilization", "Maximum"),
    Figure {
        key: "runningCount",
        namespace: INSIGHTS,
        metric: "RunningTaskCount",
        statistic: "Average",
    },
];

const INSIGHTS: &str = "ECS/ContainerInsights";

const fn of_ecs(key: &'static str, metric: &'static str, statistic: &'static str) -> Figure {
    Figure {
        key,
        namespace: "AWS/ECS",
        metric,
        statistic,
    }
}

/// The figures of a minute, in the order of [`FIGURES`].
type Figures = [Option<f64>; FIGURES.len()];

/// A service with all that is told of it.
struct Told {
    name: String,
    state: ServiceState,
    cpu: Option<Cpu>,
    memory: Option<MemoryMb>,
    history: BTreeMap<Timestamp, Figures>,
    tasks: Vec<TaskState>,
}

/// Shows what services use, and have used in the last minutes.
///
/// # Errors
/// When there is no such stack or service, or the figures may not be read.
pub(crate) fn run(
    aws: &Aws,
    stack: &StackName,
    services: &[String],
    (now, minutes): (Timestamp, u8),
    printer: &Printer,
) -> Outcome {
    let (template, services) = aws.services(stack, services)?;
    let (from, until) = window(now, minutes);
    let told = aws.run(async {
        let arns: Vec<ServiceArn> = services.iter().map(|service| service.arn.clone()).collect();
        let mut states = aws.cloud.services(&arns).await?;
        let queries: Vec<Vec<MetricQuery>> = services
            .iter()
            .map(|service| {
                queries(
                    &service.arn,
                    deployed::has_insights(&template, &service.logical_id),
                )
            })
            .collect();
        let all = queries.concat();
        let mut points = aws.cloud.metric_data(&all, from, until).await?.into_iter();
        let mut told = Vec::new();
        for (service, queries) in services.into_iter().zip(queries) {
            let of_service: Vec<Vec<MetricPoint>> = points.by_ref().take(queries.len()).collect();
            let Some(state) = states.remove(&service.arn) else {
                continue;
            };
            let (cpu, memory) = deployed::size(&template, &service.logical_id);
            let mut tasks = aws.cloud.tasks(&service.arn).await?;
            tasks.retain(|task| task.last_status == "RUNNING");
            told.push(Told {
                name: service.name,
                state,
                cpu,
                memory,
                history: history(&of_service),
                tasks,
            });
        }
        Ok(told)
    })?;
    if printer.is_json() {
        let services = told.iter().map(|one| as_json(stack, one));
        let services: Vec<Value> = services.collect();
        printer.json(&json!({ "at": now, "region": aws.region, "services": services }));
    } else {
        let services: Vec<String> = told.iter().map(|one| shown(one, minutes)).collect();
        printer.data(services.join("\n").trim_end());
    }
    Ok(ExitCode::SUCCESS)
}

/// So many whole minutes up to the end of the present one.
fn window(now: Timestamp, minutes: u8) -> (Timestamp, Timestamp) {
    let minute = u64::try_from(MINUTE.as_millis()).unwrap_or_default();
    let until = Timestamp::from_millis((now.millis() / minute + 1) * minute);
    (until - MINUTE * u32::from(minutes), until)
}

/// The queries for what there is of a service, in the order of [`FIGURES`].
fn queries(service: &ServiceArn, has_insights: bool) -> Vec<MetricQuery> {
    let figures = FIGURES
        .iter()
        .filter(|figure| has_insights || figure.namespace != INSIGHTS);
    let queries = figures.map(|figure| MetricQuery {
        namespace: figure.namespace,
        metric: figure.metric,
        statistic: figure.statistic,
        dimensions: vec![
            ("ClusterName", service.cluster().to_owned()),
            ("ServiceName", service.name().to_owned()),
        ],
    });
    queries.collect()
}

/// What came back for the queries of a service, by minute.
fn history(answers: &[Vec<MetricPoint>]) -> BTreeMap<Timestamp, Figures> {
    let mut history: BTreeMap<Timestamp, Figures> = BTreeMap::new();
    for (place, points) in answers.iter().enumerate() {
        for point in points {
            let figures = history.entry(point.at).or_default();
            if let Some(figure) = figures.get_mut(place) {
                *figure = Some(point.value);
            }
        }
    }
    history
}

fn as_json(stack: &StackName, told: &Told) -> Value {
    let history = told.history.iter().map(|(at, figures)| {
        let named = FIGURES.iter().zip(figures);
        let mut minute: Map<String, Value> = named
            .filter_map(|(figure, value)| Some((figure.key.to_owned(), json!((*value)?))))
            .collect();
        minute.insert("at".to_owned(), json!(at));
        Value::Object(minute)
    });
    let tasks = told.tasks.iter();
    let tasks = tasks.map(|task| json!({ "task": task.id(), "started": task.started_at }));
    json!({
        "stack": stack,
        "name": told.name,
        "desiredCount": told.state.desired,
        "runningCount": told.state.running,
        "cpu": told.cpu,
        "memory": told.memory,
        "history": history.collect::<Vec<Value>>(),
        "tasks": tasks.collect::<Vec<Value>>(),
    })
}

fn shown(told: &Told, minutes: u8) -> String {
    let state = &told.state;
    let size = match (told.cpu, told.memory) {
        (Some(cpu), Some(memory)) => format!(", {cpu} and {memory} each"),
        (None, Some(memory)) => format!(", {memory} each"),
        _ => String::new(),
    };
    let mut lines = vec![format!(
        "{BOLD}{}{RESET}  {}/{} running{size}",
        told.name, state.running, state.desired
    )];
    let minutes = count(usize::from(minutes), "minute");
    if told.history.is_empty() {
        lines.push(format!(
            "  no figures yet: CloudWatch has none of the last {minutes}; they come a minute or two after a task has started"
        ));
    }
    let utilizations = [("CPU", 0), ("memory", 2)];
    for (name, place) in utilizations {
        let averages: Vec<f64> = told
            .history
            .values()
            .filter_map(|figures| figures[place])
            .collect();
        let most = told.history.values().filter_map(|figures| figures[place + 1]);
        let most = most.fold(f64::MIN, f64::max);
        if let Some(last) = averages.last() {
            lines.push(format!(
                "  {name:6} {last:5.1} %, at most {most:5.1} %  {}",
                plot(&averages)
            ));
        }
    }
    if !told.history.is_empty() {
        lines.push(format!(
            "  {DIM}the average of its tasks in each of the last {minutes}, full height is 100 %{RESET}"
        ));
    }
    lines.push(String::new());
    lines.join("\n")
}

#[cfg(test)]
mod tests;
