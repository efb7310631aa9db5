//! Which Python a project wants.

use crate::python::pure::{Wanted, Wish, tool_version, version_file};

/// The lines from 3.8 to 3.14 that a text allows.
fn allowed(text: &str) -> Vec<u16> {
    let wanted = Wanted::parse(text).unwrap_or_else(|| panic!("`{text}` is a version"));
    (8..=14).filter(|&minor| wanted.allows((3, minor))).collect()
}

#[test]
fn versions_and_ranges_in_every_notation() {
    for (text, expected) in [
        ("3.12", vec![12]),
        ("3.12.4", vec![12]),
        ("3.10", vec![10]),
        ("3.13.0rc1", vec![13]),
        ("cpython-3.12.1", vec![12]),
        ("3.11.*", vec![11]),
        ("3", vec![8, 9, 10, 11, 12, 13, 14]),
        (">=3.12", vec![12, 13, 14]),
        (">=3.9.2, <3.12", vec![9, 10, 11]),
        (">3.12", vec![12, 13, 14]),
        ("<3.10.1", vec![8, 9, 10]),
        ("<=3.9", vec![8, 9]),
        ("<4", vec![8, 9, 10, 11, 12, 13, 14]),
        ("==3.11.*", vec![11]),
        ("==3.11.4", vec![11]),
        (">=3.10,!=3.12.*", vec![10, 11, 13, 14]),
        (">=3.10,!=3.12.1", vec![10, 11, 12, 13, 14]),
        ("~=3.12", vec![12, 13, 14]),
        ("~=3.12.1", vec![12]),
        ("^3.11", vec![11, 12, 13, 14]),
        ("~3.11", vec![11]),
        ("~3", vec![8, 9, 10, 11, 12, 13, 14]),
        ("^3.13 || 3.9.*", vec![9, 13, 14]),
        ("*", vec![8, 9, 10, 11, 12, 13, 14]),
        ("2.7", vec![]),
    ] {
        assert_eq!(allowed(text), expected, "{text}");
    }
}

#[test]
fn what_is_no_version_is_refused_with_its_place() {
    for text in ["pypy3.10", "my-env", "", ">=", "3.x y", "3.13t", ">= three"] {
        assert_eq!(Wanted::parse(text), None, "{text}");
    }
    let error = Wish::parse("my-env", ".python-version").unwrap_err();
    assert_eq!(
        error.to_string(),
        "cannot use `my-env`, which .python-version gives as the version of Python: write a version such as 3.12 or a \
         range such as >=3.11, or set languageSpecificConfig.pythonVersion"
    );
}

#[test]
fn version_files_are_read_as_their_tools_read_them() {
    assert_eq!(version_file("# ours\n\n 3.12\n3.11\n"), Some("3.12"));
    assert_eq!(version_file("\n"), None);
    assert_eq!(tool_version("nodejs 22\npython 3.12.4 3.11.1\n"), Some("3.12.4"));
    assert_eq!(tool_version("pythonic 1\n"), None);
}

#[test]
fn the_oldest_line_of_a_range_is_what_is_asked_for_last() {
    let oldest = |text| Wanted::parse(text).unwrap().oldest();
    assert_eq!(oldest(">=3.13"), Some((3, 13)));
    assert_eq!(oldest("^3.12,!=3.12.*"), Some((3, 13)));
    assert_eq!(oldest(">=4"), None);
}
