//! After an edit of Java files alone, the compiler does by itself what Maven would have it do, in a fraction of the time
//! that Maven needs to find that out.
//!
//! That is as good as Maven only where nothing but the compiler and copying of resources has a part in a module, and
//! where all else is as Maven left it. Wherever that is in doubt, Maven is run.

use std::path::{Path, PathBuf};

use fs_err as fs;
use serde::{Deserialize, Serialize};

use super::compiled::Outline;
use super::jdk::Jdk;
use super::layers::files;
use super::pom::Module;
use super::project::Project;
use super::run;
use crate::BuildError;
use crate::process::Invocation;
use crate::record::Record;
use crate::request::{Source, Workshop};
use crate::stamp::hash;

/// For compilers that run for a moment only.
const JVM_OPTIONS: [&str; 2] = ["-J-XX:TieredStopAtLevel=1", "-J-XX:+UseSerialGC"];
/// What Maven says before it names the options.
const ANNOUNCEMENT: &str = "[DEBUG] Command line options:";

/// How Maven had the module compiled.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Recipe {
    /// The compiler's options, but for where classes go.
    options: Vec<String>,
    /// What Maven left behind, less the classes of the module.
    left: String,
}

/// What Maven did, if the compiler alone would have done the same. `said` is its output with all details.
pub(crate) fn recipe(
    said: &str,
    module: &Module,
    class_path: &[PathBuf],
) -> Result<Option<Recipe>, BuildError> {
    let has_blank = |path: &PathBuf| path.to_string_lossy().contains(char::is_whitespace);
    if !module.is_plain || has_blank(&module.output) || class_path.iter().any(has_blank) {
        return Ok(None);
    }
    let Some(options) = options(said, &module.output) else {
        return Ok(None);
    };
    after_maven(options, module, class_path)
}

impl Recipe {
    /// The same after another run of Maven with the same build files.
    pub(crate) fn renewed(self, module: &Module, class_path: &[PathBuf]) -> Result<Option<Self>, BuildError> {
        after_maven(self.options, module, class_path)
    }
}

fn after_maven(
    options: Vec<String>,
    module: &Module,
    class_path: &[PathBuf],
) -> Result<Option<Recipe>, BuildError> {
    if has_generated_sources(&options) || !are_copies(module) {
        return Ok(None);
    }
    Ok(Some(Recipe {
        options,
        left: left_behind(module, class_path)?,
    }))
}

/// The options of the one run of the compiler that wrote to `output`, less that.
pub(crate) fn options(said: &str, output: &Path) -> Option<Vec<String>> {
    let mut lines = said.lines();
    let mut found = Vec::new();
    while lines.any(|line| line.trim_end() == ANNOUNCEMENT) {
        let line = lines.next()?.strip_prefix("[DEBUG] ")?;
        let mut words: Vec<String> = line.split_whitespace().map(str::to_owned).collect();
        let at = words.iter().position(|word| word == "-d")?;
        if words
            .get(at + 1)
            .is_some_and(|folder| Path::new(folder) == output)
        {
            words.drain(at..at + 2);
            found.push(words);
        }
    }
    (found.len() == 1).then(|| found.remove(0))
}

/// Whether annotations had sources made.
fn has_generated_sources(options: &[String]) -> bool {
    let folder = options
        .iter()
        .position(|word| word == "-s")
        .and_then(|at| options.get(at + 1));
    folder.is_some_and(|folder| !files(Path::new(folder)).is_empty())
}

/// Whether all that is not a class comes from a folder of resources.
fn are_copies(module: &Module) -> bool {
    let resources = module.sources.get(1..).unwrap_or_default();
    files(&module.output)
        .iter()
        .filter(|(below, _)| !is_class(below))
        .all(|(below, _)| resources.iter().any(|folder| folder.join(below).is_file()))
}

/// A hash of what Maven left behind and the compiler does not make.
fn left_behind(module: &Module, class_path: &[PathBuf]) -> Result<String, BuildError> {
    let own = files(&module.output);
    let own = own.into_iter().filter(|(below, _)| !is_class(below));
    let others = class_path
        .iter()
        .filter(|path| path.is_dir())
        .flat_map(|path| files(path));
    let mut text = String::new();
    for (_, path) in own.chain(others) {
        let bytes = fs::read(&path).map_err(BuildError::file("read what was compiled"))?;
        text.push_str(&format!("{}\0{}\n", path.display(), hash(&bytes)));
    }
    Ok(hash(text.as_bytes()))
}

fn is_class(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension == "class")
}

/// Compiles the module into `output`. Tells whether it did: not where that might give something else than Maven would.
pub(crate) fn compile(
    source: &Source<'_>,
    project: &Project,
    outline: &Outline,
    (jdk, output): (&Jdk, &Path),
    workshop: &mut Workshop<'_>,
) -> Result<bool, BuildError> {
    let (Some(recipe), Some(module), Some(previous)) =
        (&outline.recipe, outline.module(project), workshop.previous)
    else {
        return Ok(false);
    };
    let Some(folder) = module.sources.first() else {
        return Ok(false);
    };
    if !has_only_edits_in(folder, previous)? || left_behind(module, &outline.class_path)? != recipe.left {
        return Ok(false);
    }
    let sources = files(folder).into_iter().map(|(_, path)| path);
    let sources = sources.filter(|path| path.extension().is_some_and(|extension| extension == "java"));
    let mut arguments: Vec<_> = JVM_OPTIONS.map(Into::into).to_vec();
    arguments.extend(recipe.options.iter().map(Into::into));
    arguments.extend(["-d".into(), output.into()]);
    let count = arguments.len();
    arguments.extend(sources.map(PathBuf::into_os_string));
    // Longer command lines than the system takes are for Maven.
    if arguments.len() - count > MOST_SOURCES {
        return Ok(false);
    }
    workshop.progress.step(&format!(
        "compiling {} as Maven does",
        source.relative(&source.entry()).display()
    ));
    let invocation = Invocation {
        program: jdk.home.join("bin/javac"),
        arguments,
        folder: project.root.clone(),
        search_path: workshop.search_path.to_owned(),
        environment: vec![("LC_ALL", "C.UTF-8".into())],
    };
    run::run(&invocation, source, jdk)?;
    Ok(true)
}

/// How many files are named on a command line.
const MOST_SOURCES: usize = 4000;

/// Whether nothing changed since the last build but Java files below `folder`.
fn has_only_edits_in(folder: &Path, previous: &Record) -> Result<bool, BuildError> {
    for (path, input) in &previous.inputs {
        let may_differ =
            path.starts_with(folder) && (path.is_dir() || path.extension().is_some_and(|end| end == "java"));
        if !may_differ
            && !input
                .is_unchanged(path)
                .map_err(BuildError::file("look at the source"))?
        {
            return Ok(false);
        }
    }
    Ok(true)
}
