//! How an estimate of costs is shown, within 80 columns.

use std::collections::BTreeMap;
use std::fmt::Write;

use tapedeck_synth::cost::{ASSUMPTIONS, Estimate, Item};

use super::difference::{WIDTH, cut, paragraph};
use crate::printer::{BOLD, DIM, RESET};

/// What a stack costs: by service or resource first, then what is paid by use, what is not counted, and what was assumed.
pub(crate) fn cost(cost: &Estimate, stack: &str) -> String {
    let mut out = String::new();
    let title = format!("stack {stack} in {}", cost.region);
    let sum = format!("{} a month", dollars(cost.minimum, cost.maximum));
    out.push_str(&row(&title, &sum, BOLD));
    for (owner, items) in by_owner(&cost.items) {
        let sum = |of: fn(&Item) -> f64| items.iter().map(|item| of(item)).sum::<f64>();
        let total = dollars(sum(|item| item.minimum), sum(|item| item.maximum));
        out.push('\n');
        out.push_str(&row(owner.unwrap_or("what several share"), &total, BOLD));
        for item in items {
            let amount = dollars(item.minimum, item.maximum);
            out.push_str(&of_resource(&item.what, &item.logical_id, &amount));
        }
    }
    if !cost.by_use.is_empty() {
        let _ = writeln!(out, "\n{BOLD}paid by use, not counted{RESET}");
        for one in &cost.by_use {
            let price = match (one.price, one.unit) {
                (Some(price), Some(unit)) => format!("${price} per {unit}"),
                _ => String::new(),
            };
            out.push_str(&of_resource(one.what, &one.logical_id, &price));
        }
    }
    if !cost.not_counted.is_empty() {
        let _ = writeln!(out, "\n{BOLD}not counted{RESET}");
        for one in &cost.not_counted {
            let _ = write!(
                out,
                "{}",
                paragraph("", "", &format!("- {}: {}", one.logical_id, one.what))
            );
        }
    }
    out.push('\n');
    for assumption in ASSUMPTIONS {
        out.push_str(&paragraph(DIM, "", &format!("- {assumption}")));
    }
    out.push_str(&paragraph(
        DIM,
        "",
        &format!("- prices are those of {}", cost.prices_as_of),
    ));
    out.trim_end().to_string()
}

/// The items by what they belong to, dearest first; what several share comes last.
fn by_owner(items: &[Item]) -> Vec<(Option<&str>, Vec<&Item>)> {
    let mut groups: BTreeMap<Option<&str>, Vec<&Item>> = BTreeMap::new();
    for item in items {
        groups.entry(item.owner.as_deref()).or_default().push(item);
    }
    let mut groups: Vec<_> = groups.into_iter().collect();
    let most = |items: &[&Item]| items.iter().map(|item| item.maximum).sum::<f64>();
    groups.sort_by(|(one, items), (other, others)| {
        (one.is_none().cmp(&other.is_none())).then(most(others).total_cmp(&most(items)))
    });
    groups
}

/// An amount: `$9.01`, `$9.01 to $36.04`.
pub(super) fn dollars(minimum: f64, maximum: f64) -> String {
    let (least, most) = (format!("${minimum:.2}"), format!("${maximum:.2}"));
    match least == most {
        true => least,
        false => format!("{least} to {most}"),
    }
}

/// A line about a resource, whose logical id is on a line of its own where one is too short.
fn of_resource(what: &str, logical_id: &str, amount: &str) -> String {
    let whole = format!("  {what} ({logical_id})");
    match fits(&whole, amount) {
        true => row(&whole, amount, ""),
        false => row(&format!("  {what}"), amount, "") + &row(&format!("    ({logical_id})"), "", ""),
    }
}

/// A line with an amount at its end; on two lines where one is too short.
fn row(what: &str, amount: &str, colour: &str) -> String {
    let reset = if colour.is_empty() { "" } else { RESET };
    if amount.is_empty() {
        return format!("{colour}{}{reset}\n", cut(what, WIDTH));
    }
    if fits(what, amount) {
        let gap = " ".repeat(WIDTH - what.chars().count() - amount.chars().count());
        return format!("{colour}{what}{reset}{gap}{amount}\n");
    }
    format!("{colour}{}{reset}\n{amount:>WIDTH$}\n", cut(what, WIDTH))
}

fn fits(what: &str, amount: &str) -> bool {
    what.chars().count() + 2 + amount.chars().count() <= WIDTH
}
