//! Java: the project is compiled by its own Maven or Gradle, or by the compiler of this machine where it has neither.
//!
//! ```text
//! survey ─▶ Project ─▶ Maven | Gradle | compiler ─▶ Compiled ─▶ version ─▶ base · layers ─▶ Assembly
//! ```
//!
//! In the image: the class path in `/app/class-path`, and what it names, in layers that an edit leaves alone as far as
//! possible (`layers`). Nothing is packed into jars, so that nothing but contents decides about the image.

mod chosen;
mod class_file;
mod compiled;
mod compiler;
mod entry;
mod error;
mod gathered;
mod gradle;
mod jdk;
mod layers;
mod maven;
mod messages;
mod pom;
mod project;
mod quick;
mod run;
mod version;

pub use error::JavaError;
pub use version::InvalidJavaVersion;

use std::time::SystemTime;

use fs_err as fs;
use serde::{Deserialize, Serialize};
use tapedeck_image::ConfigChange;

use crate::BuildError;
use crate::base::{self, Base};
use crate::guard::Guard;
use crate::image::{Assembly, Composition, Stack};
use crate::included;
use crate::record::Memory;
use crate::request::{Source, Workshop};
use crate::runtime::Runtime;
use crate::stamp::hash;
use chosen::Chosen;
use compiled::Outline;
use jdk::Jdk;
use layers::Layers;
use project::{Project, Tool};
use version::JavaVersion;

/// The name under which a build remembers.
const MEMORY: &str = "java";
/// The variable in which bases say which Java they have.
const VERSION_OF_BASE: &str = "JAVA_VERSION";
/// The rest is for what is not on the heap: threads, code, buffers.
const HEAP: &str = "-XX:MaxRAMPercentage=75";
/// The first Java that reads arguments from a file.
const READS_ARGUMENTS: u16 = 9;

/// What a build remembers.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Remembered {
    outline: Option<Outline>,
    /// The Java that was wanted, and the one that the distribution offers instead.
    offered: Option<(u16, u16)>,
}

/// Makes everything that goes on top of the base.
pub(crate) fn assemble(source: &Source<'_>, workshop: &mut Workshop<'_>) -> Result<Assembly, BuildError> {
    let seen_since = SystemTime::now();
    let project = Project::survey(source)?;
    let jdk = Jdk::find(workshop.search_path)?;
    let included = included::find(source)?;
    let entry = source.entry();
    let text = fs::read_to_string(&entry).map_err(BuildError::file("read the entry file"))?;
    let main = entry::main_class(&entry, &text);
    let mut observations = workshop.observations(seen_since);
    let (compiled, program) = {
        let _turn = turn(&project, workshop)?;
        let scratch = tempfile::tempdir_in(workshop.scratch()?)
            .map_err(BuildError::file("make a folder for classes"))?;
        let compiled = match project.tool {
            Tool::Maven => maven::compile(source, &project, (&jdk, scratch.path()), workshop)?,
            Tool::Gradle => gradle::compile(source, &project, &jdk, workshop)?,
            Tool::Compiler => compiler::compile(source, &project, &jdk, scratch.path(), workshop)?,
        };
        let excluded = source.packaging.exclude_dependencies.as_slice();
        let program = layers::of(
            &compiled,
            (&project, excluded),
            &main,
            &mut observations,
            workshop,
        )?;
        (compiled, program)
    };
    require_main(source, &main, &program)?;
    let wishes: Vec<_> = project.wishes.iter().chain(&compiled.wishes).cloned().collect();
    let version = version::choose(&wishes, jdk.major).map_err(JavaError::from)?;
    let Chosen { base, java, offered } = Chosen::find(source, &version, workshop)?;
    require_runnable(source, &program, java, &version)?;
    let own: Vec<_> = compiled.inputs.own.iter().cloned().collect();
    let of_project = compiled.inputs.all.iter().chain(&own);
    let of_tools = project.looked_for.iter().chain(&project.build_file);
    observations.observe_all(of_project.chain(of_tools))?;
    observations.observe_all([jdk.release_file(), entry])?;
    observations.observe_all(included.paths(source.root))?;
    let included = included::layer(source, &included, &mut observations, workshop)?;
    let runtime = runtime(&base, java, version);
    let config = config(java, &main, &program.class_path);
    let remembered = Remembered {
        outline: compiled.memory,
        offered,
    };
    Ok(Assembly {
        composition: Composition::Layers(Box::new(Stack {
            base,
            layers: program
                .lower
                .into_iter()
                .chain(included)
                .chain([program.application])
                .collect(),
            config,
        })),
        observations,
        runtime: Some(runtime),
        source_files: own,
        memory: Some(Memory::of(MEMORY, &remembered)),
    })
}

/// Nobody else builds the same project meanwhile: its outputs lie in its own folder.
fn turn(project: &Project, workshop: &mut Workshop<'_>) -> Result<Guard, BuildError> {
    let name = hash(project.root.as_os_str().as_encoded_bytes());
    let path = workshop.cache.join("java").join(format!("{}.lock", &name[..32]));
    let progress = &mut *workshop.progress;
    Guard::acquire(&path, || {
        progress.step("waiting for another build of the same project");
    })
    .map_err(BuildError::file("wait for other builds"))
}

/// The build that was remembered.
fn remembered(workshop: &Workshop<'_>) -> Option<Outline> {
    workshop.remembered::<Remembered>(MEMORY)?.outline
}

/// Whether outputs of earlier builds may hold what no source stands for any more. Tools that compile only what is newer
/// than its output do not notice.
fn is_stale(workshop: &Workshop<'_>) -> Result<bool, BuildError> {
    let Some(previous) = workshop.previous else {
        return Ok(true);
    };
    for (path, input) in &previous.inputs {
        if input
            .went_away_or_back(path)
            .map_err(BuildError::file("look at the source"))?
        {
            return Ok(true);
        }
    }
    Ok(false)
}

fn require_main(source: &Source<'_>, class: &str, program: &Layers) -> Result<(), JavaError> {
    let entry = source.relative(&source.entry());
    let Some(bytes) = &program.main else {
        return Err(JavaError::NotCompiled {
            entry,
            class: class.to_owned(),
        });
    };
    // A class that is not understood is left to Java.
    if class_file::parse(bytes).is_some_and(|class| !class.is_startable) {
        return Err(JavaError::NoMain {
            entry,
            class: class.to_owned(),
        });
    }
    Ok(())
}

/// Refuses classes that would not run. A base that does not say what it has is trusted.
fn require_runnable(
    source: &Source<'_>,
    program: &Layers,
    java: Option<u16>,
    version: &JavaVersion,
) -> Result<(), JavaError> {
    match (&program.newest, java) {
        (Some((class, compiled)), Some(java)) if *compiled > java => Err(JavaError::TooNew {
            service: source.service.to_string(),
            class: class.clone(),
            compiled: *compiled,
            base: java,
            asked_by: version.asked_by.clone(),
        }),
        _ => Ok(()),
    }
}

/// The Java in the image, exactly if the base says it.
fn runtime(base: &Base, java: Option<u16>, version: JavaVersion) -> Runtime {
    let exact = base.image.config.env.get(VERSION_OF_BASE).cloned();
    Runtime {
        name: "java".to_owned(),
        version: exact.unwrap_or_else(|| java.unwrap_or(version.major).to_string()),
        asked_by: version.asked_by,
    }
}

/// How the program is started.
fn config(java: Option<u16>, main: &str, class_path: &str) -> ConfigChange {
    let mut command = vec!["java".to_owned(), HEAP.to_owned()];
    if java.is_some_and(|java| java < READS_ARGUMENTS) {
        command.extend(["-cp".to_owned(), class_path.to_owned()]);
    } else {
        command.push(format!("@/app/{}", layers::ARGUMENTS));
    }
    command.push(main.to_owned());
    ConfigChange {
        entrypoint: Some(command),
        ..base::started_by([])
    }
}

/// The pure functions of this module under names that tell them apart, for tests.
#[cfg(test)]
pub(crate) mod pure {
    pub(crate) use super::class_file::{java_of, parse as parse_class};
    pub(crate) use super::entry::main_class;
    pub(crate) use super::gradle::read_report;
    pub(crate) use super::jdk::version as version_of_jdk;
    pub(crate) use super::layers::{arguments, is_named};
    pub(crate) use super::messages::{parse as parse_messages, unsupported_release};
    pub(crate) use super::pom::{Module, effective};
    pub(crate) use super::quick::options;
    pub(crate) use super::version::{Wish, choose, major_of, wish_of_file};
}
