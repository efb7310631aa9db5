//! Putting the config into the project.

use std::io::ErrorKind;
use std::path::Path;

use fs_err as fs;

use super::super::write::{Existing, configs_in, write};

const NAME: &str = "stacktape.yml";

fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).unwrap();
    let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    names.collect()
}

#[test]
fn a_file_is_written_whole_and_nothing_beside_it() {
    let guard = tempfile::tempdir().unwrap();
    write(guard.path(), NAME, "resources: {}\n", Existing::Keep).unwrap();
    assert_eq!(
        fs::read_to_string(guard.path().join(NAME)).unwrap(),
        "resources: {}\n"
    );
    assert_eq!(names(guard.path()), [NAME]);
    assert_eq!(configs_in(guard.path()), [NAME]);
}

#[test]
fn what_is_there_is_kept_unless_it_may_be_replaced() {
    let guard = tempfile::tempdir().unwrap();
    let path = guard.path().join(NAME);
    fs::write(&path, "mine").unwrap();
    let error = write(guard.path(), NAME, "new", Existing::Keep).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::AlreadyExists);
    assert_eq!(fs::read_to_string(&path).unwrap(), "mine");
    assert_eq!(names(guard.path()), [NAME]);
    write(guard.path(), NAME, "new", Existing::Replace).unwrap();
    assert_eq!(fs::read_to_string(&path).unwrap(), "new");
    assert_eq!(names(guard.path()), [NAME]);
}

#[test]
fn a_link_that_leads_nowhere_is_a_config_too() {
    let guard = tempfile::tempdir().unwrap();
    std::os::unix::fs::symlink("nowhere", guard.path().join(NAME)).unwrap();
    assert_eq!(configs_in(guard.path()), [NAME]);
    let error = write(guard.path(), NAME, "new", Existing::Keep).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::AlreadyExists);
}
