//! A stand-in that runs in a container, with a folder of data that outlives it.

use std::ffi::OsStr;
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::Ipv4Addr;
use std::os::fd::AsFd as _;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use fs_err as fs;
use rustix::process::{Pid, Signal, kill_process};
use rustix::thread::{LinkNameSpaceType, move_into_link_name_space};
use tapedeck_image::{Image, Platform, Progress, Store};
use tapedeck_local::stand_in::{Kind, StandIn, StandInError, Workshop, prepare};
use tapedeck_model::TaskId;
use tapedeck_runtime::log::Reader;
use tapedeck_runtime::network::{self, HostNetwork};
use tapedeck_runtime::protocol::{ShimCommand, ShimState};
use tapedeck_runtime::{Errand, FolderMount, TaskDefinition, TaskExit, TaskProcess, cleanup, spawn};
use tapedeck_testkit::{DEADLINE, eventually, missing};
use tempfile::TempDir;

/// The program that serves as shim.
const SHIM: &str = env!("CARGO_BIN_EXE_tapedeck-local-test-shim");

/// Tasks started so far by this process.
static TASKS: AtomicU32 = AtomicU32::new(0);

/// Shows what it is told.
struct Told;

impl Progress for Told {
    fn step(&mut self, text: &str) {
        eprintln!("{text}");
    }
}

/// A stand-in, and its data.
pub(crate) struct Stage {
    pub(crate) stand_in: StandIn,
    image: Image,
    folder: TempDir,
    pub(crate) variables: Vec<(&'static str, String)>,
}

/// One run of it.
pub(crate) struct Run {
    pub(crate) directory: PathBuf,
    definition: TaskDefinition,
    connection: BufReader<UnixStream>,
    /// Where it is on the network.
    pub(crate) address: Ipv4Addr,
    pid: u32,
    has_ended: bool,
    /// From the start of its process until it answered.
    pub(crate) took: Duration,
}

pub(crate) fn kept(below: &str) -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR"))
        .join("stand-ins")
        .join(below)
}

/// Prepares one, with the programs that are found there.
pub(crate) fn prepared(kind: Kind, search_path: &OsStr) -> Result<(StandIn, Store), StandInError> {
    let store = Store::open(kept("store")).unwrap();
    let workshop = Workshop {
        store: &store,
        cache: &kept("cache"),
        search_path,
        platform: Platform::host(),
        program: &std::env::current_exe().unwrap(),
    };
    let stand_in = prepare(kind, &workshop, &mut Told)?;
    Ok((stand_in, store))
}

impl Stage {
    /// None, and a word on standard error, when this machine cannot run it.
    pub(crate) fn ready(kind: Kind) -> Option<Self> {
        let programs: &[&str] = match kind {
            Kind::Aws => &["apt-get", "nsenter", "npm"],
            _ => &["apt-get", "nsenter"],
        };
        if let Some(missing) = missing(programs) {
            eprintln!("SKIPPED: this test needs {missing}");
            return None;
        }
        let path = std::env::var_os("PATH").unwrap_or_default();
        let (stand_in, store) = match prepared(kind, &path) {
            Err(error) if error.is_of_surroundings() => {
                eprintln!("SKIPPED: {kind} cannot be had here: {error:?}");
                return None;
            }
            other => other.unwrap(),
        };
        let image = store.image(&stand_in.image).unwrap();
        let folder = tempfile::tempdir().unwrap();
        let stage = Self {
            stand_in,
            image,
            folder,
            variables: Vec::new(),
        };
        fs::create_dir(stage.data()).unwrap();
        let (uid, gid) = stage.stand_in.user;
        std::os::unix::fs::chown(stage.data(), Some(uid), Some(gid)).unwrap();
        Some(stage)
    }

    /// Its data on this machine.
    pub(crate) fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    pub(crate) fn set(&mut self, name: &'static str, value: &str) {
        self.variables.retain(|(set, _)| *set != name);
        self.variables.push((name, value.to_owned()));
    }

    /// Starts it and waits until it answers.
    pub(crate) fn start(&self) -> Run {
        let mut run = self.start_only();
        let began = Instant::now();
        let ready: Vec<&str> = self.stand_in.ready.iter().map(String::as_str).collect();
        eventually("an answer", DEADLINE, || {
            if !Path::new(&format!("/proc/{}", run.pid)).exists() {
                panic!("it has ended: {}", run.output());
            }
            run.client(self, &ready).status.success().then_some(())
        });
        run.took = began.elapsed();
        run
    }

    /// Starts it.
    pub(crate) fn start_only(&self) -> Run {
        let number = TASKS.fetch_add(1, Ordering::Relaxed);
        let folder = self.folder.path().join(format!("run-{number}"));
        let (definition, address) = self.definition(number, &folder);
        let directory = folder.join("container");
        fs::create_dir_all(&folder).unwrap();
        let stream = spawn(SHIM.as_ref(), &directory, &definition)
            .unwrap()
            .into_stream();
        stream.set_read_timeout(Some(DEADLINE)).unwrap();
        let mut run = Run {
            directory,
            definition,
            connection: BufReader::new(stream),
            address,
            pid: 0,
            has_ended: false,
            took: Duration::ZERO,
        };
        run.pid = loop {
            match run.next() {
                Some(ShimState::Running { pid, .. }) => break pid,
                Some(ShimState::Exited { exit }) => panic!("it never ran: {exit:?}"),
                Some(_) => {}
                None => panic!("the shim is gone"),
            }
        };
        run
    }

    fn definition(&self, number: u32, folder: &Path) -> (TaskDefinition, Ipv4Addr) {
        let mut bytes = [0; 16];
        bytes[..4].copy_from_slice(&std::process::id().to_le_bytes());
        bytes[4..8].copy_from_slice(
            &std::time::UNIX_EPOCH
                .elapsed()
                .unwrap()
                .subsec_nanos()
                .to_le_bytes(),
        );
        bytes[12..].copy_from_slice(&number.to_le_bytes());
        let id = TaskId::from_bytes(bytes);
        let network = HostNetwork::choose(id.as_str().as_bytes(), &network::taken(None).unwrap()).unwrap();
        let address = network.task_addresses().next().unwrap();
        let config = &self.image.config;
        let given = self.variables.iter();
        let given = given.map(|(name, value)| ((*name).to_owned(), value.clone()));
        // A later one wins.
        let own = [("TLS_NAMES".to_owned(), address.to_string())];
        let environment = config.env.clone().into_iter().chain(own).chain(given);
        let definition = TaskDefinition {
            hostname: "stand-in".to_owned(),
            layers: self.image.layers.clone(),
            process: TaskProcess {
                args: config.entrypoint.clone(),
                environment: environment.collect(),
                working_directory: config.working_dir.clone(),
                uid: self.stand_in.user.0,
                gid: self.stand_in.user.1,
                additional_gids: Vec::new(),
            },
            cpu: self.stand_in.cpu,
            shares_cpu: false,
            memory: self.stand_in.memory,
            pids_limit: 4096,
            stop_signal: match config.stop_signal.as_str() {
                "SIGINT" => 2,
                _ => 15,
            },
            network: network.task(address),
            resolv_conf: String::new(),
            hosts: std::collections::BTreeMap::new(),
            log_directory: folder.join("output"),
            discards_output: false,
            cgroup: format!("/tapedeck-test-{id}"),
            clock: None,
            disk: None,
            mounts: Vec::new(),
            sides: None,
            health_check: None,
            errand: Some(Errand {
                mounts: vec![FolderMount {
                    source: self.data(),
                    target: self.stand_in.data.clone(),
                    read_only: false,
                }],
                network,
                folder: folder.to_owned(),
            }),
            id,
        };
        (definition, address)
    }
}

impl Run {
    fn next(&mut self) -> Option<ShimState> {
        let mut line = String::new();
        match self.connection.read_line(&mut line).unwrap() {
            0 => None,
            _ => Some(serde_json::from_str(&line).unwrap()),
        }
    }

    fn exit(&mut self) -> TaskExit {
        let mut found = None;
        while let Some(state) = self.next() {
            if let ShimState::Exited { exit } = state {
                found = Some(exit);
            }
        }
        self.has_ended = true;
        found.expect("a shim says how it ended")
    }

    /// Runs a program of its image in its container, as its user, with its variables.
    pub(crate) fn client(&self, stage: &Stage, command: &[&str]) -> Output {
        self.client_with(stage, &[], command)
    }

    /// The same with further variables.
    pub(crate) fn client_with(&self, stage: &Stage, more: &[(&str, &str)], command: &[&str]) -> Output {
        self.command(stage, more, command).output().unwrap()
    }

    /// The same, not yet run.
    pub(crate) fn command(&self, stage: &Stage, more: &[(&str, &str)], command: &[&str]) -> Command {
        let (uid, gid) = stage.stand_in.user;
        let entered = format!("--setuid={uid} --setgid={gid} --root --wd");
        let mut entering = Command::new("nsenter");
        entering
            .args([
                "--target",
                &self.pid.to_string(),
                "--mount",
                "--net",
                "--pid",
                "--ipc",
            ])
            .args(entered.split(' '))
            .arg("--")
            .args(command)
            .env_clear()
            .envs(self.definition.process.environment.iter().cloned())
            .envs(more.iter().copied());
        entering
    }

    /// Moves this thread into its network, for good.
    pub(crate) fn enter_network(&self) {
        let network = fs::File::open(format!("/proc/{}/ns/net", self.pid)).unwrap();
        move_into_link_name_space(network.as_fd(), Some(LinkNameSpaceType::Network)).unwrap();
    }

    /// Kills all of it without a word, and waits until everything of it is gone.
    pub(crate) fn kill(mut self) {
        self.end();
    }

    fn end(&mut self) {
        let pid = self.pid.try_into().ok().and_then(Pid::from_raw);
        kill_process(pid.unwrap(), Signal::KILL).unwrap();
        self.exit();
    }

    /// Ends it in order, which it has to do in time, and says how long that took.
    pub(crate) fn stop(mut self, stage: &Stage) -> Duration {
        let began = Instant::now();
        let timeout_ms = stage.stand_in.stop_timeout.as_millis().try_into().unwrap();
        let line = ShimCommand::Stop { timeout_ms }.to_line();
        self.connection.get_mut().write_all(line.as_bytes()).unwrap();
        let exit = self.exit();
        assert_eq!(exit.exit_code, Some(0), "{}", self.output());
        began.elapsed()
    }

    /// Everything it said.
    pub(crate) fn output(&self) -> String {
        let lines = Reader::open(&self.definition.log_directory).read_available();
        let lines = lines.unwrap_or_default();
        let texts = lines
            .iter()
            .map(|line| String::from_utf8_lossy(&line.text).into_owned());
        texts.collect::<Vec<_>>().join("\n")
    }

    /// MiB that its processes take, shared pages divided among them.
    pub(crate) fn memory(&self) -> u64 {
        let namespace = |pid: &str| fs::read_link(format!("/proc/{pid}/ns/pid")).ok();
        let own = namespace(&self.pid.to_string());
        let processes = fs::read_dir("/proc").unwrap().flatten();
        let kibibytes = processes.filter_map(|entry| {
            let pid = entry.file_name().into_string().ok()?;
            pid.parse::<u32>().ok()?;
            let found = namespace(&pid);
            if found.is_none() || found != own {
                return None;
            }
            let text = fs::read_to_string(format!("/proc/{pid}/smaps_rollup")).ok()?;
            let line = text.lines().find_map(|line| line.strip_prefix("Pss:"))?;
            line.split_whitespace().next()?.parse::<u64>().ok()
        });
        kibibytes.sum::<u64>() / 1024
    }
}

impl Drop for Run {
    fn drop(&mut self) {
        if !self.has_ended && !std::thread::panicking() {
            self.end();
        }
        let result = cleanup(&self.directory, &self.definition);
        if !std::thread::panicking() {
            result.unwrap();
        }
    }
}

/// Standard output of a program that has to succeed.
pub(crate) fn said(output: Output) -> String {
    let text = String::from_utf8_lossy(&output.stdout).trim().to_owned();
    assert!(
        output.status.success(),
        "{text}{}",
        String::from_utf8_lossy(&output.stderr)
    );
    text
}

/// Standard error of a program that has to fail.
pub(crate) fn refused(output: Output) -> String {
    assert!(
        !output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stdout)
    );
    String::from_utf8_lossy(&output.stderr).into_owned() + &String::from_utf8_lossy(&output.stdout)
}
