//! What a task uses, as counters of its group: read once a second of every task, so it costs little.
//!
//! Files are read with as few system calls as there can be, into one buffer.

use std::time::Duration;

use rustix::fs::{Mode, OFlags};

use super::{CgroupKind, CgroupLayout};

/// The longest file that is read: `memory.stat` of version 1 with its sums at the end.
const LONGEST: usize = 8 * 1024;

/// CPU time between two samples that is taken for none.
const RESTED: Duration = Duration::from_millis(10);

/// A change of memory by less than this part of it is none that asks for a closer look.
const STEADY: u64 = 16;

/// After so many samples everything is read again.
const SLOWEST: u8 = 4;

/// Counters of a task. Two of them tell what happened in between.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Sample {
    /// CPU time since it started.
    pub cpu: Duration,
    /// Periods of the CPU quota in which it wanted to run.
    pub periods: u64,
    /// Those of them in which it was held back.
    pub throttled: u64,
    /// Share of the last ten seconds in which a process of it waited for a processor, where the kernel tells.
    pub pressure: Option<f64>,
    /// Bytes of memory that it holds now.
    pub held: u64,
    /// The same without the part of the page cache that can be dropped at once.
    pub memory: u64,
    /// Processes that were killed for want of memory.
    pub oom_kills: u64,
    /// How many samples ago all files were read: what changes slowly is not read each time.
    pub since_full: u8,
}

/// Reads samples, one after the other.
#[derive(Debug)]
pub struct Sampler<'a> {
    layout: &'a CgroupLayout,
    buffer: Vec<u8>,
    path: String,
}

impl<'a> Sampler<'a> {
    /// Reads from these hierarchies.
    #[must_use]
    pub fn new(layout: &'a CgroupLayout) -> Self {
        Self {
            layout,
            buffer: vec![0; LONGEST],
            path: String::new(),
        }
    }

    /// What the task whose group has this name has used; none if there is no such group.
    ///
    /// A task that has hardly run since the sample `before`, and holds the same memory, is not asked for more. Of one that
    /// runs as it did, what is in the page cache, what was killed and the pressure are read only now and then.
    pub fn sample(&mut self, name: &str, before: Option<&Sample>) -> Option<Sample> {
        let name = name.trim_start_matches('/');
        let mut sample = if self.layout.kind() == CgroupKind::Version2 {
            self.cpu_of_version_2(name)?
        } else {
            self.cpu_of_version_1(name)?
        };
        let (held, cache, kills) = match self.layout.kind() {
            CgroupKind::Version2 => ("memory.current", "inactive_file", "memory.events"),
            _ => (
                "memory.usage_in_bytes",
                "total_inactive_file",
                "memory.oom_control",
            ),
        };
        sample.held = number(self.read("memory", name, held)?)?;
        if let Some(before) = before.filter(|before| rested(before, &sample)) {
            return Some(Sample {
                cpu: sample.cpu,
                pressure: before.pressure.map(|_| 0.0),
                ..*before
            });
        }
        if self.layout.kind() != CgroupKind::Version2 {
            let text = self.read("cpu", name, "cpu.stat")?;
            (sample.periods, sample.throttled) = quota(text);
        }
        if let Some(before) = before.filter(|before| runs_as_it_did(before, &sample)) {
            let cache = before.held.saturating_sub(before.memory);
            sample.memory = sample.held.saturating_sub(cache);
            sample.oom_kills = before.oom_kills;
            sample.pressure = before.pressure;
            sample.since_full = before.since_full + 1;
            return Some(sample);
        }
        let cache = number_after(self.read("memory", name, "memory.stat")?, cache);
        sample.memory = sample.held.saturating_sub(cache.unwrap_or(0));
        sample.oom_kills = number_after(self.read("memory", name, kills)?, "oom_kill").unwrap_or(0);
        sample.pressure = self.pressure(name);
        Some(sample)
    }

    /// How many processes and threads the task whose group has this name has now.
    pub fn processes(&mut self, name: &str) -> Option<u64> {
        let name = name.trim_start_matches('/');
        self.read("pids", name, "pids.current").and_then(number)
    }

    fn cpu_of_version_2(&mut self, name: &str) -> Option<Sample> {
        let text = self.read("cpu", name, "cpu.stat")?;
        let (periods, throttled) = quota(text);
        Some(Sample {
            cpu: Duration::from_micros(number_after(text, "usage_usec")?),
            periods,
            throttled,
            ..Sample::default()
        })
    }

    fn cpu_of_version_1(&mut self, name: &str) -> Option<Sample> {
        let cpu = match self.read("cpuacct", name, "cpuacct.usage").and_then(number) {
            Some(nanoseconds) => Duration::from_nanos(nanoseconds),
            // Without `cpuacct`, the unified hierarchy counts too.
            None => Duration::from_micros(number_after(self.read_unified(name, "cpu.stat")?, "usage_usec")?),
        };
        Some(Sample {
            cpu,
            ..Sample::default()
        })
    }

    fn pressure(&mut self, name: &str) -> Option<f64> {
        let text = self.read_unified(name, "cpu.pressure")?;
        let some = text.lines().find(|line| line.starts_with("some "))?;
        let average = some.split(' ').find_map(|word| word.strip_prefix("avg10="))?;
        average.parse::<f64>().ok().map(|per_cent| per_cent / 100.0)
    }

    fn read(&mut self, controller: &str, name: &str, file: &str) -> Option<&str> {
        let mount = self.layout.controller(controller)?.to_str()?;
        self.set_path(&[mount, name, file]);
        self.read_path()
    }

    fn read_unified(&mut self, name: &str, file: &str) -> Option<&str> {
        let mount = self.layout.unified.as_deref()?.to_str()?;
        self.set_path(&[mount, name, file]);
        self.read_path()
    }

    fn set_path(&mut self, parts: &[&str]) {
        self.path.clear();
        for (index, part) in parts.iter().enumerate() {
            if index > 0 {
                self.path.push('/');
            }
            self.path.push_str(part);
        }
    }

    fn read_path(&mut self) -> Option<&str> {
        let file = rustix::fs::open(
            self.path.as_str(),
            OFlags::RDONLY | OFlags::CLOEXEC,
            Mode::empty(),
        )
        .ok()?;
        let mut length = 0;
        // A file of the kernel is read whole, unless it is longer than what is asked for.
        while length < self.buffer.len() {
            match rustix::io::read(&file, &mut self.buffer[length..]).ok()? {
                0 => break,
                more => length += more,
            }
        }
        std::str::from_utf8(&self.buffer[..length]).ok()
    }
}

/// Whether nothing happened in a task that would be worth a closer look.
fn rested(before: &Sample, now: &Sample) -> bool {
    now.held == before.held && now.cpu.saturating_sub(before.cpu) < RESTED
}

/// Whether what was read of a task a moment ago is still good enough.
fn runs_as_it_did(before: &Sample, now: &Sample) -> bool {
    now.held.abs_diff(before.held) <= before.held / STEADY
        && now.throttled == before.throttled
        && before.since_full < SLOWEST
}

/// Periods of the quota, and those in which the group was held back.
fn quota(text: &str) -> (u64, u64) {
    let of = |key| number_after(text, key).unwrap_or(0);
    (of("nr_periods"), of("nr_throttled"))
}

fn number(text: &str) -> Option<u64> {
    text.trim().parse().ok()
}

fn number_after(text: &str, key: &str) -> Option<u64> {
    let line = text
        .lines()
        .find_map(|line| line.strip_prefix(key)?.strip_prefix(' '))?;
    number(line)
}
