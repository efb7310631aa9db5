//! A minute of the config language under fire: the corpus, large inputs, and mutations until the time is over.
//!
//! `TAPEDECK_FUZZ_SECONDS` is the time for mutations, `TAPEDECK_FUZZ_SEED` the seed (each run has its own, and prints
//! it), `TAPEDECK_FUZZ_CASES` how many inputs of each target to try instead of going by time, and `TAPEDECK_FUZZ_ONLY`
//! a word in the names of large inputs to try.

use std::io::Write as _;
use std::path::PathBuf;
use std::sync::Mutex;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use tapedeck_fuzz::campaign::{self, Until};
use tapedeck_fuzz::limits::Guard;
use tapedeck_fuzz::{TARGETS, large};

/// Time for mutations of all targets together. With the other tests of this file, it is about a minute.
const SECONDS: u64 = 35;

/// The stack of the thread that reads inputs, in bytes: half of what a thread has, for inputs that are worse than these.
const STACK: usize = 1 << 20;

/// Time and memory are those of the process, so one test at a time.
static ALONE: Mutex<()> = Mutex::new(());

/// Says what is needed to try an input again, at once: what a test prints is lost when its process dies.
fn say(words: &str) {
    let _ = writeln!(std::io::stderr(), "{words}");
}

fn guard() -> Guard {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("fuzz");
    say(&format!(
        "should this process die, the input is in {}/*.running",
        folder.display()
    ));
    Guard::new(&folder)
}

/// Runs a test on a stack of [`STACK`].
fn on_half_a_stack(test: impl FnOnce() + Send + 'static) {
    let thread = std::thread::Builder::new()
        .stack_size(STACK)
        .spawn(test)
        .expect("a thread can be started");
    if let Err(panic) = thread.join() {
        std::panic::resume_unwind(panic);
    }
}

/// A number in a variable of the environment.
fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok()?.parse().ok()
}

#[test]
fn the_corpus_holds() {
    on_half_a_stack(|| {
        let _alone = ALONE.lock();
        let guard = guard();
        let mut problems = Vec::new();
        for target in &TARGETS {
            let inputs = campaign::corpus(target);
            assert!(
                inputs.len() >= 5,
                "{} has a corpus of {}",
                target.name,
                inputs.len()
            );
            for (name, data) in inputs {
                problems.extend(
                    guard
                        .run(&format!("{}-{name}", target.name), target.run, &data)
                        .err(),
                );
            }
        }
        assert!(problems.is_empty(), "{}", problems.join("\n"));
    });
}

#[test]
fn large_inputs_take_little_time_and_memory() {
    on_half_a_stack(|| {
        let _alone = ALONE.lock();
        let guard = guard();
        let only = std::env::var("TAPEDECK_FUZZ_ONLY").unwrap_or_default();
        let mut problems = Vec::new();
        for (name, text) in large::all().into_iter().filter(|(name, _)| name.contains(&only)) {
            match guard.run(name, tapedeck_fuzz::load, text.as_bytes()) {
                Ok(time) => eprintln!("{:>6} ms  {name}", time.as_millis()),
                Err(problem) => problems.push(problem),
            }
        }
        assert!(problems.is_empty(), "{}", problems.join("\n"));
    });
}

#[test]
fn mutations_of_the_corpus_hold() {
    on_half_a_stack(|| {
        let _alone = ALONE.lock();
        let guard = guard();
        let clock = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
        let seed = number("TAPEDECK_FUZZ_SEED").unwrap_or(clock.as_secs());
        let seconds = number("TAPEDECK_FUZZ_SECONDS").unwrap_or(SECONDS);
        let until = match number("TAPEDECK_FUZZ_CASES") {
            Some(cases) => Until::Cases(cases),
            None => Until::Time(Duration::from_secs(seconds) / TARGETS.len() as u32),
        };
        say(&format!("TAPEDECK_FUZZ_SEED={seed}"));
        for target in &TARGETS {
            match campaign::mutations(target, seed, until, &guard) {
                Ok(cases) => eprintln!("{}: {cases} inputs", target.name),
                Err(problem) => panic!("{problem}"),
            }
        }
    });
}
