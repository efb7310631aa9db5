//! What is remembered of instances.

use rusqlite::params;
use tapedeck_model::{Instance, InstanceId};
use tapedeck_plan::placement::Refresh;

use super::{Store, StoreError, from_json, service_key, to_json};
use crate::fleet::{Fleet, ServiceKey};

/// Made beside those of before, so that no version of the schema depends on them.
pub(super) const TABLES: &str = "
    create table if not exists instance (
        id text primary key, stack text not null, service text not null, instance text not null,
        foreign key (stack, service) references service on delete cascade) strict, without rowid;
    create table if not exists refresh (
        stack text not null, service text not null, refresh text not null,
        primary key (stack, service),
        foreign key (stack, service) references service on delete cascade) strict, without rowid;
";

impl Store {
    /// Writes an instance down.
    pub(crate) fn save_instance(&self, key: &ServiceKey, instance: &Instance) -> Result<(), StoreError> {
        let (stack, name) = (key.stack.as_str(), key.name.as_str());
        let written = to_json(instance).and_then(|text| {
            self.connection.execute(
                "insert into instance values (?1, ?2, ?3, ?4)
                 on conflict do update set instance = excluded.instance",
                params![instance.id.as_str(), stack, name, text],
            )
        });
        written
            .map(drop)
            .map_err(|source| self.failed("store an instance", source))
    }

    /// Forgets an instance that has terminated.
    pub(crate) fn remove_instance(&self, id: &InstanceId) -> Result<(), StoreError> {
        self.connection
            .execute("delete from instance where id = ?1", [id.as_str()])
            .map(drop)
            .map_err(|source| self.failed("forget an instance", source))
    }

    /// Writes down when the instances of a service were refreshed.
    pub(crate) fn save_refresh(&self, key: &ServiceKey, refresh: &Refresh) -> Result<(), StoreError> {
        let (stack, name) = (key.stack.as_str(), key.name.as_str());
        let written = to_json(refresh).and_then(|text| {
            self.connection.execute(
                "insert into refresh values (?1, ?2, ?3)
                 on conflict do update set refresh = excluded.refresh",
                params![stack, name, text],
            )
        });
        written
            .map(drop)
            .map_err(|source| self.failed("store a refresh of instances", source))
    }

    pub(super) fn load_capacity(&self, fleet: &mut Fleet) -> rusqlite::Result<()> {
        let mut instances = self
            .connection
            .prepare("select stack, service, instance from instance")?;
        let mut rows = instances.query([])?;
        while let Some(row) = rows.next()? {
            let instance: Instance = from_json(row, 2)?;
            if let Some(service) = fleet.services.get_mut(&service_key(row)?) {
                service.capacity.instances.insert(instance.id.clone(), instance);
            }
        }
        let mut refreshes = self
            .connection
            .prepare("select stack, service, refresh from refresh")?;
        let mut rows = refreshes.query([])?;
        while let Some(row) = rows.next()? {
            if let Some(service) = fleet.services.get_mut(&service_key(row)?) {
                service.capacity.refresh = from_json(row, 2)?;
            }
        }
        Ok(())
    }
}
