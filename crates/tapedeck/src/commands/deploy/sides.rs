//! The containers beside the main one, as the engine is asked to run them.

use tapedeck_image::Store;
use tapedeck_model::{SideSpec, WorkerService};

use super::with_flags;
use crate::connected::Connected;
use crate::exit::Failure;
use crate::packaging::Packaged;

/// All of them.
pub(super) fn specs(
    service: &WorkerService,
    packaged: &Packaged,
    connected: &Connected,
    images: &Store,
) -> Result<Vec<SideSpec>, Failure> {
    let sides = service.side_containers.iter().zip(&packaged.sides);
    sides
        .map(|(side, built)| {
            let container = &side.container;
            let (environment, secrets) = connected.variables(&service.name, &side.name)?;
            Ok(SideSpec {
                name: side.name.clone(),
                image: built.image.clone(),
                environment: with_flags(environment, &built.image, images)?,
                secrets,
                essential: side.essential,
                depends_on: side.depends_on.clone(),
                stop_timeout: container.stop_timeout,
                health_check: container.health_check.clone(),
                discards_output: container.logging.disabled,
            })
        })
        .collect()
}
