//! Where region `local` keeps its files: pure path arithmetic.

use std::path::{Path, PathBuf};

use tapedeck_model::{ResourceName, StackName, TaskId};

/// Between the name of a stack and a number, in the names of volumes that are about to go. No name of a stack has it.
const ASIDE: &str = ".deleted-";

/// The folders of one engine: `state` survives a reboot, `run` need not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Home {
    state: PathBuf,
    run: PathBuf,
}

impl Home {
    /// The folders of the machine-wide engine.
    #[must_use]
    pub fn of_machine() -> Self {
        Self {
            state: PathBuf::from("/var/lib/tapedeck"),
            run: PathBuf::from("/run/tapedeck"),
        }
    }

    /// Everything below one folder, as `TAPEDECK_HOME` asks for.
    #[must_use]
    pub fn at(folder: &Path) -> Self {
        Self {
            state: folder.to_path_buf(),
            run: folder.join("run"),
        }
    }

    /// The folder that survives a reboot. Its path is what distinguishes one engine from another.
    #[must_use]
    pub fn state(&self) -> &Path {
        &self.state
    }

    /// The folder that need not survive a reboot.
    #[must_use]
    pub fn run(&self) -> &Path {
        &self.run
    }

    /// The socket of the engine, mode 0600.
    #[must_use]
    pub fn socket(&self) -> PathBuf {
        self.run.join("engine.sock")
    }

    /// Locked by the engine as long as it lives; holds its process id.
    #[must_use]
    pub fn lock(&self) -> PathBuf {
        self.state.join("engine.lock")
    }

    /// What an engine that was started in the background says.
    #[must_use]
    pub fn engine_log(&self) -> PathBuf {
        self.state.join("engine.log")
    }

    /// The SQLite database of the engine.
    #[must_use]
    pub fn database(&self) -> PathBuf {
        self.state.join("engine.db")
    }

    /// The image store.
    #[must_use]
    pub fn images(&self) -> PathBuf {
        self.state.join("images")
    }

    /// What packaging remembers from run to run.
    #[must_use]
    pub fn build_cache(&self) -> PathBuf {
        self.state.join("build")
    }

    /// The encrypted store of secrets.
    #[must_use]
    pub fn secrets(&self) -> PathBuf {
        self.state.join("secrets")
    }

    /// What the disks of tasks are copies of.
    #[must_use]
    pub fn storage(&self) -> PathBuf {
        self.state.join("storage")
    }

    /// One folder per task that is not stopped: its definition, writable layer and shim socket.
    #[must_use]
    pub fn tasks(&self) -> PathBuf {
        self.state.join("tasks")
    }

    /// The folder of one task.
    #[must_use]
    pub fn task(&self, task: &TaskId) -> PathBuf {
        self.tasks().join(task.as_str())
    }

    /// The logs of one stack.
    #[must_use]
    pub fn stack_logs(&self, stack: &StackName) -> PathBuf {
        self.state.join("logs").join(stack.as_str())
    }

    /// The logs of one service: a folder per task.
    #[must_use]
    pub fn service_logs(&self, stack: &StackName, service: &ResourceName) -> PathBuf {
        self.stack_logs(stack).join(service.as_str())
    }

    /// There while the output of a service is thrown away.
    #[must_use]
    pub fn output_discarded(&self, stack: &StackName, service: &ResourceName) -> PathBuf {
        self.service_logs(stack, service).join("discarded")
    }

    /// What is remembered of forwarding the logs of a service, and what could not be delivered.
    #[must_use]
    pub fn forwarding(&self, stack: &StackName, service: &ResourceName) -> PathBuf {
        self.all_forwarding().join(stack.as_str()).join(service.as_str())
    }

    /// The same of containers beside the main one: a folder for each.
    #[must_use]
    pub fn containers_forwarding(&self, stack: &StackName, service: &ResourceName) -> PathBuf {
        self.forwarding(stack, service).join("containers")
    }

    /// The same of one of them.
    #[must_use]
    pub fn container_forwarding(
        &self,
        stack: &StackName,
        service: &ResourceName,
        container: &str,
    ) -> PathBuf {
        self.containers_forwarding(stack, service).join(container)
    }

    /// The requests with logs of a service that could not be delivered.
    #[must_use]
    pub fn spool(&self, stack: &StackName, service: &ResourceName) -> PathBuf {
        Self::spool_in(&self.forwarding(stack, service))
    }

    /// Those of whoever's forwarding is remembered in a folder.
    #[must_use]
    pub fn spool_in(forwarding: &Path) -> PathBuf {
        forwarding.join("spool")
    }

    /// The same for all stacks: a folder for each, with one for each service.
    #[must_use]
    pub fn all_forwarding(&self) -> PathBuf {
        self.state.join("forwarding")
    }

    /// The volumes of all stacks: a folder for each, with one for each service.
    #[must_use]
    pub fn volumes(&self) -> PathBuf {
        self.state.join("volumes")
    }

    /// The volumes of one stack.
    #[must_use]
    pub fn stack_volumes(&self, stack: &StackName) -> PathBuf {
        self.volumes().join(stack.as_str())
    }

    /// A folder of a service that outlives its tasks.
    #[must_use]
    pub fn volume(&self, stack: &StackName, service: &ResourceName, volume: &ResourceName) -> PathBuf {
        self.stack_volumes(stack)
            .join(service.as_str())
            .join(volume.as_str())
    }

    /// Where the volumes of a stack go when it is deleted; `number` tells one deletion from another.
    #[must_use]
    pub fn volumes_aside(&self, stack: &StackName, number: u32) -> PathBuf {
        self.volumes().join(format!("{stack}{ASIDE}{number}"))
    }

    /// The stack that a folder of this name was set aside for; none when it is another folder.
    #[must_use]
    pub fn owner_of_volumes_aside(name: &str) -> Option<StackName> {
        StackName::new(name.split_once(ASIDE)?.0).ok()
    }

    /// The log of one task.
    #[must_use]
    pub fn task_log(&self, stack: &StackName, service: &ResourceName, task: &TaskId) -> PathBuf {
        self.service_logs(stack, service).join(task.as_str())
    }

    /// The log of a container beside the main one, whose log is that of the task.
    #[must_use]
    pub fn container_log(
        &self,
        stack: &StackName,
        service: &ResourceName,
        task: &TaskId,
        container: &str,
    ) -> PathBuf {
        self.task_log(stack, service, task).join(container)
    }
}
