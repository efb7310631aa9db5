//! Telling a directive call from a text.

/// The name of the directive that a text calls, if it calls one.
///
/// A call is a whole text of the form `$Name(…)`, perhaps with a path after it: `$Var().database.host`. In
/// `prefix-$Stage()` and `$Stage()-suffix` nothing is called.
pub(super) fn name(text: &str) -> Option<&str> {
    let (name, rest) = text.strip_prefix('$')?.split_once('(')?;
    let (_, path) = rest.rsplit_once(')')?;
    let is_word = !name.is_empty()
        && name
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    (is_word && (path.is_empty() || path.starts_with('.'))).then_some(name)
}
