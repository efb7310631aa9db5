//! Databases and caches: which program stands in for each, and how it is run.

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr, SocketAddrV4, TcpStream};
use std::time::{Duration, Instant};

use tapedeck_api::ServiceStatus;
use tapedeck_image::Platform;
use tapedeck_local::generated;
use tapedeck_local::stand_in::{self, Kind, StandIn};
use tapedeck_model::{
    ContainerCondition, ContainerDependency, ContainerSpec, LogPolicy, MAIN_CONTAINER, MountPoint,
    ResourceName, SecretTemplate, ServiceSpec, SideSpec, StackName, StackSpec, StopTimeout, TaskState,
};
use tapedeck_synth::local::{Database, DatabaseKind, Variables};

use super::{Connected, Means, ahead, service_of};
use crate::context::Context;
use crate::engine;
use crate::exit::{ExitKind, Failure, OrFail};
use crate::rollout;
use crate::secrets;

/// How long a stand-in may take until it answers, the first time too.
const PATIENCE: Duration = Duration::from_secs(120);

/// Between two looks.
const PAUSE: Duration = Duration::from_millis(20);

/// The name of the folder with the data.
const DATA: &str = "data";

/// The name of the container that speaks Upstash's REST protocol.
const REST: &str = "rest";

impl Connected {
    /// Brings up the databases, and learns their addresses. Says what stands in for each.
    pub(super) fn bring_up_databases(
        &mut self,
        means: &mut Means<'_>,
    ) -> Result<BTreeMap<ResourceName, String>, Failure> {
        let name = self.stack.name();
        let mut told = BTreeMap::new();
        for database in &self.local.databases {
            make_secret(database, means)?;
            let main = prepare(kind_of(database), means)?;
            for resource in &database.resources {
                told.insert(resource.clone(), description(database, &main));
            }
            tell_difference(database, &main, means);
            let rest = database.rest.as_ref();
            let rest = rest.map(|_| prepare(Kind::Upstash, means)).transpose()?;
            self.databases.push(self.service(database, &main, rest.as_ref())?);
        }
        let spec = ahead(means.client, &name, &self.databases)?;
        let addresses = run(&spec, &self.databases, means)?;
        for database in &self.local.databases {
            let address = addresses
                .get(&database.service)
                .ok_or_else(|| no_address(&database.service))?;
            database.tell(*address, &mut self.known);
        }
        Ok(told)
    }

    /// How a database is run by its program, and by one beside it that speaks Upstash's REST protocol.
    fn service(
        &self,
        database: &Database,
        main: &StandIn,
        rest: Option<&StandIn>,
    ) -> Result<ServiceSpec, Failure> {
        let variables = |variables: &Variables| {
            let variables = variables.iter().map(|(name, value)| {
                let what = || format!("what {} is told as {name}", database.service);
                Ok(((*name).to_string(), self.template(value, what)?))
            });
            variables.collect::<Result<BTreeMap<_, _>, Failure>>()
        };
        let mut container = container(main, database.port, variables(&database.environment)?)?;
        if let (Some(stand_in), Some(rest)) = (rest, &database.rest) {
            container.sides.push(SideSpec {
                name: REST.to_string(),
                image: stand_in.image.clone(),
                environment: BTreeMap::new(),
                secrets: variables(rest)?,
                essential: true,
                depends_on: vec![ContainerDependency {
                    container_name: MAIN_CONTAINER.to_string(),
                    condition: ContainerCondition::Start,
                }],
                stop_timeout: container.stop_timeout,
                health_check: None,
                discards_output: false,
            });
        }
        Ok(service(database.service.clone(), container))
    }
}

/// Makes the secret of a database, unless it is there.
fn make_secret(database: &Database, means: &Means<'_>) -> Result<(), Failure> {
    let Some(secret) = &database.secret else {
        return Ok(());
    };
    let store = secrets::open(means.context)?;
    generated::ensure(&store, &secret.name, secret.keys, engine::now()).map_err(secrets::could_not_set)
}

/// Removes the secrets that were made for databases of a stack, which is gone.
///
/// # Errors
/// When they cannot be removed.
pub(crate) fn forget_secrets(stack: &StackName, context: &Context) -> Result<(), Failure> {
    let store = secrets::open(context)?;
    let own = generated::prefix(stack);
    let listing = store.list().map_err(secrets::could_not_list)?;
    for secret in listing.secrets {
        let name = secret.description.name;
        if name.as_str().starts_with(&own) {
            store.delete(&name).map_err(secrets::could_not_delete)?;
        }
    }
    Ok(())
}

/// Says when another program runs than the one that the config asks for.
fn tell_difference(database: &Database, stand_in: &StandIn, means: &mut Means<'_>) {
    if let Some(other) = instead_of(database, stand_in) {
        let resources: Vec<&str> = database.resources.iter().map(ResourceName::as_str).collect();
        means.progress.done(&format!(
            "{}: {} {} runs here in place of {other}",
            resources.join(", "),
            kind_of(database),
            stand_in.version,
        ));
    }
}

fn no_address(service: &ResourceName) -> Failure {
    Failure::operation(format!("the engine gave {service} no address"))
}

/// A service of one task.
pub(super) fn service(name: ResourceName, container: ContainerSpec) -> ServiceSpec {
    ServiceSpec {
        name,
        desired_count: 1,
        scaling: None,
        job: None,
        logs: LogPolicy::default(),
        container,
    }
}

/// How a stand-in is run.
pub(super) fn container(
    stand_in: &StandIn,
    port: u16,
    secrets: BTreeMap<String, SecretTemplate>,
) -> Result<ContainerSpec, Failure> {
    let seconds = u16::try_from(stand_in.stop_timeout.as_secs()).unwrap_or(u16::MAX);
    Ok(ContainerSpec {
        image: stand_in.image.clone(),
        environment: BTreeMap::new(),
        secrets,
        cpu: stand_in.cpu,
        memory: stand_in.memory,
        stop_timeout: StopTimeout::from_secs(seconds).or_fail(ExitKind::Internal)?,
        discards_output: false,
        ec2: None,
        health_check: None,
        depends_on: Vec::new(),
        sides: Vec::new(),
        ports: vec![port],
        mount_points: vec![MountPoint {
            volume: ResourceName::new(DATA).or_fail(ExitKind::Internal)?,
            container_path: stand_in.data.display().to_string(),
        }],
        reaches: Vec::new(),
        command: Vec::new(),
        job_grants: Vec::new(),
        role: None,
    })
}

/// Has the image of a stand-in made, unless it is there.
pub(super) fn prepare(kind: Kind, means: &mut Means<'_>) -> Result<StandIn, Failure> {
    let workshop = stand_in::Workshop {
        store: means.images,
        cache: &means.context.home.build_cache(),
        search_path: &means.context.search_path,
        platform: Platform::host(),
        program: &means.context.executable,
    };
    stand_in::prepare(kind, &workshop, means.progress).or_fail(ExitKind::Environment)
}

/// Has the engine run stand-ins among what it is asked for, and waits until they answer. Tells their addresses.
pub(super) fn run(
    spec: &StackSpec,
    stand_ins: &[ServiceSpec],
    means: &mut Means<'_>,
) -> Result<BTreeMap<ResourceName, Ipv4Addr>, Failure> {
    let name = spec.name.clone();
    let stack = rollout::reach(means.client, spec.clone(), means.context, means.progress)?;
    let mut addresses = BTreeMap::new();
    for stand_in in stand_ins {
        let address = service_of(&stack, &stand_in.name).and_then(|service| service.address);
        let address = address.ok_or_else(|| no_address(&stand_in.name))?;
        for port in &stand_in.container.ports {
            await_answer(&name, &stand_in.name, SocketAddrV4::new(address, *port), means)?;
        }
        addresses.insert(stand_in.name.clone(), address);
    }
    Ok(addresses)
}

/// Waits until somebody listens.
fn await_answer(
    stack: &StackName,
    service: &ResourceName,
    address: SocketAddrV4,
    means: &mut Means<'_>,
) -> Result<(), Failure> {
    let began = Instant::now();
    let mut asked = began;
    loop {
        let error = match TcpStream::connect_timeout(&SocketAddr::V4(address), Duration::from_secs(1)) {
            Ok(_) => return Ok(()),
            Err(error) => error,
        };
        means.progress.now(&format!("waiting until {service} answers"));
        if asked.elapsed() > Duration::from_secs(1) {
            asked = Instant::now();
            let status = means
                .client
                .describe_stack(stack)
                .map_err(|error| engine::failed(error, stack))?;
            if let Some(known) = service_of(&status, service).filter(|known| known.consecutive_failures > 0) {
                return Err(did_not_start(stack, known));
            }
        }
        if began.elapsed() > PATIENCE {
            let what = format!(
                "{service} did not answer on {address} within {} s",
                PATIENCE.as_secs()
            );
            let failure = Failure::new(ExitKind::Operation, anyhow::Error::new(error).context(what));
            return Err(failure.help(see_logs(stack, service)));
        }
        std::thread::sleep(PAUSE);
    }
}

/// The failure of a stand-in that ends by itself.
fn did_not_start(stack: &StackName, service: &ServiceStatus) -> Failure {
    let reason = service.tasks.iter().find_map(|task| match &task.state {
        TaskState::Stopped { reason, .. } => Some(reason.as_str()),
        _ => None,
    });
    let reason = reason.unwrap_or("its task stopped");
    Failure::operation(format!("{} does not stay up: {reason}", service.name))
        .help(see_logs(stack, &service.name))
}

fn see_logs(stack: &StackName, service: &ResourceName) -> String {
    format!("`tapedeck logs --stackName {stack} --resourceName {service}` shows what it writes")
}

fn kind_of(database: &Database) -> Kind {
    match database.kind {
        DatabaseKind::Postgres => Kind::Postgres,
        DatabaseKind::MySql => Kind::MariaDb,
        DatabaseKind::Redis => Kind::Redis,
        DatabaseKind::Mongo => Kind::Mongo,
        DatabaseKind::Kafka => Kind::Kafka,
    }
}

/// What stands in for a database, in words.
fn description(database: &Database, stand_in: &StandIn) -> String {
    let here = format!("{} {}", kind_of(database), stand_in.version);
    match instead_of(database, stand_in) {
        Some(other) => format!("{here}, for {other}"),
        None => here,
    }
}

/// What the config asks for, where that is another program or another version of it, as far as it says.
fn instead_of(database: &Database, stand_in: &StandIn) -> Option<String> {
    let wanted = database.version.as_deref().unwrap_or_default();
    let mut parts = stand_in.version.split('.').zip(wanted.split('.'));
    let is_other_version = !wanted.is_empty() && parts.any(|(here, wanted)| here != wanted);
    let is_other = is_other_version || !database.is_same_program;
    is_other.then(|| format!("{} {wanted}", database.engine).trim_end().to_string())
}
