//! Trying a target: with the corpus, and with what mutations make of it.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use fastrand::Rng;
use fs_err as fs;

use crate::Target;
use crate::limits::Guard;
use crate::mutation::mutated;

/// When to stop.
#[derive(Debug, Clone, Copy)]
pub enum Until {
    /// After so many inputs.
    Cases(u64),
    /// After so much time.
    Time(Duration),
}

/// The inputs of a target that are kept, in the order of their names, each with its name.
#[must_use]
pub fn corpus(target: &Target) -> Vec<(String, Vec<u8>)> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("corpus")
        .join(target.name);
    let mut inputs: Vec<(String, Vec<u8>)> = fs::read_dir(folder)
        .expect("every target has a corpus")
        .map(|entry| {
            let path = entry.expect("the corpus can be listed").path();
            let name = path
                .file_name()
                .unwrap_or_default()
                .to_string_lossy()
                .into_owned();
            (name, fs::read(&path).expect("the corpus can be read"))
        })
        .collect();
    inputs.sort();
    inputs
}

/// Tries a target with mutations. Input number `n` depends on the seed and on `n` alone. Gives how many were tried.
///
/// # Errors
/// When an input panics or takes too much. Its name has the seed and its number.
pub fn mutations(target: &Target, seed: u64, until: Until, guard: &Guard) -> Result<u64, String> {
    let corpus: Vec<Vec<u8>> = corpus(target).into_iter().map(|(_, data)| data).collect();
    let began = Instant::now();
    let mut case = 0;
    loop {
        let is_over = match until {
            Until::Cases(most) => case >= most,
            Until::Time(most) => began.elapsed() >= most,
        };
        if is_over {
            return Ok(case);
        }
        let mut random = Rng::with_seed(seed ^ case.wrapping_mul(0x9e37_79b9_7f4a_7c15));
        let data = mutated(&corpus, &mut random);
        guard.run(&format!("{}-{seed}-{case}", target.name), target.run, &data)?;
        case += 1;
    }
}
