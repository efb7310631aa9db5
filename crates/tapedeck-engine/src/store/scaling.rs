//! What is remembered of scaling: bounds, what later decisions depend on, and the decisions themselves.

use rusqlite::{Transaction, params};
use tapedeck_model::Scaling;
use tapedeck_plan::autoscale::{Decision, Record};

use super::{Store, StoreError, from_json, number, service_key, to_json};
use crate::fleet::{Fleet, ServiceKey};
use crate::scaling::{DECISIONS_KEPT, Scaler};

/// Made beside those of before, so that no version of the schema depends on them.
pub(super) const TABLES: &str = "
    create table if not exists scaling (
        stack text not null, service text not null, bounds text not null, record text not null,
        primary key (stack, service),
        foreign key (stack, service) references service on delete cascade) strict, without rowid;
    create table if not exists scaling_decision (
        number integer primary key, stack text not null, service text not null,
        at integer not null, decision text not null,
        foreign key (stack, service) references service on delete cascade) strict;
    create index if not exists scaling_decision_of_service on scaling_decision (stack, service, number);
";

/// Writes down whether and between which bounds a service is scaled.
pub(super) fn write(
    transaction: &Transaction<'_>,
    key: &ServiceKey,
    scaler: Option<&Scaler>,
) -> rusqlite::Result<()> {
    let (stack, name) = (key.stack.as_str(), key.name.as_str());
    let Some(scaler) = scaler else {
        transaction.execute(
            "delete from scaling where stack = ?1 and service = ?2",
            [stack, name],
        )?;
        return Ok(());
    };
    transaction.execute(
        "insert into scaling values (?1, ?2, ?3, ?4)
         on conflict do update set bounds = excluded.bounds, record = excluded.record",
        params![stack, name, to_json(&scaler.bounds)?, to_json(&scaler.record)?],
    )?;
    Ok(())
}

impl Store {
    /// Writes down a decision, the record after it and, synced to the disk, the count that it changes.
    pub(crate) fn save_decision(
        &mut self,
        key: &ServiceKey,
        record: &Record,
        decision: &Decision,
    ) -> Result<(), StoreError> {
        let level = if decision.is_change() { "full" } else { "normal" };
        let written = self
            .connection
            .pragma_update(None, "synchronous", level)
            .and_then(|()| self.write_decision(key, record, decision));
        let relaxed = self.connection.pragma_update(None, "synchronous", "normal");
        written
            .and(relaxed)
            .map_err(|source| self.failed("store a decision about the number of tasks", source))
    }

    fn write_decision(
        &mut self,
        key: &ServiceKey,
        record: &Record,
        decision: &Decision,
    ) -> rusqlite::Result<()> {
        let (stack, name) = (key.stack.as_str(), key.name.as_str());
        let transaction = self.connection.transaction()?;
        transaction.execute(
            "update service set desired_count = ?3 where stack = ?1 and name = ?2",
            params![stack, name, decision.wanted],
        )?;
        transaction.execute(
            "update scaling set record = ?3 where stack = ?1 and service = ?2",
            params![stack, name, to_json(record)?],
        )?;
        transaction.execute(
            "insert into scaling_decision (stack, service, at, decision) values (?1, ?2, ?3, ?4)",
            params![stack, name, number(decision.at.millis()), to_json(decision)?],
        )?;
        transaction.execute(
            "delete from scaling_decision where stack = ?1 and service = ?2 and number <= (
                select number from scaling_decision where stack = ?1 and service = ?2
                order by number desc limit 1 offset ?3)",
            params![stack, name, i64::try_from(DECISIONS_KEPT).unwrap_or(i64::MAX)],
        )?;
        transaction.commit()
    }

    pub(super) fn load_scaling(&self, fleet: &mut Fleet) -> rusqlite::Result<()> {
        let mut scalings = self
            .connection
            .prepare("select stack, service, bounds, record from scaling")?;
        let mut rows = scalings.query([])?;
        while let Some(row) = rows.next()? {
            let mut scaler = Scaler::new(from_json::<Scaling>(row, 2)?);
            scaler.record = from_json(row, 3)?;
            if let Some(service) = fleet.services.get_mut(&service_key(row)?) {
                service.scaler = Some(Box::new(scaler));
            }
        }
        let mut decisions = self
            .connection
            .prepare("select stack, service, decision from scaling_decision order by number")?;
        let mut rows = decisions.query([])?;
        while let Some(row) = rows.next()? {
            let service = fleet.services.get_mut(&service_key(row)?);
            if let Some(scaler) = service.and_then(|service| service.scaler.as_mut()) {
                scaler.remember(from_json(row, 2)?);
            }
        }
        Ok(())
    }
}
