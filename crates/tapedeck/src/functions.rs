//! Functions: what the config says of their code, and how it becomes a zip.
//!
//! The digest of a zip tells what is in it, so what is somewhere already is neither made nor sent again.

mod wanted;

use tapedeck_build::{Artifact, ArtifactError, Code};
use tapedeck_model::{ImageDigest, Packaging, ResourceName};

use crate::exit::{ExitKind, Failure, OrFail};
use crate::packaging::{self, Packager};
use crate::printer::Progress;

use wanted::{Family, Origin};

pub(crate) use wanted::{Versions, Wanted};

/// The type of functions.
pub(crate) const FUNCTION: &str = "function";

/// The code of a function, and the image that it was taken from.
///
/// # Errors
/// When it cannot be packaged.
pub(crate) fn make(
    name: &ResourceName,
    wanted: &Wanted,
    versions: &Versions,
    packager: Packager<'_>,
    progress: &mut Progress,
) -> Result<(Artifact, Option<ImageDigest>), Failure> {
    let (packaging, is_handler_named) = match &wanted.origin {
        Origin::Given { path } => {
            let path = packager.config.folder.join(path);
            let artifact = Artifact::of_path(&path).map_err(|error| {
                failed(error).help(format!(
                    "`packagePath` of {name} is to name a zip, a folder or a file"
                ))
            })?;
            return Ok((artifact, None));
        }
        Origin::Source {
            packaging,
            is_handler_named,
        } => (versions.settle(packaging.as_ref().clone()), *is_handler_named),
    };
    let entry = packaging.entryfile_path.clone();
    let packaging = Packaging::StacktapeImageBuildpack(packaging);
    let built = packager.package_source(name, &packaging, progress)?;
    progress.done(&format!("{name}: {}", packaging::told(&built)));
    let image = packager
        .images
        .image(&built.image)
        .or_fail(ExitKind::Environment)?;
    let Some(family) = wanted.family else {
        return Err(wanted.refused(name, "cannot be packaged"));
    };
    let code = match family {
        Family::Node => Code::Node { is_handler_named },
        Family::Python => Code::python(&entry, &image),
        Family::Provided => Code::program(&image),
    };
    Ok((Artifact::of_image(&image, code), Some(built.image)))
}

/// The failure of making the code of a function.
pub(crate) fn failed(error: ArtifactError) -> Failure {
    let kind = match &error {
        ArtifactError::Missing { .. } => ExitKind::Usage,
        ArtifactError::Read(_) | ArtifactError::Write(_) => ExitKind::Environment,
    };
    Failure::new(kind, error)
}
