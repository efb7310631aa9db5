//! Our side: an engine of its own, images of the probe, and a client.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail, ensure};
use fs_err as fs;
use tapedeck_api::{Client, Home, StackStatus};
use tapedeck_build::{BuildRequest, Resident};
use tapedeck_image::{ConfigChange, Entry, Image, Layer, NoProgress, SharedLock, Store};
use tapedeck_model::{
    ContainerSpec, Cpu, ImageDigest, LanguageConfig, MemoryMb, Packaging, ResourceName, ServiceSpec,
    StackName, StackSpec, StacktapeImageBuildpack, StopTimeout, Task, TaskId, TaskState,
};
use tapedeck_runtime::log::{Reader, Stream};
use tapedeck_runtime::network::HostNetwork;

use crate::Arguments;
use crate::report::progress;

/// Far longer than anything here takes; reached only when something hangs.
pub(crate) const DEADLINE: Duration = Duration::from_secs(120);

/// The one service of the stacks that are made here.
const SERVICE: &str = "probe";

/// An engine that nobody else uses.
pub(crate) struct Stage {
    pub(crate) tapedeck: PathBuf,
    pub(crate) home: Home,
    pub(crate) work: PathBuf,
    /// The program inside the containers; it measures programs outside of them, too.
    pub(crate) probe: PathBuf,
    pub(crate) network: HostNetwork,
    pub(crate) images: Store,
    layer: Layer,
    /// Keeps the images of the probe from being taken for garbage.
    _share: SharedLock,
}

impl Stage {
    /// Starts the engine. The caller of this program stops it and removes what is left.
    pub(crate) fn prepare(arguments: &Arguments) -> anyhow::Result<Self> {
        let work = fs::canonicalize(&arguments.work)?;
        let home = Home::at(&work.join("home"));
        progress("starting an engine");
        let started = Command::new(&arguments.tapedeck)
            .args(["engine", "start", "--memory-budget", "10000000"])
            .env("TAPEDECK_HOME", home.state())
            .stdout(Stdio::null())
            .status()
            .context("start the engine")?;
        ensure!(started.success(), "the engine did not start");
        let status = Client::connect(&home.socket())?.engine_status()?;
        let network = HostNetwork::candidates(home.state().as_os_str().as_encoded_bytes())
            .find(|candidate| {
                candidate.bridge == status.bridge && candidate.subnet.to_string() == status.subnet
            })
            .context("find the network of the engine")?;
        let images = Store::open(home.images())?;
        let _share = images.share()?;
        let folders = ["dev", "etc", "proc", "sys", "tmp"].map(Entry::directory);
        let probe = fs::canonicalize(&arguments.probe)?;
        let inside = Entry::copy("probe", &probe).executable();
        let layer = images.put_layer(folders.into_iter().chain([inside]))?;
        let tapedeck = fs::canonicalize(&arguments.tapedeck)?;
        Ok(Self {
            tapedeck,
            home,
            work,
            probe,
            network,
            images,
            layer,
            _share,
        })
    }

    /// An image that runs the probe with these arguments.
    pub(crate) fn image(&self, arguments: &[&str]) -> anyhow::Result<Image> {
        let command = ["/probe"]
            .iter()
            .chain(arguments)
            .map(ToString::to_string)
            .collect();
        let change = ConfigChange {
            entrypoint: Some(command),
            ..ConfigChange::default()
        };
        Ok(self
            .images
            .put_image(None, &[(self.layer.clone(), "the probe")], &change)?)
    }

    /// The folder that all contestants use as root file system, or make their image of.
    pub(crate) fn root_layer(&self) -> anyhow::Result<PathBuf> {
        self.image(&["clock"])?
            .layers
            .pop()
            .context("an image has a layer")
    }

    pub(crate) fn client(&self) -> anyhow::Result<Client> {
        Ok(Client::connect(&self.home.socket())?)
    }

    /// A command of tapedeck for this engine.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(&self.tapedeck);
        command.args(arguments).env("TAPEDECK_HOME", self.home.state());
        command
    }

    /// Packages a service in this process, with what that keeps between builds.
    pub(crate) fn package(
        &self,
        service: &str,
        packaging: &Packaging,
        folder: &Path,
        resident: &Resident,
    ) -> anyhow::Result<()> {
        let (service, cache) = (ResourceName::new(service)?, self.home.build_cache());
        let request = BuildRequest {
            search_path: &std::env::var_os("PATH").unwrap_or_default(),
            ..BuildRequest::new(&self.images, &service, packaging, folder, &cache)
        };
        tapedeck_build::build_again(&request, resident, &mut NoProgress)?;
        Ok(())
    }

    /// The executable that tapedeck bundles with, once it has been fetched.
    pub(crate) fn bundler(&self) -> anyhow::Result<PathBuf> {
        let versions = fs::read_dir(self.home.build_cache().join("esbuild"))?;
        let mut found = versions.flatten().map(|version| version.path().join("esbuild"));
        found
            .find(|path| path.is_file())
            .context("find the bundler that tapedeck has fetched")
    }

    /// A stack of tasks that are all alike.
    pub(crate) fn stack(&self, image: &ImageDigest, tasks: u32, vcpu: f64) -> anyhow::Result<StackSpec> {
        let container = ContainerSpec {
            image: image.clone(),
            environment: BTreeMap::new(),
            secrets: BTreeMap::new(),
            cpu: Cpu::from_vcpu(vcpu)?,
            memory: MemoryMb::new(512)?,
            stop_timeout: StopTimeout::from_secs(2)?,
            discards_output: false,
            depends_on: Vec::new(),
            sides: Vec::new(),
            ports: Vec::new(),
            mount_points: Vec::new(),
            reaches: Vec::new(),
            command: Vec::new(),
            job_grants: Vec::new(),
            role: None,
            ec2: None,
            health_check: None,
        };
        let service = ServiceSpec {
            name: ResourceName::new(SERVICE)?,
            desired_count: tasks,
            scaling: None,
            job: None,
            logs: tapedeck_model::LogPolicy::default(),
            container,
        };
        Ok(StackSpec {
            name: StackName::new("bench")?,
            services: vec![service],
            resources: Vec::new(),
        })
    }

    /// Lines that a task of such a stack wrote.
    pub(crate) fn lines(&self, task: &TaskId, stream: Stream) -> anyhow::Result<Vec<String>> {
        lines(
            &self
                .home
                .task_log(&StackName::new("bench")?, &ResourceName::new(SERVICE)?, task),
            stream,
        )
    }
}

/// Packaging from source, without any setting but those of the language.
pub(crate) fn packaging(entry: &str, language: LanguageConfig) -> Packaging {
    Packaging::StacktapeImageBuildpack(StacktapeImageBuildpack {
        entryfile_path: entry.to_owned(),
        include_files: Vec::new(),
        exclude_files: Vec::new(),
        exclude_dependencies: Vec::new(),
        custom_docker_build_commands: Vec::new(),
        language,
    })
}

/// Waits for a state of a stack.
pub(crate) fn wait_for<T>(
    client: &mut Client,
    mut stack: StackStatus,
    mut reached: impl FnMut(&StackStatus) -> Option<T>,
) -> anyhow::Result<T> {
    let deadline = Instant::now() + DEADLINE;
    loop {
        if let Some(found) = reached(&stack) {
            return Ok(found);
        }
        if Instant::now() > deadline {
            bail!("waited in vain for the stack {}: {stack:?}", stack.name);
        }
        stack = client.await_change(&stack.name, stack.version, Duration::from_secs(5))?;
    }
}

/// Deletes a stack and waits until it is gone.
pub(crate) fn delete(client: &mut Client, name: &StackName) -> anyhow::Result<()> {
    let mut version = client.delete_stack(name.clone())?.version;
    let deadline = Instant::now() + DEADLINE;
    while let Ok(stack) = client.await_change(name, version, Duration::from_secs(5)) {
        version = stack.version;
        ensure!(
            Instant::now() < deadline,
            "waited in vain for the end of the stack {name}"
        );
    }
    Ok(())
}

/// All tasks of a stack.
pub(crate) fn tasks(stack: &StackStatus) -> impl Iterator<Item = &Task> {
    stack.services.iter().flat_map(|service| &service.tasks)
}

/// Whether its process runs.
pub(crate) fn is_running(task: &Task) -> bool {
    matches!(task.state, TaskState::Running { .. })
}

/// Lines of a log.
pub(crate) fn lines(log: &Path, stream: Stream) -> anyhow::Result<Vec<String>> {
    let lines = Reader::open(log).read_available()?;
    let wanted = lines
        .into_iter()
        .filter(|line| line.stream == stream && !line.marker);
    Ok(wanted
        .map(|line| String::from_utf8_lossy(&line.text).into_owned())
        .collect())
}

/// Waits for the first line of a task that has just started.
pub(crate) fn first_line(read: impl Fn() -> anyhow::Result<Vec<String>>) -> anyhow::Result<String> {
    let deadline = Instant::now() + DEADLINE;
    loop {
        if let Some(line) = read()?.into_iter().next() {
            return Ok(line);
        }
        ensure!(
            Instant::now() < deadline,
            "waited in vain for the first line of a task"
        );
        std::thread::sleep(Duration::from_millis(2));
    }
}
