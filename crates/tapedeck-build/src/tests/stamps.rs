//! When something counts as unchanged.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::{Duration, SystemTime};

use fs_err as fs;

use crate::path::{normalized, relative_to};
use crate::stamp::{Input, Observations};

fn look(path: &Path, used_since: SystemTime) -> Input {
    Observations::since(used_since, BTreeMap::new())
        .observe(path)
        .unwrap()
        .clone()
}

/// A moment after every write so far, by any clock of the kernel.
fn later() -> SystemTime {
    SystemTime::now() + Duration::from_secs(3600)
}

#[test]
fn a_touched_file_is_unchanged_and_a_changed_one_is_not() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("file");
    fs::write(&path, "one").unwrap();
    let input = look(&path, later());
    assert!(input.is_unchanged(&path).unwrap());
    fs::remove_file(&path).unwrap();
    assert!(!input.is_unchanged(&path).unwrap());
    fs::write(&path, "one").unwrap();
    assert!(
        input.is_unchanged(&path).unwrap(),
        "another file with equal contents"
    );
    fs::write(&path, "two").unwrap();
    assert!(!input.is_unchanged(&path).unwrap());
}

#[test]
fn a_folder_is_its_names() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("a"), "one").unwrap();
    let input = look(folder.path(), later());
    fs::write(folder.path().join("temporary"), "").unwrap();
    fs::rename(folder.path().join("temporary"), folder.path().join("a")).unwrap();
    assert!(input.is_unchanged(folder.path()).unwrap(), "as an editor saves");
    fs::write(folder.path().join("b"), "").unwrap();
    assert!(!input.is_unchanged(folder.path()).unwrap());
}

#[test]
fn what_changed_while_it_was_used_is_never_unchanged() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("file");
    let used = SystemTime::now();
    fs::write(&path, "after the use").unwrap();
    assert!(!look(&path, used).is_unchanged(&path).unwrap());
}

#[test]
fn absence_is_remembered_too() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("file");
    let input = look(&path, later());
    assert!(input.is_unchanged(&path).unwrap());
    fs::write(&path, "").unwrap();
    assert!(!input.is_unchanged(&path).unwrap());
}

#[test]
fn paths_are_normalized_and_related() {
    assert_eq!(normalized(Path::new("/a/./b/../c")), Path::new("/a/c"));
    assert_eq!(relative_to(Path::new("/a/b/c.ts"), Path::new("/a")), "b/c.ts");
    assert_eq!(
        relative_to(Path::new("/a/lib/c.ts"), Path::new("/a/app")),
        "../lib/c.ts"
    );
}
