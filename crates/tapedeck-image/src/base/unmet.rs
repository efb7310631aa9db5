//! Which packages others ask for and nothing stands in for: bases leave out what nothing that runs in them needs.

use std::collections::BTreeSet;

use super::apt::Installed;

/// The fields that ask for other packages.
const LISTS: [&str; 2] = ["Depends", "Pre-Depends"];

/// The first name of every dependency that no package fulfils, by name alone, sorted.
pub(super) fn unmet(installed: &Installed) -> Vec<String> {
    let mut there: BTreeSet<&str> = installed.keys().map(String::as_str).collect();
    for control in installed.values() {
        there.extend(field(control, "Provides").flat_map(names));
    }
    let mut missing = BTreeSet::new();
    for control in installed.values() {
        for list in LISTS {
            for group in field(control, list).flat_map(|list| list.split(',')) {
                let mut alternatives = group.split('|').filter_map(name);
                let first = alternatives.clone().next();
                if !alternatives.any(|name| there.contains(name)) {
                    missing.extend(first.map(str::to_owned));
                }
            }
        }
    }
    missing.into_iter().collect()
}

/// The same packages without what they ask for.
pub(super) fn without_dependencies(installed: &Installed) -> Installed {
    let stripped = |control: &String| {
        let mut is_kept = true;
        let lines = control.lines().filter(|line| {
            if !line.starts_with([' ', '\t']) {
                is_kept = !LISTS
                    .iter()
                    .any(|list| line.strip_prefix(list).is_some_and(|rest| rest.starts_with(':')));
            }
            is_kept
        });
        lines.collect::<Vec<_>>().join("\n")
    };
    let all = installed.iter();
    all.map(|(name, control)| (name.clone(), stripped(control)))
        .collect()
}

/// What a field says; long ones go on in further lines.
fn field<'a>(control: &'a str, wanted: &str) -> impl Iterator<Item = &'a str> {
    let mut is_in = false;
    let wanted = format!("{wanted}:");
    control.lines().filter_map(move |line| {
        if line.starts_with([' ', '\t']) {
            return is_in.then_some(line);
        }
        is_in = line.starts_with(&wanted);
        is_in.then(|| &line[wanted.len()..])
    })
}

fn names(list: &str) -> impl Iterator<Item = &str> {
    list.split(',').filter_map(name)
}

/// A name without version and processor.
fn name(text: &str) -> Option<&str> {
    let end = text.trim().find([' ', '(', ':']).unwrap_or(text.trim().len());
    Some(&text.trim()[..end]).filter(|name| !name.is_empty())
}
