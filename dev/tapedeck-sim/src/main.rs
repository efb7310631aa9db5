//! Plays random schedules on all processors and tells the first that breaks a promise, as a script.

use std::io::Write as _;
use std::process::ExitCode;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use clap::Parser;
use tapedeck_sim::schedule::{Failure, play};

/// Plays random schedules over the planner, each checked against its promises.
#[derive(Debug, Parser)]
struct Arguments {
    /// How many
    #[arg(long, default_value_t = 1_000_000)]
    schedules: u64,
    /// The first seed; each schedule takes the next [default: chosen by the time, and told]
    #[arg(long)]
    seed: Option<u64>,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let first = arguments.seed.unwrap_or_else(|| {
        let now = SystemTime::now().duration_since(UNIX_EPOCH);
        now.map_or(0, |time| time.as_secs() * 1_000_000)
    });
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    say(&format!(
        "{} schedules from seed {first}, on {threads} threads",
        arguments.schedules
    ));
    let played = Played::default();
    let began = Instant::now();
    let failures: Vec<Failure> = std::thread::scope(|scope| {
        let workers: Vec<_> = (0..threads)
            .map(|_| scope.spawn(|| played.work(first, arguments.schedules)))
            .collect();
        let mut told = Instant::now();
        while workers.iter().any(|worker| !worker.is_finished()) {
            std::thread::sleep(Duration::from_millis(50));
            if told.elapsed() >= Duration::from_secs(10) {
                told = Instant::now();
                say(&format!("{} played", played.taken.load(Ordering::Relaxed)));
            }
        }
        let ends = workers.into_iter().filter_map(|worker| worker.join().ok());
        ends.flatten().map(|failure| *failure).collect()
    });
    let mut out = std::io::stdout().lock();
    for failure in &failures {
        // Nobody reads it: nothing to be done about that.
        let _ = writeln!(out, "{failure}");
    }
    if failures.is_empty() {
        let seconds = began.elapsed().as_secs_f64();
        let _ = writeln!(
            out,
            "{} schedules in {seconds:.0} s: no promise was broken",
            arguments.schedules
        );
        return ExitCode::SUCCESS;
    }
    say("put a script into dev/tapedeck-sim/scenarios to keep it as a test");
    ExitCode::FAILURE
}

fn say(text: &str) {
    // Nobody reads it: nothing to be done about that.
    let _ = writeln!(std::io::stderr(), "{text}");
}

/// What all threads have done so far.
#[derive(Debug, Default)]
struct Played {
    taken: AtomicU64,
    has_failed: AtomicBool,
}

impl Played {
    fn work(&self, first: u64, schedules: u64) -> Option<Box<Failure>> {
        while !self.has_failed.load(Ordering::Relaxed) {
            let turn = self.taken.fetch_add(1, Ordering::Relaxed);
            if turn >= schedules {
                break;
            }
            if let Err(failure) = play(first.wrapping_add(turn)) {
                self.has_failed.store(true, Ordering::Relaxed);
                return Some(failure);
            }
        }
        None
    }
}
