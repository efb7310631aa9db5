//! Running Go: the program and the list of what it is made of, at the same time.

use std::ffi::OsString;
use std::path::Path;
use std::thread;

use fs_err as fs;

use super::list::{self, Package};
use super::module::Module;
use super::plan::Plan;
use super::{GoError, entry_package};
use crate::BuildError;
use crate::path::normalized;
use crate::process::{Finished, Invocation};
use crate::request::{Source, Workshop};
use crate::source_error::{SourceError, excerpt};

/// What Go says of a package that has files for cgo only.
const EXCLUDED: &str = "build constraints exclude all Go files";

/// What is compiled, and with what.
#[derive(Clone, Copy)]
pub(crate) struct Job<'a> {
    pub(crate) source: &'a Source<'a>,
    /// The executable.
    pub(crate) go: &'a Path,
    pub(crate) module: &'a Module,
    pub(crate) plan: &'a Plan,
}

impl Job<'_> {
    /// Everything that decides what Go says of the package, but for the files.
    pub(crate) fn question(&self) -> String {
        let Plan {
            package, environment, ..
        } = self.plan;
        format!("{} {package} {environment:?}", self.go.display())
    }

    /// Compiles the package. Gives the packages it is made of and the bytes of the program.
    pub(crate) fn compile_and_list(
        &self,
        workshop: &Workshop<'_>,
    ) -> Result<(Vec<Package>, Vec<u8>), BuildError> {
        let arguments = ["list", "-deps", list::FIELDS, &self.plan.package];
        let list = self.invocation(arguments.map(Into::into).to_vec(), workshop);
        let (listed, program) = thread::scope(|scope| {
            let listed = scope.spawn(|| list.finish());
            let program = self.compile(workshop);
            let listed = listed
                .join()
                .unwrap_or_else(|panic| std::panic::resume_unwind(panic));
            (listed, program)
        });
        let (listed, program) = (listed?, program?);
        if !listed.status.success() {
            return Err(failed(&list, &listed).into());
        }
        let packages = list::parse(&listed.stdout)?;
        require_program(self.source, &packages, workshop)?;
        Ok((packages, program))
    }

    /// Compiles the package. Gives the bytes of the program.
    pub(crate) fn compile(&self, workshop: &Workshop<'_>) -> Result<Vec<u8>, BuildError> {
        let keep = BuildError::file("keep the program");
        let scratch = tempfile::tempdir_in(workshop.scratch()?).map_err(&keep)?;
        let output = scratch.path().join(&self.plan.name);
        let flags = [
            "build",
            "-trimpath",
            "-buildvcs=false",
            "-ldflags=-s -w -buildid=",
        ];
        let mut arguments: Vec<OsString> = flags.map(Into::into).to_vec();
        arguments.extend([
            "-o".into(),
            output.clone().into(),
            self.plan.package.clone().into(),
        ]);
        let build = self.invocation(arguments, workshop);
        let built = build.finish()?;
        if !built.status.success() {
            return Err(failure(self.source, self.module, &build, &built).into());
        }
        fs::read(&output).map_err(keep)
    }

    fn invocation(&self, arguments: Vec<OsString>, workshop: &Workshop<'_>) -> Invocation {
        Invocation {
            program: self.go.to_owned(),
            arguments,
            folder: self.module.root.clone(),
            search_path: workshop.search_path.to_owned(),
            environment: environment(self.plan, workshop),
        }
    }
}

/// Variables of the plan, and a place for Go's cache where Go would find none.
fn environment(plan: &Plan, workshop: &Workshop<'_>) -> Vec<(&'static str, OsString)> {
    let mut environment = plan.environment.clone();
    let has_cache = ["GOCACHE", "XDG_CACHE_HOME", "HOME"]
        .iter()
        .any(|name| std::env::var_os(name).is_some_and(|value| !value.is_empty()));
    if !has_cache {
        environment.push(("GOCACHE", workshop.cache.join("go").into()));
        environment.push(("GOPATH", workshop.cache.join("go-modules").into()));
    }
    environment
}

fn require_program(
    source: &Source<'_>,
    packages: &[Package],
    workshop: &Workshop<'_>,
) -> Result<(), GoError> {
    let entry = source.entry();
    let Some(package) = entry_package(packages, source) else {
        return Ok(());
    };
    let shown = source.relative(&entry);
    let name = entry.file_name().unwrap_or_default();
    if !package.go_files.iter().any(|file| file.as_os_str() == name) {
        return Err(GoError::LeftOut {
            entry: shown,
            platform: workshop.platform.as_str(),
        });
    }
    if package.name != "main" {
        return Err(GoError::NoProgram {
            entry: shown,
            package: package.name.clone(),
        });
    }
    Ok(())
}

/// The error of a run without an error in the source.
pub(super) fn failed(invocation: &Invocation, finished: &Finished) -> GoError {
    GoError::Failed {
        command: invocation.to_string(),
        status: finished.status.to_string(),
        output: finished.excerpt(),
    }
}

fn failure(source: &Source<'_>, module: &Module, invocation: &Invocation, finished: &Finished) -> GoError {
    let said = String::from_utf8_lossy(&finished.stderr);
    let mut errors = parse_errors(&said);
    if errors.is_empty() {
        return failed(invocation, finished);
    }
    for error in &mut errors {
        if error.message.contains(EXCLUDED) {
            error
                .message
                .push_str(": Go is compiled without cgo here, so that the program needs no C library");
        }
        let Some(place) = &error.place else {
            continue;
        };
        let (path, line, column) = parts(place).unwrap_or((place, 0, 0));
        let file = normalized(&module.root.join(path));
        if error.excerpt.is_empty() {
            error.excerpt = excerpt(&file, line, column);
        }
        error.place = Some(format!(
            "{}{}",
            source.relative(&file).display(),
            &place[path.len()..]
        ));
    }
    GoError::Source {
        entry: source.relative(&source.entry()),
        errors,
    }
}

/// Reads Go's messages: `file:line:column: message`, and indented lines that go on with it.
pub(crate) fn parse_errors(text: &str) -> Vec<SourceError> {
    let mut errors: Vec<SourceError> = Vec::new();
    for line in text.lines() {
        if line.starts_with('\t') {
            if let Some(error) = errors.last_mut() {
                let separator = if error.excerpt.is_empty() { "" } else { "\n" };
                error.excerpt.push_str(separator);
                error.excerpt.push_str(line);
            }
        } else if let Some((place, message)) = line.split_once(": ")
            && parts(place).is_some()
        {
            errors.push(SourceError {
                message: message.to_owned(),
                place: Some(place.to_owned()),
                excerpt: String::new(),
            });
        }
    }
    errors
}

/// The file, line and column of a place; the column is 1 when it has none.
fn parts(place: &str) -> Option<(&str, usize, usize)> {
    let (before, last) = place.rsplit_once(':')?;
    let last: usize = last.parse().ok()?;
    match before.rsplit_once(':') {
        Some((file, line)) if line.parse::<usize>().is_ok() => Some((file, line.parse().ok()?, last)),
        _ => Some((before, last, 1)),
    }
}
