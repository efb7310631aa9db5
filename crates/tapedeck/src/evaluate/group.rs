//! Calls that are made in one process, and what each of them comes to.

use std::path::{Path, PathBuf};

use serde_json::Value;

use super::error::{EvaluateError, Place, Subject};
use super::process::{self, Ending, Ran};
use super::protocol::{Failure, Line, Outcome, Request, RequestedCall};
use super::{LARGEST_RESULT, Surroundings};

/// What the values are for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Purpose {
    Config,
    Call,
}

/// One call.
#[derive(Debug)]
pub(super) struct Job<'a> {
    /// Its place among the calls that were asked for.
    pub(super) number: usize,
    pub(super) subject: Subject,
    /// The file, absolute and without links.
    pub(super) path: PathBuf,
    pub(super) arguments: &'a [Value],
    /// The program that was made of the file, if one was.
    pub(super) bundle: Option<PathBuf>,
}

/// A value, and the user's files that it is made of.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) json: String,
    pub(super) inputs: Vec<PathBuf>,
}

pub(super) type JobResult<'a> = (Job<'a>, Result<Answer, EvaluateError>);

/// How to start a process that makes calls.
#[derive(Debug)]
pub(super) struct Group {
    pub(super) program: PathBuf,
    /// What comes before the numbers of the two open files.
    pub(super) arguments: Vec<String>,
    pub(super) purpose: Purpose,
    /// Folders in which no mistake of the user's can be.
    pub(super) folders: Vec<PathBuf>,
}

/// The results of jobs for which there is no program.
pub(super) fn without_program<'a>(
    jobs: Vec<Job<'a>>,
    program: &'static str,
    install: &'static str,
) -> Vec<JobResult<'a>> {
    let fail = |job: Job<'a>| {
        let error = EvaluateError::NoProgram {
            subject: job.subject.clone(),
            program,
            install,
        };
        (job, Err(error))
    };
    jobs.into_iter().map(fail).collect()
}

impl Group {
    /// Makes all calls, one after the other.
    pub(super) fn run<'a>(&self, surroundings: &Surroundings<'_>, jobs: Vec<Job<'a>>) -> Vec<JobResult<'a>> {
        if jobs.is_empty() {
            return Vec::new();
        }
        let request = Request {
            is_config: self.purpose == Purpose::Config,
            largest: LARGEST_RESULT,
            folders: self.folders.clone(),
            calls: jobs.iter().map(requested).collect(),
        };
        let (mut lines, mut why) = match process::run(&self.program, &self.arguments, &request, surroundings)
        {
            Ok(Ran { lines, ending }) => (lines, Some(self.without_result(surroundings, ending))),
            Err(source) => (Vec::new(), Some(self.not_started(source))),
        };
        let mut culprit = None;
        let mut results = Vec::new();
        for (index, job) in jobs.into_iter().enumerate() {
            let line = lines.iter().position(|line| line.index == index);
            let subject = job.subject.clone();
            let result = match (line, why.take_if(|_| line.is_none())) {
                (Some(line), _) => self.result(surroundings, subject, lines.swap_remove(line)),
                // The first without a result is the one that was being worked on.
                (None, Some(why)) => {
                    culprit = Some(subject.clone());
                    Err(why(subject))
                }
                (None, None) => Err(EvaluateError::NotReached {
                    before: culprit.clone().unwrap_or_else(|| subject.clone()),
                    subject,
                }),
            };
            results.push((job, result));
        }
        results
    }

    fn not_started(&self, source: std::io::Error) -> Box<dyn FnOnce(Subject) -> EvaluateError> {
        let program = self.program.clone();
        Box::new(move |subject| EvaluateError::Start {
            subject,
            program,
            source,
        })
    }

    fn without_result(
        &self,
        surroundings: &Surroundings<'_>,
        ending: Ending,
    ) -> Box<dyn FnOnce(Subject) -> EvaluateError> {
        let limit = surroundings.time_limit;
        Box::new(move |subject| match ending {
            Ending::TimedOut => EvaluateError::TimedOut { subject, limit },
            Ending::Exited(status) => EvaluateError::Ended {
                subject,
                status: status.to_string(),
            },
        })
    }

    fn result(
        &self,
        surroundings: &Surroundings<'_>,
        subject: Subject,
        line: Line,
    ) -> Result<Answer, EvaluateError> {
        let seen = |place: Option<Place>| place.map(|place| seen_from(surroundings.folder, place));
        let failure = match line.outcome {
            Outcome::Value(json) => {
                return Ok(Answer {
                    json,
                    inputs: line.inputs,
                });
            }
            Outcome::Failure(failure) => failure,
        };
        Err(match failure {
            Failure::Thrown { message, place } => EvaluateError::Thrown {
                subject,
                message,
                place: seen(place),
            },
            Failure::Unloadable { message, place } => EvaluateError::Unloadable {
                subject,
                message,
                place: seen(place),
            },
            Failure::Missing { exports } => EvaluateError::NotExported {
                subject,
                is_config: self.purpose == Purpose::Config,
                exports,
            },
            Failure::Value { path, problem } => EvaluateError::Value {
                subject,
                path,
                problem,
            },
            Failure::Large => EvaluateError::TooLarge {
                subject,
                limit: LARGEST_RESULT,
            },
            Failure::Unsettled => EvaluateError::Unsettled { subject },
        })
    }
}

fn requested<'a>(job: &'a Job<'_>) -> RequestedCall<'a> {
    RequestedCall {
        file: &job.path,
        program: job.bundle.as_deref().unwrap_or(&job.path),
        is_bundle: job.bundle.is_some(),
        handler: job.subject.handler.as_deref(),
        arguments: job.arguments,
    }
}

/// A place as it is told: relative to the folder where it is below.
fn seen_from(folder: &Path, place: Place) -> Place {
    let file = place.file.strip_prefix(folder).map(Path::to_owned);
    Place {
        file: file.unwrap_or(place.file),
        ..place
    }
}
