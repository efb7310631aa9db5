//! The containers beside the main one of a task: from what a service runs to what its shim needs to know, and what
//! becomes of them.

use tapedeck_model::{
    ContainerDependency, ContainerSpec, ContainerStatus, MAIN_CONTAINER, SideSpec, StopTimeout, Task, TaskId,
};
use tapedeck_plan::containers::Dependency;
use tapedeck_plan::events;
use tapedeck_runtime::{ContainerRules, SideDefinition, Sides, TaskExit, TaskProcess};

use crate::fleet::ServiceKey;
use crate::host::{Host, command_of};
use crate::image_user;
use crate::main_loop::Engine;
use crate::secrets;

impl Host {
    /// What runs beside the main container; none when nothing does.
    pub(crate) fn sides_of(
        &self,
        key: &ServiceKey,
        task: &Task,
        container: &ContainerSpec,
    ) -> Result<Option<Sides>, String> {
        if container.sides.is_empty() {
            return Ok(None);
        }
        let sides = container.sides.iter().map(|side| {
            self.side(key, task, container, side)
                .map_err(|why| format!("container {}: {why}", side.name))
        });
        Ok(Some(Sides {
            main: ContainerRules {
                essential: true,
                depends_on: places(&container.depends_on, container),
                start_timeout_ms: None,
                stop_timeout_ms: milliseconds(container.stop_timeout),
            },
            containers: sides.collect::<Result<_, _>>()?,
        }))
    }

    fn side(
        &self,
        key: &ServiceKey,
        task: &Task,
        container: &ContainerSpec,
        side: &SideSpec,
    ) -> Result<SideDefinition, String> {
        let image = self
            .images
            .image(&side.image)
            .map_err(|error| crate::chain(&error))?;
        let (uid, gid) = image_user::ids(&image.config.user, &image.layers)?;
        let mut environment = image.config.env.clone();
        environment.extend(side.environment.clone());
        environment.extend(secrets::values(&self.home.secrets(), &side.secrets)?);
        environment
            .entry("HOSTNAME".to_string())
            .or_insert_with(|| Self::host_name(task));
        self.endpoint_key
            .add_variables(&mut environment, &task.id, &side.name, container);
        Ok(SideDefinition {
            name: side.name.clone(),
            rules: ContainerRules {
                essential: side.essential,
                depends_on: places(&side.depends_on, container),
                start_timeout_ms: None,
                stop_timeout_ms: milliseconds(side.stop_timeout),
            },
            layers: image.layers.clone(),
            process: TaskProcess {
                args: command_of(&image)?,
                environment: environment.into_iter().collect(),
                working_directory: image.config.working_dir.clone(),
                uid,
                gid,
                additional_gids: Vec::new(),
            },
            health_check: side.health_check.clone(),
            stop_signal: image_user::signal(&image.config.stop_signal)?,
            mounts: Vec::new(),
            log_directory: self
                .home
                .container_log(&key.stack, &key.name, &task.id, &side.name),
            discards_output: side.discards_output,
        })
    }
}

/// Dependencies by place instead of by name. One on nothing keeps its container from starting, as on ECS.
fn places(dependencies: &[ContainerDependency], container: &ContainerSpec) -> Vec<Dependency> {
    let names = std::iter::once(MAIN_CONTAINER).chain(container.sides.iter().map(|side| side.name.as_str()));
    let place_of = |wanted: &str| names.clone().position(|name| name == wanted);
    let dependencies = dependencies.iter().map(|dependency| Dependency {
        on: place_of(&dependency.container_name).unwrap_or(usize::MAX),
        condition: dependency.condition,
    });
    dependencies.collect()
}

fn milliseconds(timeout: StopTimeout) -> u64 {
    u64::try_from(timeout.duration().as_millis()).unwrap_or(u64::MAX)
}

impl Engine {
    /// What a shim says of the containers of a task, or wrote down.
    pub(crate) fn containers_seen(&mut self, task: &TaskId, containers: &[ContainerStatus]) {
        let Some(key) = self.fleet.owner_of(task).filter(|_| !containers.is_empty()) else {
            return;
        };
        let Some(known) = self.service_mut(&key).tasks.get_mut(task) else {
            return;
        };
        if known.containers == containers {
            return;
        }
        known.containers = containers.to_vec();
        let known = known.clone();
        self.save_tasks(&key, &[known]);
        self.touch(&key);
    }

    /// Hints at why a task had to be killed that was asked to stop: once, as the next one will do the same.
    pub(crate) fn tell_of_unheard(&mut self, task: &TaskId, exit: &TaskExit) {
        let Some(key) = self.fleet.owner_of(task).filter(|_| !exit.unheard.is_empty()) else {
            return;
        };
        let named = match exit.containers.is_empty() {
            true => &[],
            false => exit.unheard.as_slice(),
        };
        self.record_once(&key, events::unheard(&key.name, named));
    }
}
