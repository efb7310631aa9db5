//! A bill in the making, and what all of its lines need.

use std::collections::BTreeMap;

use serde_json::Value;
use tapedeck_resources::catalogue::prices;

use super::{ByUse, Estimate, HOURS, Item, NotCounted};
use crate::diff::references;

/// The least and the most of something.
pub(super) type Range = (f64, f64);

/// A bill in the making.
pub(super) struct Bill<'a> {
    pub(super) region: &'a str,
    /// All resources, in the one spelling of their values.
    pub(super) resources: &'a BTreeMap<String, Value>,
    /// The names of the config, by the beginnings of their logical ids.
    owners: Vec<(String, String)>,
    items: Vec<Item>,
    by_use: Vec<ByUse>,
    not_counted: Vec<NotCounted>,
}

impl<'a> Bill<'a> {
    pub(super) fn new(
        region: &'a str,
        resources: &'a BTreeMap<String, Value>,
        owners: Vec<(String, String)>,
    ) -> Self {
        Self {
            region,
            resources,
            owners,
            items: Vec::new(),
            by_use: Vec::new(),
            not_counted: Vec::new(),
        }
    }

    /// What one of something costs a month.
    pub(super) fn monthly(&self, price: &str) -> Option<f64> {
        let (price, unit) = prices::of(price, self.region)?;
        Some(if unit.ends_with("hour") {
            price * HOURS
        } else {
            price
        })
    }

    /// Counts so many of something, if its price is known.
    pub(super) fn charge(&mut self, id: &str, what: String, price: &str, quantity: Range) {
        match self.monthly(price) {
            Some(each) => self.count(id, what, (quantity.0 * each, quantity.1 * each)),
            None => self.unknown(id, &what),
        }
    }

    /// Counts something that costs so much a month.
    pub(super) fn count(&mut self, id: &str, what: String, (minimum, maximum): Range) {
        let item = Item {
            logical_id: id.to_string(),
            owner: self.owner(id),
            what,
            minimum,
            maximum,
        };
        self.items.push(item);
    }

    /// Names something whose price is not known in this region.
    pub(super) fn unknown(&mut self, id: &str, what: &str) {
        let told = format!("{what}, whose price in {} is not known here", self.region);
        self.not_counted(id, told);
    }

    /// Names something that is not counted.
    pub(super) fn not_counted(&mut self, id: &str, what: String) {
        let logical_id = id.to_string();
        self.not_counted.push(NotCounted { logical_id, what });
    }

    /// Names something that is paid by use.
    pub(super) fn by_use(&mut self, id: &str, what: &'static str, price: Option<&str>) {
        let found = price.and_then(|price| prices::of(price, self.region));
        self.by_use.push(ByUse {
            logical_id: id.to_string(),
            owner: self.owner(id),
            what,
            price: found.map(|(price, _)| price),
            unit: found.map(|(_, unit)| unit),
        });
    }

    /// The resource that a value refers to.
    pub(super) fn referred(&self, value: &Value) -> Option<(&'a str, &'a Value)> {
        let (id, _) = references(value).into_iter().next()?;
        let (id, resource) = self.resources.get_key_value(id)?;
        Some((id, resource))
    }

    /// The resources of a type.
    pub(super) fn of_type(
        &self,
        kind: &'static str,
    ) -> impl Iterator<Item = (&'a String, &'a Value)> + use<'a> {
        let resources = self.resources;
        resources
            .iter()
            .filter(move |(_, resource)| resource["Type"] == kind)
    }

    /// The one whose name a logical id begins with; of several the longest.
    fn owner(&self, id: &str) -> Option<String> {
        let named = self
            .owners
            .iter()
            .filter(|(start, _)| id.starts_with(start.as_str()));
        let longest = named.max_by_key(|(start, _)| start.len());
        longest.map(|(_, name)| name.clone())
    }

    /// The whole.
    pub(super) fn total(mut self) -> Estimate {
        self.items.sort_by(|one, other| {
            other
                .maximum
                .total_cmp(&one.maximum)
                .then(one.logical_id.cmp(&other.logical_id))
        });
        Estimate {
            region: self.region.to_string(),
            prices_as_of: prices::AS_OF,
            minimum: self.items.iter().map(|item| item.minimum).sum(),
            maximum: self.items.iter().map(|item| item.maximum).sum(),
            items: self.items,
            by_use: self.by_use,
            not_counted: self.not_counted,
        }
    }
}

/// A number of a property, whether written as number or as text.
pub(super) fn number(value: &Value) -> Option<f64> {
    value.as_str()?.trim().parse().ok()
}

/// Whether a property is true.
pub(super) fn is_true(value: &Value) -> bool {
    value == "true"
}

/// `1 task`, `1 to 4 tasks`. A unit in capitals has no plural.
pub(super) fn several((least, most): Range, noun: &str) -> String {
    let is_unit = noun.ends_with(|letter: char| letter.is_ascii_uppercase());
    let ending = match noun.ends_with('s') {
        _ if most == 1.0 || is_unit => "",
        true => "es",
        false => "s",
    };
    match least == most {
        true => format!("{most} {noun}{ending}"),
        false => format!("{least} to {most} {noun}{ending}"),
    }
}
