//! Functions: their code becomes zips in a bucket of the emulator, which runs them itself.
//!
//! The name of a zip tells what is in it, so what is there already is neither made nor sent again, and a template with the same
//! code is the same.

use std::collections::BTreeMap;

use tapedeck_image::Image;
use tapedeck_model::{ImageDigest, Resource};
use tapedeck_synth::ArtifactLookup;
use tapedeck_synth::local::{self, Unsettled};

use super::emulator::Emulator;
use super::{Connected, Means, not_here};
use crate::exit::{ExitKind, Failure, OrFail};
use crate::functions::{self, FUNCTION, Versions, Wanted};
use crate::secrets;

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
            Wanted::here(function)?;
        }
        Ok(())
    }

    /// Packages the code of all functions for what runs them, and has the emulator hold it. Afterwards the template says where it is.
    pub(super) fn bring_functions(
        &mut self,
        emulator: &Emulator,
        here: &Versions,
        means: &mut Means<'_>,
    ) -> Result<(), Failure> {
        let mut code = BTreeMap::new();
        for function in self.functions() {
            let wanted = Wanted::here(function)?;
            if let Some(other) = wanted.runs_on_other(here) {
                means.progress.done(&format!("{}: {other}", function.name));
            }
            let (artifact, image) =
                functions::make(&function.name, &wanted, here, means.packager, means.progress)?;
            let digest = artifact.digest().to_owned();
            let key = format!("{}/{}/{digest}.zip", self.stack.name(), function.name);
            if emulator.hold(&key, || artifact.zip().map_err(functions::failed))? {
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

/// What is in the image of an emulator.
pub(super) fn versions_in(image: &ImageDigest, means: &Means<'_>) -> Result<Versions, Failure> {
    let image = means.images.image(image).or_fail(ExitKind::Environment)?;
    Ok(Versions::here(python_of(&image)))
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
