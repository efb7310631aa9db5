//! Functions: their code becomes zips in a bucket of the emulator, which runs them itself.
//!
//! The name of a zip tells what is in it, so what is there already is neither made nor sent again, and a template with the same
//! code is the same.

mod wanted;

use std::collections::BTreeMap;

use tapedeck_build::{Artifact, ArtifactError, Code};
use tapedeck_image::Image;
use tapedeck_model::{ImageDigest, Packaging, Resource, ResourceName};
use tapedeck_synth::ArtifactLookup;
use tapedeck_synth::local::{self, Unsettled};

use super::emulator::Emulator;
use super::{Connected, Means, not_here};
use crate::exit::{ExitKind, Failure, OrFail};
use crate::packaging;
use crate::secrets;
use wanted::{Family, Origin, Wanted};

pub(super) use wanted::Here;

/// The type of functions.
const FUNCTION: &str = "function";

/// Where Python's packages are in the image of the emulator, by the version.
const LIBRARIES: &str = "opt/venv/lib";

/// The code of a function, which is in the bucket.
#[derive(Debug)]
pub(super) struct Held {
    /// The name of its zip.
    pub(super) key: String,
    /// The image that it was taken from; none where it was there already.
    pub(super) image: Option<ImageDigest>,
    digest: String,
}

impl Connected {
    /// The functions of the stack.
    pub(super) fn functions(&self) -> impl Iterator<Item = &Resource> {
        self.stack
            .resources
            .iter()
            .filter(|resource| resource.kind == FUNCTION)
    }

    /// Refuses functions that cannot be run here.
    pub(super) fn judge_functions(&self) -> Result<(), Failure> {
        for function in self.functions() {
            Wanted::of(function)?;
        }
        Ok(())
    }

    /// Packages the code of all functions for what runs them, and has the emulator hold it. Afterwards the template says where it is.
    pub(super) fn bring_functions(
        &mut self,
        emulator: &Emulator,
        here: &Here,
        means: &mut Means<'_>,
    ) -> Result<(), Failure> {
        let mut code = BTreeMap::new();
        for function in self.functions() {
            let wanted = Wanted::of(function)?;
            if let Some(other) = wanted.runs_on_other(here) {
                means.progress.done(&format!("{}: {other}", function.name));
            }
            let (artifact, image) = make(&function.name, &wanted, here, means)?;
            let digest = artifact.digest().to_owned();
            let key = format!("{}/{}/{digest}.zip", self.stack.name(), function.name);
            if emulator.hold(&key, || artifact.zip().map_err(failed))? {
                means
                    .progress
                    .done(&format!("{}: new code for the emulator", function.name));
            }
            code.insert(function.name.clone(), Held { key, image, digest });
        }
        let artifacts = code.iter().map(|(name, held)| {
            let lookup = ArtifactLookup {
                bucket: Some(emulator.code_bucket()),
                key: held.key.clone(),
                digest: held.digest.clone(),
            };
            (name.to_string(), lookup)
        });
        let artifacts: BTreeMap<_, _> = artifacts.collect();
        if !artifacts.is_empty() {
            self.local =
                local::localize_with_code(&self.stack, &emulator.account, artifacts).map_err(not_here)?;
        }
        self.code = code;
        Ok(())
    }

    /// Puts what only this machine knows into the variables of functions.
    pub(super) fn settle_functions(&mut self, emulator: &Emulator, means: &Means<'_>) -> Result<(), Failure> {
        let store = secrets::open(means.context)?;
        let settled = self
            .local
            .settle(&self.known, &emulator.endpoint_url, |reference| {
                store.resolve(reference)
            });
        settled.map_err(|error| match error {
            Unsettled::Secret(error) => secrets::could_not_get(error),
            unknown @ Unsettled::Unknown { .. } => {
                Failure::new(ExitKind::Usage, unknown).help("leave it out, or write the value itself")
            }
        })
    }
}

impl Here {
    /// What is in the image of an emulator.
    pub(super) fn of(image: &ImageDigest, means: &Means<'_>) -> Result<Self, Failure> {
        let image = means.images.image(image).or_fail(ExitKind::Environment)?;
        Ok(Self {
            python: python_of(&image),
        })
    }

    /// What runs functions elsewhere, of which nothing is known.
    pub(super) fn unknown() -> Self {
        Self { python: None }
    }
}

/// The version of Python in the image of the emulator.
fn python_of(image: &Image) -> Option<String> {
    let folders = image
        .layers
        .iter()
        .filter_map(|layer| fs_err::read_dir(layer.join(LIBRARIES)).ok());
    let mut names = folders
        .flatten()
        .filter_map(|item| item.ok()?.file_name().into_string().ok());
    names.find_map(|name| name.strip_prefix("python").map(str::to_owned))
}

/// The code of a function, and the image that it was taken from.
fn make(
    name: &ResourceName,
    wanted: &Wanted,
    here: &Here,
    means: &mut Means<'_>,
) -> Result<(Artifact, Option<ImageDigest>), Failure> {
    let (packaging, is_handler_named) = match &wanted.origin {
        Origin::Given { path } => {
            let path = means.packager.config.folder.join(path);
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
        } => (here.settle(packaging.as_ref().clone()), *is_handler_named),
    };
    let entry = packaging.entryfile_path.clone();
    let packaging = Packaging::StacktapeImageBuildpack(packaging);
    let built = means.packager.package_source(name, &packaging, means.progress)?;
    means
        .progress
        .done(&format!("{name}: {}", packaging::told(&built)));
    let image = means.images.image(&built.image).or_fail(ExitKind::Environment)?;
    let code = match wanted.family {
        Family::Node => Code::Node { is_handler_named },
        Family::Python => Code::python(&entry, &image),
        Family::Provided => Code::program(&image),
    };
    Ok((Artifact::of_image(&image, code), Some(built.image)))
}

fn failed(error: ArtifactError) -> Failure {
    let kind = match &error {
        ArtifactError::Missing { .. } => ExitKind::Usage,
        ArtifactError::Read(_) | ArtifactError::Write(_) => ExitKind::Environment,
    };
    Failure::new(kind, error)
}
