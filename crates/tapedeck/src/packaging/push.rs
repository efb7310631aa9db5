//! Pushing what was packaged.

use tapedeck_build::Built;
use tapedeck_image::Store;
use tapedeck_image::registry::{
    Credentials, PushError, PushOptions, Pushed, Reference, Registry, RegistryError,
};

use crate::context::Context;
use crate::exit::{ExitKind, Failure, OrFail};
use crate::printer::Printer;
use crate::text::{count, megabytes};

/// Pushes an image with the login that Docker has for the registry, and tells how much had to be sent.
///
/// # Errors
/// When the registry does not take it.
pub(crate) fn push(
    built: &Built,
    reference: &Reference,
    images: &Store,
    (context, printer): (&Context, &Printer),
) -> Result<Pushed, Failure> {
    let credentials = match &context.docker_config {
        Some(path) => Credentials::read(path)
            .or_fail(ExitKind::Environment)?
            .asking(reference.registry(), &context.search_path),
        None => Credentials::none(),
    };
    let mut progress = printer.progress("push");
    let pushed = Registry::of(reference, &credentials)
        .push(images, &built.image, &PushOptions::default(), &mut progress)
        .map_err(|error| Failure::new(kind_of(&error), error))?;
    progress.done(&format!(
        "pushed {reference}: {} sent ({}), {} there already",
        count(pushed.sent, "blob"),
        megabytes(pushed.bytes),
        pushed.present + pushed.mounted
    ));
    Ok(pushed)
}

fn kind_of(error: &PushError) -> ExitKind {
    match error {
        PushError::Registry(RegistryError::NoAnswer { .. }) | PushError::Store(_) => ExitKind::Environment,
        _ => ExitKind::Operation,
    }
}
