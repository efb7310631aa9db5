//! Memory of what watches over tasks that do nothing.

use std::time::Duration;

use anyhow::Context as _;
use tapedeck_model::ImageDigest;

use crate::Rivals;
use crate::docker::Docker;
use crate::process::{self, Memory};
use crate::report::{Report, progress};
use crate::samples::Samples;
use crate::stage::{self, Stage};

/// How long everything is left alone before it is looked at.
const QUIET: Duration = Duration::from_secs(3);

/// Memory of the part that is there once, and of all parts that are there for each task.
struct Share {
    once: Memory,
    each: Memory,
}

pub(crate) fn measure(stage: &Stage, rivals: Rivals<'_>, report: &mut Report) -> anyhow::Result<()> {
    let image = stage.image(&["beat"])?.digest;
    for (count, limit) in [(10, 12.0), (100, 40.0)] {
        progress(&format!("memory with {count} tasks"));
        let ours = of_tasks(stage, &image, count)?;
        let theirs = rivals
            .docker
            .map(|docker| of_containers(docker, count))
            .transpose()?;
        let tasks = f64::from(count);
        let title = |what: &str| format!("Memory at {count} tasks: {what}");
        let shares = |part: fn(&Share) -> Memory| [Some(&ours), theirs.as_ref()].map(|share| share.map(part));
        let once = rows(
            shares(|share| share.once),
            ["engine", "dockerd and containerd"],
            1.0,
        );
        report.table(&title("what is there once"), "MiB", &once);
        let each = rows(shares(|share| share.each), ["shim", "containerd-shim"], tasks);
        report.table(&title("for each of them"), "MiB", &each);
        let all = rows(
            shares(|share| share.once.plus(share.each)),
            ["tapedeck", "docker"],
            1.0,
        );
        report.table(&title("all together"), "MiB", &all[..all.len() / KINDS.len()]);
        report.at_most(
            &format!("engine at {count} tasks, resident"),
            ours.once.resident,
            limit,
            "MiB",
        );
        report.at_most(
            &format!("shim at {count} tasks, private"),
            ours.each.private / tasks,
            1.5,
            "MiB",
        );
    }
    Ok(())
}

/// Ways to count memory. The first one can be added up without counting anything twice.
const KINDS: [(&str, fn(&Memory) -> f64); 3] = [
    ("PSS", |memory| memory.proportional),
    ("private", |memory| memory.private),
    ("resident", |memory| memory.resident),
];

/// A row for each kind and contestant.
fn rows(shares: [Option<Memory>; 2], names: [&str; 2], divisor: f64) -> Vec<Samples> {
    let mut rows = Vec::new();
    for (kind, value) in KINDS {
        for (share, name) in shares.iter().zip(names) {
            rows.extend(
                share.map(|share| Samples::single(format!("{name}, {kind}"), value(&share) / divisor)),
            );
        }
    }
    rows
}

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
    };
    docker.run(containers)?;
    Ok(share)
}
