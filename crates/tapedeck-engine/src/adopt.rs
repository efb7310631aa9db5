//! Taking over what an earlier engine left: tasks that run on, tasks that ended meanwhile, half-done things.

use crate::fleet::ServiceKey;
use crate::link::Link;
use crate::main_loop::Engine;
use crate::observe;
use crate::store::StoreError;
use tapedeck_model::{Placement, Task, TaskId, TaskState, Zone};
use tapedeck_runtime::failpoint;

/// The kernel's id of the current boot; another one means that no process of before is left.
const BOOT_ID: &str = "/proc/sys/kernel/random/boot_id";

impl Engine {
    /// Connects to every shim that still runs, and finds out what became of the other tasks.
    pub(crate) fn adopt(&mut self, boot_id: Option<&str>) -> Result<(), StoreError> {
        let boot = boot_id.map_or_else(
            || fs_err::read_to_string(BOOT_ID).unwrap_or_default(),
            str::to_owned,
        );
        let boot = boot.trim().to_owned();
        let rebooted = self
            .store
            .setting::<String>("boot")?
            .is_some_and(|before| before != boot);
        let lost = if rebooted {
            "Host restarted"
        } else {
            "Shim of the task was killed while no engine ran"
        };
        let unstopped: Vec<(ServiceKey, Task)> = self
            .fleet
            .services
            .iter()
            .flat_map(|(key, service)| service.unstopped().map(|task| (key.clone(), task.clone())))
            .collect();
        for (key, task) in unstopped {
            match self.connect(&task.id) {
                Some(Ok(link)) => self.relink(&key, &task, link),
                _ if task.is_unplaced() && !self.host.home.task(&task.id).exists() => {}
                _ => self.lose(&key, &task, lost),
            }
        }
        self.store.set_setting("boot", &boot)?;
        failpoint::reach("adopt.boot-saved");
        self.clean_up_after();
        self.remove_volumes_aside();
        self.remove_forgotten_instances();
        Ok(())
    }

    /// Removes what the engine before had not yet removed when it ended.
    fn clean_up_after(&mut self) {
        for task in self.host.task_folders() {
            if self.links.contains_key(&task) || self.leaving.contains(&task) {
                continue;
            }
            if self.fleet.owner_of(&task).is_none() {
                // What cannot be cleaned up now is tried again by the next engine.
                let _ = self.host.clean(&task);
                continue;
            }
            // It has stopped, but its shim may still be giving things back; the end of the connection tells when it has.
            match self.connect(&task) {
                Some(Ok(link)) => {
                    self.leaving.insert(task.clone());
                    self.links.insert(task, link);
                }
                _ => self.clean(&task),
            }
        }
    }

    fn connect(&self, task: &TaskId) -> Option<Result<Link, String>> {
        let stream = self.host.adopt(task)?;
        Some(Link::open(task, stream, &self.host, self.events.clone()))
    }

    /// A shim answers. Its state arrives as an event; an order to stop is repeated, it may not have arrived.
    fn relink(&mut self, key: &ServiceKey, task: &Task, link: Link) {
        if matches!(task.state, TaskState::Stopping { .. }) {
            link.stop(self.service_mut(key).stop_timeout_of(task));
        }
        // Written before there were zones.
        if task.is_unplaced()
            && let Some(known) = self.service_mut(key).tasks.get_mut(&task.id)
        {
            known.placement = Some(Placement {
                zone: Zone::A,
                instance: None,
            });
        }
        self.links.insert(task.id.clone(), link);
        failpoint::reach("adopt.connected");
    }

    /// No shim answers: what it wrote down counts, else the task was lost.
    fn lose(&mut self, key: &ServiceKey, task: &Task, lost: &str) {
        let exit = self.host.exit_of(&task.id);
        let now = self.clock.now();
        let containers = exit.as_ref().map(|exit| exit.containers.clone());
        if let Some(state) = observe::without_shim(&task.state, exit, lost, now) {
            let task = Task {
                state,
                containers: containers
                    .filter(|known| !known.is_empty())
                    .unwrap_or_else(|| task.containers.clone()),
                ..task.clone()
            };
            failpoint::reach("adopt.lost");
            self.save_tasks(key, std::slice::from_ref(&task));
            failpoint::reach("adopt.lost-saved");
            self.service_mut(key).tasks.insert(task.id.clone(), task.clone());
            self.clean(&task.id);
        }
    }
}
