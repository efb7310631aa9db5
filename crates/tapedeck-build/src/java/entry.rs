//! The name of the class in an entry file: a function of its path and its text.

use std::path::Path;

/// The name of the main class, such as `com.acme.Worker`: what the `package` line says, and the name of the file.
pub(crate) fn main_class(entry: &Path, text: &str) -> String {
    let name = entry.file_stem().unwrap_or_default().to_string_lossy();
    match package(text) {
        Some(package) => format!("{package}.{name}"),
        None => name.into_owned(),
    }
}

/// The package that a source file says it belongs to. Only comments and annotations may stand before that.
pub(crate) fn package(text: &str) -> Option<String> {
    let bare = without_comments(text);
    let mut rest = bare.trim_start();
    while rest.starts_with('@') && !rest.starts_with("@interface") {
        let end = rest.find(['\n', ' '])?;
        rest = rest[end..].trim_start();
    }
    let after = rest.strip_prefix("package")?;
    let named = after.strip_prefix(char::is_whitespace)?;
    let (name, _) = named.split_once(';')?;
    Some(name.split_whitespace().collect())
}

fn without_comments(text: &str) -> String {
    let mut bare = String::new();
    let mut rest = text.trim_start_matches('\u{feff}');
    // Nothing beyond the package line is of interest, and it holds no strings.
    while let Some(at) = rest.find('/') {
        bare.push_str(&rest[..at]);
        rest = &rest[at..];
        if let Some(comment) = rest.strip_prefix("/*") {
            rest = comment.split_once("*/").map_or("", |(_, after)| after);
            bare.push(' ');
        } else if let Some(comment) = rest.strip_prefix("//") {
            rest = comment.find('\n').map_or("", |end| &comment[end..]);
        } else {
            bare.push('/');
            rest = &rest[1..];
        }
    }
    bare.push_str(rest);
    bare
}
