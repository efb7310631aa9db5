//! Python, run by the user's `python3`.

use tapedeck_build::find_executable;

use super::Surroundings;
use super::group::{Group, Job, JobResult, Purpose, without_program};

const RUNNER: &str = include_str!("run.py");

/// Runs all in one process.
pub(super) fn run<'a>(surroundings: &Surroundings<'_>, jobs: Vec<Job<'a>>) -> Vec<JobResult<'a>> {
    let Some(python) = find_executable("python3", surroundings.search_path) else {
        return without_program(jobs, "python3", "apt install python3");
    };
    let group = Group {
        program: python,
        arguments: vec!["-c".to_owned(), RUNNER.to_owned()],
        purpose: Purpose::Call,
        folders: Vec::new(),
    };
    group.run(surroundings, jobs)
}
