//! From a changed source line to the new revision: `tapedeck deploy` against `docker build` and `docker run`.
//!
//! Docker gets the best case: base image and dependencies are one local image, made of the very layers that tapedeck
//! made, so that only the program itself is built.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, ensure};
use fs_err as fs;
use tapedeck_build::Resident;
use tapedeck_model::{ImageDigest, JavaScriptConfig, LanguageConfig, StackName};

use crate::Rivals;
use crate::command::{output_of, timed};
use crate::docker::Docker;
use crate::report::{Report, progress};
use crate::samples::Samples;
use crate::stage::{self, Stage};

/// Entry file of the example.
const ENTRY: &str = "src/main.ts";

/// Name of docker's image with everything but the program.
const DEPENDENCIES: &str = "dependencies";

/// What docker builds when the program was bundled before.
const BUNDLED_OUTSIDE: &str = "FROM dependencies\nCOPY app/ /app/\n";

/// What docker builds from the source, as Dockerfiles usually do.
const BUNDLED_INSIDE: &str = "FROM dependencies\nUSER root\nCOPY . /source\nRUN cd /source && esbuild src/main.ts --bundle \
     --platform=node --format=esm --packages=external --sourcemap --outfile=/app/index.js\nUSER 65532:65532\n";

pub(crate) fn measure(
    stage: &Stage,
    rivals: Rivals<'_>,
    example: &Path,
    rounds: usize,
    report: &mut Report,
) -> anyhow::Result<()> {
    progress("first deploy of the example: base image, dependencies");
    let ours = Ours::prepare(stage, example)?;
    let theirs = rivals
        .docker
        .map(|docker| Theirs::prepare(docker, &ours))
        .transpose()?;
    changed_line(&ours, theirs.as_ref(), rounds, report)?;
    nothing_changed(&ours, theirs.as_ref(), rounds, report)?;
    if let Some(theirs) = theirs {
        theirs.remove()?;
    }
    stage::delete(&mut stage.client()?, &ours.name)
}

fn changed_line(
    ours: &Ours<'_>,
    theirs: Option<&Theirs<'_>>,
    rounds: usize,
    report: &mut Report,
) -> anyhow::Result<()> {
    progress(&format!("one changed line, deployed, {rounds} rounds"));
    let mut rows = [
        "`tapedeck deploy`",
        "esbuild, `docker build`, `run`, `stop`",
        "`docker build` with esbuild in it, `run`, `stop`",
    ]
    .map(Samples::new);
    for round in 1..=rounds {
        ours.project.change(round)?;
        rows[0].add(timed(|| ours.deploy())?);
        ours.check()?;
        if let Some(theirs) = theirs {
            theirs.project.change(round)?;
            rows[1].add(timed(|| theirs.replace(&|| theirs.build_outside()))?);
            theirs.project.change(rounds + round)?;
            rows[2].add(timed(|| theirs.replace(&|| theirs.build_inside()))?);
        }
    }
    report.at_most(
        "one changed line → new revision running, old one gone, p50",
        rows[0].median(),
        1000.0,
        "ms",
    );
    report.table(
        "One changed source line → the new revision runs, the old one is gone",
        "ms",
        &taken(rows),
    );
    Ok(())
}

fn nothing_changed(
    ours: &Ours<'_>,
    theirs: Option<&Theirs<'_>>,
    rounds: usize,
    report: &mut Report,
) -> anyhow::Result<()> {
    progress(&format!("nothing changed, {rounds} rounds"));
    ours.deploy()?;
    let mut rows = [
        "tapedeck: packaging (in a running process)",
        "`tapedeck deploy`, the whole command",
        "`docker build` alone",
    ]
    .map(Samples::new);
    for _ in 0..rounds {
        rows[0].add(timed(|| ours.package())?);
        rows[1].add(timed(|| ours.deploy())?);
        if let Some(theirs) = theirs {
            rows[2].add(timed(|| theirs.build(BUNDLED_OUTSIDE).map(drop))?);
        }
    }
    report.at_most("nothing changed: packaging, p50", rows[0].median(), 15.0, "ms");
    report.table("Nothing changed", "ms", &taken(rows));
    Ok(())
}

/// Rows of those who took part.
fn taken(rows: [Samples; 3]) -> Vec<Samples> {
    rows.into_iter().filter(|row| row.count() > 0).collect()
}

/// A copy of the example.
struct Project {
    folder: PathBuf,
    /// Text of the entry file, as it came.
    entry: String,
}

impl Project {
    fn copy(from: &Path, folder: PathBuf) -> anyhow::Result<Self> {
        output_of(Command::new("cp").arg("-a").arg(from).arg(&folder))?;
        let entry = fs::read_to_string(folder.join(ENTRY))?;
        Ok(Self { folder, entry })
    }

    /// Changes one line of the source, which changes one line of the program.
    fn change(&self, number: usize) -> anyhow::Result<()> {
        let text = format!("{}\nprocess.env.BENCH_ROUND = '{number}';\n", self.entry);
        Ok(fs::write(self.folder.join(ENTRY), text)?)
    }
}

struct Ours<'a> {
    stage: &'a Stage,
    project: Project,
    name: StackName,
}

impl<'a> Ours<'a> {
    fn prepare(stage: &'a Stage, example: &Path) -> anyhow::Result<Self> {
        let project = Project::copy(example, stage.work.join("ours"))?;
        let config = project.folder.join("stacktape.yml");
        let text = fs::read_to_string(&config)?.replace("Instances: 2", "Instances: 1");
        fs::write(config, text)?;
        let ours = Self {
            stage,
            project,
            name: StackName::new("bench-dev")?,
        };
        ours.deploy()?;
        ours.check()?;
        Ok(ours)
    }

    fn deploy(&self) -> anyhow::Result<()> {
        let mut command = self
            .stage
            .command(&["deploy", "--projectName", "bench", "--stage", "dev"]);
        output_of(command.current_dir(&self.project.folder)).map(drop)
    }

    /// Makes sure that nothing runs but one task.
    fn check(&self) -> anyhow::Result<()> {
        let stack = self.stage.client()?.describe_stack(&self.name)?;
        let (stopped, others): (Vec<_>, Vec<_>) =
            stage::tasks(&stack).partition(|task| task.state.is_stopped());
        ensure!(
            others.len() == 1 && stage::is_running(others[0]),
            "one task runs, not {others:?} beside {}",
            stopped.len()
        );
        Ok(())
    }

    fn image(&self) -> anyhow::Result<ImageDigest> {
        let stack = self.stage.client()?.describe_stack(&self.name)?;
        Ok(stack
            .services
            .into_iter()
            .next()
            .context("the example has a service")?
            .image)
    }

    fn package(&self) -> anyhow::Result<()> {
        let packaging = stage::packaging(ENTRY, LanguageConfig::Javascript(JavaScriptConfig::default()));
        let folder = &self.project.folder;
        self.stage
            .package("heartbeat", &packaging, folder, &Resident::default())
    }
}

struct Theirs<'a> {
    docker: &'a Docker,
    project: Project,
    bundler: PathBuf,
}

impl<'a> Theirs<'a> {
    /// Makes one image of all layers but the top one, which is the program.
    fn prepare(docker: &'a Docker, ours: &Ours<'_>) -> anyhow::Result<Self> {
        let work = &ours.stage.work;
        let image = ours.stage.images.image(&ours.image()?)?;
        let root = work.join("dependencies");
        fs::create_dir(&root)?;
        for layer in image.layers.iter().skip(1).rev() {
            output_of(Command::new("cp").arg("-a").arg(layer.join(".")).arg(&root))?;
        }
        let bundler = ours.stage.bundler()?;
        output_of(Command::new("cp").arg(&bundler).arg(root.join("usr/bin/esbuild")))?;
        let config = &image.config;
        let mut changes: Vec<String> = config
            .env
            .iter()
            .map(|(name, value)| format!("ENV {name}={value}"))
            .collect();
        changes.push(format!("WORKDIR {}", config.working_dir.display()));
        changes.push(format!("USER {}", config.user));
        changes.push(format!(
            "ENTRYPOINT {}",
            serde_json::to_string(&config.entrypoint)?
        ));
        docker.import(&root, DEPENDENCIES, &changes)?;
        let project = Project::copy(&ours.project.folder, work.join("theirs"))?;
        fs::write(project.folder.join(".dockerignore"), "node_modules\napp\n")?;
        fs::create_dir(project.folder.join("context"))?;
        let theirs = Self {
            docker,
            project,
            bundler,
        };
        theirs.replace(&|| theirs.build_outside())?;
        theirs.build_inside()?;
        Ok(theirs)
    }

    fn build_outside(&self) -> anyhow::Result<String> {
        let mut command = Command::new(&self.bundler);
        command.args([
            ENTRY,
            "--bundle",
            "--platform=node",
            "--format=esm",
            "--packages=external",
            "--sourcemap",
        ]);
        command.args(["--log-level=warning", "--outfile=context/app/index.js"]);
        output_of(command.current_dir(&self.project.folder))?;
        self.build(BUNDLED_OUTSIDE)
    }

    fn build_inside(&self) -> anyhow::Result<String> {
        self.build(BUNDLED_INSIDE)
    }

    /// Builds an image and returns its id.
    fn build(&self, dockerfile: &str) -> anyhow::Result<String> {
        let context = self.project.folder.join(if dockerfile == BUNDLED_OUTSIDE {
            "context"
        } else {
            "."
        });
        let file = self.project.folder.with_extension("Dockerfile");
        fs::write(&file, dockerfile)?;
        let paths = [file.as_os_str(), context.as_os_str()];
        self.docker.run(
            ["build", "--quiet", "--network", "none", "--file"]
                .map(AsRef::as_ref)
                .into_iter()
                .chain(paths),
        )
    }

    /// Starts a container of a new image, then stops the one before, with docker's own waiting for its end.
    fn replace(&self, build: &dyn Fn() -> anyhow::Result<String>) -> anyhow::Result<()> {
        let image = build()?;
        let before = self.running()?;
        let limits = ["--cpus", "0.25", "--memory", "512m", "--memory-swap", "512m"];
        let variables = [
            "--env",
            "HEARTBEAT_NAME=heartbeat",
            "--env",
            "HEARTBEAT_INTERVAL_MS=1000",
            "--env",
            "LOG_LEVEL=info",
        ];
        let run = ["run", "--detach", "--label", "heartbeat"]
            .into_iter()
            .chain(limits)
            .chain(variables);
        self.docker.run(run.chain([image.as_str()]))?;
        if !before.is_empty() {
            self.docker.run(["stop", "--time", "2", &before])?;
            self.docker.run(["rm", &before])?;
        }
        Ok(())
    }

    fn running(&self) -> anyhow::Result<String> {
        self.docker.run(["ps", "--quiet", "--filter", "label=heartbeat"])
    }

    fn remove(self) -> anyhow::Result<()> {
        self.docker.run(["rm", "--force", &self.running()?]).map(drop)
    }
}
