//! Docker's side: local images of base and tools, and `docker build` in its shapes.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::ensure;
use fs_err as fs;
use tapedeck_image::Image;

use super::language::Language;
use super::ours::{Ours, Project};
use crate::command::output_of;
use crate::docker::Docker;

/// How docker makes an image.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shape {
    /// The application is made on the machine and copied.
    Outside,
    /// It was made before, and nothing changed.
    OutsideUnchanged,
    /// Everything is made by the Dockerfile.
    Inside,
}

pub(super) struct Theirs<'a> {
    pub(super) docker: &'a Docker,
    pub(super) project: Project,
    pub(super) scratch: PathBuf,
    language: &'static Language,
}

impl<'a> Theirs<'a> {
    pub(super) fn prepare(
        docker: &'a Docker,
        ours: &Ours<'_>,
        language: &'static Language,
    ) -> anyhow::Result<Self> {
        let top = ours.scratch.with_file_name("theirs");
        fs::create_dir_all(&top)?;
        let project = ours.project.again(top.join("project"))?;
        fs::copy(ours.stage.bundler()?, project.folder.join(".esbuild"))?;
        let ignored = "node_modules\n.esbuild\ntarget\n**/__pycache__\n";
        fs::write(project.folder.join(".dockerignore"), ignored)?;
        let scratch = top.join("scratch");
        fs::create_dir_all(scratch.join("out"))?;
        let theirs = Self {
            docker,
            project,
            scratch,
            language,
        };
        theirs.import(ours)?;
        theirs.build_of(
            language.dockerfiles.dependencies,
            &theirs.project.folder,
            "dependencies",
        )?;
        for shape in [Shape::Outside, Shape::Inside] {
            theirs.build(shape)?;
            theirs.check(shape)?;
        }
        Ok(theirs)
    }

    /// Makes `LANGUAGE-base` and `LANGUAGE-tools`.
    fn import(&self, ours: &Ours<'_>) -> anyhow::Result<()> {
        let root = self.scratch.join("root");
        let base = ours.base(self.language.runtime())?;
        unpack(&base, &root)?;
        self.docker.import(&root, &self.tag("base"), &changes(&base))?;
        let tools = ours.base(self.language.runtime_of_tools())?;
        fs::remove_dir_all(&root)?;
        unpack(&tools, &root)?;
        self.language.tools(&self.project.folder, &ours.caches, &root)?;
        output_of(
            Command::new("cp")
                .arg("-r")
                .arg(&ours.caches)
                .arg(root.join("cache")),
        )?;
        self.docker.import(&root, &self.tag("tools"), &changes(&tools))?;
        Ok(fs::remove_dir_all(&root)?)
    }

    pub(super) fn build(&self, shape: Shape) -> anyhow::Result<()> {
        let out = self.scratch.join("out");
        if shape == Shape::Outside {
            self.language.make(&self.project.folder, &out)?;
        }
        let files = &self.language.dockerfiles;
        match shape {
            Shape::Inside => self.build_of(files.inside, &self.project.folder, "inside"),
            Shape::Outside | Shape::OutsideUnchanged => self.build_of(files.outside, &out, "outside"),
        }
    }

    fn build_of(&self, dockerfile: &str, context: &Path, name: &str) -> anyhow::Result<()> {
        let file = self.scratch.join("Dockerfile");
        fs::write(&file, dockerfile)?;
        let mut command = self
            .docker
            .command(["build", "--quiet", "--network", "none", "--tag"]);
        command.arg(self.tag(name)).arg("--file").arg(file).arg(context);
        output_of(&mut command).map(drop)
    }

    /// Makes sure that an image of docker's runs and says something.
    fn check(&self, shape: Shape) -> anyhow::Result<()> {
        let name = match shape {
            Shape::Inside => "inside",
            Shape::Outside | Shape::OutsideUnchanged => "outside",
        };
        let image = self.tag(name);
        let settings = [
            "--env",
            "WORKER_INTERVAL=1s",
            "--env",
            "WORKER_INTERVAL_S=1",
            "--env",
            "HEARTBEAT_INTERVAL_MS=500",
        ];
        let run = ["run", "--detach", "--network", "none"]
            .into_iter()
            .chain(settings);
        let run = run.chain([
            "--env",
            "WORKER_NAME=x",
            "--env",
            "HEARTBEAT_NAME=x",
            "--env",
            "LOG_LEVEL=info",
        ]);
        let run = run.chain(["--env", "WORKER_INTERVAL_MS=500", &image]);
        let container = self.docker.run(run)?;
        let deadline = Instant::now() + Duration::from_secs(10);
        let lines = loop {
            let said = output_of(self.docker.command(["logs", &container]).arg("--details"))?;
            if !said.is_empty() || Instant::now() > deadline {
                break said;
            }
            std::thread::sleep(Duration::from_millis(100));
        };
        let is_up = self
            .docker
            .run(["inspect", "--format", "{{.State.Running}}", &container])?;
        self.docker.run(["rm", "--force", &container])?;
        ensure!(is_up == "true", "docker's image {image} does not run: {lines}");
        Ok(())
    }

    /// Builds inside and pushes.
    pub(super) fn push(&self, image: &str) -> anyhow::Result<()> {
        self.build(Shape::Inside)?;
        self.docker.run(["tag", &self.tag("inside"), image])?;
        self.docker.run(["push", "--quiet", image]).map(drop)
    }

    fn tag(&self, name: &str) -> String {
        format!("{}-{name}", self.language.tag())
    }
}

/// Copies the layers of an image onto each other.
fn unpack(image: &Image, root: &Path) -> anyhow::Result<()> {
    fs::create_dir_all(root)?;
    // The topmost is the first.
    for layer in image.layers.iter().rev() {
        output_of(Command::new("cp").arg("-a").arg(layer.join(".")).arg(root))?;
    }
    Ok(())
}

/// The settings of an image, as in a Dockerfile.
fn changes(image: &Image) -> Vec<String> {
    let config = &image.config;
    let variables = config
        .env
        .iter()
        .map(|(name, value)| format!("ENV {name}={value}"));
    variables.chain([format!("USER {}", config.user)]).collect()
}
