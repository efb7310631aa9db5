//! Go: the package of the entry file is compiled by the Go of this machine, into one static program.
//!
//! `survey` looks at the disk for the module, [`plan`] decides (pure), [`assemble`] acts:
//!
//! ```text
//! survey ─▶ Facts ─▶ plan ─▶ Plan ─┬▶ go list  ─▶ what went in ─┐
//!                                  └▶ go build ─▶ program ──────┴▶ Assembly
//! ```
//!
//! What went in is kept (`listing`) as long as no import, no embedding and no name of a file changes.
//!
//! In the image: the program, `/app/<name>`, and what `includeFiles` adds. It needs neither a C library nor a shell.

mod compile;
mod error;
mod list;
mod listing;
mod module;
mod plan;
mod version;
mod watch;

pub use error::GoError;

use std::path::PathBuf;
use std::time::SystemTime;

use serde::{Deserialize, Serialize};

use crate::BuildError;
use crate::base::{self, RuntimeKind};
use crate::image::{Assembly, Composition, LayerName, Stack};
use crate::layers::{self, MadeFile};
use crate::process::{Invocation, require_executable};
use crate::record::Memory;
use crate::request::{Source, Workshop};
use crate::runtime::Runtime;
use crate::stamp::Stamp;
use crate::{included, path};
use compile::Job;
use list::Package;
use listing::Listing;
use plan::{Facts, plan};
use version::GoVersion;
use watch::Inputs;

/// The name under which a build remembers its compiler and what went in.
const MEMORY: &str = "go";

/// What the next build can use of this one.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Remembered {
    compiler: Compiler,
    listing: Option<Listing>,
}

/// The Go of this machine, and its version as long as the program stays the same.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Compiler {
    program: PathBuf,
    stamp: Option<Stamp>,
    /// Such as `1.26.8`.
    version: String,
}

/// Makes everything that goes on top of the base.
pub(crate) fn assemble(source: &Source<'_>, workshop: &mut Workshop<'_>) -> Result<Assembly, BuildError> {
    let seen_since = SystemTime::now();
    let remembered: Option<Remembered> = workshop.remembered(MEMORY);
    let compiler = compiler(source, remembered.as_ref(), workshop)?;
    let facts = Facts {
        module: module::survey(source)?,
        host: GoVersion::parse(&compiler.version),
        host_text: compiler.version.clone(),
    };
    let plan = plan(&facts, source, workshop.platform)?;
    let included = included::find(source)?;
    workshop.progress.step(&format!(
        "compiling {} with Go {} for linux/{}",
        source.relative(&source.entry()).display(),
        compiler.version,
        workshop.platform.as_str()
    ));
    let job = Job {
        source,
        go: &compiler.program,
        module: &facts.module,
        plan: &plan,
    };
    let known = remembered.filter(|known| known.compiler == compiler);
    let (listing, inputs, program) = made(&job, known.and_then(|known| known.listing), workshop, seen_since)?;
    let mut observations = workshop.observations(seen_since);
    observations.observe_all(inputs.all.into_iter().chain(included.paths(source.root)))?;
    let included = included::layer(source, &included, &mut observations, workshop)?;
    let application = MadeFile {
        path: plan.name.clone(),
        bytes: program,
        is_executable: true,
    };
    let application = layers::of_made_files(LayerName::Application, vec![application], workshop);
    let base = match base::named(RuntimeKind::Static, source.subject(), workshop)? {
        Some(base) => base,
        None => base::assembled(tapedeck_image::base::Runtime::Static, source.subject(), workshop)?,
    };
    Ok(Assembly {
        composition: Composition::Layers(Box::new(Stack {
            base,
            layers: included.into_iter().chain([application]).collect(),
            config: base::started_by([&format!("/app/{}", plan.name)]),
        })),
        observations,
        runtime: Some(Runtime {
            name: "go".to_owned(),
            version: compiler.version.clone(),
            asked_by: plan.asked_by,
        }),
        source_files: inputs.own,
        memory: Some(Memory::of(MEMORY, &Remembered { compiler, listing })),
    })
}

/// Compiles, and finds out what went in unless that is known. Gives what is known now, what went in, and the program.
fn made(
    job: &Job<'_>,
    known: Option<Listing>,
    workshop: &Workshop<'_>,
    seen_since: SystemTime,
) -> Result<(Option<Listing>, Inputs, Vec<u8>), BuildError> {
    let question = job.question();
    if let Some(listing) = known.filter(|listing| listing.holds(&question)) {
        let program = job.compile(workshop)?;
        return Ok((Some(listing.clone()), listing.inputs, program));
    }
    let before = workshop
        .previous
        .map(|record| listing::shapes(record.inputs.keys()));
    let (packages, program) = job.compile_and_list(workshop)?;
    let inputs = watch::inputs(job.module, &packages, &job.source.entry());
    let listing = Listing::of(question, &inputs, &before.unwrap_or_default(), seen_since);
    Ok((listing, inputs, program))
}

/// The Go of this machine. Asked for its version only if it is another program than at the last build.
fn compiler(
    source: &Source<'_>,
    remembered: Option<&Remembered>,
    workshop: &Workshop<'_>,
) -> Result<Compiler, BuildError> {
    let program = require_executable("go", "compile Go", "golang-go", workshop.search_path)?;
    let stamp = Stamp::of(&program).map_err(BuildError::file("look at the Go of this machine"))?;
    let remembered = remembered.map(|remembered| &remembered.compiler);
    if let Some(known) = remembered.filter(|known| known.program == program && known.stamp == stamp) {
        return Ok(known.clone());
    }
    let invocation = Invocation {
        program: program.clone(),
        arguments: vec!["env".into(), "GOVERSION".into()],
        folder: source.root.to_owned(),
        search_path: workshop.search_path.to_owned(),
        environment: vec![("GOTOOLCHAIN", "local".into())],
    };
    let finished = invocation.finish()?;
    if !finished.status.success() {
        return Err(compile::failed(&invocation, &finished).into());
    }
    let said = String::from_utf8_lossy(&finished.stdout);
    Ok(Compiler {
        program,
        stamp,
        version: said.trim().trim_start_matches("go").to_owned(),
    })
}

/// The package of the entry file among those that were listed.
fn entry_package<'a>(packages: &'a [Package], source: &Source<'_>) -> Option<&'a Package> {
    let entry = source.entry();
    let folder = entry.parent()?;
    packages
        .iter()
        .find(|package| path::normalized(&package.folder) == folder)
}

/// The pure functions of this module under names that tell them apart, for tests.
#[cfg(test)]
pub(crate) mod pure {
    pub(crate) use super::compile::parse_errors;
    pub(crate) use super::listing::outline;
    pub(crate) use super::module::{ModuleFile, program_name};
    pub(crate) use super::version::GoVersion;
}
