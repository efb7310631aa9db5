//! Code of a user's in a temporary project, run by the real `node` and `python3`.
//!
//! TypeScript needs the bundler and some tests the package `stacktape`: both are fetched once with `npm` and kept in
//! cargo's folder for builds.

mod config;
mod failures;
mod functions;
mod process;
mod stacktape;

use std::ffi::OsString;
use std::io::{Read as _, Seek as _};
use std::os::fd::AsFd as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use fs_err as fs;
use serde_json::{Value, json};
use tapedeck_image::NoProgress;
use tempfile::TempDir;

use super::{
    Call, ConfigInput, EvaluateError, Evaluated, Surroundings, TIME_LIMIT, call_function, call_functions,
    evaluate_config,
};

/// A project in a folder of its own.
struct Project {
    folder: TempDir,
    search_path: OsString,
    environment: Vec<(OsString, OsString)>,
    time_limit: Duration,
    cache: PathBuf,
    /// What the code printed.
    output: std::fs::File,
    /// The folder of programs that may be used, if not all may.
    programs: Option<TempDir>,
}

impl Project {
    fn with(files: &[(&str, &str)]) -> Self {
        let project = Self {
            folder: tempfile::tempdir().unwrap(),
            search_path: std::env::var_os("PATH").unwrap_or_default(),
            environment: std::env::vars_os().collect(),
            time_limit: TIME_LIMIT,
            cache: kept("cache"),
            output: tempfile::tempfile().unwrap(),
            programs: None,
        };
        // Keeps the search for an installed bundler inside.
        fs::create_dir(project.path(".git")).unwrap();
        for (path, text) in files {
            let path = project.path(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        project
    }

    /// The same on a machine that has nothing but `node`.
    fn with_node_alone(files: &[(&str, &str)]) -> Self {
        let mut project = Self::with(files);
        let programs = tempfile::tempdir().unwrap();
        let node = tapedeck_build::find_executable("node", &project.search_path).unwrap();
        std::os::unix::fs::symlink(node, programs.path().join("node")).unwrap();
        project.search_path = programs.path().as_os_str().to_owned();
        project.programs = Some(programs);
        project
    }

    fn root(&self) -> PathBuf {
        fs::canonicalize(self.folder.path()).unwrap()
    }

    fn path(&self, below: &str) -> PathBuf {
        self.root().join(below)
    }

    fn run<T>(&self, evaluate: impl FnOnce(&mut Surroundings<'_>) -> T) -> T {
        evaluate(&mut Surroundings {
            folder: &self.root(),
            search_path: &self.search_path,
            environment: &self.environment,
            cache_directory: &self.cache,
            output: self.output.as_fd(),
            time_limit: self.time_limit,
            progress: &mut NoProgress,
        })
    }

    fn evaluate(&self, file: &str) -> Result<Evaluated, EvaluateError> {
        self.run(|surroundings| evaluate_config(surroundings, Path::new(file), &input()))
    }

    /// The config in a file, on one line.
    fn config(&self, file: &str) -> String {
        let evaluated = self
            .evaluate(file)
            .unwrap_or_else(|error| panic!("{}", told(&error)));
        let value: Value = serde_json::from_str(&evaluated.json).unwrap();
        value.to_string()
    }

    fn config_error(&self, file: &str) -> EvaluateError {
        self.evaluate(file).expect_err("this is no config")
    }

    /// The results of `file` or `file:handler`, each called with `["a", 1]`.
    fn call(&self, functions: &[&str]) -> Vec<Result<Value, EvaluateError>> {
        let arguments = [json!("a"), json!(1)];
        let calls = functions.iter().map(|text| {
            let (file, handler) = parts(text);
            Call {
                file: Path::new(file),
                handler,
                arguments: &arguments,
            }
        });
        let calls: Vec<Call<'_>> = calls.collect();
        self.run(|surroundings| call_functions(surroundings, &calls))
    }

    fn call_one(&self, function: &str) -> Result<Value, EvaluateError> {
        let (file, handler) = parts(function);
        let arguments = [json!("a"), json!(1)];
        self.run(|surroundings| call_function(surroundings, Path::new(file), handler, &arguments))
    }

    fn value(&self, function: &str) -> Value {
        self.call_one(function)
            .unwrap_or_else(|error| panic!("{}", told(&error)))
    }

    fn error(&self, function: &str) -> EvaluateError {
        self.call_one(function).expect_err("this fails")
    }

    /// Everything the code printed.
    fn printed(&mut self) -> String {
        let mut text = String::new();
        self.output.rewind().unwrap();
        self.output.read_to_string(&mut text).unwrap();
        text
    }

    /// Every file in the project, sorted.
    fn files(&self) -> Vec<String> {
        let mut found = Vec::new();
        let mut folders = vec![self.root()];
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                match path.is_dir() && !path.is_symlink() {
                    true => folders.push(path),
                    false => found.push(path.strip_prefix(self.root()).unwrap().display().to_string()),
                }
            }
        }
        found.sort();
        found
    }
}

/// The file and the handler of `file:handler`.
fn parts(function: &str) -> (&str, Option<&str>) {
    match function.split_once(':') {
        Some((file, handler)) => (file, Some(handler)),
        None => (function, None),
    }
}

fn input() -> ConfigInput {
    ConfigInput {
        project_name: "shop".to_owned(),
        stage: "dev".to_owned(),
        region: "local".to_owned(),
        command: "deploy".to_owned(),
        profile: None,
        cli_args: json!({ "stage": "dev" }),
        user: json!({ "name": "ann" }),
    }
}

/// An error as it is printed, with what to do next.
fn told(error: &EvaluateError) -> String {
    match error.help() {
        Some(help) => format!("{error}\nhelp: {help}"),
        None => error.to_string(),
    }
}

/// A folder that stays between runs.
fn kept(name: &str) -> PathBuf {
    let executable = std::env::current_exe().unwrap();
    let target = executable.ancestors().nth(3).unwrap();
    let folder = target.join("tmp/tapedeck-evaluate").join(name);
    fs::create_dir_all(&folder).unwrap();
    folder
}
