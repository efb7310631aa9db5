//! Paths of a project as texts: relative to its folder, parts between `/`, the folder itself is the empty text.

/// A path below a folder.
pub(super) fn join(folder: &str, rest: &str) -> String {
    match (folder, rest) {
        ("", rest) => rest.to_string(),
        (folder, "") => folder.to_string(),
        (folder, rest) => format!("{folder}/{rest}"),
    }
}

/// The folder of a file.
pub(super) fn parent(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(folder, _)| folder)
}

/// The last part of a path.
pub(super) fn last(path: &str) -> &str {
    path.rsplit_once('/').map_or(path, |(_, name)| name)
}

/// The extension of a file's name, without the dot; empty when it has none.
pub(super) fn extension(path: &str) -> &str {
    match last(path).rsplit_once('.') {
        Some((stem, extension)) if !stem.is_empty() => extension,
        _ => "",
    }
}

/// How many folders a path goes through.
pub(super) fn depth(path: &str) -> usize {
    path.matches('/').count()
}

/// Whether a path is in a folder, at whatever depth.
pub(super) fn is_below(path: &str, folder: &str) -> bool {
    folder.is_empty()
        || path
            .strip_prefix(folder)
            .is_some_and(|rest| rest.starts_with('/'))
}

/// A path without `.` and `..`; none when it leads out of the folder that it starts at.
pub(super) fn without_dots(path: &str) -> Option<String> {
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop()?;
            }
            part => parts.push(part),
        }
    }
    Some(parts.join("/"))
}
