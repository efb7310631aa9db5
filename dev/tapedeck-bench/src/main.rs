//! Compares tapedeck with its peers, in one run, as ratios. `benches/run.sh` prepares the peers and cleans up.
//!
//! Each section lets its contestants take turns, so that whatever else the machine does hits all of them alike. Progress
//! goes to standard error, a Markdown document to standard output. No figure is judged here but against the goals of
//! the design; nothing fails because something is slow.

mod base;
mod clock;
mod command;
mod config;
mod crash;
mod deploy;
mod dev;
mod docker;
mod health;
mod load;
mod logs;
mod machine;
mod memory;
mod packaging;
mod planner;
mod process;
mod report;
mod samples;
mod stage;
mod start;
mod swarm;
mod template;

use std::path::PathBuf;

use clap::{Parser, ValueEnum};

use crate::docker::Docker;
use crate::report::Report;
use crate::stage::Stage;

/// What can be measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Part {
    /// Memory of engine, shims and their peers. First, while the daemons are fresh.
    Memory,
    /// Start and whole life of a task.
    Start,
    /// From a crash to the replacement.
    Crash,
    /// What a health check costs.
    Health,
    /// From too much to do to another task.
    Load,
    /// Services against those of Docker Swarm.
    Swarm,
    /// Deciding what to do.
    Planner,
    /// Judging a config.
    Config,
    /// Making a template of CloudFormation.
    Template,
    /// Throughput of logs.
    Logs,
    /// From source to an image, for each language.
    Packaging,
    /// The first image of a language.
    Base,
    /// From a changed source line to the new revision.
    Deploy,
    /// From a save to the new task.
    Dev,
}

/// Compares tapedeck with runc and docker. Normally started by benches/run.sh.
#[derive(Debug, Parser)]
struct Arguments {
    /// The release binary of tapedeck
    #[arg(long)]
    tapedeck: PathBuf,
    /// The compiled benches/probe.rs, without dynamic libraries
    #[arg(long)]
    probe: PathBuf,
    /// An empty folder for everything that is made; the caller removes it
    #[arg(long)]
    work: PathBuf,
    /// The folder of examples; each is copied before anything is done with it
    #[arg(long)]
    examples: PathBuf,
    /// Socket of a docker daemon that nobody else uses; without it, docker is left out
    #[arg(long)]
    docker: Option<PathBuf>,
    /// Folder of that daemon's data
    #[arg(long, requires = "docker")]
    docker_data: Option<PathBuf>,
    /// The runc executable; without it, runc is left out
    #[arg(long)]
    runc: Option<PathBuf>,
    /// The mmdebstrap executable; without it, it is left out
    #[arg(long)]
    mmdebstrap: Option<PathBuf>,
    #[command(flatten)]
    validators: Validators,
    /// Rounds of the shortest measurements; the longer ones take a part of it
    #[arg(long, default_value_t = 40)]
    rounds: usize,
    /// Parts to measure [default: all]
    parts: Vec<Part>,
}

fn main() -> anyhow::Result<()> {
    let arguments = Arguments::parse();
    let wanted = |part: Part| arguments.parts.is_empty() || arguments.parts.contains(&part);
    let mut report = Report::default();
    machine::describe(&mut report, &arguments)?;

    let docker = arguments.docker.as_ref().zip(arguments.docker_data.as_ref());
    let docker = docker
        .map(|(socket, data)| Docker::new(socket, data))
        .transpose()?;
    let stage = Stage::prepare(&arguments)?;
    if let Some(docker) = &docker {
        docker.import(&stage.root_layer()?, "probe", &[])?;
    }
    let rivals = Rivals {
        docker: docker.as_ref(),
        runc: arguments.runc.as_deref(),
    };
    for part in Part::value_variants().iter().filter(|part| wanted(**part)) {
        let rounds = arguments.rounds;
        let measured = match part {
            Part::Start => start::measure(&stage, rivals, rounds, &mut report),
            Part::Crash => crash::measure(&stage, rivals, rounds / 2, &mut report),
            Part::Health => health::measure(&stage, rivals, rounds, &mut report),
            Part::Load => load::measure(&stage, (rounds / 4).max(1), &mut report),
            Part::Swarm => swarm::measure(&stage, rivals, (rounds / 8).max(3), &mut report),
            Part::Planner => planner::measure(rounds, &mut report),
            Part::Config => config::measure(&stage, &arguments.validators, rounds, &mut report),
            Part::Template => template::measure(&stage, &arguments.validators, rounds, &mut report),
            Part::Logs => logs::measure(&stage, rivals, (rounds / 8).max(3), &mut report),
            Part::Packaging => {
                packaging::measure(&stage, rivals, &arguments.examples, rounds / 2, &mut report)
            }
            Part::Deploy => {
                let example = arguments.examples.join("heartbeat");
                deploy::measure(&stage, rivals, &example, rounds / 2, &mut report)
            }
            Part::Base => base::measure(
                &stage,
                arguments.mmdebstrap.as_deref(),
                (rounds / 10).max(1),
                &mut report,
            ),
            Part::Dev => dev::measure(
                &stage,
                &arguments.examples.join("heartbeat"),
                rounds / 2,
                &mut report,
            ),
            Part::Memory => memory::measure(&stage, rivals, &mut report),
        };
        if let Err(error) = measured {
            report.absent(&format!("The part {part:?}"), &format!("{error:#}"));
        }
    }
    machine::describe_afterwards(&mut report)?;
    report.print()
}

/// Programs that judge configs of other kinds.
#[derive(Debug, clap::Args)]
struct Validators {
    /// The docker-compose executable; without it, it is left out
    #[arg(long)]
    compose: Option<PathBuf>,
    /// The cfn-lint executable; without it, it is left out
    #[arg(long)]
    cfn_lint: Option<PathBuf>,
}

/// Who else takes part. Those who do not are named in the report.
#[derive(Debug, Clone, Copy)]
struct Rivals<'a> {
    docker: Option<&'a Docker>,
    runc: Option<&'a std::path::Path>,
}
