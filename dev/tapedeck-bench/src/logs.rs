//! Throughput of logs: one task writes a million lines as fast as they are taken, and all must be there.

use std::time::Duration;

use anyhow::{Context as _, ensure};
use tapedeck_model::ImageDigest;
use tapedeck_runtime::log::Stream;

use crate::Rivals;
use crate::clock::{self, milliseconds};
use crate::docker::Docker;
use crate::report::{Report, progress};
use crate::samples::Samples;
use crate::stage::{self, Stage};

/// Lines of 100 bytes that are written.
const LINES: usize = 1_000_000;

/// Both streams of a task: what it wrote, and when it began and ended.
struct Written {
    lines: Vec<String>,
    times: Vec<String>,
}

pub(crate) fn measure(
    stage: &Stage,
    rivals: Rivals<'_>,
    rounds: usize,
    report: &mut Report,
) -> anyhow::Result<()> {
    progress(&format!("logs, {rounds} rounds"));
    let count = LINES.to_string();
    let image = stage.image(&["lines", &count])?.digest;
    let mut ours = Samples::new("tapedeck");
    let mut theirs = Samples::new("docker, json-file");
    for _ in 0..rounds {
        ours.add(rate(&of_task(stage, &image)?)?);
        if let Some(docker) = rivals.docker {
            theirs.add(rate(&of_container(docker, &count)?)?);
        }
    }
    report.at_least(
        "logs, one stream, lines of 100 bytes",
        ours.median(),
        1000.0,
        "lines/ms",
    );
    let rows: Vec<Samples> = [ours, theirs]
        .into_iter()
        .filter(|samples| samples.count() > 0)
        .collect();
    report.table(
        "Logs: lines of 100 bytes taken from one stream, none lost (more is better)",
        "lines/ms",
        &rows,
    );
    Ok(())
}

/// Lines for each millisecond, after having checked that none is missing.
fn rate(written: &Written) -> anyhow::Result<f64> {
    ensure!(
        written.lines.len() == LINES,
        "{} lines of {LINES} are there",
        written.lines.len()
    );
    let wrong = written
        .lines
        .iter()
        .enumerate()
        .find(|(number, line)| line.len() != 99 || line.parse() != Ok(*number));
    ensure!(wrong.is_none(), "a line is not what was written: {wrong:?}");
    let [begin, end] = written.times.as_slice() else {
        anyhow::bail!("two times, not {:?}", written.times)
    };
    Ok(LINES as f64 / milliseconds(clock::parse(begin)?, clock::parse(end)?))
}

fn of_task(stage: &Stage, image: &ImageDigest) -> anyhow::Result<Written> {
    let mut client = stage.client()?;
    let spec = stage.stack(image, 1, 2.0)?;
    let name = spec.name.clone();
    let applied = client.apply_stack(spec)?;
    let stopped = |stack: &tapedeck_api::StackStatus| {
        stage::tasks(stack)
            .find(|task| task.state.is_stopped())
            .map(|task| task.id.clone())
    };
    let task = stage::wait_for(&mut client, applied, stopped)?;
    // Others take its place until the stack is deleted, and would disturb what comes next.
    let written = Written {
        lines: stage.lines(&task, Stream::Stdout)?,
        times: stage.lines(&task, Stream::Stderr)?,
    };
    stage::delete(&mut client, &name)?;
    Ok(written)
}

fn of_container(docker: &Docker, count: &str) -> anyhow::Result<Written> {
    let container = docker.run([
        "run",
        "--detach",
        "--log-driver",
        "json-file",
        "probe",
        "/probe",
        "lines",
        count,
    ])?;
    docker
        .run(["wait", &container])
        .context("wait for the container")?;
    // What is left in the pipe is written after the end.
    let deadline = std::time::Instant::now() + stage::DEADLINE;
    let mut lines = docker.lines(&container, "stdout")?;
    while lines.len() < LINES && std::time::Instant::now() < deadline {
        std::thread::sleep(Duration::from_millis(100));
        lines = docker.lines(&container, "stdout")?;
    }
    let times = docker.lines(&container, "stderr")?;
    docker.run(["rm", "--force", &container])?;
    Ok(Written { lines, times })
}
