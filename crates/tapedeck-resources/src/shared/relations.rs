//! Rules about several keys of one mapping that more than one type of resource has.

use tapedeck_config::Scope;
use tapedeck_config::parse::Mapping;
use tapedeck_diagnostic::Span;

/// Tells when not exactly one of some keys is given.
pub(crate) fn exactly_one(
    mapping: &Mapping,
    (at, parent): (Span, &str),
    keys: &[&str],
    scope: &mut Scope<'_>,
) {
    let given = given(mapping, keys);
    if given != 1 {
        scope
            .diagnostics
            .exclusive_keys(at, parent, &alternatives(keys), given);
    }
}

/// Tells when more than one of some keys is given.
pub(crate) fn at_most_one(
    mapping: &Mapping,
    (at, parent): (Span, &str),
    keys: &[&str],
    scope: &mut Scope<'_>,
) {
    let given = given(mapping, keys);
    if given > 1 {
        scope
            .diagnostics
            .exclusive_keys(at, parent, &alternatives(keys), given);
    }
}

/// How many of some keys are given. One that says `false` is not.
fn given(mapping: &Mapping, keys: &[&str]) -> usize {
    let is_given = |key: &&&str| {
        mapping
            .get(key)
            .is_some_and(|value| value.value.as_boolean() != Some(false))
    };
    keys.iter().filter(is_given).count()
}

/// Tells when the number of one key is below that of another.
pub(crate) fn bounds(mapping: &Mapping, least: &str, greatest: &str, scope: &mut Scope<'_>) {
    let number = |key: &str| Some((mapping.get(key)?, mapping.get(key)?.value.as_number()?));
    if let (Some((_, low)), Some((value, high))) = (number(least), number(greatest))
        && high < low
    {
        let shown = |key: &str| mapping.scalar(key).unwrap_or_default();
        scope
            .diagnostics
            .reversed_bounds(value.span, (greatest, shown(greatest)), (least, shown(least)));
    }
}

/// Keys that are right only beside another setting.
pub(crate) fn only_with(mapping: &Mapping, keys: &[&str], needed: &str, scope: &mut Scope<'_>) {
    for entry in keys.iter().filter_map(|key| mapping.entry(key)) {
        if entry.value.value.as_boolean() != Some(false) {
            scope.diagnostics.missing_setting(&entry.key, needed);
        }
    }
}

/// Keys that change nothing, and why.
pub(crate) fn unused(mapping: &Mapping, keys: &[&str], reason: &str, scope: &mut Scope<'_>) {
    for entry in keys.iter().filter_map(|key| mapping.entry(key)) {
        scope.diagnostics.unused_setting(&entry.key, reason);
    }
}

/// Keys of something that is switched off by `enabled: false` beside them.
pub(crate) fn unused_when_disabled(section: Option<&Mapping>, keys: &[&str], scope: &mut Scope<'_>) {
    let is_disabled = |section: &&Mapping| {
        let enabled = section.get("enabled");
        enabled.is_some_and(|value| value.value.as_boolean() == Some(false))
    };
    if let Some(section) = section.filter(is_disabled) {
        unused(section, keys, "`enabled` is false", scope);
    }
}

fn alternatives(keys: &[&str]) -> String {
    let quoted: Vec<String> = keys.iter().map(|key| format!("`{key}`")).collect();
    match quoted.split_last() {
        Some((last, rest)) if !rest.is_empty() => format!("{} or {last}", rest.join(", ")),
        Some((last, _)) => last.clone(),
        None => String::new(),
    }
}
