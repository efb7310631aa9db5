//! Code of functions on its way to the bucket of the stack: what is there is not sent again.

use std::collections::BTreeMap;

use tapedeck_build::Artifact;
use tapedeck_image::Platform;
use tapedeck_model::{Resource, Stack};
use tapedeck_synth::{ArtifactLookup, Template};

use super::Aws;
use crate::exit::Failure;
use crate::functions::{self, FUNCTION, Versions, Wanted};
use crate::packaging::{self, Packager};
use crate::printer::{Printer, Progress};

/// The code of a function, made.
pub(super) struct Made {
    pub(super) name: String,
    /// Where it goes in a bucket.
    pub(super) key: String,
    pub(super) platform: Platform,
    pub(super) artifact: Artifact,
}

/// Packages the code of a function, for what the template says that runs it.
///
/// # Errors
/// When it cannot be packaged.
pub(super) fn package(
    function: &Resource,
    template: &Template,
    packager: Packager<'_>,
    progress: &mut Progress,
) -> Result<Made, Failure> {
    let name = function.name.to_string();
    let (runtime, architecture) = template.function_platform(&name);
    let packager = Packager {
        platform: packaging::platform_of(architecture),
        ..packager
    };
    let versions = Versions::of_runtime(runtime.unwrap_or_default());
    let wanted = Wanted::of(function);
    let (artifact, _) = functions::make(&function.name, &wanted, &versions, packager, progress)?;
    Ok(Made {
        key: format!("{name}/{}.zip", artifact.digest()),
        name,
        platform: packager.platform,
        artifact,
    })
}

/// Has a bucket of `account` hold the code of all functions of a stack, and tells where it is, by function.
///
/// # Errors
/// When something cannot be packaged or brought.
pub(super) fn bring(
    aws: &Aws,
    stack: &Stack,
    template: &Template,
    (bucket, account): (&str, &str),
    packager: Packager<'_>,
    printer: &Printer,
) -> Result<BTreeMap<String, ArtifactLookup>, Failure> {
    let mut brought = BTreeMap::new();
    for function in stack.resources.iter().filter(|one| one.kind == FUNCTION) {
        let mut progress = printer.progress(function.name.as_str());
        let made = package(function, template, packager, &mut progress)?;
        if aws.run(aws.cloud.lacks_object(bucket, account, &made.key))? {
            let zip = made.artifact.zip().map_err(functions::failed)?;
            aws.run(aws.cloud.put_object(bucket, &made.key, zip))?;
            progress.done(&format!("{}: new code in bucket {bucket}", made.name));
        }
        let lookup = ArtifactLookup {
            bucket: None,
            digest: made.artifact.digest().to_owned(),
            key: made.key,
        };
        brought.insert(made.name, lookup);
    }
    Ok(brought)
}
