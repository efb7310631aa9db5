//! How much of the machine one input may take up, and what is left behind when it takes more.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use fs_err as fs;
use rustix::process::{Resource, Rlimit, setrlimit};
use rustix::time::{ClockId, clock_gettime};

/// The most time of the processor. Unoptimised code gets more.
const MOST_TIME: Duration = Duration::from_secs(if cfg!(debug_assertions) { 5 } else { 2 });

/// How long an input may run before it is taken for one that never ends, in time of the processor.
const ENDLESS: Duration = Duration::from_secs(20);

/// The most memory, in bytes.
const MOST_MEMORY: u64 = 512 << 20;

/// How much the whole process may have, so that not the machine but only this process runs out of it.
const MOST_OF_ALL: u64 = 4 << 30;

/// How many characters of an input are shown.
const MOST_SHOWN: usize = 1_000;

/// How often the running input is looked at.
const LOOK: Duration = Duration::from_millis(200);

/// Runs inputs one at a time, and writes each down first: one that ends the process can be found then.
#[derive(Debug)]
pub struct Guard {
    folder: PathBuf,
    /// When the running input began, in milliseconds of this process's time; 0 when none runs.
    began: Arc<AtomicU64>,
}

impl Guard {
    /// A guard that writes into a folder. Only one at a time makes sense: it watches the whole process.
    #[must_use]
    pub fn new(folder: &Path) -> Self {
        fs::create_dir_all(folder).expect("the folder for inputs can be made");
        let limit = Rlimit {
            current: Some(MOST_OF_ALL),
            maximum: None,
        };
        // Where that is not allowed, the machine has to do.
        let _ = setrlimit(Resource::As, limit);
        let began = Arc::new(AtomicU64::new(0));
        let watched = Arc::downgrade(&began);
        std::thread::spawn(move || {
            while let Some(began) = watched.upgrade() {
                let since = began.load(Ordering::Relaxed);
                if since != 0 && processor_time() > Duration::from_millis(since) + ENDLESS {
                    // Nothing can be done about an endless loop but to end the process; the input is written down.
                    std::process::abort();
                }
                drop(began);
                std::thread::sleep(LOOK);
            }
        });
        Self {
            folder: folder.to_path_buf(),
            began,
        }
    }

    /// Runs an input. The error says how it panicked or what it took too much of, and where the input was kept.
    ///
    /// # Errors
    /// When it panics or takes too much.
    pub fn run(&self, name: &str, target: fn(&[u8]), data: &[u8]) -> Result<Duration, String> {
        let path = self.folder.join(format!("{name}.running"));
        fs::write(&path, data).expect("the input can be written down");
        let before = Used::now();
        let since = u64::try_from(before.time.as_millis()).unwrap_or_default();
        self.began.store(since.max(1), Ordering::Relaxed);
        let outcome = catch_unwind(AssertUnwindSafe(|| target(data)));
        self.began.store(0, Ordering::Relaxed);
        let after = Used::now();
        let time = after.time.saturating_sub(before.time);
        let memory = after.peak.saturating_sub(before.resident);
        let problem = match outcome {
            Err(_) => "panicked".to_string(),
            Ok(()) if time > MOST_TIME => format!("took {time:.1?}"),
            Ok(()) if memory > MOST_MEMORY => format!("took {} MiB", memory >> 20),
            Ok(()) => {
                fs::remove_file(&path).expect("the input can be removed");
                return Ok(time);
            }
        };
        let kept = self.folder.join(format!("{name}.failed"));
        fs::rename(&path, &kept).expect("the input can be kept");
        let shown: String = String::from_utf8_lossy(data).chars().take(MOST_SHOWN).collect();
        Err(format!(
            "{name} {problem}; the input is in {}:\n{shown}",
            kept.display()
        ))
    }
}

/// What this process has used.
struct Used {
    time: Duration,
    /// Memory that is present now, in bytes.
    resident: u64,
    /// The most that was present since the last time that this was asked, in bytes.
    peak: u64,
}

impl Used {
    fn now() -> Self {
        let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
        let bytes = |key: &str| -> u64 {
            let line = status.lines().find_map(|line| line.strip_prefix(key));
            line.and_then(|line| line.trim().trim_end_matches(" kB").parse().ok())
                .map_or(0, |kibibytes: u64| kibibytes << 10)
        };
        let used = Self {
            time: processor_time(),
            resident: bytes("VmRSS:"),
            peak: bytes("VmHWM:"),
        };
        // Sets the peak back. Where the kernel cannot, an input is judged by those before it, too.
        let _ = fs::write("/proc/self/clear_refs", "5");
        used
    }
}

/// What all threads of this process have used of the processors.
#[must_use]
pub fn processor_time() -> Duration {
    let time = clock_gettime(ClockId::ProcessCPUTime);
    Duration::new(
        time.tv_sec.try_into().unwrap_or_default(),
        time.tv_nsec.try_into().unwrap_or_default(),
    )
}
