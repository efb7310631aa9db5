//! Start of a task, and its whole life: ours against bare `runc run` and `docker run`.

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use anyhow::{Context as _, ensure};
use fs_err as fs;
use tapedeck_model::{Cpu, ImageDigest, MemoryMb, TaskId};
use tapedeck_runtime::log::Stream;
use tapedeck_runtime::protocol::ShimState;
use tapedeck_runtime::{
    DEFAULT_PIDS_LIMIT, DEFAULT_STOP_SIGNAL, DEFAULT_STORAGE_MB, TaskDefinition, TaskDisk, TaskProcess,
};

use crate::Rivals;
use crate::clock::{self, milliseconds};
use crate::docker::Docker;
use crate::report::{Report, progress};
use crate::samples::Samples;
use crate::stage::{self, Stage};

/// What a round of one contestant gives, in milliseconds.
struct Life {
    /// Until the program inside reads the clock.
    executed: f64,
    /// Until everything is gone again.
    whole: f64,
}

/// One who takes part: its name and how it runs the probe once.
type Contestant<'a> = (&'static str, Box<dyn FnMut(usize) -> anyhow::Result<Life> + 'a>);

pub(crate) fn measure(
    stage: &Stage,
    rivals: Rivals<'_>,
    rounds: usize,
    report: &mut Report,
) -> anyhow::Result<()> {
    let image = stage.image(&["clock"])?;
    let waiting = stage.image(&["beat"])?.digest;
    let mut contestants: Vec<Contestant<'_>> = vec![(
        "tapedeck: shim of one task",
        Box::new(|round| ours(stage, &image.layers, round)),
    )];
    if let Some(runc) = rivals.runc {
        let bundle = bundle(stage, runc)?;
        contestants.push(("bare `runc run`", Box::new(move |_| with_runc(runc, &bundle))));
    }
    if let Some(docker) = rivals.docker {
        contestants.push((
            "`docker run --network none`",
            Box::new(|_| with_docker(docker, &["--network", "none"])),
        ));
        contestants.push(("`docker run`", Box::new(|_| with_docker(docker, &[]))));
    }
    progress(&format!("start of a task, {rounds} rounds"));
    let mut executed: Vec<Samples> = contestants.iter().map(|(name, _)| Samples::new(*name)).collect();
    let mut whole = executed.clone();
    let mut engine = Samples::new("tapedeck: from the request to the engine");
    for round in 0..=rounds {
        for (index, (_, run)) in contestants.iter_mut().enumerate() {
            let life = run(round)?;
            // The first round only warms up.
            if round > 0 {
                executed[index].add(life.executed);
                whole[index].add(life.whole);
            }
        }
        let started = through_engine(stage, &waiting)?;
        if round > 0 {
            engine.add(started);
        }
    }
    goals(&executed, report);
    executed.insert(1, engine);
    report.table(
        "Start of a task: from the request until its program reads the clock",
        "ms",
        &executed,
    );
    report.table("Whole life of a task: create, start, exit, delete", "ms", &whole);
    Ok(())
}

fn goals(executed: &[Samples], report: &mut Report) {
    let ours = executed[0].median();
    for rival in &executed[1..] {
        if rival.name.contains("runc") {
            report.at_most(
                "start of a task, p50, against bare `runc run`",
                ours / rival.median(),
                1.5,
                "×",
            );
        }
    }
    report.at_most("start of a task, p50", ours, 25.0, "ms");
}

/// As the engine does it: a shim, with network, cgroup and overlay; then everything removed.
fn ours(stage: &Stage, layers: &[PathBuf], round: usize) -> anyhow::Result<Life> {
    let definition = definition(stage, layers, round)?;
    let directory = stage.home.task(&definition.id);
    let (began, timer) = (clock::now(), Instant::now());
    let connection = tapedeck_runtime::spawn(&stage.tapedeck, &directory, &definition)?;
    let mut exit = None;
    // The connection ends when everything that the task used has been given back.
    for line in BufReader::new(connection.into_stream()).lines() {
        if let ShimState::Exited { exit: found } = serde_json::from_str(&line?)? {
            exit = Some(found);
        }
    }
    fs::remove_dir_all(&directory)?;
    let whole = timer.elapsed().as_secs_f64() * 1e3;
    let exit = exit.context("the shim went away without a word")?;
    ensure!(exit.exit_code == Some(0), "the task did not run: {exit:?}");
    let lines = stage::lines(&definition.log_directory, Stream::Stdout)?;
    fs::remove_dir_all(&definition.log_directory)?;
    life(began, lines.first().map_or("", String::as_str), whole)
}

fn life(began: u64, line: &str, whole: f64) -> anyhow::Result<Life> {
    Ok(Life {
        executed: milliseconds(began, clock::parse(line)?),
        whole,
    })
}

fn definition(stage: &Stage, layers: &[PathBuf], round: usize) -> anyhow::Result<TaskDefinition> {
    let mut bytes = [0; 16];
    bytes[..4].copy_from_slice(&std::process::id().to_le_bytes());
    bytes[8..].copy_from_slice(&(round as u64).to_le_bytes());
    let id = TaskId::from_bytes(bytes);
    // Far away from those that the engine gives its own tasks.
    let address = stage
        .network
        .task_addresses()
        .last()
        .context("a network has addresses")?;
    let group = stage.network.bridge.trim_start_matches("td-");
    Ok(TaskDefinition {
        hostname: "probe".to_owned(),
        layers: layers.to_vec(),
        process: TaskProcess {
            args: vec!["/probe".to_owned(), "clock".to_owned()],
            environment: Vec::new(),
            working_directory: "/".into(),
            uid: 0,
            gid: 0,
            additional_gids: Vec::new(),
        },
        cpu: Cpu::from_vcpu(1.0)?,
        shares_cpu: false,
        memory: MemoryMb::new(512)?,
        pids_limit: DEFAULT_PIDS_LIMIT,
        stop_signal: DEFAULT_STOP_SIGNAL,
        network: stage.network.task(address),
        resolv_conf: String::new(),
        hosts: BTreeMap::new(),
        log_directory: stage.work.join("logs").join(id.as_str()),
        discards_output: false,
        cgroup: format!("/tapedeck-{group}/{id}"),
        clock: None,
        health_check: None,
        disk: Some(TaskDisk::ensure(&stage.home.storage(), DEFAULT_STORAGE_MB)?),
        mounts: Vec::new(),
        sides: None,
        errand: None,
        id,
    })
}

/// A stack of one task: from the request until its program reads the clock.
fn through_engine(stage: &Stage, image: &ImageDigest) -> anyhow::Result<f64> {
    let mut client = stage.client()?;
    let spec = stage.stack(image, 1, 1.0)?;
    let name = spec.name.clone();
    let began = clock::now();
    let applied = client.apply_stack(spec)?;
    let running = |stack: &tapedeck_api::StackStatus| {
        stage::tasks(stack)
            .find(|task| stage::is_running(task))
            .map(|task| task.id.clone())
    };
    let task = stage::wait_for(&mut client, applied, running)?;
    let line = stage::first_line(|| stage.lines(&task, Stream::Stdout))?;
    stage::delete(&mut client, &name)?;
    Ok(milliseconds(began, clock::parse(&line)?))
}

/// Prepares a bundle with the specification that `runc spec` gives, on the same root file system.
fn bundle(stage: &Stage, runc: &Path) -> anyhow::Result<PathBuf> {
    let bundle = stage.work.join("bundle");
    fs::create_dir_all(&bundle)?;
    let made = Command::new(runc)
        .args(["spec", "--bundle"])
        .arg(&bundle)
        .status()?;
    ensure!(made.success(), "`runc spec` failed");
    let path = bundle.join("config.json");
    let mut specification: serde_json::Value = serde_json::from_slice(&fs::read(&path)?)?;
    specification["process"]["args"] = serde_json::json!(["/probe", "clock"]);
    specification["process"]["terminal"] = false.into();
    specification["root"]["path"] = serde_json::json!(stage.root_layer()?);
    fs::write(path, serde_json::to_vec(&specification)?)?;
    Ok(bundle)
}

fn with_runc(runc: &Path, bundle: &Path) -> anyhow::Result<Life> {
    let mut command = Command::new(runc);
    command
        .arg("--root")
        .arg(bundle.join("state"))
        .args(["run", "--bundle"])
        .arg(bundle)
        .arg("tapedeck-bench");
    timed(command)
}

fn with_docker(docker: &Docker, options: &[&str]) -> anyhow::Result<Life> {
    timed(
        docker.command(
            ["run", "--rm"]
                .iter()
                .chain(options)
                .chain(&["probe", "/probe", "clock"]),
        ),
    )
}

fn timed(mut command: Command) -> anyhow::Result<Life> {
    let (began, timer) = (clock::now(), Instant::now());
    let output = command.output().with_context(|| format!("start {command:?}"))?;
    let whole = timer.elapsed().as_secs_f64() * 1e3;
    ensure!(
        output.status.success(),
        "{command:?} failed: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    life(began, &String::from_utf8_lossy(&output.stdout), whole)
}
