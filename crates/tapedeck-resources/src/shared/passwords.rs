//! Passwords that stand in the file: they are warned of, and held against the rule of the service.

use tapedeck_config::Scope;
use tapedeck_config::parse::Mapping;

/// Tells that a text stands in the file that does not belong there, if it does.
pub(crate) fn plaintext(mapping: &Mapping, key: &str, scope: &mut Scope<'_>) {
    if let Some(written) = mapping
        .spanned_text(key)
        .filter(|written| !written.value.is_empty())
    {
        scope
            .diagnostics
            .plaintext_secret(written.span, &format!("`{key}`"));
    }
}

/// Holds a password that stands in the file against a rule.
pub(crate) fn rule(
    mapping: &Mapping,
    key: &str,
    holds: impl Fn(&str) -> bool,
    advice: &str,
    scope: &mut Scope<'_>,
) {
    if let Some(written) = mapping
        .spanned_text(key)
        .filter(|written| !written.value.is_empty())
        && !holds(&written.value)
    {
        scope
            .diagnostics
            .invalid_password(written.span, &format!("`{key}`"), advice);
    }
}

/// Whether a text is made of printable characters of ASCII without some.
pub(crate) fn is_printable_without(text: &str, refused: &[char]) -> bool {
    text.chars()
        .all(|letter| (' '..='~').contains(&letter) && !refused.contains(&letter))
}
