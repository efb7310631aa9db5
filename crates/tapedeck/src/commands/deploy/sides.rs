//! The containers beside the main one, as the engine is asked to run them.

use tapedeck_image::Store;
use tapedeck_model::{
    ContainerCondition, ContainerDependency, ContainerType, MAIN_CONTAINER, SideContainer, SideSpec,
    WorkerService,
};

use super::environment_of;
use crate::exit::Failure;
use crate::late;
use crate::packaging::Packaged;

/// What the main container waits for: every other that does not wait for it. Those that run on init have to have
/// succeeded, the others to have started.
pub(super) fn main_depends_on(service: &WorkerService) -> Vec<ContainerDependency> {
    let waits_for_main = |side: &&SideContainer| {
        let mut waits_for = side.depends_on.iter();
        waits_for.any(|dependency| dependency.container_name == MAIN_CONTAINER)
    };
    let sides = service.side_containers.iter();
    sides
        .filter(|side| !waits_for_main(side))
        .map(|side| ContainerDependency {
            container_name: side.name.clone(),
            condition: match side.container_type {
                ContainerType::RunOnInit => ContainerCondition::Success,
                ContainerType::AlwaysRunning => ContainerCondition::Start,
            },
        })
        .collect()
}

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
