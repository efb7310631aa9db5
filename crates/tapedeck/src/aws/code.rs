//! Code of functions on its way to the bucket of the stack: what is there is not sent again.

use std::collections::BTreeMap;

use tapedeck_model::Stack;
use tapedeck_synth::{ArtifactLookup, Template};

use super::Aws;
use crate::exit::Failure;
use crate::functions::{self, FUNCTION, Versions, Wanted};
use crate::packaging::{self, Packager};
use crate::printer::Printer;

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
        let name = function.name.as_str();
        let (runtime, architecture) = template.function_platform(name);
        let packager = Packager {
            platform: packaging::platform_of(architecture),
            ..packager
        };
        let versions = Versions::of_runtime(runtime.unwrap_or_default());
        let mut progress = printer.progress(name);
        let (artifact, _) = functions::make(
            &function.name,
            &Wanted::of(function),
            &versions,
            packager,
            &mut progress,
        )?;
        let digest = artifact.digest().to_owned();
        let key = format!("{name}/{digest}.zip");
        if aws.run(aws.cloud.lacks_object(bucket, account, &key))? {
            let zip = artifact.zip().map_err(functions::failed)?;
            aws.run(aws.cloud.put_object(bucket, &key, zip))?;
            progress.done(&format!("{name}: new code in bucket {bucket}"));
        }
        let lookup = ArtifactLookup {
            bucket: None,
            key,
            digest,
        };
        brought.insert(name.to_string(), lookup);
    }
    Ok(brought)
}
