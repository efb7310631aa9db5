//! The containers beside the main one, as the engine is asked to run them.

use tapedeck_image::Store;
use tapedeck_model::{SideSpec, WorkerService};

use super::environment_of;
use crate::exit::Failure;
use crate::late;
use crate::packaging::Packaged;

/// All of them.
pub(super) fn specs(
    service: &WorkerService,
    packaged: &Packaged,
    images: &Store,
) -> Result<Vec<SideSpec>, Failure> {
    let sides = service.side_containers.iter().zip(&packaged.sides);
    sides
        .map(|(side, built)| {
            let container = &side.container;
            Ok(SideSpec {
                name: side.name.clone(),
                image: built.image.clone(),
                environment: environment_of(container, &built.image, images)?,
                secrets: late::secrets(container, &format!("{}/{}", service.name, side.name))?,
                essential: side.essential,
                depends_on: side.depends_on.clone(),
                stop_timeout: container.stop_timeout,
                health_check: container.health_check.clone(),
                discards_output: container.logging.disabled,
            })
        })
        .collect()
}
