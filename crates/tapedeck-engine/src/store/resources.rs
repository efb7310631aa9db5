//! What is remembered of resources of stacks that are no services.

use rusqlite::params;
use tapedeck_model::{LocalResource, StackName};

use super::{Store, StoreError, from_json, to_json, unreadable};
use crate::fleet::Fleet;

/// Made beside those of before, so that no version of the schema depends on it.
pub(super) const TABLES: &str = "
    create table if not exists stack_resources (
        stack text primary key, resources text not null) strict, without rowid;
";

impl Store {
    /// Writes down the resources of a stack; forgets it when there are none.
    pub(crate) fn save_resources(
        &self,
        stack: &StackName,
        resources: &[LocalResource],
    ) -> Result<(), StoreError> {
        let written = match resources {
            [] => self
                .connection
                .execute("delete from stack_resources where stack = ?1", [stack.as_str()]),
            some => to_json(&some).and_then(|text| {
                let sql = "insert into stack_resources values (?1, ?2)
                    on conflict do update set resources = excluded.resources";
                self.connection.execute(sql, params![stack.as_str(), text])
            }),
        };
        written
            .map(drop)
            .map_err(|source| self.failed("store the resources of a stack", source))
    }

    pub(super) fn load_resources(&self, fleet: &mut Fleet) -> rusqlite::Result<()> {
        let mut resources = self
            .connection
            .prepare("select stack, resources from stack_resources")?;
        let mut rows = resources.query([])?;
        while let Some(row) = rows.next()? {
            let stack = StackName::new(row.get::<_, String>(0)?).map_err(|error| unreadable(0, error))?;
            fleet.resources.insert(stack, from_json(row, 1)?);
        }
        Ok(())
    }
}
