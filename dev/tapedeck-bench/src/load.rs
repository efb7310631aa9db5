//! From the moment in which a task gets too much to do until another task helps.

use tapedeck_model::{ImageDigest, ResourceName, Scaling, StackSpec};
use tapedeck_runtime::log::Stream;

use crate::clock::{self, milliseconds};
use crate::report::{Report, progress};
use crate::samples::Samples;
use crate::stage::{self, Stage};

/// Services that get too much to do at about the same time, each of a quarter of a processor.
const SERVICES: u32 = 4;

pub(crate) fn measure(stage: &Stage, rounds: usize, report: &mut Report) -> anyhow::Result<()> {
    progress(&format!("load and a new task, {rounds} rounds"));
    let mut samples = Samples::new("tapedeck");
    for round in 0..rounds {
        for sample in helped(stage, round)? {
            samples.add(sample);
        }
    }
    report.at_most(
        "load → new task running, p99",
        samples.quantile(0.99),
        5000.0,
        "ms",
    );
    report.table(
        "A task that gets too much to do: until another one reads the clock",
        "ms",
        &[samples],
    );
    report.say("ECS takes 109 s at best, as published; it cannot take part on this machine.");
    Ok(())
}

/// One time for each service.
fn helped(stage: &Stage, round: usize) -> anyhow::Result<Vec<f64>> {
    let mut client = stage.client()?;
    let spec = stack(stage, round)?;
    let name = spec.name.clone();
    let applied = client.apply_stack(spec)?;
    let tasks = stage::wait_for(&mut client, applied, |stack| {
        let mut found = Vec::new();
        for service in &stack.services {
            let mut tasks: Vec<_> = service.tasks.iter().collect();
            tasks.sort_by_key(|task| task.created);
            let [first, second, ..] = tasks[..] else {
                return None;
            };
            found.push((service.name.clone(), first.id.clone(), second.id.clone()));
        }
        Some(found)
    })?;
    let mut times = Vec::new();
    for (service, first, second) in tasks {
        let lines = |task| stage::lines(&stage.home.task_log(&name, &service, task), Stream::Stdout);
        let busy = lines(&first)?.pop().unwrap_or_default();
        let started = stage::first_line(|| lines(&second))?;
        times.push(milliseconds(clock::parse(&busy)?, clock::parse(&started)?));
    }
    stage::delete(&mut client, &name)?;
    Ok(times)
}

/// Services that become busy at another moment of the engine's rounds each.
fn stack(stage: &Stage, round: usize) -> anyhow::Result<StackSpec> {
    let mut spec = stage.stack(&image(stage, 0)?, 1, 0.25)?;
    let first = spec.services.swap_remove(0);
    for number in 0..SERVICES {
        let mut service = first.clone();
        service.name = ResourceName::new(format!("probe{number}"))?;
        // Beyond what the engine takes for the warming up of a program.
        let moment = 8000 + 270 * u64::from(number) + 130 * round as u64;
        service.container.image = image(stage, moment)?;
        service.scaling = Some(Scaling {
            max_instances: 2,
            ..Scaling::default()
        });
        spec.services.push(service);
    }
    Ok(spec)
}

/// An image of a program that is busy after so many milliseconds.
fn image(stage: &Stage, moment: u64) -> anyhow::Result<ImageDigest> {
    Ok(stage.image(&["busy", &moment.to_string()])?.digest)
}
