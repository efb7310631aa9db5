//! Bringing an engine up and down.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::os::unix::fs::DirBuilderExt;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use fs_err::os::unix::fs::OpenOptionsExt;
use rustix::fs::FlockOperation;
use tapedeck_api::{EngineStatus, Home};
use tapedeck_image::Store as Images;
use tapedeck_plan::placement::Budget;
use tapedeck_runtime::cgroup::{self, CgroupError, MissingControllers};
use tapedeck_runtime::network::{self, HostNetwork, NetworkError};
use tapedeck_runtime::{StorageError, TaskDisk, failpoint};
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::{mpsc, watch};

use crate::attendance;
use crate::clock::Clock;
use crate::endpoint::EndpointKey;
use crate::exporter;
use crate::fleet::Fleet;
use crate::forwarding::Forwarders;
use crate::host::Host;
use crate::jobs::Steps;
use crate::lock::{EngineLock, LockError};
use crate::machine;
use crate::main_loop::{Ended, Engine, Event, Phase};
use crate::meters::Meters;
use crate::notice::Notice;
use crate::rest::Rest;
use crate::retention::Looks;
use crate::scaling::EngineTempo;
use crate::server::{self, Server};
use crate::store::{Store, StoreError};
use crate::traffic::Directions;

/// Threads for work that blocks: starting shims and cleaning up.
const BLOCKING_THREADS: usize = 4;

/// How long the answer to the request to end may take to be written.
const FAREWELL: Duration = Duration::from_secs(1);

/// What an engine needs to know.
#[derive(Debug, Clone)]
pub struct Options {
    /// Where it keeps its files.
    pub home: Home,
    /// The binary that it starts as `<executable> shim <task directory>`.
    pub executable: PathBuf,
    /// How fast services are started and scaled.
    pub tempo: EngineTempo,
    /// MB that each task can write.
    pub task_storage_mb: u32,
    /// The socket of a service manager that wants to hear how the engine is.
    pub notify_socket: Option<String>,
    /// The id of the current boot, where it is not to be the kernel's.
    pub boot_id: Option<String>,
    /// The moment at which the engine is to be killed, for tests.
    #[cfg(debug_assertions)]
    pub failpoint: Option<String>,
    /// Memory that tasks may have together, in MiB; without it, four fifths of this machine's.
    pub memory_budget: Option<u64>,
    /// Where Prometheus may ask for metrics; nowhere without one.
    pub metrics: Option<exporter::LoopbackAddress>,
}

/// Why the engine did not start or had to end.
#[derive(Debug, thiserror::Error)]
pub enum EngineError {
    /// The state folder is in use.
    #[error(transparent)]
    Lock(#[from] LockError),
    /// The state could not be read or written.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The image store could not be opened.
    #[error(transparent)]
    Images(#[from] tapedeck_image::StoreError),
    /// The bridge and its rules could not be made.
    #[error("could not make the network of the tasks")]
    Network(#[from] NetworkError),
    /// This machine's cgroups lack what limits need.
    #[error("could not limit tasks on this machine")]
    Cgroups(#[from] MissingControllers),
    /// The cgroup of the tasks could not be removed at the end.
    #[error("could not remove the cgroup of the tasks")]
    Remains(#[source] CgroupError),
    /// A folder or the socket could not be made.
    #[error("could not {what}")]
    Files {
        /// What was tried.
        what: &'static str,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// The address for metrics could not be listened on.
    #[error("could not serve metrics on {address}")]
    Metrics {
        /// The address.
        address: std::net::SocketAddr,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// The async runtime could not be made.
    #[error("could not start the engine's runtime")]
    Runtime(#[source] std::io::Error),
}

/// Whether an engine holds the lock of a state folder.
#[must_use]
pub fn is_locked(home: &Home) -> bool {
    let Ok(file) = fs_err::File::open(home.lock()) else {
        return false;
    };
    rustix::fs::flock(file.file(), FlockOperation::NonBlockingLockShared).is_err()
}

/// Runs an engine until it is asked to end; `ready` is called once, when it answers.
///
/// # Errors
/// [`EngineError`] when it cannot start. Tasks of an earlier engine are not touched then.
pub fn run(options: Options, ready: impl FnOnce(&EngineStatus)) -> Result<(), EngineError> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .max_blocking_threads(BLOCKING_THREADS)
        .build()
        .map_err(EngineError::Runtime)?;
    let _lock = take_home(&options.home)?;
    #[cfg(debug_assertions)]
    if let Some(moment) = options.failpoint.clone() {
        failpoint::arm(moment);
    }
    failpoint::reach("start.locked");
    runtime.block_on(serve(options, ready))
}

/// Makes the folders of an engine that are not there yet, for their owner alone: what is deployed may hold secrets.
///
/// # Errors
/// [`EngineError::Files`], naming the folder.
pub fn make_folders(home: &Home) -> Result<(), EngineError> {
    let mut private = std::fs::DirBuilder::new();
    private.recursive(true).mode(0o700);
    for folder in [home.state(), home.run(), home.tasks().as_path()] {
        private.create(folder).map_err(|error| EngineError::Files {
            what: "make the engine's folders",
            source: std::io::Error::new(error.kind(), format!("{}: {error}", folder.display())),
        })?;
    }
    Ok(())
}

fn take_home(home: &Home) -> Result<EngineLock, EngineError> {
    make_folders(home)?;
    let lock = EngineLock::take(&home.lock(), home.state())?;
    // SQLite would make it for everybody to read. The files beside it get its mode.
    fs_err::OpenOptions::new()
        .create(true)
        .append(true)
        .mode(0o600)
        .open(home.database())
        .map_err(|source| EngineError::Files {
            what: "make the engine's database",
            source,
        })?;
    Ok(lock)
}

async fn serve(options: Options, ready: impl FnOnce(&EngineStatus)) -> Result<(), EngineError> {
    let home = options.home.clone();
    let store = Store::open(&home.database())?;
    failpoint::reach("start.opened");
    let mut fleet = store.load()?;
    failpoint::reach("start.loaded");
    let clock = Clock::start(fleet.latest_time().max(store.latest_time()?));
    let host = Arc::new(prepare(&options, &store, &fleet, clock)?);
    let (events, inbox) = mpsc::unbounded_channel();
    // Versions go on from where an earlier engine cannot have been: it counts changes, this counts from the time.
    let (changes, watching) = watch::channel(clock.now().millis());
    let log_looks = Looks::starting(&store, clock.now());
    let holders = attendance::recall(&store, &mut fleet, clock.now())?;
    let mut engine = Engine {
        clock,
        started: clock.now(),
        fleet,
        store,
        holders,
        host: Arc::clone(&host),
        events: events.clone(),
        links: HashMap::new(),
        leaving: HashSet::new(),
        stuck: HashSet::new(),
        unsaved: BTreeSet::new(),
        changes,
        phase: Phase::Serving,
        looked: clock.now(),
        tempo: options.tempo,
        metrics_address: None,
        meters: Meters::starting(clock.now()),
        log_looks,
        notice: Notice::default(),
        rest: Rest::default(),
        forwarders: Forwarders::default(),
        steps: Steps::default(),
        memory_budget: options
            .memory_budget
            .unwrap_or_else(|| Budget::usual(machine::memory())),
        processors: machine::processors(),
        directions: Directions::default(),
    };
    engine.adopt(options.boot_id.as_deref())?;
    failpoint::reach("adopt.done");
    let listener = server::bind(&home.socket()).map_err(|source| EngineError::Files {
        what: "listen on the engine's socket",
        source,
    })?;
    let (farewell, mut said) = mpsc::channel(1);
    failpoint::reach("start.bound");
    let server = Server {
        events: events.clone(),
        changes: watching,
        host: Arc::clone(&host),
        farewell,
    };
    tokio::spawn(server.serve(listener));
    if let Some(address) = options.metrics {
        let bound = exporter::serve(address, events.clone()).await;
        engine.metrics_address = Some(bound.map_err(|source| EngineError::Metrics {
            address: address.address(),
            source,
        })?);
    }
    tokio::spawn(end_on_signals(events));
    ready(&engine.status());
    engine.notice = Notice::to(options.notify_socket.as_deref());
    engine.notice.ready();
    failpoint::reach("start.ready");
    let Ended { tasks_left, answered } = engine.run(inbox).await;
    failpoint::reach("end.asked");
    let _ = fs_err::remove_file(home.socket());
    failpoint::reach("end.unbound");
    if answered {
        // Only as long as it takes to write a line; a client that does not read it has to do without.
        let _ = tokio::time::timeout(FAREWELL, said.recv()).await;
    }
    if tasks_left == 0 {
        host.remove_shared()?;
        failpoint::reach("end.shared");
    }
    Ok(())
}

fn prepare(options: &Options, store: &Store, fleet: &Fleet, clock: Clock) -> Result<Host, EngineError> {
    let cgroups = cgroup::check_controllers()?;
    let seed = options.home.state().as_os_str().as_encoded_bytes();
    let network = match store.setting::<HostNetwork>("network")? {
        Some(network) => network,
        None => {
            let own = HostNetwork::candidates(seed)
                .next()
                .map(|candidate| candidate.bridge);
            let network = HostNetwork::choose(seed, &network::taken(own.as_deref())?)?;
            store.set_setting("network", &network)?;
            network
        }
    };
    // Rules for the tasks that run on, from the beginning.
    network::ensure(&network, &fleet.traffic())?;
    failpoint::reach("start.network");
    let (disk, warnings) = match TaskDisk::ensure(&options.home.storage(), options.task_storage_mb) {
        Ok(disk) => (Some(disk), Vec::new()),
        Err(error) => (None, vec![without_disks(options.task_storage_mb, &error)]),
    };
    failpoint::reach("start.storage");
    let endpoint_key = match store.setting::<EndpointKey>("endpointKey")? {
        Some(key) => key,
        None => {
            let key = EndpointKey::random();
            store.set_setting("endpointKey", &key)?;
            key
        }
    };
    Ok(Host {
        home: options.home.clone(),
        images: Images::open(options.home.images())?,
        cgroup_root: format!("/tapedeck-{}", network.bridge.trim_start_matches("td-")),
        network,
        cgroups,
        endpoint_key,
        executable: options.executable.clone(),
        clock,
        disk,
        warnings,
        told: Mutex::new(0),
    })
}

/// What follows from that tasks have no disks of their own.
fn without_disks(megabytes: u32, error: &StorageError) -> String {
    format!(
        "tasks are not held to {megabytes} MB of storage, one can fill the disk of this machine: {}",
        crate::chain(error)
    )
}

/// SIGTERM and SIGINT end the engine as `engine stop` does; a signal that cannot be watched for ends it at once.
async fn end_on_signals(events: mpsc::UnboundedSender<Event>) {
    let (Ok(mut terminate), Ok(mut interrupt)) =
        (signal(SignalKind::terminate()), signal(SignalKind::interrupt()))
    else {
        return;
    };
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
    let _ = events.send(Event::Terminated);
}
