//! Runs a script: its steps one after the other, up to the first that fails.

use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use tapedeck_build::find_executable;
use tapedeck_model::{Script, Stack};

use super::plan::{self, Environment, Occasion, Program};
use super::{Deployed, Told, node, process};
use crate::context::Context;
use crate::exit::{ExitKind, Failure};
use crate::printer::Printer;
use crate::text::span;

pub(crate) use super::process::Exit;

/// Where a script writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Output {
    /// Where this process does; it is typed to as well.
    Inherited,
    /// All to standard error, because standard output is for data.
    Stderr,
    /// Nowhere, unless it fails.
    Hidden,
}

/// A script that is to run.
#[derive(Clone, Copy)]
pub(crate) struct Run<'a> {
    pub(crate) context: &'a Context,
    pub(crate) printer: &'a Printer,
    pub(crate) stack: &'a Stack,
    /// The folder of the config.
    pub(crate) folder: &'a Path,
    pub(crate) script: &'a Script,
    pub(crate) occasion: Occasion,
    /// The resource in whose role it is to act, in place of the one that it names itself.
    pub(crate) role_of: Option<&'a str>,
    /// Variables of the command line.
    pub(crate) own: &'a [(String, String)],
    /// What the programs are given.
    pub(crate) arguments: &'a [String],
    /// Where it writes if it does not hide that.
    pub(crate) output: Output,
}

/// A script that has ended.
#[derive(Debug)]
pub(crate) struct Ran {
    /// How its last step ended.
    pub(crate) exit: Exit,
    /// How long all took.
    pub(crate) took: Duration,
    /// What failed, if it did.
    pub(crate) failure: Option<Failure>,
}

impl Run<'_> {
    /// Runs it to its end.
    ///
    /// # Errors
    /// When it cannot be run. How it ended itself is no error here.
    pub(crate) fn run(&self, deployed: &dyn Deployed) -> Result<Ran, Failure> {
        plan::runnable(self.script)?;
        let folder = self.folder.join(&self.script.cwd);
        if !folder.is_dir() {
            let what = format!("script {} runs in {}", self.script.name, folder.display());
            return Err(Failure::operation(format!("{what}, and there is no such folder"))
                .help("`cwd` is relative to the folder of the config"));
        }
        let environment = self.environment(deployed)?;
        let began = Instant::now();
        let mut exit = Exit::Code(0);
        for index in 0..self.script.steps.len() {
            let step = self.step(index, &folder, &environment)?;
            exit = step.exit;
            if exit != Exit::Code(0) {
                self.show(&step.output);
                return Ok(Ran {
                    exit,
                    took: began.elapsed(),
                    failure: Some(failed(&plan::label(self.script, index), exit, began.elapsed())),
                });
            }
        }
        Ok(Ran {
            exit,
            took: began.elapsed(),
            failure: None,
        })
    }

    fn environment(&self, deployed: &dyn Deployed) -> Result<Environment, Failure> {
        let role = self.role_of.or(self.script.assume_role_of_resource.as_deref());
        let mut told = match self.script.asks() || role.is_some() {
            true => deployed.told(self.stack, self.script, role)?,
            false => Told::default(),
        };
        for variable in &self.script.environment {
            if let tapedeck_model::Late::Known(value) = &variable.value {
                told.variables.insert(variable.name.clone(), value.clone());
            }
        }
        let reasons = plan::reasons(self.stack, self.occasion);
        Ok(plan::environment(
            &self.context.environment,
            reasons,
            told,
            self.own,
        ))
    }

    fn step(
        &self,
        index: usize,
        folder: &Path,
        environment: &Environment,
    ) -> Result<process::Ended, Failure> {
        let step = &self.script.steps[index];
        let label = plan::label(self.script, index);
        let mut bundled = None;
        let (program, mut arguments) = match plan::program(step, self.folder) {
            Program::Line(line) => ("sh", vec!["-c".to_string(), line, "sh".to_string()]),
            Program::Shell(path) => ("sh", vec![there(&path, &label)?]),
            Program::Python(path) => ("python3", vec![there(&path, &label)?]),
            Program::Node(path) => ("node", vec![there(&path, &label)?]),
            Program::Bundled(path) => {
                there(&path, &label)?;
                let mut progress = self.printer.progress("script");
                let made = node::bundle(&path, self.folder, self.context, &mut progress)?;
                let start = text(&bundled.insert(made).start);
                ("node", vec!["--enable-source-maps".to_string(), start])
            }
        };
        arguments.extend(self.arguments.iter().cloned());
        let mut command = Command::new(self.find(program, &label)?);
        command
            .args(arguments)
            .current_dir(folder)
            .env_clear()
            .envs(environment);
        let output = match self.script.pipe_stdio {
            true => self.output,
            false => Output::Hidden,
        };
        process::run(command, output).map_err(|error| could_not_run(&label, error))
    }

    fn find(&self, program: &str, label: &str) -> Result<PathBuf, Failure> {
        find_executable(program, &self.context.search_path).ok_or_else(|| {
            let package = match program {
                "node" => "nodejs",
                "sh" => "dash",
                other => other,
            };
            let what = anyhow::anyhow!("{label} needs the program `{program}`, which is not in PATH");
            Failure::new(ExitKind::Environment, what).help(format!("apt install {package}"))
        })
    }

    /// Shows what was hidden.
    fn show(&self, output: &[u8]) {
        if !output.is_empty() {
            self.printer.tell(String::from_utf8_lossy(output).trim_end());
        }
    }
}

/// A file that is there.
fn there(path: &Path, label: &str) -> Result<String, Failure> {
    if path.is_file() {
        return Ok(text(path));
    }
    Err(
        Failure::operation(format!("{label}: there is no file {}", path.display()))
            .help("paths of scripts are relative to the folder of the config"),
    )
}

fn text(path: &Path) -> String {
    path.to_string_lossy().into_owned()
}

fn could_not_run(label: &str, error: io::Error) -> Failure {
    let what = format!("{label} could not be run");
    Failure::new(ExitKind::Environment, anyhow::Error::new(error).context(what))
        .help("see that its program can be started by hand")
}

/// The failure of a step that did not end well.
fn failed(label: &str, exit: Exit, after: Duration) -> Failure {
    let after = span(after);
    match exit {
        Exit::Code(code) => Failure::operation(format!("{label} ended with exit code {code} after {after}"))
            .help("what it wrote says why"),
        Exit::Signal(signal) => {
            Failure::operation(format!("{label} was ended by signal {signal} after {after}"))
                .help("somebody else sent it, or the machine had no memory left (`dmesg`)")
        }
        Exit::Interrupted => Failure::operation(format!("{label} was interrupted after {after}"))
            .help("run the same command again"),
    }
}
