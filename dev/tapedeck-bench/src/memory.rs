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
        let rows = |part: fn(&Share) -> Memory, names: [&str; 2], divisor: f64| {
            let name = |index: usize, kind: &str| format!("{}, {kind}", names[index]);
            let shares = [Some(&ours), theirs.as_ref()].into_iter().flatten().enumerate();
            let proportional = shares.clone().map(|(index, share)| {
                Samples::single(name(index, "PSS"), part(share).proportional / divisor)
            });
            let private = shares
                .map(|(index, share)| Samples::single(name(index, "private"), part(share).private / divisor));
            proportional.chain(private).collect::<Vec<_>>()
        };
        let tasks = f64::from(count);
        let once = rows(|share| share.once, ["engine", "dockerd and containerd"], 1.0);
        report.table(
            &format!("Memory at {count} tasks: what is there once"),
            "MiB",
            &once,
        );
        let each = rows(|share| share.each, ["shim", "containerd-shim"], tasks);
        report.table(
            &format!("Memory at {count} tasks: for each of them"),
            "MiB",
            &each,
        );
        let sum = |share: &Share| Share {
            once: Memory {
                private: share.once.private + share.each.private,
                proportional: share.once.proportional + share.each.proportional,
            },
            each: Memory::default(),
        };
        let (ours_sum, theirs_sum) = (sum(&ours), theirs.as_ref().map(sum));
        let totals = [
            Some(("tapedeck", ours_sum)),
            theirs_sum.map(|sum| ("docker", sum)),
        ]
        .into_iter()
        .flatten();
        let totals: Vec<_> = totals
            .map(|(name, share)| Samples::single(format!("{name}, PSS"), share.once.proportional))
            .collect();
        report.table(&format!("Memory at {count} tasks: all together"), "MiB", &totals);
        report.at_most(
            &format!("engine at {count} tasks"),
            ours.once.proportional,
            limit,
            "MiB",
        );
        report.at_most(
            &format!("private memory of a shim, at {count} tasks"),
            ours.each.private / tasks,
            1.5,
            "MiB",
        );
    }
    Ok(())
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
