//! What AWS asks for things, in US dollars. A price that is not known is none: nothing here is guessed.

use super::attributes::line_in;

/// Prices of services, a header and then one a line, sorted by name.
pub(super) const SERVICES: &str = include_str!("../../data/service-prices.tsv");

/// Hourly prices of instances: of size `large` of a family, or of a type.
pub(super) const INSTANCES: &str = include_str!("../../data/instance-prices.tsv");

/// When the prices were those of AWS's pages.
pub const AS_OF: &str = "March 2025";

/// Columns before those of the regions in [`SERVICES`].
const BEFORE_SERVICES: usize = 2;

/// Columns before those of the regions in [`INSTANCES`].
const BEFORE_INSTANCES: usize = 1;

/// The regions whose prices are known.
#[must_use]
pub fn regions() -> Vec<&'static str> {
    columns(SERVICES).skip(BEFORE_SERVICES).collect()
}

/// A price of a service in a region, and the unit it is for one of, such as `GB-month`.
#[must_use]
pub fn of(name: &str, region: &str) -> Option<(f64, &'static str)> {
    let line = line_in(SERVICES, name)?;
    let unit = line.split('\t').nth(1)?;
    Some((price(SERVICES, line, region, BEFORE_SERVICES)?, unit))
}

/// What an hour of an instance of a type costs in a region, with Linux.
#[must_use]
pub fn instance(type_name: &str, region: &str) -> Option<f64> {
    if let Some(line) = line_in(INSTANCES, type_name) {
        return price(INSTANCES, line, region, BEFORE_INSTANCES);
    }
    let (family, size) = type_name.split_once('.')?;
    let line = line_in(INSTANCES, family)?;
    Some(price(INSTANCES, line, region, BEFORE_INSTANCES)? * times_large(size)?)
}

/// How many times a size is what `large` is.
fn times_large(size: &str) -> Option<f64> {
    Some(match size {
        "nano" => 0.0625,
        "micro" => 0.125,
        "small" => 0.25,
        "medium" => 0.5,
        "large" => 1.0,
        "xlarge" => 2.0,
        _ => 2.0 * f64::from(size.strip_suffix("xlarge")?.parse::<u8>().ok()?),
    })
}

fn columns(table: &'static str) -> impl Iterator<Item = &'static str> {
    table.lines().next().unwrap_or_default().split('\t')
}

fn price(table: &'static str, line: &'static str, region: &str, before: usize) -> Option<f64> {
    let place = columns(table).skip(before).position(|name| name == region)?;
    line.split('\t').nth(before + place)?.parse().ok()
}
