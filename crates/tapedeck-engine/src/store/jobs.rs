//! What is remembered of definitions of jobs, and of the jobs that were submitted.

use rusqlite::{Transaction, params};
use tapedeck_model::{Job, JobId, JobSpec};
use tapedeck_runtime::failpoint;

use super::{Store, StoreError, from_json, service_key, to_json};
use crate::fleet::{Fleet, ServiceKey};

/// Made beside those of before, so that no version of the schema depends on it.
pub(super) const TABLES: &str = "
    create table if not exists job_definition (
        stack text not null, service text not null, definition text not null,
        primary key (stack, service),
        foreign key (stack, service) references service on delete cascade) strict, without rowid;
    create table if not exists job (
        id text primary key, stack text not null, service text not null, job text not null,
        foreign key (stack, service) references service on delete cascade) strict, without rowid;
    create index if not exists job_of_service on job (stack, service);
";

/// Writes down what makes a service a definition of jobs, if it is one.
pub(super) fn write(
    transaction: &Transaction<'_>,
    key: &ServiceKey,
    definition: Option<&JobSpec>,
) -> rusqlite::Result<()> {
    let (stack, name) = (key.stack.as_str(), key.name.as_str());
    let written = match definition {
        Some(definition) => transaction.execute(
            "insert into job_definition values (?1, ?2, ?3)
             on conflict do update set definition = excluded.definition",
            params![stack, name, to_json(definition)?],
        ),
        None => transaction.execute(
            "delete from job_definition where stack = ?1 and service = ?2",
            params![stack, name],
        ),
    };
    written.map(drop)
}

impl Store {
    /// Writes down a job that somebody asked for, and syncs it to the disk.
    pub(crate) fn add_job(&mut self, key: &ServiceKey, job: &Job) -> Result<(), StoreError> {
        let synced = self.connection.pragma_update(None, "synchronous", "full");
        let written = synced.and_then(|()| self.write_job(key, job));
        let relaxed = self.connection.pragma_update(None, "synchronous", "normal");
        written
            .and(relaxed)
            .map_err(|source| self.failed("store a job", source))
    }

    /// Writes down how a job is.
    pub(crate) fn save_job(&mut self, key: &ServiceKey, job: &Job) -> Result<(), StoreError> {
        self.write_job(key, job)
            .map_err(|source| self.failed("store a job", source))
    }

    fn write_job(&self, key: &ServiceKey, job: &Job) -> rusqlite::Result<()> {
        let sql = "insert into job values (?1, ?2, ?3, ?4) on conflict do update set job = excluded.job";
        let (id, stack, name) = (job.id.as_str(), key.stack.as_str(), key.name.as_str());
        failpoint::reach("job.decided");
        let mut write = self.connection.prepare_cached(sql)?;
        write.execute(params![id, stack, name, to_json(job)?]).map(drop)
    }

    /// Forgets a job.
    pub(crate) fn forget_job(&self, job: &JobId) -> Result<(), StoreError> {
        let forgotten = self
            .connection
            .execute("delete from job where id = ?1", [job.as_str()]);
        forgotten
            .map(drop)
            .map_err(|source| self.failed("forget a job", source))
    }

    pub(super) fn load_jobs(&self, fleet: &mut Fleet) -> rusqlite::Result<()> {
        let mut definitions = self
            .connection
            .prepare("select stack, service, definition from job_definition")?;
        let mut rows = definitions.query([])?;
        while let Some(row) = rows.next()? {
            if let Some(service) = fleet.services.get_mut(&service_key(row)?) {
                service.job = Some(from_json(row, 2)?);
            }
        }
        let mut jobs = self.connection.prepare("select stack, service, job from job")?;
        let mut rows = jobs.query([])?;
        while let Some(row) = rows.next()? {
            if let Some(service) = fleet.services.get_mut(&service_key(row)?) {
                let job: Job = from_json(row, 2)?;
                service.jobs.insert(job.id.clone(), job);
            }
        }
        Ok(())
    }
}
