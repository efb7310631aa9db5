//! What is remembered of the addresses that services have for others.

use std::net::Ipv4Addr;

use rusqlite::{Transaction, params};

use super::{Store, service_key, unreadable};
use crate::fleet::{Fleet, ServiceKey};

/// Made beside those of before, so that no version of the schema depends on it.
pub(super) const TABLES: &str = "
    create table if not exists service_address (
        stack text not null, service text not null, address text not null unique,
        primary key (stack, service),
        foreign key (stack, service) references service on delete cascade) strict, without rowid;
";

/// Writes down the address of a service, which never changes.
pub(super) fn write(
    transaction: &Transaction<'_>,
    key: &ServiceKey,
    address: Option<Ipv4Addr>,
) -> rusqlite::Result<()> {
    let Some(address) = address else { return Ok(()) };
    let (stack, name) = (key.stack.as_str(), key.name.as_str());
    transaction
        .execute(
            "insert into service_address values (?1, ?2, ?3) on conflict (stack, service) do nothing",
            params![stack, name, address.to_string()],
        )
        .map(drop)
}

impl Store {
    pub(super) fn load_addresses(&self, fleet: &mut Fleet) -> rusqlite::Result<()> {
        let mut addresses = self
            .connection
            .prepare("select stack, service, address from service_address")?;
        let mut rows = addresses.query([])?;
        while let Some(row) = rows.next()? {
            if let Some(service) = fleet.services.get_mut(&service_key(row)?) {
                let text: String = row.get(2)?;
                service.address = Some(text.parse().map_err(|error| unreadable(2, error))?);
            }
        }
        Ok(())
    }
}
