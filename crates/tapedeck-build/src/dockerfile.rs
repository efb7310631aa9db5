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

use context::{Context, Sent};
use tool::{Order, Tool};

const NAME: &str = "custom-dockerfile";

/// The last build.
#[derive(Debug, Serialize, Deserialize)]
struct Remembered {
    /// A hash of everything that went into it.
    key: String,
    tool: Tool,
    /// As the tool made it.
    image: ImageDigest,
}

/// What a build would see, looked at for a tool.
struct Survey {
    sent: Sent,
    key: String,
    observations: Observations,
}

/// Has a tool build the image, unless it would see what it saw last.
pub(crate) fn assemble(
    subject: Subject<'_>,
    packaging: &CustomDockerfile,
    workshop: &mut Workshop<'_>,
) -> Result<Assembly, BuildError> {
    let context = Context::find(subject, packaging)?;
    let remembered = workshop
        .remembered::<Remembered>(NAME)
        .filter(|last| last.tool.is_there() && workshop.store.image(&last.image).is_ok());
    let mut looked = None;
    if let Some(last) = remembered {
        let survey = survey(&context, &last.tool, packaging, workshop)?;
        if survey.key == last.key {
            return finished(subject, packaging, survey, last, workshop);
        }
        looked = Some((last.tool, survey));
    }
    let tool = Tool::find(subject, workshop.search_path)?;
    let survey = match looked {
        Some((same, survey)) if same == tool => survey,
        _ => survey(&context, &tool, packaging, workshop)?,
    };
    let order = Order {
        subject,
        context: &context,
        ignore_file: survey.sent.ignore_file.as_deref(),
        packaging,
    };
    let image = tool.build(&order, workshop)?;
    let key = survey.key.clone();
    finished(
        subject,
        packaging,
        survey,
        Remembered { key, tool, image },
        workshop,
    )
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
    let program = observations
        .observe(tool.program())
        .map_err(BuildError::file("look at the tool that builds"))?;
    let settings = serde_json::json!([
        tool.name(),
        program.contents,
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

fn finished(
    subject: Subject<'_>,
    packaging: &CustomDockerfile,
    survey: Survey,
    built: Remembered,
    workshop: &Workshop<'_>,
) -> Result<Assembly, BuildError> {
    let start = Start {
        entry_point: &packaging.entry_point,
        command: &packaging.command,
    };
    let mut source_files = survey.sent.files;
    source_files.sort();
    Ok(Assembly {
        composition: Composition::Whole {
            image: start.apply(&built.image, subject, workshop)?,
            named: None,
        },
        observations: survey.observations,
        runtime: None,
        source_files,
        memory: Some(Memory::of(NAME, &built)),
    })
}
