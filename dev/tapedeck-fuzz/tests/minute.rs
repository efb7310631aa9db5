//! A minute of the config language under fire: the corpus, large inputs, and mutations until the time is over.
//!
//! `TAPEDECK_FUZZ_SECONDS` is the time for mutations, `TAPEDECK_FUZZ_SEED` the seed (each run has its own, and prints
//! it), `TAPEDECK_FUZZ_CASES` how many inputs of each target to try instead of going by time, and `TAPEDECK_FUZZ_ONLY`
//! a word in the names of large inputs to try.

use std::path::PathBuf;
use std::sync::Mutex;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use tapedeck_fuzz::campaign::{self, Until};
use tapedeck_fuzz::limits::Guard;
use tapedeck_fuzz::{TARGETS, large};

/// Time for mutations of all targets together. With the other tests of this file, it is about a minute.
const SECONDS: u64 = 35;

/// Time and memory are those of the process, so one test at a time.
static ALONE: Mutex<()> = Mutex::new(());

#[expect(clippy::print_stderr, reason = "where to look when the process dies")]
fn guard() -> Guard {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("fuzz");
    eprintln!(
        "should this process die, the input is in {}/*.running",
        folder.display()
    );
    Guard::new(&folder)
}

/// A number in a variable of the environment.
fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok()?.parse().ok()
}

#[test]
fn the_corpus_holds() {
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
}

#[test]
fn large_inputs_take_little_time_and_memory() {
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
}

#[test]
fn mutations_of_the_corpus_hold() {
    let _alone = ALONE.lock();
    let guard = guard();
    let clock = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    let seed = number("TAPEDECK_FUZZ_SEED").unwrap_or(clock.as_secs());
    let seconds = number("TAPEDECK_FUZZ_SECONDS").unwrap_or(SECONDS);
    let until = match number("TAPEDECK_FUZZ_CASES") {
        Some(cases) => Until::Cases(cases),
        None => Until::Time(Duration::from_secs(seconds) / TARGETS.len() as u32),
    };
    eprintln!("TAPEDECK_FUZZ_SEED={seed}");
    for target in &TARGETS {
        match campaign::mutations(target, seed, until, &guard) {
            Ok(cases) => eprintln!("{}: {cases} inputs", target.name),
            Err(problem) => panic!("{problem}"),
        }
    }
}
