//! Which rows are proved.

use std::path::PathBuf;

use super::*;
use crate::tree::File;

fn tree(files: &[(&str, &str)]) -> Tree {
    let file = |(path, text): &(&str, &str)| File {
        path: (*path).to_owned(),
        text: (*text).to_owned(),
    };
    Tree {
        root: PathBuf::new(),
        files: files.iter().map(file).collect(),
    }
}

#[test]
fn names_say_which_rows_they_prove() {
    let rows = |name, separator| rows_of(name, separator).collect::<Vec<u8>>();
    assert_eq!(rows("t02_a_killed_task_is_replaced", '_'), [2]);
    assert_eq!(rows("t29_t30_a_rollout_never_dips", '_'), [29, 30]);
    assert_eq!(rows("t31-bad-image-of-one", '-'), [31]);
    assert_eq!(rows("tasks_outlive", '_'), Vec::<u8>::new());
    assert_eq!(rows("twenty_t60", '_'), Vec::<u8>::new());
}

#[test]
fn a_row_is_proved_by_a_test_a_scenario_or_an_explanation() {
    let tree = tree(&[
        ("crates/a/src/tests.rs", "#[test]\nfn t02_t03_a_name() {}\n"),
        ("dev/sim/scenarios/t31-bad.txt", ""),
        (
            "docs/deviations.md",
            "| the image counts (T07) | there | here |\n",
        ),
    ]);
    assert_eq!(proofs(&tree).keys().copied().collect::<Vec<_>>(), [2, 3, 31]);
    let told: Vec<String> = check(&tree).into_iter().map(|finding| finding.message).collect();
    for row in ["T02", "T03", "T07", "T31"] {
        assert!(
            !told.iter().any(|message| message.contains(row)),
            "{row}: {told:?}"
        );
    }
    assert!(told.iter().any(|message| message.contains("T01")));
    let page = page(&tree);
    assert!(page.contains("| `t02_t03_a_name` |"), "{page}");
    assert!(page.contains("none yet"), "{page}");
}

#[test]
fn no_number_is_made_up() {
    let tree = tree(&[("crates/a/src/tests.rs", "fn t99_a_name() {}\n")]);
    let told: Vec<String> = check(&tree).into_iter().map(|finding| finding.message).collect();
    assert!(told.iter().any(|message| message.contains("T99")));
}
