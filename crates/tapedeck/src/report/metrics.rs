//! What tasks use, with small plots, for people.

use std::fmt::Write;

use tapedeck_api::{Metrics, ServiceMetrics, TaskMetrics, Usage};

use crate::printer::{BOLD, DIM, RESET, YELLOW};
use crate::text::{count, megabytes};

/// Columns of a plot.
const WIDTH: usize = 60;

/// Heights of a column, from nothing to all.
const BARS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];

/// A stack with all its services.
pub(crate) fn metrics(metrics: &Metrics) -> String {
    let texts: Vec<String> = metrics.services.iter().map(service).collect();
    texts.join("\n").trim_end().to_owned()
}

fn service(service: &ServiceMetrics) -> String {
    let mut out = format!(
        "{BOLD}{}{RESET}  {}/{} running, {} and {} each\n",
        service.name, service.running_count, service.desired_count, service.cpu, service.memory
    );
    if service.history.is_empty() {
        out.push_str("  nothing has been measured yet\n");
        return out;
    }
    let line = |out: &mut String, name: &str, of: fn(&Usage) -> f32| {
        let values: Vec<f64> = service.history.iter().map(of).map(f64::from).collect();
        let last = values.last().copied().unwrap_or_default();
        let _ = writeln!(out, "  {name:9} {last:5.1} %  {}", plot(&values));
    };
    line(&mut out, "CPU", |usage| usage.cpu);
    line(&mut out, "throttled", |usage| usage.throttled);
    line(&mut out, "memory", |usage| usage.memory);
    let _ = writeln!(
        out,
        "  {DIM}the average of its tasks in the last {}, full height is 100 %{RESET}",
        count(service.history.len(), "second")
    );
    for task in &service.tasks {
        out.push_str(&self::task(task));
    }
    out
}

fn task(task: &TaskMetrics) -> String {
    let last = task.history.last().copied().unwrap_or_default();
    let mut line = format!(
        "  task {} (revision {})  CPU {:5.1} %, throttled {:5.1} %, pressure {:5.1} %, memory {:5.1} % ({})",
        task.task.short(),
        task.revision,
        last.cpu,
        last.throttled,
        last.pressure,
        last.memory,
        megabytes(task.memory_bytes)
    );
    if let Some(storage) = task.storage {
        let (used, size) = (megabytes(storage.used_bytes), megabytes(storage.size_bytes));
        let _ = write!(line, ", storage {used} of {size}");
    }
    if task.oom_kills > 0 {
        let kills = usize::try_from(task.oom_kills).unwrap_or(usize::MAX);
        let _ = write!(
            line,
            ", {YELLOW}{} for want of memory{RESET}",
            count(kills, "process kill")
        );
    }
    line.push('\n');
    line
}

/// A row of bars; each is the average of as many values as it takes to fit.
pub(crate) fn plot(values: &[f64]) -> String {
    let per_column = values.len().div_ceil(WIDTH).max(1);
    values
        .chunks(per_column)
        .map(|chunk| {
            let length = u16::try_from(chunk.len()).unwrap_or(u16::MAX);
            bar(chunk.iter().sum::<f64>() / f64::from(length))
        })
        .collect()
}

fn bar(per_cent: f64) -> char {
    let limits = [12.5, 25.0, 37.5, 50.0, 62.5, 75.0, 87.5];
    let height = limits.iter().filter(|limit| per_cent >= **limit).count();
    BARS[height]
}

#[cfg(test)]
mod tests;
