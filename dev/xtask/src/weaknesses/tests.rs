//! Which weak spots are answered.

use std::path::PathBuf;

use super::*;
use crate::tree::File;

fn told(rows: &str, source: &str) -> String {
    let file = |path: &str, text: &str| File {
        path: path.to_owned(),
        text: text.to_owned(),
    };
    let tree = Tree {
        root: PathBuf::new(),
        files: vec![file(PAGE, rows), file("crates/a/src/tests.rs", source)],
    };
    let found = check(&tree).into_iter().map(|finding| finding.message);
    let relevant = found.filter(|message| !message.ends_with("has 0 rows"));
    relevant.collect::<Vec<_>>().join("\n")
}

#[test]
fn a_row_that_is_done_names_a_test_that_is_there() {
    let test = "#[test]\nfn w01_it_is_so() {}\n";
    assert_eq!(
        told(
            "| W01 | an image | done: it is looked up | `w01_it_is_so` |\n",
            test
        ),
        ""
    );
    assert_eq!(
        told("| W01 | an image | done: it is looked up | |\n", ""),
        "W01 is done, and names no test"
    );
    assert_eq!(
        told(
            "| W01 | an image | done: it is looked up | `w01_it_is_so` |\n",
            ""
        ),
        "there is no test `w01_it_is_so`"
    );
    assert_eq!(told("", test), "no row names `w01_it_is_so`");
}

#[test]
fn a_row_that_is_kept_says_why() {
    assert_eq!(
        told(
            "| W14 | open ports | kept: people connect from their desks | |\n",
            ""
        ),
        ""
    );
    assert_eq!(
        told("| W14 | open ports | kept | |\n", ""),
        "W14 is not answered: `kept`"
    );
    assert_eq!(
        told("| W14 | open ports | we shall see about that | |\n", ""),
        "W14 is not answered: `we shall see about that`"
    );
}

#[test]
fn each_has_one_row() {
    let row = "| W14 | open ports | kept: people connect from their desks | |\n";
    assert_eq!(told(&row.repeat(2), ""), "W14 has 2 rows");
}
