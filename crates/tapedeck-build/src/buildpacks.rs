//! `external-buildpack`: an image made by a builder of Cloud Native Buildpacks, without a daemon and without a registry of
//! our own.
//!
//! ```text
//! builder image ─▶ what it says of itself ─▶ run image ─┐
//! source ─▶ project.toml ─▶ files that are sent ────────┴─▶ key ─▶ lifecycle in a container ─▶ OCI layout ─▶ store
//! ```
//!
//! The lifecycle of the builder does the work, all of its phases in one go (`creator`), and writes the image as a layout.
//! It is run when its key differs from that of the last build: files that are sent, builder, run image, buildpacks. What
//! buildpacks keep from build to build is in a folder for each service and processor.

mod builder;
mod descriptor;
mod error;
mod lifecycle;
mod source;

pub use error::BuildpacksError;

use std::time::SystemTime;

use serde::{Deserialize, Serialize};
use tapedeck_image::base::{self, NamedBase};
use tapedeck_image::registry::Reference;
use tapedeck_image::{Image, Platform};
use tapedeck_model::{ExternalBuildpack, ImageDigest};

use crate::BuildError;
use crate::image::{Assembly, Composition};
use crate::record::{Memory, Record};
use crate::request::{BuildRequest, Subject, Workshop};
use crate::stamp::{Observations, hash};
use crate::start::Start;
use builder::{Builder, Buildpack};
use descriptor::Descriptor;
use lifecycle::Order;
use source::Sent;

const NAME: &str = "external-buildpack";

/// An image by the name that it was had by.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Pinned {
    reference: String,
    image: ImageDigest,
}

/// The last build.
#[derive(Debug, Serialize, Deserialize)]
struct Remembered {
    /// A hash of everything that went into it.
    key: String,
    builder: Pinned,
    run_image: Pinned,
    /// As the builder made it.
    image: ImageDigest,
}

/// Whether builder and run image are what they were, as far as that is known without asking anybody.
pub(crate) fn is_current(record: &Record, request: &BuildRequest<'_>) -> bool {
    let remembered = record.memory.as_ref().and_then(|memory| memory.read(NAME));
    let Some(Remembered {
        builder, run_image, ..
    }) = remembered
    else {
        return false;
    };
    [builder, run_image].iter().all(|pinned| {
        let Ok(reference) = Reference::parse(&pinned.reference) else {
            return false;
        };
        let wanted = NamedBase {
            reference: &reference,
            docker_config: request.docker_config,
            search_path: request.search_path,
            now: SystemTime::now(),
            resolve_anew: request.no_cache,
        };
        let fresh = base::fresh_named_base(request.store, &wanted, request.platform);
        // Unreadable means that it has to be asked for again, which tells what is wrong if something is.
        fresh.ok().flatten().as_ref() == Some(&pinned.image)
    })
}

/// Has a builder make the image, unless it would see what it saw last.
pub(crate) fn assemble(
    subject: Subject<'_>,
    packaging: &ExternalBuildpack,
    workshop: &mut Workshop<'_>,
) -> Result<Assembly, BuildError> {
    let folder = subject.source_folder(&packaging.source_directory_path)?;
    let mut observations = workshop.observations(SystemTime::now());
    let descriptor = Descriptor::read(&folder, subject, &mut observations)?;
    let sent = Sent::look(&folder, &descriptor, &mut observations)?;
    let (builder_image, builder_pin) = pull(&packaging.builder, "builder", subject, workshop)?;
    let builder = Builder::of(&builder_image, &packaging.builder, subject)?;
    let run_image = builder.run_image(&packaging.builder);
    let (_, run_pin) = pull(&run_image, "run image", subject, workshop)?;
    let wanted = match packaging.buildpacks.as_slice() {
        [] => &descriptor.buildpacks,
        named => named,
    };
    let buildpacks = builder.choose(wanted, &packaging.builder, subject)?;
    let key = key(
        &sent,
        &descriptor,
        &buildpacks,
        [&builder_pin, &run_pin],
        workshop.platform,
    );
    let remembered = workshop
        .remembered::<Remembered>(NAME)
        .filter(|last| last.key == key && workshop.store.image(&last.image).is_ok());
    let image = match remembered {
        Some(last) => last.image,
        None => lifecycle::run(
            &Order {
                subject,
                sent: &sent,
                descriptor: &descriptor,
                builder: &builder,
                builder_image: &builder_image,
                run_image: &run_pin.reference,
                run_digest: &run_pin.image,
                buildpacks: &buildpacks,
            },
            workshop,
        )?,
    };
    let remembered = Remembered {
        key,
        builder: builder_pin,
        run_image: run_pin,
        image,
    };
    finished(subject, packaging, sent, observations, (remembered, workshop))
}

fn finished(
    subject: Subject<'_>,
    packaging: &ExternalBuildpack,
    sent: Sent,
    observations: Observations,
    (built, workshop): (Remembered, &Workshop<'_>),
) -> Result<Assembly, BuildError> {
    let start = Start {
        entry_point: &[],
        command: &packaging.command,
    };
    Ok(Assembly {
        composition: Composition::Whole {
            image: start.apply(&built.image, subject, workshop)?,
            named: Some(built.run_image.image.clone()),
        },
        observations,
        runtime: None,
        source_files: sent.absolute_files(),
        memory: Some(Memory::of(NAME, &built)),
    })
}

/// A hash of everything that a builder sees.
fn key(
    sent: &Sent,
    descriptor: &Descriptor,
    buildpacks: &[Buildpack],
    images: [&Pinned; 2],
    platform: Platform,
) -> String {
    let order: Vec<[&str; 2]> = buildpacks
        .iter()
        .map(|buildpack| [buildpack.id.as_str(), buildpack.version.as_str()])
        .collect();
    let seen = serde_json::json!([
        NAME,
        sent.key,
        descriptor.environment,
        order,
        images.map(|pinned| &pinned.image),
        platform.as_str(),
    ]);
    hash(seen.to_string().as_bytes())
}

/// An image by its name, and what that stands for today.
fn pull(
    name: &str,
    role: &'static str,
    subject: Subject<'_>,
    workshop: &mut Workshop<'_>,
) -> Result<(Image, Pinned), BuildpacksError> {
    let service = || subject.service.to_string();
    let reference = Reference::parse(name).map_err(|source| BuildpacksError::Reference {
        service: service(),
        role,
        source,
    })?;
    let wanted = NamedBase {
        reference: &reference,
        docker_config: workshop.docker_config,
        search_path: workshop.search_path,
        now: SystemTime::now(),
        resolve_anew: workshop.is_anew,
    };
    let image = base::ensure_named_image(workshop.store, &wanted, workshop.platform, workshop.progress);
    let image = image.map_err(|source| BuildpacksError::Pull {
        service: service(),
        role,
        reference: reference.to_string(),
        source: Box::new(source),
    })?;
    let pinned = Pinned {
        reference: reference.to_string(),
        image: image.digest.clone(),
    };
    Ok((image, pinned))
}

/// The pure functions of this module under names that tell them apart, for tests.
#[cfg(test)]
pub(crate) mod pure {
    pub(crate) use super::builder::{Buildpack, Labels};
    pub(crate) use super::descriptor::parse as parse_descriptor;
    pub(crate) use super::lifecycle::{layout_path, order_text};
}
