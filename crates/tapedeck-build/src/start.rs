//! Another way to start an image that came from elsewhere.

use tapedeck_image::ConfigChange;
use tapedeck_model::ImageDigest;

use crate::BuildError;
use crate::request::{Subject, Workshop};

/// What `entryPoint` and `command` say. Empty: as the image has it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Start<'a> {
    pub(crate) entry_point: &'a [String],
    pub(crate) command: &'a [String],
}

impl Start<'_> {
    /// The image itself when nothing is wished, else one of the same layers. As on ECS, a new entry point leaves nothing
    /// of the image's own command.
    pub(crate) fn apply(
        self,
        image: &ImageDigest,
        subject: Subject<'_>,
        workshop: &Workshop<'_>,
    ) -> Result<ImageDigest, BuildError> {
        let wished = |words: &[String]| (!words.is_empty()).then(|| words.to_vec());
        let change = ConfigChange {
            entrypoint: wished(self.entry_point),
            cmd: wished(self.command),
            ..ConfigChange::default()
        };
        if change.entrypoint.is_none() && change.cmd.is_none() {
            return Ok(image.clone());
        }
        let started = workshop.store.put_image(Some(image), &[], &change);
        started
            .map(|image| image.digest)
            .map_err(|source| BuildError::Image {
                service: subject.service.to_string(),
                source: Box::new(source),
            })
    }
}
