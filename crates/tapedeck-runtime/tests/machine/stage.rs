//! What every test needs: a network, an image, tasks to start, and everything gone at the end.

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, Write as _};
use std::os::unix::fs::symlink;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use fs_err as fs;
use tapedeck_model::{Cpu, MemoryMb, TaskId};
use tapedeck_runtime::cgroup::{CgroupLayout, check_controllers};
use tapedeck_runtime::log::{Reader, Stream};
use tapedeck_runtime::network::{self, HostNetwork, Traffic};
use tapedeck_runtime::protocol::{ShimCommand, ShimState};
use tapedeck_runtime::{ShimConnection, TaskDefinition, TaskDisk, TaskExit, TaskProcess, cleanup, spawn};
use tempfile::TempDir;

/// Far longer than anything here takes; reached only when something hangs.
pub(crate) const DEADLINE: Duration = Duration::from_secs(60);

/// MiB that a task can write.
const DISK_MB: u32 = 64;

/// The program that serves as shim.
pub(crate) const SHIM: &str = env!("CARGO_BIN_EXE_tapedeck-test-shim");

/// Tests that measure the machine must not see the tasks of others.
static ALONE: Mutex<()> = Mutex::new(());

/// Tasks started so far by this process.
static TASKS: AtomicU32 = AtomicU32::new(0);

pub(crate) struct Stage {
    pub(crate) layout: CgroupLayout,
    pub(crate) network: HostNetwork,
    pub(crate) group: String,
    layer: PathBuf,
    disk: TaskDisk,
    directory: TempDir,
    _alone: MutexGuard<'static, ()>,
}

/// A task that was started. Whatever is left of it is removed in the end.
pub(crate) struct Task {
    pub(crate) directory: PathBuf,
    pub(crate) definition: TaskDefinition,
    pub(crate) connection: BufReader<UnixStream>,
}

impl Stage {
    /// None, and a word on standard error, when this machine cannot run tasks.
    pub(crate) fn ready() -> Option<Stage> {
        let missing = if !rustix::process::geteuid().is_root() {
            Some("root".to_owned())
        } else if find("nft").is_none() {
            Some("`nft` (package nftables)".to_owned())
        } else if busybox().is_none() {
            Some("a static `busybox` (package busybox-static)".to_owned())
        } else {
            check_controllers().err().map(|error| error.to_string())
        };
        if let Some(missing) = missing {
            eprintln!("SKIPPED: this test needs {missing}");
            return None;
        }
        let alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
        let directory = tempfile::tempdir().unwrap();
        let seed = directory.path().as_os_str().as_encoded_bytes();
        let network = HostNetwork::choose(seed, &network::taken(None).unwrap()).unwrap();
        network::ensure(&network, &Traffic::default()).unwrap();
        let layer = directory.path().join("layer");
        write_layer(&layer);
        let disk = TaskDisk::ensure(&directory.path().join("storage"), DISK_MB).unwrap();
        let group = format!("tapedeck-test-{}", network.bridge);
        let layout = check_controllers().unwrap();
        Some(Stage {
            layout,
            network,
            group,
            layer,
            disk,
            directory,
            _alone: alone,
        })
    }

    pub(crate) fn path(&self) -> &Path {
        self.directory.path()
    }

    /// A task that executes these arguments.
    pub(crate) fn definition(&self, args: &[&str]) -> TaskDefinition {
        let number = TASKS.fetch_add(1, Ordering::Relaxed);
        let mut bytes = [0; 16];
        bytes[..4].copy_from_slice(&std::process::id().to_le_bytes());
        bytes[12..].copy_from_slice(&number.to_le_bytes());
        let id = TaskId::from_bytes(bytes);
        let address = self.network.task_addresses().nth(number as usize % 200).unwrap();
        TaskDefinition {
            hostname: "ip-10-0-0-7".to_owned(),
            layers: vec![self.layer.clone()],
            process: TaskProcess {
                args: args.iter().map(ToString::to_string).collect(),
                environment: vec![
                    ("PATH".to_owned(), "/bin".to_owned()),
                    ("COLOUR".to_owned(), "blue".to_owned()),
                ],
                working_directory: "/srv/app".into(),
                uid: 0,
                gid: 0,
                additional_gids: Vec::new(),
            },
            cpu: Cpu::from_vcpu(0.5).unwrap(),
            shares_cpu: false,
            memory: MemoryMb::new(256).unwrap(),
            pids_limit: 4096,
            stop_signal: libc::SIGTERM,
            network: self.network.task(address),
            resolv_conf: "nameserver 192.0.2.53\n".to_owned(),
            hosts: BTreeMap::new(),
            log_directory: self.path().join("logs").join(id.as_str()),
            discards_output: false,
            cgroup: format!("/{}/{id}", self.group),
            clock: None,
            disk: Some(self.disk.clone()),
            mounts: Vec::new(),
            sides: None,
            health_check: None,
            errand: None,
            id,
        }
    }

    pub(crate) fn directory_of(&self, definition: &TaskDefinition) -> PathBuf {
        self.path().join("tasks").join(definition.id.as_str())
    }

    pub(crate) fn start(&self, definition: TaskDefinition) -> Task {
        let directory = self.directory_of(&definition);
        let connection = spawn(SHIM.as_ref(), &directory, &definition).unwrap();
        Task::new(directory, definition, connection)
    }

    /// Starts a shell script.
    pub(crate) fn script(&self, script: &str) -> Task {
        self.start(self.definition(&["sh", "-c", script]))
    }
}

impl Drop for Stage {
    fn drop(&mut self) {
        network::remove(&self.network).unwrap();
        self.layout.task(&self.group).unwrap().remove().unwrap();
    }
}

impl Task {
    pub(crate) fn new(directory: PathBuf, definition: TaskDefinition, connection: ShimConnection) -> Task {
        let stream = connection.into_stream();
        stream.set_read_timeout(Some(DEADLINE)).unwrap();
        Task {
            directory,
            definition,
            connection: BufReader::new(stream),
        }
    }

    /// The next state that is told; none when the shim has ended.
    pub(crate) fn next(&mut self) -> Option<ShimState> {
        let mut line = String::new();
        match self.connection.read_line(&mut line).unwrap() {
            0 => None,
            _ => Some(serde_json::from_str(&line).unwrap()),
        }
    }

    /// Waits until its process runs.
    pub(crate) fn running(&mut self) -> u32 {
        loop {
            match self.next() {
                Some(ShimState::Running { pid, .. }) => return pid,
                Some(ShimState::Exited { exit }) => panic!("it never ran: {exit:?} {}", self.complaints()),
                Some(_) => {}
                None => panic!("the shim is gone: {}", self.complaints()),
            }
        }
    }

    /// Waits until it has ended and its shim is gone.
    pub(crate) fn exit(&mut self) -> TaskExit {
        let mut found = None;
        while let Some(state) = self.next() {
            if let ShimState::Exited { exit } = state {
                found = Some(exit);
            }
        }
        found.unwrap_or_else(|| panic!("the shim went away without a word: {}", self.complaints()))
    }

    pub(crate) fn stop(&mut self, timeout: Duration) {
        let timeout_ms = timeout.as_millis().try_into().unwrap();
        let line = ShimCommand::Stop { timeout_ms }.to_line();
        self.connection.get_mut().write_all(line.as_bytes()).unwrap();
    }

    /// Everything it wrote, standard output and standard error apart.
    pub(crate) fn lines(&self, stream: Stream) -> Vec<String> {
        let lines = Reader::open(&self.definition.log_directory)
            .read_available()
            .unwrap();
        let wanted = lines.into_iter().filter(|line| line.stream == stream);
        wanted.map(|line| String::from_utf8(line.text).unwrap()).collect()
    }

    pub(crate) fn stdout(&self) -> String {
        self.lines(Stream::Stdout).join("\n")
    }

    /// Waits until it has written this line.
    pub(crate) fn wait_for_line(&self, line: &str) {
        wait_until(&format!("the line `{line}`"), || {
            self.lines(Stream::Stdout).iter().any(|found| found == line)
        });
    }

    /// Process id of its shim.
    pub(crate) fn shim_pid(&self) -> i32 {
        let wanted = self.directory.as_os_str().as_encoded_bytes();
        let found = processes().find(|(_, line)| {
            line.starts_with(SHIM.as_bytes()) && line.windows(wanted.len()).any(|part| part == wanted)
        });
        found.expect("a task has a shim").0
    }

    pub(crate) fn complaints(&self) -> String {
        fs::read_to_string(self.directory.join("shim.log")).unwrap_or_default()
    }
}

impl Drop for Task {
    fn drop(&mut self) {
        let result = cleanup(&self.directory, &self.definition);
        if !std::thread::panicking() {
            result.unwrap();
        }
    }
}

/// Every process with its command line.
pub(crate) fn processes() -> impl Iterator<Item = (i32, Vec<u8>)> {
    let entries = fs::read_dir("/proc").unwrap().flatten();
    entries.filter_map(|entry| {
        let pid = entry.file_name().to_str()?.parse().ok()?;
        Some((pid, fs::read(entry.path().join("cmdline")).ok()?))
    })
}

pub(crate) fn is_alive(pid: u32) -> bool {
    Path::new(&format!("/proc/{pid}")).exists()
}

pub(crate) fn wait_until(what: &str, mut reached: impl FnMut() -> bool) {
    let started = Instant::now();
    while !reached() {
        assert!(started.elapsed() < DEADLINE, "waited in vain for {what}");
        std::thread::sleep(Duration::from_millis(2));
    }
}

fn find(program: &str) -> Option<PathBuf> {
    let folders = ["/usr/sbin", "/usr/bin", "/sbin", "/bin"];
    folders
        .iter()
        .map(|folder| Path::new(folder).join(program))
        .find(|path| path.exists())
}

/// One that needs no libraries: a task has none.
fn busybox() -> Option<PathBuf> {
    let path = find("busybox")?;
    let bytes = fs::read(&path).ok()?;
    let interpreter = b"/lib64/ld-linux";
    let dynamic = bytes[..bytes.len().min(4096)]
        .windows(interpreter.len())
        .any(|part| part == interpreter);
    (!dynamic).then_some(path)
}

fn write_layer(layer: &Path) {
    for folder in ["bin", "etc", "tmp"] {
        fs::create_dir_all(layer.join(folder)).unwrap();
    }
    let busybox = busybox().unwrap();
    fs::copy(&busybox, layer.join("bin/busybox")).unwrap();
    let applets = Command::new(busybox).arg("--list").output().unwrap().stdout;
    for applet in String::from_utf8(applets)
        .unwrap()
        .lines()
        .filter(|name| *name != "busybox")
    {
        symlink("busybox", layer.join("bin").join(applet)).unwrap();
    }
    fs::write(
        layer.join("etc/passwd"),
        "root:x:0:0::/root:/bin/sh\nworker:x:1000:1000::/home/worker:/bin/sh\n",
    )
    .unwrap();
    // As on many distributions, where it must not be followed.
    symlink(
        "../run/systemd/resolve/stub-resolv.conf",
        layer.join("etc/resolv.conf"),
    )
    .unwrap();
    fs::write(layer.join("bin/text"), "not a program").unwrap();
}
