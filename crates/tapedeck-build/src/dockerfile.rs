//! `custom-dockerfile`: an image that a tool of this machine builds, taken into our store.
//!
//! Whether the tool has to be asked at all is decided by a key of everything that it would see: the files of the context
//! that are sent, the Dockerfile, the settings, and the tool itself. What a base image of the Dockerfile stands for is the
//! tool's to know; `--noCache` has it pull them again.

use std::time::SystemTime;

use serde::{Deserialize, Serialize};
use tapedeck_model::{CustomDockerfile, ImageDigest};

use crate::BuildError;
use crate::image::{Assembly, Composition};
use crate::record::Memory;
use crate::request::{Subject, Workshop};
use crate::stamp::{Observations, hash};
use crate::start::Start;

mod context;
mod error;
mod ignore;
mod tool;

pub use error::DockerfileError;

pub(crate) use context::{Context, Sent};
pub(crate) use tool::{Order, Tool};

const NAME: &str = "custom-dockerfile";

/// The last build.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Remembered {
    /// A hash of everything that went into it.
    key: String,
    tool: Tool,
    /// As the tool made it.
    pub(crate) image: ImageDigest,
}

/// What a build would see, looked at for a tool.
pub(crate) struct Survey {
    pub(crate) sent: Sent,
    pub(crate) key: String,
    pub(crate) observations: Observations,
}

/// Has a tool build the image, unless it would see what it saw last.
pub(crate) fn assemble(
    subject: Subject<'_>,
    packaging: &CustomDockerfile,
    workshop: &mut Workshop<'_>,
) -> Result<Assembly, BuildError> {
    let context = Context::find(subject, packaging)?;
    let (survey, built) = build_if_needed(
        (subject, NAME),
        workshop,
        |tool, workshop| survey(&context, tool, packaging, workshop),
        |tool, survey, workshop| {
            let order = Order {
                subject,
                context: &context,
                called: "the Dockerfile of",
                ignore_file: survey.sent.ignore_file.as_deref(),
                target: packaging.target.as_deref(),
                build_args: &packaging.build_args,
            };
            tool.build(&order, workshop)
        },
    )?;
    let start = Start {
        entry_point: &packaging.entry_point,
        command: &packaging.command,
    };
    let image = start.apply(&built.image, subject, workshop)?;
    Ok(finished(NAME, survey, &built, image))
}

/// Has a tool build the image, unless it would see what it saw last. What it would see, `survey` finds out; what it is to
/// do, `build` knows. What was built is remembered under a name.
pub(crate) fn build_if_needed(
    (subject, name): (Subject<'_>, &str),
    workshop: &mut Workshop<'_>,
    survey: impl Fn(&Tool, &Workshop<'_>) -> Result<Survey, BuildError>,
    build: impl FnOnce(&Tool, &Survey, &mut Workshop<'_>) -> Result<ImageDigest, BuildError>,
) -> Result<(Survey, Remembered), BuildError> {
    let remembered = workshop
        .remembered::<Remembered>(name)
        .filter(|last| last.tool.is_there() && workshop.store.image(&last.image).is_ok());
    let mut looked = None;
    if let Some(last) = remembered {
        let seen = survey(&last.tool, workshop)?;
        if seen.key == last.key {
            return Ok((seen, last));
        }
        looked = Some((last.tool, seen));
    }
    let tool = Tool::find(subject, workshop.search_path)?;
    let seen = match looked {
        Some((same, seen)) if same == tool => seen,
        _ => survey(&tool, workshop)?,
    };
    let image = build(&tool, &seen, workshop)?;
    let key = seen.key.clone();
    Ok((seen, Remembered { key, tool, image }))
}

fn survey(
    context: &Context,
    tool: &Tool,
    packaging: &CustomDockerfile,
    workshop: &Workshop<'_>,
) -> Result<Survey, BuildError> {
    // Before the tool sees it: what changes while it builds differs from what is remembered.
    let mut observations = workshop.observations(SystemTime::now());
    let sent = context.look(tool.ignore_files(), &mut observations)?;
    let program = tool.observe(&mut observations)?;
    let settings = serde_json::json!([
        tool.name(),
        program,
        sent.key,
        packaging.target,
        packaging.build_args,
        workshop.platform.as_str(),
    ]);
    Ok(Survey {
        key: hash(settings.to_string().as_bytes()),
        sent,
        observations,
    })
}

/// The image that came of it, with what is to be known again at the next build.
pub(crate) fn finished(name: &str, survey: Survey, built: &Remembered, image: ImageDigest) -> Assembly {
    let mut source_files = survey.sent.files;
    source_files.sort();
    Assembly {
        composition: Composition::Whole { image, named: None },
        observations: survey.observations,
        runtime: None,
        source_files,
        memory: Some(Memory::of(name, built)),
    }
}
