//! The kinds of packaging: who makes the image of each, and what besides files decides whether it is current.
//!
//! Most kinds give layers of ours on a base ([`Composition::Layers`](crate::image::Composition)), others an image that
//! came from elsewhere as a whole ([`Composition::Whole`](crate::image::Composition)).

use tapedeck_image::base;
use tapedeck_model::{Packaging, StacktapeImageBuildpack};

use crate::image::Assembly;
use crate::language::Language;
use crate::record::Record;
use crate::request::{BuildRequest, Source, Subject, Workshop};
use crate::{BuildError, buildpacks, dockerfile, nixpacks, prebuilt};

/// Makes what goes into the image, or the image as a whole.
pub(crate) fn assemble(
    subject: Subject<'_>,
    packaging: &Packaging,
    workshop: &mut Workshop<'_>,
) -> Result<Assembly, BuildError> {
    match packaging {
        Packaging::StacktapeImageBuildpack(packaging) => {
            let source = Source::find(subject, packaging)?;
            Language::assemble(&source, workshop)
        }
        Packaging::PrebuiltImage(packaging) => prebuilt::assemble(subject, packaging, workshop),
        Packaging::CustomDockerfile(packaging) => dockerfile::assemble(subject, packaging, workshop),
        Packaging::ExternalBuildpack(packaging) => buildpacks::assemble(subject, packaging, workshop),
        Packaging::Nixpacks(packaging) => nixpacks::assemble(subject, packaging, workshop),
    }
}

/// Whether commands of the person's are run on top of the base.
pub(crate) fn has_commands(packaging: &Packaging) -> bool {
    match packaging {
        Packaging::StacktapeImageBuildpack(packaging) => !packaging.custom_docker_build_commands.is_empty(),
        _ => false,
    }
}

/// Whether what the last build took from elsewhere is what would be taken now, as far as that is known without asking
/// anybody. Files are looked at by [`Record::is_current`].
pub(crate) fn is_current(record: &Record, request: &BuildRequest<'_>) -> bool {
    match request.packaging {
        Packaging::StacktapeImageBuildpack(packaging) => is_base_current(packaging, record, request),
        Packaging::PrebuiltImage(packaging) => prebuilt::is_fixed(packaging),
        Packaging::ExternalBuildpack(_) => buildpacks::is_current(record, request),
        Packaging::CustomDockerfile(_) | Packaging::Nixpacks(_) => true,
    }
}

fn is_base_current(packaging: &StacktapeImageBuildpack, record: &Record, request: &BuildRequest<'_>) -> bool {
    let wanted = Source::language_of(packaging).and_then(|language| request.bases.get(language.base()));
    let Some(wanted) = wanted else {
        return record.named.is_none();
    };
    // Unreadable means that it has to be asked for again, which tells what is wrong if something is.
    let fresh = base::fresh_named_base(request.store, wanted, request.platform)
        .ok()
        .flatten();
    fresh.is_some() && fresh == record.named
}
