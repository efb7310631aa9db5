//! Runs code of the user's while a config is read: configs in TypeScript and JavaScript, functions behind directives in
//! TypeScript, JavaScript and Python.
//!
//! The code runs in the user's own `node` or `python3`, as the user, with the user's environment: it is part of the
//! config, and no more dangerous than a `package.json`. What it prints goes to [`Surroundings::output`], never into the
//! result. It may take [`TIME_LIMIT`] and return [`LARGEST_RESULT`] bytes, and its processes do not outlive the command.
//! Nothing is written into the project.

mod error;
mod group;
mod javascript;
mod process;
mod protocol;
mod python;

pub(crate) use error::{EvaluateError, Place};

use std::ffi::{OsStr, OsString};
use std::os::fd::BorrowedFd;
use std::path::{Path, PathBuf};
use std::time::Duration;

use fs_err as fs;
use serde::Serialize;
use serde_json::Value;
use tapedeck_image::Progress;

use error::Subject;
use group::{Answer, Job, Purpose};

/// How long code may take.
pub(crate) const TIME_LIMIT: Duration = Duration::from_secs(60);
/// Bytes of JSON that a result may have.
pub(crate) const LARGEST_RESULT: u64 = 8 << 20;

/// The extensions of code, for messages.
const EXTENSIONS: &str = ".js, .mjs, .cjs, .ts, .mts, .cts, .jsx, .tsx or .py";
/// The extensions of configs that are code, for messages.
const CONFIG_EXTENSIONS: &str = ".js, .mjs, .cjs, .ts, .mts, .cts, .jsx or .tsx";

/// Where code runs and what it gets to see.
pub(crate) struct Surroundings<'a> {
    /// The folder of the config, absolute and without links: where code runs, and where relative paths start.
    pub(crate) folder: &'a Path,
    /// Where programs are looked for, in the form of `PATH`.
    pub(crate) search_path: &'a OsStr,
    /// The environment of the command. Code sees it without tapedeck's own variables.
    pub(crate) environment: &'a [(OsString, OsString)],
    /// Where the bundler is kept, and temporary files are.
    pub(crate) cache_directory: &'a Path,
    /// Where code prints to, such as standard error.
    pub(crate) output: BorrowedFd<'a>,
    /// How long code may take.
    pub(crate) time_limit: Duration,
    /// Who is told when the bundler has to be fetched.
    pub(crate) progress: &'a mut dyn Progress,
}

/// What a config that is a function gets to know.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ConfigInput {
    /// The name of the project.
    pub(crate) project_name: String,
    /// The stage.
    pub(crate) stage: String,
    /// The region.
    pub(crate) region: String,
    /// The command, such as `deploy`.
    pub(crate) command: String,
    /// The profile that was asked for by name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) profile: Option<String>,
    /// Options of the command line by their long names.
    pub(crate) cli_args: Value,
    /// Who runs the command, as the config language has it.
    pub(crate) user: Value,
}

/// A config that was evaluated.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Evaluated {
    /// The config as JSON, in lines, with keys in the order of the code.
    pub(crate) json: String,
    /// The user's files that it was made of, packages aside, absolute. Files that code reads by itself are not known.
    pub(crate) inputs: Vec<PathBuf>,
}

/// A function to be called.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Call<'a> {
    /// Its file.
    pub(crate) file: &'a Path,
    /// Its name. Without one it is the default export, in Python `main`.
    pub(crate) handler: Option<&'a str>,
    /// What it is called with.
    pub(crate) arguments: &'a [Value],
}

/// Evaluates a config: what a file exports by default or as `getConfig`, which is a config or a function that gives one.
///
/// # Errors
/// [`EvaluateError`], with a place in the user's files where there is one.
pub(crate) fn evaluate_config(
    surroundings: &mut Surroundings<'_>,
    path: &Path,
    input: &ConfigInput,
) -> Result<Evaluated, EvaluateError> {
    let arguments = [serde_json::to_value(input).expect("texts and JSON are always JSON")];
    let call = Call {
        file: path,
        handler: None,
        arguments: &arguments,
    };
    let job = job(surroundings, 0, &call)?;
    if !javascript::is_known(&job.path) {
        return Err(EvaluateError::UnknownLanguage {
            subject: job.subject,
            known: CONFIG_EXTENSIONS,
        });
    }
    let mut results = javascript::run(surroundings, Purpose::Config, vec![job]);
    let (_, result) = results.pop().expect("each job has a result");
    result.map(|Answer { json, inputs }| Evaluated { json, inputs })
}

/// Calls one function. A value that is no function is returned as it is.
///
/// # Errors
/// [`EvaluateError`], with a place in the user's files where there is one.
#[cfg(test)]
pub(crate) fn call_function(
    surroundings: &mut Surroundings<'_>,
    file: &Path,
    handler: Option<&str>,
    arguments: &[Value],
) -> Result<Value, EvaluateError> {
    let call = Call {
        file,
        handler,
        arguments,
    };
    let mut results = call_functions(surroundings, &[call]);
    results.pop().expect("each call has a result")
}

/// Calls functions as [`call_function`] does, those of a language one after the other in one process. Results are in the
/// order of the calls.
pub(crate) fn call_functions(
    surroundings: &mut Surroundings<'_>,
    calls: &[Call<'_>],
) -> Vec<Result<Value, EvaluateError>> {
    let mut results: Vec<(usize, Result<Value, EvaluateError>)> = Vec::new();
    let mut javascript = Vec::new();
    let mut python = Vec::new();
    for (number, call) in calls.iter().enumerate() {
        match job(surroundings, number, call) {
            Ok(job) if javascript::is_known(&job.path) => javascript.push(job),
            Ok(job) if error::is_python(&job.path) => python.push(job),
            Ok(Job { subject, .. }) => {
                let known = EXTENSIONS;
                results.push((number, Err(EvaluateError::UnknownLanguage { subject, known })));
            }
            Err(error) => results.push((number, Err(error))),
        }
    }
    let mut done = javascript::run(surroundings, Purpose::Call, javascript);
    done.extend(python::run(surroundings, python));
    results.extend(done.into_iter().map(|(job, result)| {
        let value = result.and_then(|answer| value_of(&job, &answer));
        (job.number, value)
    }));
    results.sort_by_key(|(number, _)| *number);
    results.into_iter().map(|(_, result)| result).collect()
}

fn value_of(job: &Job<'_>, answer: &Answer) -> Result<Value, EvaluateError> {
    serde_json::from_str(&answer.json).map_err(|error| EvaluateError::Value {
        subject: job.subject.clone(),
        path: String::new(),
        problem: format!("is not readable as JSON: {error}"),
    })
}

/// Finds the file of a call.
fn job<'a>(
    surroundings: &Surroundings<'_>,
    number: usize,
    call: &Call<'a>,
) -> Result<Job<'a>, EvaluateError> {
    let subject = Subject {
        file: call.file.to_owned(),
        handler: call.handler.map(str::to_owned),
    };
    match fs::canonicalize(surroundings.folder.join(call.file)) {
        Ok(path) if path.is_file() => Ok(Job {
            number,
            subject,
            path,
            arguments: call.arguments,
            bundle: None,
        }),
        _ => Err(EvaluateError::NoFile { subject }),
    }
}

#[cfg(test)]
mod tests;
