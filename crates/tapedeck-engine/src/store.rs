//! The engine's memory: one SQLite file in WAL mode.
//!
//! A change is written before it is acted on, so a SIGKILL at any moment leaves at worst a task that was written
//! down but not started; the next engine finds it and cleans up. What people asked for (apply, delete) is synced to
//! the disk before it is answered; what was merely observed is not, because the shims know it too.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use rusqlite::{Connection, OptionalExtension, Transaction, params};
use serde::Serialize;
use serde::de::DeserializeOwned;
use tapedeck_api::ServiceEvent;
use tapedeck_model::{
    ContainerSpec, Deployment, ResourceName, Revision, RolloutState, StackName, Task, TaskId, Timestamp,
};
use tapedeck_plan::Deployments;
use tapedeck_runtime::failpoint;

use crate::fleet::{EVENTS_KEPT, Fleet, Life, Service, ServiceKey};

mod addresses;
mod capacity;
mod jobs;
mod logs;
mod resources;
mod scaling;

/// Version of the tables below: 1 had no deployments.
const SCHEMA: i64 = 2;

const TABLES: &str = "
    create table setting (name text primary key, value text not null) strict;
    create table service (
        stack text not null, name text not null, life text not null, desired_count integer not null,
        revision integer not null, rollout text not null,
        primary key (stack, name)) strict, without rowid;
    create table revision (
        stack text not null, service text not null, number integer not null, container text not null,
        primary key (stack, service, number),
        foreign key (stack, service) references service on delete cascade) strict, without rowid;
    create table task (
        id text primary key, stack text not null, service text not null, task text not null,
        foreign key (stack, service) references service on delete cascade) strict, without rowid;
    create table event (
        number integer primary key, stack text not null, service text not null,
        at integer not null, message text not null,
        foreign key (stack, service) references service on delete cascade) strict;
    create index event_of_service on event (stack, service, number);
    create index task_of_service on task (stack, service);
";

const DEPLOYMENTS: &str = "
    create table deployment (
        stack text not null, service text not null, revision integer not null, deployment text not null,
        primary key (stack, service, revision),
        foreign key (stack, service) references service on delete cascade) strict, without rowid;
";

/// Why the memory of the engine could not be read or written.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// SQLite said no.
    #[error("could not {what} in {}", database.display())]
    Database {
        /// What was tried.
        what: &'static str,
        /// The database.
        database: PathBuf,
        /// Why.
        #[source]
        source: rusqlite::Error,
    },
    /// The database was written by a newer tapedeck.
    #[error(
        "{} was written by a newer tapedeck (schema {found}, this one knows {SCHEMA}): use that version", database.display()
    )]
    Newer {
        /// The database.
        database: PathBuf,
        /// Its schema version.
        found: i64,
    },
}

/// The open database.
#[derive(Debug)]
pub(crate) struct Store {
    database: PathBuf,
    connection: Connection,
}

impl Store {
    /// Opens the database, making it when there is none.
    pub(crate) fn open(database: &Path) -> Result<Self, StoreError> {
        let fail = |source| StoreError::Database {
            what: "open the engine's state",
            database: database.to_path_buf(),
            source,
        };
        let mut connection = Connection::open(database).map_err(fail)?;
        connection
            .execute_batch("pragma journal_mode = wal; pragma foreign_keys = on;")
            .map_err(fail)?;
        let found: i64 = connection
            .query_row("pragma user_version", [], |row| row.get(0))
            .map_err(fail)?;
        match found {
            0 | 1 => {
                let tables = connection.transaction().map_err(fail)?;
                if found == 0 {
                    tables.execute_batch(TABLES).map_err(fail)?;
                }
                tables.execute_batch(DEPLOYMENTS).map_err(fail)?;
                tables.pragma_update(None, "user_version", SCHEMA).map_err(fail)?;
                tables.commit().map_err(fail)?;
            }
            SCHEMA => {}
            found => {
                return Err(StoreError::Newer {
                    database: database.to_path_buf(),
                    found,
                });
            }
        }
        connection.execute_batch(scaling::TABLES).map_err(fail)?;
        connection.execute_batch(logs::TABLES).map_err(fail)?;
        connection.execute_batch(capacity::TABLES).map_err(fail)?;
        connection.execute_batch(addresses::TABLES).map_err(fail)?;
        connection.execute_batch(resources::TABLES).map_err(fail)?;
        connection.execute_batch(jobs::TABLES).map_err(fail)?;
        Ok(Self {
            database: database.to_path_buf(),
            connection,
        })
    }

    /// A setting, if it was ever set.
    pub(crate) fn setting<T: DeserializeOwned>(&self, name: &str) -> Result<Option<T>, StoreError> {
        self.connection
            .query_row("select value from setting where name = ?1", [name], |row| {
                from_json(row, 0)
            })
            .optional()
            .map_err(|source| self.failed("read a setting", source))
    }

    /// Keeps a setting.
    pub(crate) fn set_setting<T: Serialize>(&self, name: &str, value: &T) -> Result<(), StoreError> {
        let sql = "insert into setting values (?1, ?2) on conflict do update set value = excluded.value";
        to_json(value)
            .and_then(|value| self.connection.execute(sql, params![name, value]))
            .map(drop)
            .map_err(|source| self.failed("write a setting", source))
    }

    /// The latest time that an event was written down for.
    pub(crate) fn latest_time(&self) -> Result<Timestamp, StoreError> {
        self.connection
            .query_row("select coalesce(max(at), 0) from event", [], |row| {
                row.get::<_, i64>(0)
            })
            .map(|at| Timestamp::from_millis(at.unsigned_abs()))
            .map_err(|source| self.failed("read the events", source))
    }

    /// Reads everything.
    pub(crate) fn load(&self) -> Result<Fleet, StoreError> {
        self.try_load()
            .map_err(|source| self.failed("read the services", source))
    }

    /// Writes down what people asked for, and syncs it to the disk.
    pub(crate) fn save_desired(&mut self, services: &[(&ServiceKey, &Service)]) -> Result<(), StoreError> {
        let written = (|| {
            self.connection.pragma_update(None, "synchronous", "full")?;
            let transaction = self.connection.transaction()?;
            for (key, service) in services {
                write_service(&transaction, key, service)?;
            }
            failpoint::reach("desired.in-transaction");
            transaction.commit()
        })();
        // Back to syncing at checkpoints only: it keeps the file whole, and is what most writes need.
        let relaxed = self.connection.pragma_update(None, "synchronous", "normal");
        written
            .and(relaxed)
            .map_err(|source| self.failed("store the desired state", source))
    }

    /// Writes down what changed of a service's tasks.
    pub(crate) fn save_tasks<'a>(
        &mut self,
        key: &ServiceKey,
        changed: impl IntoIterator<Item = &'a Task>,
        forgotten: &[TaskId],
    ) -> Result<(), StoreError> {
        let written = (|| {
            let transaction = self.connection.transaction()?;
            for task in changed {
                transaction
                    .prepare_cached(
                        "insert into task values (?1, ?2, ?3, ?4)
                         on conflict do update set task = excluded.task",
                    )?
                    .execute(params![
                        task.id.as_str(),
                        key.stack.as_str(),
                        key.name.as_str(),
                        to_json(task)?
                    ])?;
            }
            for id in forgotten {
                transaction.execute("delete from task where id = ?1", [id.as_str()])?;
            }
            failpoint::reach("task.in-transaction");
            transaction.commit()
        })();
        written.map_err(|source| self.failed("store tasks", source))
    }

    /// Writes down how far a service's deployments are, which revision is desired, and which are no longer needed.
    pub(crate) fn save_rollout(
        &mut self,
        key: &ServiceKey,
        service: &Service,
        unused: &[Revision],
    ) -> Result<(), StoreError> {
        let written = (|| {
            let transaction = self.connection.transaction()?;
            write_service(&transaction, key, service)?;
            for revision in unused {
                transaction.execute(
                    "delete from revision where stack = ?1 and service = ?2 and number = ?3",
                    params![key.stack.as_str(), key.name.as_str(), number(revision.0)],
                )?;
            }
            failpoint::reach("complete.in-transaction");
            transaction.commit()
        })();
        written.map_err(|source| self.failed("store a rollout", source))
    }

    /// Writes down an event and forgets those beyond what is kept.
    pub(crate) fn add_event(&self, key: &ServiceKey, event: &ServiceEvent) -> Result<(), StoreError> {
        let (stack, name) = (key.stack.as_str(), key.name.as_str());
        let kept = i64::try_from(EVENTS_KEPT).unwrap_or(i64::MAX);
        let written = self
            .connection
            .prepare_cached("insert into event (stack, service, at, message) values (?1, ?2, ?3, ?4)")
            .and_then(|mut insert| {
                insert.execute(params![stack, name, number(event.at.millis()), event.message])
            })
            .and_then(|_| {
                self.connection.prepare_cached(
                    "delete from event where stack = ?1 and service = ?2 and number <= (
                        select number from event where stack = ?1 and service = ?2
                        order by number desc limit 1 offset ?3)",
                )
            })
            .and_then(|mut prune| prune.execute(params![stack, name, kept]));
        written
            .map(drop)
            .map_err(|source| self.failed("store an event", source))
    }

    /// Forgets a service and all that belongs to it.
    pub(crate) fn remove_service(&self, key: &ServiceKey) -> Result<(), StoreError> {
        let sql = "delete from service where stack = ?1 and name = ?2";
        self.connection
            .execute(sql, [key.stack.as_str(), key.name.as_str()])
            .map(drop)
            .map_err(|source| self.failed("forget a service", source))
    }

    fn failed(&self, what: &'static str, source: rusqlite::Error) -> StoreError {
        StoreError::Database {
            what,
            database: self.database.clone(),
            source,
        }
    }

    fn try_load(&self) -> rusqlite::Result<Fleet> {
        let mut fleet = self.load_services(self.load_revisions()?)?;
        self.load_tasks(&mut fleet)?;
        self.load_events(&mut fleet)?;
        self.load_scaling(&mut fleet)?;
        self.load_log_rules(&mut fleet)?;
        self.load_capacity(&mut fleet)?;
        self.load_addresses(&mut fleet)?;
        self.load_resources(&mut fleet)?;
        self.load_jobs(&mut fleet)?;
        Ok(fleet)
    }

    fn load_revisions(&self) -> rusqlite::Result<BTreeMap<ServiceKey, BTreeMap<Revision, ContainerSpec>>> {
        let mut all: BTreeMap<ServiceKey, BTreeMap<Revision, ContainerSpec>> = BTreeMap::new();
        let mut revisions = self
            .connection
            .prepare("select stack, service, number, container from revision")?;
        let mut rows = revisions.query([])?;
        while let Some(row) = rows.next()? {
            let number = Revision(row.get::<_, i64>(2)?.unsigned_abs());
            all.entry(service_key(row)?)
                .or_default()
                .insert(number, from_json(row, 3)?);
        }
        Ok(all)
    }

    fn load_deployments(&self) -> rusqlite::Result<BTreeMap<ServiceKey, Vec<(Revision, Deployment)>>> {
        let mut all: BTreeMap<ServiceKey, Vec<(Revision, Deployment)>> = BTreeMap::new();
        let mut deployments = self
            .connection
            .prepare("select stack, service, revision, deployment from deployment")?;
        let mut rows = deployments.query([])?;
        while let Some(row) = rows.next()? {
            let revision = Revision(row.get::<_, i64>(2)?.unsigned_abs());
            all.entry(service_key(row)?)
                .or_default()
                .push((revision, from_json(row, 3)?));
        }
        Ok(all)
    }

    fn load_services(
        &self,
        mut revisions: BTreeMap<ServiceKey, BTreeMap<Revision, ContainerSpec>>,
    ) -> rusqlite::Result<Fleet> {
        let mut fleet = Fleet::default();
        let mut deployments = self.load_deployments()?;
        let mut services = self
            .connection
            .prepare("select stack, name, life, desired_count, revision, rollout from service")?;
        let mut rows = services.query([])?;
        while let Some(row) = rows.next()? {
            let key = service_key(row)?;
            let revision = Revision(row.get::<_, i64>(4)?.unsigned_abs());
            let mut service = Service::of(row.get(3)?, revision, revisions.remove(&key).unwrap_or_default());
            service.life = if row.get::<_, String>(2)? == "draining" {
                Life::Draining
            } else {
                Life::Active
            };
            service.deployments = Deployments::of(deployments.remove(&key).unwrap_or_default());
            // Written before there were records of deployments.
            if service.deployments.get(revision).is_none() {
                match from_json(row, 5)? {
                    RolloutState::Completed => service.deployments.complete(revision, Timestamp::default()),
                    RolloutState::InProgress | RolloutState::Failed => {
                        service.deployments.begin(revision, Timestamp::default());
                    }
                }
            }
            fleet.services.insert(key, service);
        }
        Ok(fleet)
    }

    fn load_tasks(&self, fleet: &mut Fleet) -> rusqlite::Result<()> {
        let mut tasks = self.connection.prepare("select stack, service, task from task")?;
        let mut rows = tasks.query([])?;
        while let Some(row) = rows.next()? {
            let task: Task = from_json(row, 2)?;
            if let Some(service) = fleet.services.get_mut(&service_key(row)?) {
                service.tasks.insert(task.id.clone(), task);
            }
        }
        Ok(())
    }

    fn load_events(&self, fleet: &mut Fleet) -> rusqlite::Result<()> {
        let mut events = self
            .connection
            .prepare("select stack, service, at, message from event order by number")?;
        let mut rows = events.query([])?;
        while let Some(row) = rows.next()? {
            let at = Timestamp::from_millis(row.get::<_, i64>(2)?.unsigned_abs());
            if let Some(service) = fleet.services.get_mut(&service_key(row)?) {
                service.record(at, row.get(3)?);
            }
        }
        Ok(())
    }
}

fn write_service(transaction: &Transaction<'_>, key: &ServiceKey, service: &Service) -> rusqlite::Result<()> {
    let life = match service.life {
        Life::Active => "active",
        Life::Draining => "draining",
    };
    let (stack, name) = (key.stack.as_str(), key.name.as_str());
    transaction.execute(
        "insert into service values (?1, ?2, ?3, ?4, ?5, ?6) on conflict do update set life = excluded.life,
         desired_count = excluded.desired_count, revision = excluded.revision, rollout = excluded.rollout",
        params![
            stack,
            name,
            life,
            service.desired_count,
            number(service.revision.0),
            to_json(&service.rollout())?
        ],
    )?;
    scaling::write(transaction, key, service.scaler.as_deref())?;
    logs::write(transaction, key, &service.logs)?;
    addresses::write(transaction, key, service.address)?;
    jobs::write(transaction, key, service.job.as_ref())?;
    for (revision, container) in &service.revisions {
        transaction.execute(
            "insert into revision values (?1, ?2, ?3, ?4) on conflict do nothing",
            params![stack, name, number(revision.0), to_json(container)?],
        )?;
    }
    transaction.execute(
        "delete from deployment where stack = ?1 and service = ?2",
        params![stack, name],
    )?;
    for (revision, deployment) in service.deployments.newest_first() {
        transaction.execute(
            "insert into deployment values (?1, ?2, ?3, ?4)",
            params![stack, name, number(revision.0), to_json(deployment)?],
        )?;
    }
    Ok(())
}

/// The service named by the first two columns.
fn service_key(row: &rusqlite::Row<'_>) -> rusqlite::Result<ServiceKey> {
    let stack = StackName::new(row.get::<_, String>(0)?).map_err(|error| unreadable(0, error))?;
    let name = ResourceName::new(row.get::<_, String>(1)?).map_err(|error| unreadable(1, error))?;
    Ok(ServiceKey { stack, name })
}

fn from_json<T: DeserializeOwned>(row: &rusqlite::Row<'_>, column: usize) -> rusqlite::Result<T> {
    let text: String = row.get(column)?;
    serde_json::from_str(&text).map_err(|error| unreadable(column, error))
}

fn to_json<T: Serialize>(value: &T) -> rusqlite::Result<String> {
    serde_json::to_string(value).map_err(|error| rusqlite::Error::ToSqlConversionFailure(Box::new(error)))
}

fn unreadable(column: usize, error: impl std::error::Error + Send + Sync + 'static) -> rusqlite::Error {
    rusqlite::Error::FromSqlConversionFailure(column, rusqlite::types::Type::Text, Box::new(error))
}

/// SQLite's integers are signed; ours count up from zero and never come near the difference.
fn number(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}
