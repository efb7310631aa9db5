//! Directives: what a call looks like, and which ones there are. What they give is the matter of `expand`.

mod builtin;
mod syntax;

pub use builtin::{BUILTINS, Builtin, Parameter, Phase, builtin};
pub(crate) use syntax::{Argument, Call, Reading, Segment, called_within, read};

/// Extensions of files with functions in JavaScript, TypeScript and Python.
pub const CODE_EXTENSIONS: [&str; 9] = ["js", "mjs", "cjs", "ts", "mts", "cts", "jsx", "tsx", "py"];

/// A path and, after a colon, the function of it that is meant.
pub(crate) fn with_handler(path: &str) -> (&str, Option<&str>) {
    match path.rsplit_once(':') {
        Some((path, handler)) if !path.is_empty() && !handler.contains('/') => (path, Some(handler)),
        _ => (path, None),
    }
}

/// The extension of a path, without the dot; empty when it has none.
pub(crate) fn extension(path: &str) -> &str {
    let name = path.rsplit('/').next().unwrap_or_default();
    name.rsplit_once('.').map_or("", |(_, extension)| extension)
}
