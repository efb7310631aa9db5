//! From the end of a process that crashes to the first moment of its replacement.

use anyhow::Context as _;
use tapedeck_model::ImageDigest;
use tapedeck_runtime::log::Stream;

use crate::Rivals;
use crate::clock::{self, milliseconds};
use crate::docker::Docker;
use crate::report::{Report, progress};
use crate::samples::Samples;
use crate::stage::{self, Stage};

pub(crate) fn measure(
    stage: &Stage,
    rivals: Rivals<'_>,
    rounds: usize,
    report: &mut Report,
) -> anyhow::Result<()> {
    progress(&format!("crash and replacement, {rounds} rounds"));
    let image = stage.image(&["crash"])?.digest;
    let mut ours = Samples::new("tapedeck: a new task");
    let mut theirs = Samples::new("`docker run --restart always`: the same container again");
    for _ in 0..rounds {
        ours.add(replaced(stage, &image)?);
        if let Some(docker) = rivals.docker {
            theirs.add(restarted(docker)?);
        }
    }
    report.at_most("crash → replacement running, p50", ours.median(), 100.0, "ms");
    let rows: Vec<Samples> = [ours, theirs]
        .into_iter()
        .filter(|samples| samples.count() > 0)
        .collect();
    report.table(
        "Crash: from the last moment of a process to the first of its replacement",
        "ms",
        &rows,
    );
    Ok(())
}

pub(crate) fn replaced(stage: &Stage, image: &ImageDigest) -> anyhow::Result<f64> {
    let mut client = stage.client()?;
    let spec = stage.stack(image, 1, 1.0)?;
    let name = spec.name.clone();
    let applied = client.apply_stack(spec)?;
    let mut first = None;
    let second = stage::wait_for(&mut client, applied, |stack| {
        let task = stage::tasks(stack)
            .find(|task| stage::is_running(task))?
            .id
            .clone();
        let known = first.get_or_insert_with(|| task.clone());
        (*known != task).then_some(task)
    })?;
    let first = first.context("there was a first task")?;
    let ended = stage.lines(&first, Stream::Stdout)?.pop().unwrap_or_default();
    let started = stage::first_line(|| stage.lines(&second, Stream::Stdout))?;
    stage::delete(&mut client, &name)?;
    Ok(milliseconds(clock::parse(&ended)?, clock::parse(&started)?))
}

fn restarted(docker: &Docker) -> anyhow::Result<f64> {
    let container = docker.run([
        "run",
        "--detach",
        "--restart",
        "always",
        "probe",
        "/probe",
        "crash",
    ])?;
    // What it writes: started, ended, started again.
    let third = || Ok(docker.lines(&container, "stdout")?.into_iter().skip(2).collect());
    let started = stage::first_line(third)?;
    let ended = docker.lines(&container, "stdout")?.swap_remove(1);
    docker.run(["rm", "--force", &container])?;
    Ok(milliseconds(clock::parse(&ended)?, clock::parse(&started)?))
}
