//! Memory and processor time of what watches over tasks that do nothing.

use std::time::{Duration, Instant};

use anyhow::Context as _;
use tapedeck_model::ImageDigest;

use crate::Rivals;
use crate::docker::Docker;
use crate::process::{self, Memory};
use crate::report::{Report, progress};
use crate::stage::{self, Stage};

/// How long everything is left alone before it is looked at.
const QUIET: Duration = Duration::from_secs(3);

/// For how long processor time is counted.
const WATCHED: Duration = Duration::from_secs(10);

/// So many tasks only tapedeck is made to run: docker needs a minute to start as many.
const ALONE: u32 = 200;

/// Memory of the part that is there once, and of all parts that are there for each task.
struct Share {
    once: Memory,
    each: Memory,
    /// Processor time of the part that is there once, in per cent of one processor.
    busy: f64,
}

pub(crate) fn measure(stage: &Stage, rivals: Rivals<'_>, report: &mut Report) -> anyhow::Result<()> {
    let image = stage.image(&["beat"])?.digest;
    for (count, limit) in [(10, 12.0), (100, 40.0), (ALONE, 40.0)] {
        progress(&format!("memory with {count} tasks"));
        let ours = of_tasks(stage, &image, count)?;
        let theirs = rivals
            .docker
            .filter(|_| count < ALONE)
            .map(|docker| of_containers(docker, count))
            .transpose()?;
        let tasks = f64::from(count);
        let mut rows = Vec::new();
        for (kind, value) in KINDS {
            let part = |part: fn(&Share) -> Memory, divisor: f64| {
                let of = |share: &Share| value(&part(share)) / divisor;
                (of(&ours), theirs.as_ref().map(of))
            };
            let (once, each, all) = (
                part(|share| share.once, 1.0),
                part(|share| share.each, tasks),
                part(|share| share.once.plus(share.each), 1.0),
            );
            rows.push((format!("engine (dockerd and containerd), {kind}"), once.0, once.1));
            rows.push((format!("shim of one task, {kind}"), each.0, each.1));
            rows.push((format!("all together, {kind}"), all.0, all.1));
        }
        // Added up, resident memory counts what is shared many times.
        rows.retain(|(what, ..)| what != "all together, resident");
        report.comparison(&format!("Memory at {count} tasks"), "MiB", &rows);
        let busy = [(
            "engine (dockerd and containerd)".to_owned(),
            ours.busy,
            theirs.as_ref().map(|theirs| theirs.busy),
        )];
        report.comparison(
            &format!("Processor time at {count} tasks that do nothing"),
            "% of a processor",
            &busy,
        );
        if count == ALONE {
            report.at_most(
                &format!("engine at {count} tasks that do nothing"),
                ours.busy,
                1.0,
                "% of a processor",
            );
        }
        report.at_most(
            &format!("engine at {count} tasks, resident"),
            ours.once.resident,
            limit,
            "MiB",
        );
        let private = ours.each.private / tasks;
        report.at_most(&format!("shim at {count} tasks, private"), private, 1.5, "MiB");
    }
    Ok(())
}

/// A way to count memory.
type Kind = (&'static str, fn(&Memory) -> f64);

/// Ways to count memory, the fairest first: shared memory in equal parts.
const KINDS: [Kind; 3] = [
    ("PSS", |memory| memory.proportional),
    ("private", |memory| memory.private),
    ("resident", |memory| memory.resident),
];

fn of_tasks(stage: &Stage, image: &ImageDigest, count: u32) -> anyhow::Result<Share> {
    let mut client = stage.client()?;
    let engine = client.greeting().pid;
    let spec = stage.stack(image, count, 0.25)?;
    let name = spec.name.clone();
    let applied = client.apply_stack(spec)?;
    stage::wait_for(&mut client, applied, |stack| stack.is_steady().then_some(()))?;
    std::thread::sleep(QUIET);
    let folder = stage.home.tasks();
    let folder = folder.to_str().context("a path that is text")?;
    let shims = process::all("tapedeck-shim", |_, line| line.contains(folder))?;
    anyhow::ensure!(
        shims.len() == count as usize,
        "{} shims for {count} tasks",
        shims.len()
    );
    let share = Share {
        once: Memory::of(engine)?,
        each: Memory::sum(&shims)?,
        busy: busy(&[engine])?,
    };
    stage::delete(&mut client, &name)?;
    Ok(share)
}

fn of_containers(docker: &Docker, count: u32) -> anyhow::Result<Share> {
    let mut containers = vec!["rm".to_owned(), "--force".to_owned()];
    for _ in 0..count {
        containers.push(docker.run(["run", "--detach", "probe", "/probe", "beat"])?);
    }
    std::thread::sleep(QUIET);
    let daemons = [docker.processes("dockerd")?, docker.processes("containerd")?].concat();
    let shims = docker.processes("containerd-shim-runc-v2")?;
    anyhow::ensure!(
        shims.len() == count as usize,
        "{} shims for {count} containers",
        shims.len()
    );
    let share = Share {
        once: Memory::sum(&daemons)?,
        each: Memory::sum(&shims)?,
        busy: busy(&daemons)?,
    };
    docker.run(containers)?;
    Ok(share)
}

/// Processor time that processes take while they are watched, in per cent of one processor.
fn busy(pids: &[u32]) -> anyhow::Result<f64> {
    let taken = || -> anyhow::Result<Duration> { pids.iter().map(|pid| process::time_of(*pid)).sum() };
    let (before, began) = (taken()?, Instant::now());
    std::thread::sleep(WATCHED);
    let spent = taken()?.saturating_sub(before);
    Ok(100.0 * spent.as_secs_f64() / began.elapsed().as_secs_f64())
}
