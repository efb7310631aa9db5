//! What the resources of a template cost a month: a function of the template, of a region, and of prices that are data.
//!
//! Start at [`estimate`]. What runs all the time is counted (`compute`, `data`, `network`), between the bounds of its
//! scaling. What is paid by use is named with its price and not counted, because nobody knows it beforehand (`by_use`).
//! What has no known price is named too. So a sum is never more certain than what it says it is made of.

mod bill;
mod by_use;
mod compute;
mod data;
mod network;

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::Value;
use tapedeck_model::naming::pascal_case;
use tapedeck_resources::catalogue::prices;

use crate::diff::Surroundings;
use bill::Bill;

/// Hours that a month is counted with.
pub const HOURS: f64 = 730.0;

/// What every estimate takes for granted.
pub const ASSUMPTIONS: [&str; 4] = [
    "a month has 730 hours; prices are list prices on demand, without taxes, discounts and free tiers",
    "the minimum is the lower bound of scaling all month, the maximum its upper bound all month",
    "tasks on Fargate are billed by the second from the pull of their image to their end, and for a minute at least; one \
     that restarts often, and a deployment that runs old and new tasks at once, cost more",
    "what is paid by use, such as requests, traffic and stored data, is not in the sum",
];

/// What resources cost a month, in US dollars.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Estimate {
    /// Where.
    pub region: String,
    /// When the prices were those of AWS.
    pub prices_as_of: &'static str,
    /// The least.
    pub minimum: f64,
    /// The most.
    pub maximum: f64,
    /// What is counted, dearest first.
    pub items: Vec<Item>,
    /// What is paid by use.
    pub by_use: Vec<ByUse>,
    /// What costs something that is not known here.
    pub not_counted: Vec<NotCounted>,
}

/// Something that is paid for all the time.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Item {
    /// The logical id of the resource.
    pub logical_id: String,
    /// The resource of the config that it belongs to; none when several share it.
    pub owner: Option<String>,
    /// What it is: `1 to 4 tasks of 0.25 vCPU and 0.5 GB`.
    pub what: String,
    /// The least that it costs a month.
    pub minimum: f64,
    /// The most.
    pub maximum: f64,
}

/// Something that is paid by use.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ByUse {
    /// The logical id of the resource.
    pub logical_id: String,
    /// The resource of the config that it belongs to; none when several share it.
    pub owner: Option<String>,
    /// What is paid for.
    pub what: &'static str,
    /// What one of it costs, where that is known.
    pub price: Option<f64>,
    /// What the price is for, such as `GB-month`.
    pub unit: Option<&'static str>,
}

/// Something whose price is not known.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct NotCounted {
    /// The logical id of the resource.
    pub logical_id: String,
    /// What it is.
    pub what: String,
}

/// Why there is no estimate.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CostError {
    /// No price of the region is known.
    #[error("there are no prices of region {region}")]
    UnknownRegion {
        /// The region.
        region: String,
        /// Those whose prices are known.
        known: Vec<&'static str>,
    },
}

/// What the resources of a template cost a month in a region. `owners` are the names in the config.
///
/// # Errors
/// When no price of the region is known.
pub fn estimate(
    template: &Value,
    surroundings: &Surroundings,
    region: &str,
    owners: &[String],
) -> Result<Estimate, CostError> {
    let known = prices::regions();
    if !known.contains(&region) {
        return Err(CostError::UnknownRegion {
            region: region.to_string(),
            known,
        });
    }
    let resources: BTreeMap<String, Value> = template["Resources"]
        .as_object()
        .into_iter()
        .flatten()
        .map(|(id, resource)| (id.clone(), surroundings.normal(resource)))
        .collect();
    let owners = owners
        .iter()
        .map(|name| (pascal_case(name), name.clone()))
        .collect();
    let mut bill = Bill::new(region, &resources, owners);
    for (id, resource) in &resources {
        let kind = resource["Type"].as_str().unwrap_or_default();
        let is_known = compute::add(id, kind, resource, &mut bill)
            | data::add(id, kind, resource, &mut bill)
            | network::add(id, kind, resource, &mut bill)
            | by_use::add(id, kind, resource, &mut bill);
        if !is_known && !by_use::is_free(kind) {
            bill.not_counted(id, format!("{kind}: its price is not known here"));
        }
    }
    Ok(bill.total())
}

#[cfg(test)]
mod tests;
