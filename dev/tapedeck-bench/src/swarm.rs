//! Services against those of Docker Swarm: more tasks, one that crashes, a new revision, and one that does not work.
//!
//! Swarm runs twice: with its defaults, and told to do as we do where it can be told (new tasks first, all at once, no pause
//! before a restart), as somebody would who has read all of its manual.

use std::time::{Duration, Instant};

use anyhow::{bail, ensure};
use tapedeck_model::{ImageDigest, RolloutState, TaskState};
use tapedeck_runtime::log::Stream;

use crate::Rivals;
use crate::clock::{self, milliseconds};
use crate::command::timed;
use crate::docker::Docker;
use crate::report::{Report, progress};
use crate::samples::Samples;
use crate::stage::{self, DEADLINE, Stage};

/// Name of Swarm's service.
const SERVICE: &str = "bench";

/// How often Swarm is asked how far it is.
const LOOK: Duration = Duration::from_millis(20);

pub(crate) fn measure(
    stage: &Stage,
    rivals: Rivals<'_>,
    rounds: usize,
    report: &mut Report,
) -> anyhow::Result<()> {
    let swarm = rivals.docker.map(Swarm::begin).transpose()?;
    let swarm = swarm.as_ref();
    progress(&format!("services: more tasks, {rounds} rounds"));
    let grown = measured(rounds, || grown(stage), swarm, |swarm, how| swarm.grown(how))?;
    report.at_most("1 → 5 tasks running, p50", grown[0].median(), 250.0, "ms");
    report.table(
        "From 1 task to 5: until the last of them reads the clock",
        "ms",
        &grown,
    );
    progress(&format!("services: a crash, {rounds} rounds"));
    let replaced = measured(
        rounds,
        || crate::crash::replaced(stage, &stage.image(&["crash"])?.digest),
        swarm,
        |swarm, how| swarm.replaced(how),
    )?;
    report.table(
        "A service of one task that crashes: until its replacement reads the clock",
        "ms",
        &replaced,
    );
    progress(&format!("services: a new revision, {rounds} rounds"));
    let rolled = measured(rounds, || rolled(stage), swarm, |swarm, how| swarm.rolled(how))?;
    report.at_most("rollout of 4 tasks, p50", rolled[0].median(), 4000.0, "ms");
    report.table("Rollout of 4 tasks: until only new ones are there", "ms", &rolled);
    progress(&format!("services: a bad revision, {rounds} rounds"));
    let bad = measured(rounds, || bad(stage), swarm, |swarm, how| swarm.bad(how))?;
    report.at_most("bad revision → rolled back, p50", bad[0].median(), 3000.0, "ms");
    report.table(
        "A new revision of 4 tasks that ends at once: until the old one is all there is",
        "ms",
        &bad,
    );
    swarm.map_or(Ok(()), Swarm::end)
}

/// Rounds of all who take part, in turns.
fn measured(
    rounds: usize,
    ours: impl Fn() -> anyhow::Result<f64>,
    swarm: Option<&Swarm<'_>>,
    theirs: impl Fn(&Swarm<'_>, How) -> anyhow::Result<f64>,
) -> anyhow::Result<Vec<Samples>> {
    let mut rows = [
        "tapedeck",
        "Docker Swarm, told to hurry",
        "Docker Swarm, defaults",
    ]
    .map(Samples::new);
    for _ in 0..rounds {
        rows[0].add(ours()?);
        if let Some(swarm) = swarm {
            rows[1].add(theirs(swarm, How::Hurried)?);
            rows[2].add(theirs(swarm, How::Usual)?);
        }
    }
    Ok(rows.into_iter().filter(|row| row.count() > 0).collect())
}

/// Ours: four more tasks.
fn grown(stage: &Stage) -> anyhow::Result<f64> {
    let image = stage.image(&["beat"])?.digest;
    let mut client = stage.client()?;
    let applied = client.apply_stack(stage.stack(&image, 1, 0.25)?)?;
    stage::wait_for(&mut client, applied, |stack| stack.is_steady().then_some(()))?;
    let spec = stage.stack(&image, 5, 0.25)?;
    let name = spec.name.clone();
    let began = clock::now();
    let applied = client.apply_stack(spec)?;
    let tasks = stage::wait_for(&mut client, applied, |stack| {
        let tasks: Vec<_> = stage::tasks(stack)
            .filter(|task| stage::is_running(task))
            .collect();
        (tasks.len() == 5).then(|| tasks.into_iter().map(|task| task.id.clone()).collect::<Vec<_>>())
    })?;
    let mut last = 0;
    for task in tasks {
        let line = stage::first_line(|| stage.lines(&task, Stream::Stdout))?;
        last = last.max(clock::parse(&line)?);
    }
    stage::delete(&mut client, &name)?;
    Ok(milliseconds(began, last))
}

/// Ours: another image for four tasks.
fn rolled(stage: &Stage) -> anyhow::Result<f64> {
    let (before, after) = (
        stage.image(&["beat"])?.digest,
        stage.image(&["beat", "again"])?.digest,
    );
    changed(stage, &before, &after, |image, state| {
        *image == after && state == RolloutState::Completed
    })
}

/// Ours: an image for four tasks that does not work.
fn bad(stage: &Stage) -> anyhow::Result<f64> {
    let (before, after) = (stage.image(&["beat"])?.digest, stage.image(&["fail"])?.digest);
    changed(stage, &before, &after, |image, state| {
        *image == before && state == RolloutState::Completed
    })
}

/// From the request for another image until nothing but four tasks of the right one is left.
fn changed(
    stage: &Stage,
    before: &ImageDigest,
    after: &ImageDigest,
    is_over: impl Fn(&ImageDigest, RolloutState) -> bool,
) -> anyhow::Result<f64> {
    let mut client = stage.client()?;
    let spec = stage.stack(before, 4, 0.25)?;
    let name = spec.name.clone();
    let applied = client.apply_stack(spec)?;
    stage::wait_for(&mut client, applied, |stack| stack.is_steady().then_some(()))?;
    let spec = stage.stack(after, 4, 0.25)?;
    let time = timed(|| {
        let applied = client.apply_stack(spec)?;
        stage::wait_for(&mut client, applied, |stack| {
            let live = stage::tasks(stack).filter(|task| !matches!(task.state, TaskState::Stopped { .. }));
            let service = stack.services.first()?;
            let is_over = stack.is_steady() && is_over(&service.image, service.rollout);
            (is_over && live.count() == 4).then_some(())
        })
    })?;
    stage::delete(&mut client, &name)?;
    Ok(time)
}

/// What Swarm is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum How {
    Usual,
    Hurried,
}

/// A swarm of one machine.
struct Swarm<'a>(&'a Docker);

impl<'a> Swarm<'a> {
    fn begin(docker: &'a Docker) -> anyhow::Result<Self> {
        docker.run([
            "swarm",
            "init",
            "--advertise-addr",
            "127.0.0.1",
            "--listen-addr",
            "127.0.0.1",
        ])?;
        Ok(Self(docker))
    }

    fn end(&self) -> anyhow::Result<()> {
        self.0.run(["swarm", "leave", "--force"]).map(drop)
    }

    fn create(&self, replicas: &str, argument: &str, how: How) -> anyhow::Result<()> {
        let usual = [
            "service",
            "create",
            "--detach",
            "--name",
            SERVICE,
            "--replicas",
            replicas,
        ];
        // Its restart delay is 5 s; updates stop one task, start one, and watch it for 5 s.
        let hurried = [
            "--restart-delay",
            "0s",
            "--update-order",
            "start-first",
            "--update-parallelism",
            "0",
            "--update-monitor",
            "500ms",
            "--rollback-monitor",
            "500ms",
            "--rollback-order",
            "start-first",
            "--rollback-parallelism",
            "0",
        ];
        let hurried = hurried.into_iter().filter(|_| how == How::Hurried);
        let rest = ["--no-resolve-image", "probe", "/probe", argument];
        self.0.run(usual.into_iter().chain(hurried).chain(rest))?;
        Ok(())
    }

    fn remove(&self) -> anyhow::Result<()> {
        self.0.run(["service", "rm", SERVICE])?;
        self.wait(|| Ok(self.containers(true)?.is_empty().then_some(())))
    }

    /// Its containers, those that have ended too if asked for.
    fn containers(&self, all: bool) -> anyhow::Result<Vec<String>> {
        let filter = format!("label=com.docker.swarm.service.name={SERVICE}");
        let list = ["ps", "--quiet", "--no-trunc", "--filter", &filter];
        let ended = ["--all"].into_iter().filter(|_| all);
        let list = self.0.run(list.into_iter().chain(ended))?;
        Ok(list.lines().map(str::to_owned).collect())
    }

    /// How many of its containers run with this argument.
    fn running(&self, argument: &str) -> anyhow::Result<usize> {
        let filter = format!("label=com.docker.swarm.service.name={SERVICE}");
        let commands = self.0.run([
            "ps",
            "--no-trunc",
            "--format",
            "{{.Command}}",
            "--filter",
            &filter,
        ])?;
        let wanted = format!("\"/probe {argument}\"");
        Ok(commands.lines().filter(|command| *command == wanted).count())
    }

    fn wait<T>(&self, look: impl Fn() -> anyhow::Result<Option<T>>) -> anyhow::Result<T> {
        let deadline = Instant::now() + DEADLINE;
        loop {
            if let Some(found) = look()? {
                return Ok(found);
            }
            if Instant::now() > deadline {
                let (state, tasks) = (self.update_state()?, self.0.run(["service", "ps", SERVICE])?);
                bail!("waited in vain for Swarm, which says `{state}`: {tasks}");
            }
            std::thread::sleep(LOOK);
        }
    }

    fn wait_for_running(&self, count: usize) -> anyhow::Result<Vec<String>> {
        self.wait(|| Ok(Some(self.containers(false)?).filter(|found| found.len() == count)))
    }

    fn grown(&self, how: How) -> anyhow::Result<f64> {
        self.create("1", "beat", how)?;
        self.wait_for_running(1)?;
        let began = clock::now();
        self.0
            .run(["service", "scale", "--detach", &format!("{SERVICE}=5")])?;
        let mut last = 0;
        for container in self.wait_for_running(5)? {
            let line = stage::first_line(|| self.0.lines(&container, "stdout"))?;
            last = last.max(clock::parse(&line)?);
        }
        self.remove()?;
        Ok(milliseconds(began, last))
    }

    /// From the end of the first task to the beginning of the second.
    fn replaced(&self, how: How) -> anyhow::Result<f64> {
        self.create("1", "crash", how)?;
        let lines = || -> anyhow::Result<Option<Vec<u64>>> {
            let mut times = Vec::new();
            for container in self.containers(true)? {
                for line in self.0.lines(&container, "stdout").unwrap_or_default() {
                    times.push(clock::parse(&line)?);
                }
            }
            times.sort_unstable();
            Ok((times.len() >= 3).then_some(times))
        };
        // Started, ended, started again.
        let times = self.wait(lines)?;
        self.remove()?;
        Ok(milliseconds(times[1], times[2]))
    }

    fn rolled(&self, how: How) -> anyhow::Result<f64> {
        self.create("4", "beat", how)?;
        let before = self.wait_for_running(4)?;
        let time = timed(|| {
            self.0
                .run(["service", "update", "--detach", "--env-add", "ROUND=2", SERVICE])?;
            self.wait(|| {
                let now = self.containers(false)?;
                let is_new = now.len() == 4 && now.iter().all(|container| !before.contains(container));
                Ok((is_new && self.update_state()? == "completed").then_some(()))
            })
        })?;
        self.remove()?;
        Ok(time)
    }

    fn bad(&self, how: How) -> anyhow::Result<f64> {
        self.create("4", "beat", how)?;
        self.wait_for_running(4)?;
        let time = timed(|| {
            self.0.run([
                "service",
                "update",
                "--detach",
                "--update-failure-action",
                "rollback",
                "--rollback-failure-action",
                "continue",
                "--args",
                "/probe fail",
                SERVICE,
            ])?;
            self.wait(|| {
                // Now and then it calls a rollback that is over an update that is; told to hurry, it may leave more
                // tasks than it was asked for.
                let is_over = ["rollback_completed", "completed"].contains(&&*self.update_state()?);
                let is_back = self.running("beat")? >= 4 && self.running("fail")? == 0;
                Ok((is_over && is_back).then_some(()))
            })
        })?;
        self.remove()?;
        Ok(time)
    }

    fn update_state(&self) -> anyhow::Result<String> {
        let format = "{{if .UpdateStatus}}{{.UpdateStatus.State}}{{end}}";
        let state = self.0.run(["service", "inspect", "--format", format, SERVICE])?;
        ensure!(state != "paused", "Swarm has paused the update");
        state
            .lines()
            .next()
            .map_or_else(|| Ok(String::new()), |line| Ok(line.to_owned()))
    }
}
