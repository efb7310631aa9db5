//! JavaScript and TypeScript, run by the user's `node`.
//!
//! JavaScript is run as it is. TypeScript is bundled first, and so is JavaScript that `node` cannot load by itself: it
//! imports TypeScript, or mixes module systems. Only how it fails to load tells that, so it is tried.
//!
//! # The package `stacktape`
//!
//! What is known of version 3.7 of the package from npm, since configs are written with it:
//!
//! - It is CommonJS, and its exports cannot be told without running it: `import { defineConfig } from 'stacktape'` works
//!   in a bundle only, not in a JavaScript module that `node` loads itself.
//! - `defineConfig(fn)` returns a function of the input that calls `fn` and makes plain objects of the result, so the
//!   default export of such a config is a function like any other. Resources become `{type, properties, overrides?,
//!   transforms?}`, other instances `{type, properties}`; a resource inside of another becomes its name, a parameter of a
//!   resource (`queue.arn`) a `$ResourceParam(…)`; texts with a directive inside become `$Format` or `$CfFormat`;
//!   `environment: {A: 'b'}` becomes a list. Keys of `overrides` such as `LambdaFunction` become logical names.
//! - `transforms` stay functions. They cannot leave the process and are told as an error.
//! - `$Secret('x')` and its like return the text that would stand in YAML.
//! - Instances are recognised by symbols of the global registry, such as `stacktape:setResourceName`. A config that holds
//!   such resources without having gone through `defineConfig` is put through the package's own.
//! - `defineConfig` with an async function gives `{}`, since it takes the promise for the config. In a bundle the promise
//!   is awaited first (`stacktape.cjs`), elsewhere the empty config is told.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use fs_err as fs;
use tapedeck_build::{BuildError, BundleError, Script, ScriptRequest, bundle_script, find_executable};

use super::Surroundings;
use super::error::{EvaluateError, Place, SourceMistake};
use super::group::{Group, Job, JobResult, Purpose, without_program};

/// Extensions of files that `node` may be able to load by itself.
const PLAIN: [&str; 3] = ["js", "mjs", "cjs"];
/// Extensions of files that have to be bundled.
const BUNDLED: [&str; 5] = ["ts", "mts", "cts", "tsx", "jsx"];

/// What is in a JavaScript module that imports the package `stacktape`.
const PACKAGE_IMPORTS: [&str; 2] = ["from 'stacktape'", "from \"stacktape\""];

const RUNNER: &str = include_str!("run.cjs");
const SUBSTITUTES: [(&str, &str); 1] = [("stacktape", include_str!("stacktape.cjs"))];

/// Bundles by the file that they were made of.
type Bundles = BTreeMap<PathBuf, Script>;

/// Whether a file is in one of these languages, as its extension says.
pub(super) fn is_known(file: &Path) -> bool {
    has_extension(file, &PLAIN) || has_extension(file, &BUNDLED)
}

fn has_extension(file: &Path, known: &[&str]) -> bool {
    let extension = file.extension().and_then(|extension| extension.to_str());
    extension.is_some_and(|extension| known.contains(&extension))
}

/// Whether it is known from the start that `node` cannot load a file by itself.
fn needs_bundle(file: &Path) -> bool {
    let imports_package = |text: String| PACKAGE_IMPORTS.iter().any(|import| text.contains(import));
    has_extension(file, &BUNDLED) || fs::read_to_string(file).is_ok_and(imports_package)
}

/// Runs all in one process, and in a second one what turns out to need a bundle.
pub(super) fn run<'a>(
    surroundings: &mut Surroundings<'_>,
    purpose: Purpose,
    jobs: Vec<Job<'a>>,
) -> Vec<JobResult<'a>> {
    let Some(node) = find_executable("node", surroundings.search_path) else {
        return without_program(jobs, "node", "apt install nodejs");
    };
    let mut bundles = Bundles::new();
    let mut done = Vec::new();
    let mut ready = Vec::new();
    for mut job in jobs {
        if needs_bundle(&job.path)
            && let Err(error) = bundle(surroundings, &mut bundles, &mut job)
        {
            done.push((job, Err(error)));
        } else {
            ready.push(job);
        }
    }
    let mut again = Vec::new();
    for (mut job, result) in run_group(surroundings, &node, purpose, &bundles, ready) {
        let Err(EvaluateError::Unloadable { .. }) = result else {
            done.push((job, result));
            continue;
        };
        match bundle(surroundings, &mut bundles, &mut job) {
            Ok(()) => again.push(job),
            // Without a bundler, what `node` said is all there is to say.
            Err(EvaluateError::Bundler { .. }) => done.push((job, result)),
            Err(error) => done.push((job, Err(error))),
        }
    }
    done.extend(run_group(surroundings, &node, purpose, &bundles, again));
    for (job, result) in &mut done {
        if let (Ok(answer), Some(script)) = (result, bundles.get(&job.path)) {
            answer.inputs = script.inputs().to_vec();
        }
    }
    done
}

fn run_group<'a>(
    surroundings: &Surroundings<'_>,
    node: &Path,
    purpose: Purpose,
    bundles: &Bundles,
    jobs: Vec<Job<'a>>,
) -> Vec<JobResult<'a>> {
    let group = Group {
        program: node.to_owned(),
        // As a file it would have a scope of its own.
        arguments: vec![
            "--eval".to_owned(),
            format!("(function () {{{RUNNER}}})()"),
            "--".to_owned(),
        ],
        purpose,
        folders: bundles
            .values()
            .map(|script| script.folder().to_owned())
            .collect(),
    };
    group.run(surroundings, jobs)
}

/// Lets a job run a bundle of its file, which is made unless there is one.
fn bundle(
    surroundings: &mut Surroundings<'_>,
    bundles: &mut Bundles,
    job: &mut Job<'_>,
) -> Result<(), EvaluateError> {
    if !bundles.contains_key(&job.path) {
        let request = ScriptRequest {
            entry: &job.path,
            folder: surroundings.folder,
            cache_directory: surroundings.cache_directory,
            search_path: surroundings.search_path,
            substitutes: &SUBSTITUTES,
        };
        let script = bundle_script(&request, surroundings.progress).map_err(|error| failure(job, error))?;
        bundles.insert(job.path.clone(), script);
    }
    job.bundle = bundles.get(&job.path).map(|script| script.program().to_owned());
    Ok(())
}

fn failure(job: &Job<'_>, error: BuildError) -> EvaluateError {
    let subject = job.subject.clone();
    match error {
        BuildError::Bundle(BundleError::Source { errors, .. }) => EvaluateError::Source {
            subject,
            mistakes: errors
                .into_iter()
                .map(|error| SourceMistake {
                    message: error.message,
                    place: error.place.as_deref().and_then(place),
                })
                .collect(),
        },
        source => EvaluateError::Bundler {
            subject,
            source: Box::new(source),
        },
    }
}

/// Reads `file:line:column` as the bundler writes it, which counts columns from 0.
fn place(text: &str) -> Option<Place> {
    let mut parts = text.rsplitn(3, ':');
    let column: u32 = parts.next()?.parse().ok()?;
    let line = parts.next()?.parse().ok()?;
    Some(Place {
        file: parts.next()?.into(),
        line,
        column: column.checked_add(1),
    })
}
