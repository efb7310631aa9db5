//! How services are scaled, and why they were, for people.

use std::fmt::Write;

use tapedeck_api::{ScalingStatus, ServiceScaling};
use tapedeck_model::Scaling;
use tapedeck_plan::autoscale::Decision;

use crate::printer::{BOLD, DIM, GREEN, RESET, YELLOW};
use crate::text::instant;

/// Decisions that are shown; `--json` has all.
const SHOWN: usize = 10;

/// Services with their bounds, metrics and decisions.
pub(crate) fn scaling(services: &[ServiceScaling]) -> String {
    let texts: Vec<String> = services.iter().map(service).collect();
    texts.join("\n").trim_end().to_owned()
}

fn service(service: &ServiceScaling) -> String {
    let mut out = format!(
        "{BOLD}{}{RESET}  {}/{} running",
        service.name, service.running_count, service.desired_count
    );
    let Some(bounds) = &service.scaling else {
        out.push_str(", not scaled: maxInstances is not above minInstances\n");
        return out;
    };
    let _ = writeln!(out, ", {}, pace {}", self::bounds(bounds), service.pace);
    match &service.last {
        Some(last) => {
            readings(&mut out, last);
            let _ = writeln!(out, "  now   {}", verdict(last));
        }
        None => out.push_str("  now   nothing has been measured yet\n"),
    }
    for decision in service.decisions.iter().rev().take(SHOWN).rev() {
        let _ = writeln!(
            out,
            "  {DIM}{}{RESET} {}",
            instant(decision.at),
            verdict(decision)
        );
    }
    out
}

/// The line about scaling in the report of a stack.
pub(super) fn brief(status: &ScalingStatus) -> String {
    let mut line = format!("scaled {}", bounds(&status.bounds));
    for reading in status.last.iter().flat_map(|last| &last.readings) {
        let _ = write!(line, ", {} {} %", reading.metric, reading.utilization);
    }
    if let Some(last) = &status.last {
        let code = last
            .not_scaled
            .map_or_else(String::new, |code| format!("; {code}"));
        line.push_str(&code);
    }
    line
}

fn bounds(bounds: &Scaling) -> String {
    format!(
        "between {} and {} to keep CPU under {} % and memory under {} %",
        bounds.min_instances,
        bounds.max_instances,
        bounds.keep_avg_cpu_utilization_under,
        bounds.keep_avg_memory_utilization_under
    )
}

fn readings(out: &mut String, decision: &Decision) {
    for reading in &decision.readings {
        let _ = writeln!(
            out,
            "  {:6}  {} % on average, demand {} % (adds above {} %, removes below {} %)",
            reading.metric, reading.utilization, reading.demand, reading.target, reading.low
        );
    }
}

fn verdict(decision: &Decision) -> String {
    match decision.not_scaled {
        None => format!(
            "{GREEN}{} -> {}{RESET}  {}",
            decision.before, decision.wanted, decision.reason
        ),
        Some(code) if code.is_quiet() => format!("stays {}  {code}: {}", decision.wanted, decision.reason),
        Some(code) => format!(
            "{YELLOW}stays {}{RESET}  {code}: {}",
            decision.wanted, decision.reason
        ),
    }
}
