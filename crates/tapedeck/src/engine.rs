//! Reaching the engine of this machine, starting it when it is needed.

use std::os::unix::process::CommandExt;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use fs_err::os::unix::fs::OpenOptionsExt;
use tapedeck_api::{Client, ClientError, Refusal};
use tapedeck_engine::EngineError;
use tapedeck_model::{StackName, Timestamp};

use crate::context::{Context, TAPEDECK_HOME};
use crate::exit::{ExitKind, Failure, OrFail};
use crate::printer::Progress;
use crate::unit::{self, Unit};

/// How long a new engine may take until it answers. Adopting hundreds of tasks takes a fraction of it.
const PATIENCE: Duration = Duration::from_secs(20);

/// Lines of the engine's log that are shown when it did not come up.
const LOG_LINES: usize = 5;

/// The time now, for ages in reports.
pub(crate) fn now() -> Timestamp {
    let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Timestamp::from_millis(u64::try_from(since_epoch.as_millis()).unwrap_or(u64::MAX))
}

/// Namespaces, mounts and cgroups need root.
///
/// # Errors
/// When this process is not root's.
pub(crate) fn require_root(what: &str) -> Result<(), Failure> {
    if rustix::process::geteuid().is_root() {
        return Ok(());
    }
    Err(Failure::new(
        ExitKind::Environment,
        anyhow::anyhow!("could not {what}: it makes namespaces, mounts and cgroups, which only root may"),
    )
    .help("run the same command with sudo"))
}

/// Connects to the engine; none when no engine runs.
///
/// # Errors
/// When something listens that does not speak our protocol, or the socket belongs to another user.
pub(crate) fn try_connect(context: &Context) -> Result<Option<Client>, Failure> {
    match Client::connect(&context.home.socket()) {
        Ok(client) => Ok(Some(client)),
        Err(ClientError::Unreachable { source, .. })
            if matches!(
                source.kind(),
                std::io::ErrorKind::NotFound | std::io::ErrorKind::ConnectionRefused
            ) =>
        {
            Ok(None)
        }
        // It ended before it had greeted.
        Err(ClientError::Broken(source))
            if matches!(
                source.kind(),
                std::io::ErrorKind::ConnectionReset | std::io::ErrorKind::UnexpectedEof
            ) =>
        {
            Ok(None)
        }
        Err(error @ ClientError::Unreachable { .. }) => {
            Err(Failure::new(ExitKind::Environment, error)
                .help("the engine belongs to root: run this with sudo"))
        }
        Err(error @ (ClientError::Broken(_) | ClientError::Unreadable(_))) => {
            let socket = context.home.socket();
            let help = format!(
                "see what listens on {}: an engine that is ending, or another program",
                socket.display()
            );
            Err(Failure::new(ExitKind::Environment, error).help(help))
        }
        Err(error) => Err(Failure::new(ExitKind::Environment, error)),
    }
}

/// Process id of an engine whose protocol is not ours: one of another version, which only a signal can stop.
pub(crate) fn pid_of_other_version(context: &Context) -> Option<u32> {
    match Client::connect(&context.home.socket()) {
        Err(ClientError::OtherProtocol { pid, .. }) => Some(pid),
        _ => None,
    }
}

/// Whether an engine holds the lock of its state folder, whether or not it answers yet.
pub(crate) fn is_running(context: &Context) -> bool {
    tapedeck_engine::is_locked(&context.home)
}

/// Connects to the engine that a deployed stack must have.
///
/// # Errors
/// When no engine runs.
pub(crate) fn connect_to_stack(context: &Context, name: &StackName) -> Result<Client, Failure> {
    try_connect(context)?.ok_or_else(|| not_running(context, name))
}

/// The failure of a command about a stack when no engine runs.
pub(crate) fn not_running(context: &Context, name: &StackName) -> Failure {
    // Where this process may not look, there may be one.
    if matches!(context.home.database().try_exists(), Ok(false)) {
        return Failure::operation(format!(
            "there is no stack {name}: nothing was ever deployed on this machine (looked in {})",
            context.home.state().display()
        ))
        .help(format!("`tapedeck deploy` makes {name}"));
    }
    let socket = context.home.socket();
    Failure::operation(format!(
        "stack {name} cannot be reached: no engine answers on {}",
        socket.display()
    ))
    .help("`tapedeck engine start` brings back what was deployed; `tapedeck deploy` deploys")
}

/// The failure of a command about the engine when none runs.
pub(crate) fn none_runs(context: &Context) -> Failure {
    let socket = context.home.socket();
    Failure::operation(format!("no engine answers on {}", socket.display()))
        .help("`tapedeck engine start` starts it")
}

/// A failure of a request about a stack.
pub(crate) fn failed(error: ClientError, name: &StackName) -> Failure {
    match error {
        ClientError::Refused(Refusal::UnknownStack { .. }) => Failure::new(ExitKind::Operation, error).help(
            format!("`tapedeck info:stacks` lists what is; `tapedeck deploy` makes {name}"),
        ),
        ClientError::Refused(Refusal::Store { .. }) => Failure::new(ExitKind::Environment, error).help(
            "free some space on the disk of the state folder, then try again; running tasks are not affected",
        ),
        ClientError::Refused(Refusal::NeverFits { .. }) => Failure::new(ExitKind::Operation, error).help(
            "give it less `resources.memory`, or the tasks more with `tapedeck engine start --memory-budget`; nothing was changed",
        ),
        ClientError::Refused(_) => Failure::new(ExitKind::Operation, error),
        _ => Failure::new(ExitKind::Environment, error),
    }
}

/// Connects to the engine, starting it in the background first when none runs.
///
/// # Errors
/// When it does not come up; its last words are in the error.
pub(crate) fn ensure_running(context: &Context, progress: &mut Progress) -> Result<Client, Failure> {
    ensure_running_as(context, progress, &[])
}

/// The same; an engine that has to be started gets these options.
///
/// # Errors
/// When it does not come up; its last words are in the error.
pub(crate) fn ensure_running_as(
    context: &Context,
    progress: &mut Progress,
    options: &[String],
) -> Result<Client, Failure> {
    if let Some(client) = try_connect(context)? {
        return Ok(client);
    }
    require_root("start the engine")?;
    progress.now("starting the engine");
    let deadline = Instant::now() + PATIENCE;
    let said_before = fs_err::metadata(context.home.engine_log()).map_or(0, |log| log.len());
    let mut launched = false;
    let mut child = None;
    loop {
        if let Some(client) = try_connect(context)? {
            return Ok(client);
        }
        // Who holds the lock without answering is just starting, perhaps for another command, or just ending.
        let held = is_running(context);
        if !launched && !held {
            child = start(context, options)?;
            launched = true;
        }
        let ended = match &mut child {
            Some(child) => child.try_wait().or_fail(ExitKind::Internal)?.is_some(),
            None => false,
        };
        if (ended && !is_running(context)) || Instant::now() > deadline {
            return Err(did_not_start(context, said_before));
        }
        std::thread::sleep(Duration::from_millis(2));
    }
}

/// Starts it, or has systemd do so where it is installed: then there is no child. Options are for one of our own.
fn start(context: &Context, options: &[String]) -> Result<Option<Child>, Failure> {
    let unit = Unit::of(&context.home);
    if options.is_empty() && unit.is_installed() {
        unit::systemctl(&["start", &unit.name])?;
        return Ok(None);
    }
    launch(context, options).map(Some)
}

/// Connects to an engine that somebody else is just starting.
///
/// # Errors
/// When it does not answer in time.
pub(crate) fn await_engine(context: &Context) -> Result<Client, Failure> {
    let deadline = Instant::now() + PATIENCE;
    loop {
        if let Some(client) = try_connect(context)? {
            return Ok(client);
        }
        if Instant::now() > deadline {
            return Err(none_runs(context));
        }
        std::thread::sleep(Duration::from_millis(2));
    }
}

fn launch(context: &Context, options: &[String]) -> Result<Child, Failure> {
    let log_path = context.home.engine_log();
    tapedeck_engine::make_folders(&context.home).or_fail(ExitKind::Environment)?;
    let log = fs_err::OpenOptions::new()
        .create(true)
        .append(true)
        .mode(0o600)
        .open(&log_path)
        .or_fail(ExitKind::Environment)?;
    let errors = log.try_clone().or_fail(ExitKind::Environment)?;
    let mut command = Command::new(&context.executable);
    command.args(["engine", "run"]).args(options);
    command.current_dir("/").process_group(0);
    command
        .stdin(Stdio::null())
        .stdout(Stdio::from(log.into_file()))
        .stderr(Stdio::from(errors.into_file()));
    // The engine needs nothing of the caller's environment, and must not keep its secrets in its own.
    command.env_clear();
    for name in [
        TAPEDECK_HOME,
        "PATH",
        "LANG",
        "TZ",
        "SSL_CERT_FILE",
        "SSL_CERT_DIR",
    ] {
        if let Some(value) = std::env::var_os(name) {
            command.env(name, value);
        }
    }
    command.spawn().map_err(|error| {
        let what = format!("could not start the engine ({})", context.executable.display());
        Failure::new(ExitKind::Environment, anyhow::Error::new(error).context(what))
    })
}

/// The failure of an engine that did not come up, with what it has added to a log of `said_before` bytes.
fn did_not_start(context: &Context, said_before: u64) -> Failure {
    let log = context.home.engine_log();
    let text = fs_err::read(&log).unwrap_or_default();
    let start = usize::try_from(said_before).unwrap_or(usize::MAX).min(text.len());
    let text = String::from_utf8_lossy(&text[start..]);
    let lines: Vec<&str> = text.lines().collect();
    let last = lines[lines.len().saturating_sub(LOG_LINES)..].join("\n  ");
    Failure::new(
        ExitKind::Environment,
        anyhow::anyhow!("the engine did not start; it said:\n  {last}"),
    )
    .help(format!(
        "the whole log is {}; `tapedeck engine run` starts it in the foreground",
        log.display()
    ))
}

/// Whose turn it is after the engine failed.
pub(crate) fn kind_of(error: &EngineError) -> ExitKind {
    match error {
        EngineError::Runtime(_) => ExitKind::Internal,
        _ => ExitKind::Environment,
    }
}
