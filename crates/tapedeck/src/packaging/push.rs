//! Pushing what was packaged.

use tapedeck_build::Built;
use tapedeck_image::registry::{
    Credentials, PushError, PushOptions, Pushed, Reference, Registry, RegistryError,
};
use tapedeck_image::{Digest, Store};

use crate::args::Compression;
use crate::context::Context;
use crate::exit::{ExitKind, Failure, OrFail};
use crate::packaging::named_bases;
use crate::printer::Printer;
use crate::text::{count, megabytes};

/// Where an image is pushed to, with the login that Docker has for the registry.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Pusher<'a> {
    pub(crate) context: &'a Context,
    pub(crate) images: &'a Store,
    pub(crate) target: &'a Reference,
    pub(crate) compression: Compression,
    /// Whether the documents about the image go along.
    pub(crate) attest: bool,
}

impl Pusher<'_> {
    /// Pushes an image and tells how much had to be sent. Blobs of bases that lie in the same registry are taken over
    /// from there. Gives the manifests of the documents, too.
    ///
    /// # Errors
    /// When the registry does not take it.
    pub(crate) fn push(self, built: &Built, printer: &Printer) -> Result<(Pushed, Vec<Digest>), Failure> {
        let credentials = match &self.context.docker_config {
            Some(path) => Credentials::read(path)
                .or_fail(ExitKind::Environment)?
                .asking(self.target.registry(), &self.context.search_path),
            None => Credentials::none(),
        };
        self.push_as(&credentials, built, printer)
    }

    /// The same with these credentials.
    ///
    /// # Errors
    /// Those of [`Self::push`].
    pub(crate) fn push_as(
        self,
        credentials: &Credentials,
        built: &Built,
        printer: &Printer,
    ) -> Result<(Pushed, Vec<Digest>), Failure> {
        let failed = |error: PushError| Failure::new(kind_of(&error), error);
        let bases = named_bases(self.context)?;
        let beside: Vec<&str> = bases
            .iter()
            .filter(|(_, base)| base.registry() == self.target.registry())
            .map(|(_, base)| base.repository())
            .collect();
        let options = PushOptions {
            mount_from: &beside,
            ..PushOptions::default()
        };
        let registry = Registry::of(self.target, credentials).patient();
        let mut progress = printer.progress("push");
        let image = match self.compression {
            Compression::Zstd => built.image.clone(),
            Compression::Gzip => {
                progress.now("compressing layers by gzip");
                self.images
                    .with_gzip_layers(&built.image)
                    .or_fail(ExitKind::Environment)?
            }
        };
        let pushed = registry
            .push(self.images, &image, &options, &mut progress)
            .map_err(failed)?;
        let mut told = format!(
            "pushed {}: {} sent ({}), {} there already",
            self.target,
            count(pushed.sent, "blob"),
            megabytes(pushed.bytes),
            pushed.present + pushed.mounted
        );
        let mut documents = Vec::new();
        if self.attest {
            documents = registry.attach(self.images, &image).map_err(failed)?;
            told.push_str(&format!("; {} beside it", count(documents.len(), "document")));
        }
        progress.done(&told);
        Ok((pushed, documents))
    }
}

fn kind_of(error: &PushError) -> ExitKind {
    match error {
        PushError::Registry(RegistryError::NoAnswer { .. }) | PushError::Store(_) => ExitKind::Environment,
        _ => ExitKind::Operation,
    }
}
