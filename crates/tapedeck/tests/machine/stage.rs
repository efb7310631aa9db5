//! What every test needs: an engine of its own, images that are shell scripts, and words for what is deployed.

use std::collections::{BTreeMap, BTreeSet};
use std::net::Ipv4Addr;
use std::path::Path;

use fs_err as fs;
use tapedeck_api::{Client, ClientError, ServiceStatus, StackStatus};
use tapedeck_image::{ConfigChange, Layer, SharedLock, Store};
use tapedeck_model::{
    ContainerCondition, ContainerDependency, ContainerSpec, Cpu, Ec2Spec, HealthCheck, ImageDigest, JobGrant,
    JobSpec, LogPolicy, MachineType, MemoryMb, ResourceName, Scaling, SecretPart, SecretReference,
    SecretTemplate, ServiceSpec, SideSpec, StackName, StackSpec, StopCode, StopTimeout, Task, TaskId,
    TaskState, Timestamp,
};
use tapedeck_resources::catalogue::instances;
use tapedeck_testkit::{DEADLINE, Home, busybox_layer, eventually, missing, stable, within};

/// The program under test.
pub(crate) const TAPEDECK: &str = env!("CARGO_BIN_EXE_tapedeck");

/// The stack that tests deploy: project `app`, stage `dev`.
pub(crate) const STACK: &str = "app-dev";

/// Names the stack on the command line.
pub(crate) const PROJECT: [&str; 2] = ["--projectName", "app"];

/// Waits, and lets the shell notice signals at once.
pub(crate) const WAIT: &str = "while :; do sleep 1000 & wait $!; done";

/// A home, when this machine can run containers; else none, and a word on standard error.
pub(crate) fn home() -> Option<Home> {
    home_with(&[])
}

/// The same for a test that needs further programs.
pub(crate) fn home_with(programs: &[&str]) -> Option<Home> {
    if let Some(missing) = missing(programs) {
        eprintln!("SKIPPED: this test needs {missing}");
        return None;
    }
    Some(Home::new(stable(Path::new(TAPEDECK))))
}

/// An engine with a store of images.
pub(crate) struct Stage {
    pub(crate) home: Home,
    images: Store,
    layer: Layer,
    /// Images are deployed right after they were made, as `deploy` does it: none must be taken for garbage meanwhile.
    _share: SharedLock,
}

/// A service to deploy.
#[derive(Clone)]
pub(crate) struct Worker {
    spec: ServiceSpec,
}

impl Worker {
    pub(crate) fn count(mut self, count: u32) -> Self {
        self.spec.desired_count = count;
        self
    }

    /// The same under another name.
    /// Has it be a definition of jobs, which may be submitted to the queue `main`.
    pub(crate) fn job(mut self) -> Self {
        self.spec.desired_count = 0;
        self.spec.job = Some(JobSpec {
            definition_arn: format!(
                "arn:aws:batch:local:000000000000:job-definition/{}",
                self.spec.name
            ),
            queue_arns: vec!["arn:aws:batch:local:000000000000:job-queue/main".to_owned()],
            timeout_seconds: None,
            inbox: None,
        });
        self
    }

    /// Lets it do everything with jobs.
    pub(crate) fn granted_jobs(mut self) -> Self {
        self.spec.container.job_grants = vec![JobGrant {
            allows: true,
            actions: vec!["batch:*".to_owned()],
            resources: vec!["*".to_owned()],
        }];
        self
    }

    pub(crate) fn renamed(mut self, name: &str) -> Self {
        self.spec.name = ResourceName::new(name).unwrap();
        self
    }

    /// With a health check that is tried each second and counts from that many failures in a row.
    pub(crate) fn checked(mut self, command: &[&str], retries: u16) -> Self {
        self.spec.container.health_check = Some(HealthCheck {
            command: command.iter().map(ToString::to_string).collect(),
            interval_seconds: 1,
            timeout_seconds: 1,
            retries,
            start_period_seconds: 0,
        });
        self
    }

    /// Scaled between these bounds, to keep both metrics under 80 %.
    pub(crate) fn scaled(mut self, min_instances: u32, max_instances: u32) -> Self {
        self.spec.desired_count = min_instances;
        self.spec.scaling = Some(Scaling {
            min_instances,
            max_instances,
            ..Scaling::default()
        });
        self
    }

    pub(crate) fn variable(mut self, name: &str, value: &str) -> Self {
        self.spec
            .container
            .environment
            .insert(name.to_owned(), value.to_owned());
        self
    }

    /// A variable that is made of these parts when a task starts: texts, and `$` before a reference to a secret. What a
    /// config would say with `$Secret('…')`.
    pub(crate) fn secret(mut self, variable: &str, parts: &[&str]) -> Self {
        let part = |part: &&str| match part.strip_prefix('$') {
            Some(reference) => SecretPart::Secret(SecretReference::new(reference).unwrap()),
            None => SecretPart::Text((*part).to_owned()),
        };
        let template = SecretTemplate::new(parts.iter().map(part).collect());
        self.spec.container.secrets.insert(variable.to_owned(), template);
        self
    }

    pub(crate) fn logs(mut self, policy: LogPolicy) -> Self {
        self.spec.logs = policy;
        self
    }

    pub(crate) fn discards_output(mut self) -> Self {
        self.spec.container.discards_output = true;
        self
    }

    pub(crate) fn cpu(mut self, vcpu: f64) -> Self {
        self.spec.container.cpu = Cpu::from_vcpu(vcpu).unwrap();
        self
    }

    pub(crate) fn memory(mut self, mebibytes: u32) -> Self {
        self.spec.container.memory = MemoryMb::new(mebibytes).unwrap();
        self
    }

    /// A container beside the main one, which waits for that.
    pub(crate) fn side(mut self, side: SideSpec, condition: ContainerCondition) -> Self {
        self.spec.container.depends_on.push(ContainerDependency {
            container_name: side.name.clone(),
            condition,
        });
        self.side_alone(side)
    }

    /// One that the main one does not wait for.
    pub(crate) fn side_alone(mut self, side: SideSpec) -> Self {
        self.spec.container.sides.push(side);
        self
    }

    /// On EC2 instances of these types.
    pub(crate) fn on(mut self, types: &[&str]) -> Self {
        let machine = |name: &&str| {
            let one = instances::find(name).unwrap();
            MachineType {
                name: one.name.to_owned(),
                vcpus: one.vcpus,
                memory: MemoryMb::new(one.memory).unwrap(),
            }
        };
        self.spec.container.ec2 = Some(Ec2Spec {
            types: types.iter().map(machine).collect(),
            shares_cpu: false,
            warm_pool: false,
        });
        self
    }

    /// Without CPU of its own.
    pub(crate) fn sharing_cpu(mut self) -> Self {
        let ec2 = self.spec.container.ec2.as_mut().unwrap();
        ec2.shares_cpu = true;
        self.spec.container.cpu = ec2.types[0].cpu();
        self
    }

    pub(crate) fn stop_timeout(mut self, seconds: u16) -> Self {
        self.spec.container.stop_timeout = StopTimeout::from_secs(seconds).unwrap();
        self
    }
}

impl Stage {
    /// A stage whose engine runs, when this machine can run containers.
    pub(crate) fn ready() -> Option<Self> {
        home().map(Self::of)
    }

    /// A stage in a home, with its engine started.
    pub(crate) fn of(home: Home) -> Self {
        home.must(&["engine", "start"]);
        let images = Store::open(home.files().images()).unwrap();
        let share = images.share().unwrap();
        let layer = busybox_layer(&images);
        Self {
            home,
            images,
            layer,
            _share: share,
        }
    }

    /// An image with this command line.
    pub(crate) fn image(&self, change: &ConfigChange) -> ImageDigest {
        self.images
            .put_image(None, &[(self.layer.clone(), "busybox")], change)
            .unwrap()
            .digest
    }

    /// A service named `worker` with one task that runs a shell script.
    pub(crate) fn worker(&self, script: &str) -> Worker {
        self.named("worker", script)
    }

    /// The same under another name.
    pub(crate) fn named(&self, name: &str, script: &str) -> Worker {
        let entrypoint = ["/bin/sh", "-c", script].map(str::to_owned).to_vec();
        let image = self.image(&ConfigChange {
            entrypoint: Some(entrypoint),
            ..ConfigChange::default()
        });
        Self::running_image(name, image)
    }

    /// A container that runs a shell script.
    pub(crate) fn side(&self, name: &str, script: &str) -> SideSpec {
        let entrypoint = ["/bin/sh", "-c", script].map(str::to_owned).to_vec();
        let image = self.image(&ConfigChange {
            entrypoint: Some(entrypoint),
            ..ConfigChange::default()
        });
        SideSpec {
            name: name.to_owned(),
            image,
            environment: BTreeMap::from([("PATH".to_owned(), "/bin".to_owned())]),
            secrets: BTreeMap::new(),
            essential: false,
            depends_on: Vec::new(),
            stop_timeout: StopTimeout::default(),
            health_check: None,
            discards_output: false,
        }
    }

    /// A service with one task of this image.
    pub(crate) fn running_image(name: &str, image: ImageDigest) -> Worker {
        let container = ContainerSpec {
            image,
            environment: BTreeMap::from([("PATH".to_owned(), "/bin".to_owned())]),
            secrets: BTreeMap::new(),
            cpu: Cpu::from_vcpu(0.5).unwrap(),
            memory: MemoryMb::new(128).unwrap(),
            stop_timeout: StopTimeout::default(),
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
        let spec = ServiceSpec {
            name: ResourceName::new(name).unwrap(),
            desired_count: 1,
            scaling: None,
            job: None,
            logs: LogPolicy::default(),
            container,
        };
        Worker { spec }
    }

    pub(crate) fn client(&self) -> Client {
        self.home.client()
    }

    /// Deploys exactly these services, without waiting for anything.
    pub(crate) fn apply(&self, workers: &[Worker]) -> StackStatus {
        self.try_apply(workers).unwrap()
    }

    pub(crate) fn try_apply(&self, workers: &[Worker]) -> Result<StackStatus, ClientError> {
        self.client().apply_stack(spec_of(workers))
    }

    /// Deploys exactly these services and waits until they are steady.
    pub(crate) fn deploy(&self, workers: &[Worker]) -> StackStatus {
        self.apply(workers);
        self.steady()
    }

    /// Deploys exactly these services as another stack, and waits until they run.
    pub(crate) fn deploy_as(&self, name: &str, workers: &[Worker]) {
        let name = StackName::new(name).unwrap();
        let mut client = self.client();
        client
            .apply_stack(StackSpec {
                name: name.clone(),
                services: workers.iter().map(|worker| worker.spec.clone()).collect(),
                resources: Vec::new(),
            })
            .unwrap();
        eventually("the other stack", DEADLINE, || {
            let stack = client.describe_stack(&name).ok()?;
            stack.is_steady().then_some(())
        });
    }

    /// Waits until the stack is steady.
    pub(crate) fn steady(&self) -> StackStatus {
        self.stack_when("the stack to be steady", StackStatus::is_steady)
    }

    /// Waits until the stack is as wanted.
    pub(crate) fn stack_when(&self, what: &str, wanted: impl Fn(&StackStatus) -> bool) -> StackStatus {
        let mut client = self.client();
        let mut last = None;
        let found = within(DEADLINE, || {
            last = client.describe_stack(&stack()).ok();
            last.clone().filter(|stack| wanted(stack))
        });
        found.unwrap_or_else(|| panic!("waited in vain for {what}: {last:#?}"))
    }

    /// Waits until the service `worker` is as wanted.
    pub(crate) fn worker_when(&self, what: &str, wanted: impl Fn(&ServiceStatus) -> bool) -> ServiceStatus {
        let found = self.stack_when(what, |stack| named(stack, "worker").is_some_and(&wanted));
        named(&found, "worker").unwrap().clone()
    }

    /// The service `worker` as it is now.
    pub(crate) fn now(&self) -> ServiceStatus {
        self.worker_when("the service", |_| true)
    }

    /// The lines that all tasks of the stack have written so far, in order, as `logs --raw` prints them.
    pub(crate) fn lines(&self) -> Vec<String> {
        let output = self.logs(&["--raw"]);
        output.lines().map(str::to_owned).collect()
    }

    /// What `logs` prints of the whole past.
    pub(crate) fn logs(&self, arguments: &[&str]) -> String {
        let fixed = ["logs", PROJECT[0], PROJECT[1], "--limit", "1000000"];
        self.home.must(&[&fixed, arguments].concat())
    }

    /// Waits until that line has been written that many times.
    pub(crate) fn wait_for_lines(&self, line: &str, count: usize) {
        eventually(&format!("{count} × `{line}`"), DEADLINE, || {
            let found = self.lines().iter().filter(|found| *found == line).count();
            (found >= count).then_some(())
        });
    }
}

/// The stack of exactly these services.
pub(crate) fn spec_of(workers: &[Worker]) -> StackSpec {
    StackSpec {
        name: stack(),
        services: workers.iter().map(|worker| worker.spec.clone()).collect(),
        resources: Vec::new(),
    }
}

pub(crate) fn stack() -> StackName {
    StackName::new(STACK).unwrap()
}

/// One service of a stack.
pub(crate) fn named<'a>(stack: &'a StackStatus, name: &str) -> Option<&'a ServiceStatus> {
    stack
        .services
        .iter()
        .find(|service| service.name.as_str() == name)
}

/// Process ids of the running tasks of a service.
pub(crate) fn pids(service: &ServiceStatus) -> BTreeMap<TaskId, u32> {
    let pid = |task: &Task| match task.state {
        TaskState::Running { pid, .. } => Some((task.id.clone(), pid)),
        _ => None,
    };
    service.tasks.iter().filter_map(pid).collect()
}

/// Process ids of the running tasks of a stack.
pub(crate) fn all_pids(stack: &StackStatus) -> BTreeMap<TaskId, u32> {
    stack.services.iter().flat_map(pids).collect()
}

/// Addresses of the running tasks of a service.
pub(crate) fn addresses(service: &ServiceStatus) -> BTreeSet<Ipv4Addr> {
    let running = pids(service);
    service
        .tasks
        .iter()
        .filter(|task| running.contains_key(&task.id))
        .map(|task| task.address)
        .collect()
}

/// How a task ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct End {
    pub(crate) at: Timestamp,
    pub(crate) code: StopCode,
    pub(crate) reason: String,
    pub(crate) exit_code: Option<i32>,
}

/// How that task ended, if it has.
pub(crate) fn end_of(service: &ServiceStatus, task: &TaskId) -> Option<End> {
    let task = service.tasks.iter().find(|other| other.id == *task)?;
    end(task)
}

pub(crate) fn end(task: &Task) -> Option<End> {
    match &task.state {
        TaskState::Stopped {
            stopped,
            code,
            reason,
            exit_code,
            ..
        } => Some(End {
            at: *stopped,
            code: *code,
            reason: reason.clone(),
            exit_code: *exit_code,
        }),
        _ => None,
    }
}

pub(crate) fn is_alive(pid: u32) -> bool {
    // A process that has ended but was not waited for is none.
    let status = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    !status.is_empty() && !status.contains(") Z ")
}

/// Waits for the end of a process.
pub(crate) fn wait_for_end(pid: u32) {
    eventually(&format!("the end of process {pid}"), DEADLINE, || {
        (!is_alive(pid)).then_some(())
    });
}
