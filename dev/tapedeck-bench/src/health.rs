//! What a run of a health check costs.
//!
//! Of docker, its own health checks are measured, which are the nearest to ours, and `docker exec`, by which others look
//! after containers.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use jiff::{Timestamp, Unit};
use serde::Deserialize;
use tapedeck_model::{HealthCheck, ProbeOutcome, ProbeResult};

use crate::Rivals;
use crate::command::timed;
use crate::docker::Docker;
use crate::process;
use crate::report::{Report, progress};
use crate::samples::Samples;
use crate::stage::{self, Stage};

/// So many containers are checked at once, a moment apart from each other.
const CHECKED: u32 = 10;

/// For how long processor time is counted.
const WATCHED: Duration = Duration::from_secs(30);

/// How often each is checked. More often than can be asked for in a config, so that there is something to count.
const INTERVAL: u16 = 1;

/// Wall-clock time of each check, and processor time of them all.
struct Cost {
    wall: Samples,
    /// Milliseconds of processor time for one check: of what runs it, and of the program that is run.
    processor: f64,
}

pub(crate) fn measure(
    stage: &Stage,
    rivals: Rivals<'_>,
    rounds: usize,
    report: &mut Report,
) -> anyhow::Result<()> {
    progress("health checks");
    let ours = ours(stage)?;
    let layer = stage.root_layer()?;
    let theirs = rivals.docker.map(|docker| theirs(docker, &layer)).transpose()?;
    let exec = rivals.docker.map(|docker| entered(docker, rounds)).transpose()?;
    report.at_most(
        "a health check, wall-clock time, p50",
        ours.wall.median(),
        5.0,
        "ms",
    );
    report.at_most("a health check, processor time", ours.processor, 2.0, "ms");
    let processor = (
        "processor time, its program's included".to_owned(),
        ours.processor,
        theirs.as_ref().map(|theirs| theirs.processor),
    );
    let mut rows = vec![ours.wall];
    rows.extend(theirs.map(|theirs| theirs.wall));
    rows.extend(exec);
    report.table("A health check, in steps of 1 ms for tapedeck", "ms", &rows);
    report.comparison("What a health check takes of a processor", "ms", &[processor]);
    Ok(())
}

fn ours(stage: &Stage) -> anyhow::Result<Cost> {
    let image = stage.image(&["beat"])?.digest;
    let mut client = stage.client()?;
    let mut spec = stage.stack(&image, CHECKED, 0.25)?;
    spec.services[0].container.health_check = Some(HealthCheck {
        command: ["CMD", "/probe", "clock"].map(str::to_owned).to_vec(),
        interval_seconds: INTERVAL,
        timeout_seconds: 5,
        retries: 3,
        start_period_seconds: 0,
    });
    let name = spec.name.clone();
    let applied = client.apply_stack(spec)?;
    stage::wait_for(&mut client, applied, |stack| stack.is_steady().then_some(()))?;
    let folder = stage.home.tasks();
    let folder = folder.to_str().context("a path that is text")?;
    let mut pids = process::all("tapedeck-shim", |_, line| line.contains(folder))?;
    pids.push(client.greeting().pid);
    let (before, deadline) = (spent(&pids)?, Instant::now() + WATCHED);
    let mut checks = BTreeMap::new();
    while Instant::now() < deadline {
        std::thread::sleep(Duration::from_secs(1));
        let stack = client.describe_stack(&name)?;
        for task in stage::tasks(&stack) {
            let results = task.health.iter().flat_map(|health| &health.results);
            checks.extend(results.map(|result| ((task.id.clone(), result.started), result.clone())));
        }
    }
    let spent = spent(&pids)?.saturating_sub(before);
    stage::delete(&mut client, &name)?;
    let mut wall = Samples::new("tapedeck: `internalHealthCheck`");
    for ProbeResult {
        started,
        ended,
        outcome,
        output,
    } in checks.into_values()
    {
        ensure!(
            outcome == ProbeOutcome::Exited(0),
            "a health check did not pass: {outcome}, {output}"
        );
        wall.add(ended.millis().saturating_sub(started.millis()) as f64);
    }
    Ok(Cost {
        processor: each(spent),
        wall,
    })
}

fn theirs(docker: &Docker, layer: &Path) -> anyhow::Result<Cost> {
    let check = format!("HEALTHCHECK --interval={INTERVAL}s --timeout=5s CMD [\"/probe\",\"clock\"]");
    docker.import(layer, "checked", &[check])?;
    let mut remove = vec!["rm".to_owned(), "--force".to_owned()];
    for _ in 0..CHECKED {
        remove.push(docker.run(["run", "--detach", "checked", "/probe", "beat"])?);
    }
    let mut pids = docker.processes("dockerd")?;
    pids.extend(docker.processes("containerd")?);
    pids.extend(docker.processes("containerd-shim-runc-v2")?);
    let before = spent(&pids)?;
    std::thread::sleep(WATCHED);
    let spent = spent(&pids)?.saturating_sub(before);
    let mut wall = Samples::new("docker: `HEALTHCHECK`");
    for container in &remove[2..] {
        let log = docker.run(["inspect", "--format", "{{json .State.Health.Log}}", container])?;
        for check in serde_json::from_str::<Vec<Check>>(&log)? {
            ensure!(
                check.exit_code == 0,
                "a health check of docker did not pass: {check:?}"
            );
            let (start, end): (Timestamp, Timestamp) = (check.start.parse()?, check.end.parse()?);
            wall.add((end - start).total(Unit::Millisecond)?);
        }
    }
    docker.run(remove)?;
    Ok(Cost {
        processor: each(spent),
        wall,
    })
}

/// How docker tells of a health check.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Check {
    start: String,
    end: String,
    exit_code: i32,
}

fn entered(docker: &Docker, rounds: usize) -> anyhow::Result<Samples> {
    let container = docker.run(["run", "--detach", "probe", "/probe", "beat"])?;
    let mut samples = Samples::new("`docker exec`");
    for _ in 0..rounds {
        samples.add(timed(|| {
            docker.run(["exec", &container, "/probe", "clock"]).map(drop)
        })?);
    }
    docker.run(["rm", "--force", &container])?;
    Ok(samples)
}

/// Processor time of processes and of what they have started and waited for.
fn spent(pids: &[u32]) -> anyhow::Result<Duration> {
    pids.iter().map(|pid| process::time_with_children(*pid)).sum()
}

/// Milliseconds for one of the checks that so much was spent on.
fn each(spent: Duration) -> f64 {
    let checks = f64::from(CHECKED) * WATCHED.as_secs_f64() / f64::from(INTERVAL);
    spent.as_secs_f64() * 1e3 / checks
}
