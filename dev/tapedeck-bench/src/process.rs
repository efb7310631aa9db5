//! Processes of this machine and the memory they hold.

use std::time::Duration;

use anyhow::Context as _;
use fs_err as fs;

/// Bytes of a process's name that the kernel keeps.
const KEPT: usize = 15;

/// Memory of one process or of several, in MiB.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Memory {
    /// What nobody else has: what would be free if it ended.
    pub(crate) private: f64,
    /// Private memory, and its share of what it has in common with others.
    pub(crate) proportional: f64,
    /// All that is mapped and present, however many share it.
    pub(crate) resident: f64,
}

impl Memory {
    /// What a process holds.
    pub(crate) fn of(pid: u32) -> anyhow::Result<Self> {
        let text = fs::read_to_string(format!("/proc/{pid}/smaps_rollup"))?;
        let kibibytes = |key: &str| -> f64 {
            let line = text
                .lines()
                .find_map(|line| line.strip_prefix(key)?.strip_prefix(':'));
            line.and_then(|line| line.trim().trim_end_matches(" kB").parse().ok())
                .unwrap_or(0.0)
        };
        Ok(Self {
            private: (kibibytes("Private_Clean") + kibibytes("Private_Dirty")) / 1024.0,
            proportional: kibibytes("Pss") / 1024.0,
            resident: kibibytes("Rss") / 1024.0,
        })
    }

    /// What several processes hold together.
    pub(crate) fn sum(pids: &[u32]) -> anyhow::Result<Self> {
        let each = pids
            .iter()
            .map(|pid| Self::of(*pid))
            .collect::<anyhow::Result<Vec<_>>>()?;
        Ok(each.into_iter().fold(Self::default(), Self::plus))
    }

    /// Both together.
    pub(crate) fn plus(self, other: Self) -> Self {
        Self {
            private: self.private + other.private,
            proportional: self.proportional + other.proportional,
            resident: self.resident + other.resident,
        }
    }
}

/// Processor time that a process has taken, in all its threads, in hundredths of a second.
pub(crate) fn time_of(pid: u32) -> anyhow::Result<Duration> {
    time(pid, 2)
}

/// The same, with that of its children that have ended.
pub(crate) fn time_with_children(pid: u32) -> anyhow::Result<Duration> {
    time(pid, 4)
}

/// The first so many of: its own time in programs and in the kernel, and that of its ended children.
fn time(pid: u32, kinds: usize) -> anyhow::Result<Duration> {
    let text = fs::read_to_string(format!("/proc/{pid}/stat"))?;
    // What follows the name, which may hold anything: its state, then numbers.
    let numbers = text.rsplit(')').next().unwrap_or_default().split_whitespace();
    let ticks: Option<u64> = numbers
        .skip(11)
        .take(kinds)
        .map(|word| word.parse::<u64>().ok())
        .sum();
    let ticks = ticks.context("read the time of a process")?;
    Ok(Duration::from_millis(10 * ticks))
}

/// Processes of this name, of which the kernel keeps 15 bytes, whose pid and command line are as wanted.
pub(crate) fn all(name: &str, wanted: impl Fn(u32, &str) -> bool) -> anyhow::Result<Vec<u32>> {
    let mut found = Vec::new();
    for entry in fs::read_dir("/proc")? {
        let Some(pid) = entry?.file_name().to_str().and_then(|name| name.parse().ok()) else {
            continue;
        };
        // It may have ended meanwhile.
        let Ok(actual) = fs::read_to_string(format!("/proc/{pid}/comm")) else {
            continue;
        };
        let line = fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
        let line = String::from_utf8_lossy(&line).replace('\0', " ");
        if actual.trim_end() == &name[..name.len().min(KEPT)] && wanted(pid, &line) {
            found.push(pid);
        }
    }
    Ok(found)
}

/// The one such process.
pub(crate) fn find(name: &str, wanted: impl Fn(&str) -> bool) -> anyhow::Result<u32> {
    let found = all(name, |_, line| wanted(line))?;
    found
        .first()
        .copied()
        .with_context(|| format!("find the process {name}"))
}
