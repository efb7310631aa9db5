//! What is remembered of logs: how long those of a service are kept, and who gets them.

use rusqlite::{Transaction, params};

use super::{Store, from_json, service_key, to_json};
use crate::fleet::{Fleet, LogRules, ServiceKey};

/// Made beside those of before, so that no version of the schema depends on it.
pub(super) const TABLES: &str = "
    create table if not exists log_rules (
        stack text not null, service text not null, rules text not null,
        primary key (stack, service),
        foreign key (stack, service) references service on delete cascade) strict, without rowid;
";

/// Writes down what becomes of the logs of a service.
pub(super) fn write(
    transaction: &Transaction<'_>,
    key: &ServiceKey,
    rules: &LogRules,
) -> rusqlite::Result<()> {
    transaction
        .execute(
            "insert into log_rules values (?1, ?2, ?3) on conflict do update set rules = excluded.rules",
            params![key.stack.as_str(), key.name.as_str(), to_json(rules)?],
        )
        .map(drop)
}

impl Store {
    pub(super) fn load_log_rules(&self, fleet: &mut Fleet) -> rusqlite::Result<()> {
        let mut rules = self
            .connection
            .prepare("select stack, service, rules from log_rules")?;
        let mut rows = rules.query([])?;
        while let Some(row) = rows.next()? {
            if let Some(service) = fleet.services.get_mut(&service_key(row)?) {
                service.logs = from_json(row, 2)?;
            }
        }
        Ok(())
    }
}
