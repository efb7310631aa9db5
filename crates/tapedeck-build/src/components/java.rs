//! Packages of Java: jars, which mostly carry a note of Maven's about what was built into them.

use std::borrow::Cow;
use std::io::Read;
use std::path::Path;

use fs_err as fs;
use tapedeck_image::Component;
use zip::ZipArchive;

/// Longer notes are none of Maven's.
const LONGEST_NOTE: u64 = 1 << 16;

/// Every artifact that the notes in a jar tell of; else the one that its name tells of.
pub(super) fn of_jar(path: &Path) -> Vec<Component> {
    let mut found = noted(path).unwrap_or_default();
    if found.is_empty() {
        found.extend(named(path));
    }
    found
}

fn noted(path: &Path) -> Option<Vec<Component>> {
    let mut archive = ZipArchive::new(fs::File::open(path).ok()?).ok()?;
    let is_note = |name: &str| name.starts_with("META-INF/maven/") && name.ends_with("/pom.properties");
    let notes: Vec<String> = archive
        .file_names()
        .filter_map(Result::ok)
        .filter(|name| is_note(name))
        .map(Cow::into_owned)
        .collect();
    let mut read = |name: &String| {
        let mut text = String::new();
        let note = archive.by_name(name).ok()?;
        note.take(LONGEST_NOTE).read_to_string(&mut text).ok()?;
        of_note(&text)
    };
    Some(notes.iter().filter_map(&mut read).collect())
}

/// What a `pom.properties` says.
fn of_note(text: &str) -> Option<Component> {
    let value = |key: &str| {
        text.lines()
            .find_map(|line| line.strip_prefix(key)?.strip_prefix('='))
            .map(str::trim)
    };
    let name = format!("{}/{}", value("groupId")?, value("artifactId")?);
    Some(Component::new("maven", &name, value("version")?))
}

/// `guava-33.1.jar` is version 33.1 of `guava`, of a group that is not known.
fn named(path: &Path) -> Option<Component> {
    let name = path.file_stem()?.to_string_lossy();
    let is_version = |(at, _): &(usize, _)| name[at + 1..].starts_with(|first: char| first.is_ascii_digit());
    let (at, _) = name.match_indices('-').find(is_version)?;
    Some(Component::new("maven", &name[..at], &name[at + 1..]))
}
