//! What the engine does to this machine. Every method blocks, and those that take long are called from a blocking
//! thread; none decides.

use std::collections::BTreeMap;
use std::os::unix::fs::DirBuilderExt as _;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use tapedeck_api::{Home, Refusal, StorageMetrics};
use tapedeck_image::{Image, KeepBases, Store as Images};
use tapedeck_model::{ContainerSpec, ImageDigest, Instance, InstanceId, StackSpec, Task, TaskId};
use tapedeck_runtime::cgroup::{CgroupLayout, Limits, MOUNT_ROOT};
use tapedeck_runtime::network::{self, HostNetwork, resolv_conf};
use tapedeck_runtime::{
    DEFAULT_PIDS_LIMIT, TaskClock, TaskDefinition, TaskDisk, TaskExit, TaskProcess, failpoint, storage_use,
};

use crate::clock::Clock;
use crate::endpoint::EndpointKey;
use crate::fleet::ServiceKey;
use crate::image_user;
use crate::secrets;
use crate::start::EngineError;
use crate::trust::{self, Neighbours};
use crate::volumes;

/// Where the resolver of systemd keeps the name servers that it asks itself.
const RESOLVED_CONF: &str = "/run/systemd/resolve/resolv.conf";

/// Processes and threads of all tasks on an instance: as many as the kernel can number. Each task has a limit of its own.
const INSTANCE_PIDS_LIMIT: u32 = 4_194_304;

/// This machine, as far as the engine uses it.
#[derive(Debug)]
pub(crate) struct Host {
    pub(crate) home: Home,
    pub(crate) images: Images,
    pub(crate) network: HostNetwork,
    pub(crate) cgroups: CgroupLayout,
    /// Cgroup of all tasks of this engine, below the mount point of each hierarchy.
    pub(crate) cgroup_root: String,
    /// What the ids of endpoints are made with.
    pub(crate) endpoint_key: EndpointKey,
    /// The binary that shims are.
    pub(crate) executable: PathBuf,
    /// What tells the engine and its shims the time.
    pub(crate) clock: Clock,
    /// The disk that each task gets, where this machine can make one.
    pub(crate) disk: Option<TaskDisk>,
    /// What this machine lacks.
    pub(crate) warnings: Vec<String>,
    /// The number of the rules that the firewall was told last.
    pub(crate) told: Mutex<u64>,
}

impl Host {
    /// Starts the shim of a task, which starts the task.
    pub(crate) fn launch(
        &self,
        key: &ServiceKey,
        task: &Task,
        container: &ContainerSpec,
        neighbours: Neighbours,
    ) -> Result<UnixStream, String> {
        let secrets = secrets::values(&self.home.secrets(), &container.secrets).map_err(|why| {
            format!("ResourceInitializationError: unable to pull secrets or registry auth: {why}")
        })?;
        let image = self
            .images
            .image(&container.image)
            .map_err(|error| format!("CannotPullContainerError: {}", crate::chain(&error)))?;
        failpoint::reach("launch.image");
        let mut definition = self
            .definition(key, task, container, secrets, &image)
            .map_err(|why| format!("CannotCreateContainerError: {why}"))?;
        definition.mounts = volumes::ready(&self.home, key, container, &definition.process)
            .map_err(|why| format!("ResourceInitializationError: {why}"))?;
        let folder = self.home.task(&task.id);
        trust::establish(&folder, &neighbours, container, &mut definition)
            .map_err(|error| format!("ResourceInitializationError: {}", crate::chain(&error)))?;
        definition.hosts = neighbours.names;
        self.note_discarded(key, container.discards_output);
        tapedeck_runtime::spawn(&self.executable, &folder, &definition)
            .map(tapedeck_runtime::ShimConnection::into_stream)
            .map_err(|error| format!("CannotStartContainerError: {}", crate::chain(&error)))
    }

    /// What a task has written, where that is limited.
    pub(crate) fn storage_of(&self, pid: u32) -> Option<StorageMetrics> {
        self.disk.as_ref()?;
        let found = storage_use(pid).ok()?;
        Some(StorageMetrics {
            used_bytes: found.used_bytes,
            size_bytes: found.size_bytes,
        })
    }

    /// Name of the cgroup of a task: within that of its instance, if it is on one.
    pub(crate) fn cgroup_of(&self, task: &TaskId, instance: Option<&InstanceId>) -> String {
        match instance {
            Some(instance) => format!("{}/{instance}/{task}", self.cgroup_root),
            None => format!("{}/{task}", self.cgroup_root),
        }
    }

    /// Makes the cgroup of an instance, which limits all tasks on it together. One that is there stays.
    pub(crate) fn make_instance(&self, instance: &Instance) -> Result<(), String> {
        let limits = Limits {
            cpu: Some(instance.machine.cpu()),
            memory: instance.machine.memory,
            pids: INSTANCE_PIDS_LIMIT,
        };
        let group = self
            .cgroups
            .task(&format!("{}/{}", self.cgroup_root, instance.id));
        group
            .and_then(|group| group.create(&limits))
            .map_err(|error| format!("ResourceInitializationError: {}", crate::chain(&error)))
    }

    /// Removes the cgroup of an instance, on which no task is left. When that fails, the next engine tries again.
    pub(crate) fn remove_instance(&self, instance: &InstanceId) {
        let group = self.cgroups.task(&format!("{}/{instance}", self.cgroup_root));
        let _ = group.and_then(|group| group.remove());
    }

    /// The instances that have a cgroup on this machine.
    pub(crate) fn instances_here(&self) -> Vec<InstanceId> {
        let groups = self.cgroups.task(&self.cgroup_root);
        let names = groups.map(|group| group.names_below()).unwrap_or_default();
        names
            .into_iter()
            .filter_map(|name| InstanceId::new(name).ok())
            .collect()
    }

    /// The host name of a task.
    pub(crate) fn host_name(task: &Task) -> String {
        format!("ip-{}", task.address.to_string().replace('.', "-"))
    }

    /// The `/etc/resolv.conf` of tasks.
    pub(crate) fn name_servers(&self) -> String {
        resolv_conf(&text_of("/etc/resolv.conf"), &text_of(RESOLVED_CONF))
    }

    /// Connects to the shim of a task that an earlier engine started; none when there is no such shim any more.
    pub(crate) fn adopt(&self, task: &TaskId) -> Option<UnixStream> {
        tapedeck_runtime::connect(&self.home.task(task))
            .ok()
            .map(tapedeck_runtime::ShimConnection::into_stream)
    }

    /// How a task ended, as its shim wrote it down.
    pub(crate) fn exit_of(&self, task: &TaskId) -> Option<TaskExit> {
        // A file that cannot be read says as little as none.
        tapedeck_runtime::read_exit(&self.home.task(task)).ok().flatten()
    }

    /// Removes all that a task has left on this machine but its log.
    pub(crate) fn clean(&self, task: &TaskId) -> Result<(), String> {
        failpoint::reach("clean.begun");
        let folder = self.home.task(task);
        let definition = tapedeck_runtime::read_definition(&folder).map_err(|error| error.to_string())?;
        if let Some(definition) = definition {
            tapedeck_runtime::cleanup(&folder, &definition).map_err(|error| crate::chain(&error))?;
        }
        failpoint::reach("clean.resources");
        match fs_err::remove_dir_all(&folder) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error.to_string()),
            _ => {
                failpoint::reach("clean.done");
                Ok(())
            }
        }
    }

    /// The tasks that have a folder on this machine.
    pub(crate) fn task_folders(&self) -> Vec<TaskId> {
        let Ok(folders) = fs_err::read_dir(self.home.tasks()) else {
            return Vec::new();
        };
        folders
            .flatten()
            .filter_map(|folder| TaskId::new(folder.file_name().to_string_lossy()).ok())
            .collect()
    }

    /// Whether every image of a stack is in the store and can be run.
    pub(crate) fn check_images(&self, stack: &StackSpec) -> Result<(), Refusal> {
        for service in &stack.services {
            let check = |image: &ImageDigest| {
                let image = self.images.image(image).map_err(|error| crate::chain(&error))?;
                command_of(&image).and_then(|_| image_user::ids(&image.config.user, &image.layers))
            };
            if let Err(reason) = service
                .container
                .images()
                .try_for_each(|image| check(image).map(drop))
            {
                return Err(Refusal::UnusableImage {
                    service: service.name.to_string(),
                    reason,
                });
            }
        }
        Ok(())
    }

    /// Removes images that no service refers to. Skipped while somebody deploys; the next change tries again.
    pub(crate) fn collect_garbage(&self, keep: &[ImageDigest]) {
        let _ = self.images.collect_garbage(keep, KeepBases::All);
    }

    /// Removes what all tasks share. Only without tasks: the next engine makes it again.
    pub(crate) fn remove_shared(&self) -> Result<(), EngineError> {
        network::remove(&self.network)?;
        let layout = CgroupLayout::detect(MOUNT_ROOT.as_ref())?;
        layout
            .task(&self.cgroup_root)
            .and_then(|cgroup| cgroup.remove())
            .map_err(EngineError::Remains)
    }

    /// Removes the logs of a service that was deleted, and the folder of its stack when it was the last.
    pub(crate) fn remove_logs(&self, key: &ServiceKey) {
        // What cannot be removed now is in nobody's way; a service of the same name finds only logs of other tasks.
        let _ = fs_err::remove_dir_all(self.home.service_logs(&key.stack, &key.name));
        let _ = fs_err::remove_dir(self.home.stack_logs(&key.stack));
    }

    /// Lets `logs` know, which asks no engine, whether there is anything to expect.
    fn note_discarded(&self, key: &ServiceKey, is_discarded: bool) {
        let note = self.home.output_discarded(&key.stack, &key.name);
        // Without the note nothing but a word of explanation is missing.
        let _ = match (is_discarded, note.parent()) {
            (true, Some(folder)) => std::fs::DirBuilder::new()
                .recursive(true)
                .mode(0o700)
                .create(folder)
                .and_then(|()| fs_err::write(&note, "")),
            _ => fs_err::remove_file(&note),
        };
    }

    fn definition(
        &self,
        key: &ServiceKey,
        task: &Task,
        container: &ContainerSpec,
        secrets: BTreeMap<String, String>,
        image: &Image,
    ) -> Result<TaskDefinition, String> {
        let (uid, gid) = image_user::ids(&image.config.user, &image.layers)?;
        let mut environment = image.config.env.clone();
        environment.extend(container.environment.clone());
        environment.extend(secrets);
        let hostname = Self::host_name(task);
        environment
            .entry("HOSTNAME".to_string())
            .or_insert_with(|| hostname.clone());
        self.endpoint_key
            .add_variables(&mut environment, &task.id, key.name.as_str(), container);
        Ok(TaskDefinition {
            id: task.id.clone(),
            hostname,
            layers: image.layers.clone(),
            process: TaskProcess {
                args: match container.command.as_slice() {
                    [] => command_of(image)?,
                    own => [image.config.entrypoint.as_slice(), own].concat(),
                },
                environment: environment.into_iter().collect(),
                working_directory: image.config.working_dir.clone(),
                uid,
                gid,
                additional_gids: Vec::new(),
            },
            cpu: container.cpu,
            shares_cpu: container.ec2.as_ref().is_some_and(|ec2| ec2.shares_cpu),
            memory: container.memory,
            pids_limit: DEFAULT_PIDS_LIMIT,
            stop_signal: image_user::signal(&image.config.stop_signal)?,
            network: self.network.task(task.address),
            resolv_conf: self.name_servers(),
            hosts: BTreeMap::new(),
            log_directory: self.home.task_log(&key.stack, &key.name, &task.id),
            discards_output: container.discards_output,
            cgroup: self.cgroup_of(&task.id, task.instance()),
            clock: Some(TaskClock::showing(self.clock.now())),
            disk: self.disk.clone(),
            mounts: Vec::new(),
            sides: self.sides_of(key, task, container)?,
            health_check: container.health_check.clone(),
            errand: None,
        })
    }
}

/// The command line of an image.
pub(crate) fn command_of(image: &Image) -> Result<Vec<String>, String> {
    let command = [image.config.entrypoint.as_slice(), image.config.cmd.as_slice()].concat();
    if command.is_empty() {
        return Err("the image names no command to run (neither Entrypoint nor Cmd)".to_string());
    }
    Ok(command)
}

/// A file that need not exist.
fn text_of(path: impl AsRef<Path>) -> String {
    fs_err::read_to_string(path.as_ref()).unwrap_or_default()
}
