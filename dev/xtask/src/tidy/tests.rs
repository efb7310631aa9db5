//! The rules on small samples, and on the repository itself.

use std::path::PathBuf;

use expect_test::{Expect, expect};

use crate::finding::Finding;
use crate::tidy::crates::{self, Crate};
use crate::tidy::{prose, source, text};
use crate::tree::{self, File, Tree};

#[test]
fn the_repository_is_tidy() {
    let found = super::check(&Tree::read(&tree::root()).unwrap()).unwrap();
    assert!(found.is_empty(), "`cargo xtask tidy` says:\n{}", shown(&found));
}

#[test]
fn a_rust_file_has_a_header_and_an_end() {
    rust("crates/a/src/lib.rs", "//! Says what it is.\n", expect![[""]]);
    rust(
        "crates/a/src/lib.rs",
        "/// Not a header.\nfn f() {}\n",
        expect![[r#"
            crates/a/src/lib.rs:1: header: the file says nothing about itself
              help: begin with a line `//!` that says what lives here and what does not
        "#]],
    );
    let long = "fn f() {}\n".repeat(500);
    rust(
        "a.rs",
        &format!("//! A table.\n{long}"),
        expect![[r#"
            a.rs:501: length: 501 lines, more than 500
              help: split it by topic, or say `Long because …` in its header
        "#]],
    );
    rust(
        "a.rs",
        &format!("//! A table.\n//! Long because it is one table.\n{long}"),
        expect![[""]],
    );
}

#[test]
fn unfinished_and_silenced_code_is_found() {
    rust(
        "crates/a/src/lib.rs",
        "//! Sample.\n#![allow(dead_code)]\nfn f() { todo!() }\nfn g() { dbg!(1); }\n#[allow(unused)]\nfn h() \
         { unimplemented!() }\n#[test]\n#[ignore = \"slow\"]\nfn i() {}\nfn j() { unsafe {} }\n",
        expect![[r##"
            crates/a/src/lib.rs:2: banned: a silenced lint: #![allow
              help: use #![expect(…, reason = "…")]
            crates/a/src/lib.rs:3: banned: unfinished code: todo!
              help: finish it, or refuse the case with an error
            crates/a/src/lib.rs:4: banned: a print for debugging: dbg!
              help: take it out
            crates/a/src/lib.rs:5: banned: a silenced lint: #[allow
              help: use #[expect(…, reason = "…")]
            crates/a/src/lib.rs:6: banned: unfinished code: unimplemented!
              help: finish it, or refuse the case with an error
            crates/a/src/lib.rs:8: banned: a test that does not run: #[ignore
              help: make it run, or let it say loudly why it is skipped
            crates/a/src/lib.rs:10: unsafe: unsafe code outside of tapedeck-runtime
              help: use a safe function of rustix, or put it there behind a safe one of ours
        "##]],
    );
}

#[test]
fn words_in_comments_and_literals_are_no_code() {
    rust(
        "a.rs",
        "//! todo!() and unsafe.\n/// dbg!(x)\nconst A: &str = \"todo!() unsafe struct AManager\";\n// #[ignore]\n\
         const B: char = '\"'; /* unsafe */\n",
        expect![[""]],
    );
    rust(
        "crates/tapedeck-runtime/src/fork.rs",
        "//! Forks.\nfn f() { unsafe {} }\n",
        expect![[""]],
    );
}

#[test]
fn a_program_without_crates_may_do_what_needs_them() {
    let direct = "//! Probe.\nfn f() { unsafe { std::fs::read(\"a\"); } }\n";
    rust("benches/probe.rs", direct, expect![[""]]);
}

#[test]
fn tests_are_in_files_of_their_own() {
    rust("a.rs", "//! Sample.\n#[cfg(test)]\nmod tests;\n", expect![[""]]);
    rust(
        "a.rs",
        "//! Sample.\n#[cfg(test)]\nmod tests {}\n",
        expect![[r#"
            a.rs:2: inline-tests: tests in the file that they test
              help: write `mod tests;` and put them into a sibling tests.rs
        "#]],
    );
}

#[test]
fn types_are_named_after_what_they_are() {
    rust(
        "a.rs",
        "//! Sample.\nstruct TaskManager;\nenum PackageManager {}\ntrait Handler {}\nfn handler() {}\n",
        expect![[r#"
            a.rs:2: empty-name: the name `TaskManager` does not say what the type is
              help: name it after what it is or holds; free functions need no type
            a.rs:4: empty-name: the name `Handler` does not say what the type is
              help: name it after what it is or holds; free functions need no type
        "#]],
    );
}

#[test]
fn files_are_opened_by_fs_err() {
    let direct = "//! Sample.\nuse std::fs::File;\nuse std::fs::Permissions;\nfn f() { std::fs::read(\"a\"); }\nfn g() { \
                  File::open(\"a\"); }\nfn h() { std::fs::File::create(\"a\"); }\nfn i(file: &std::fs::File) {}\nuse \
                  std::fs;\n";
    rust(
        "crates/a/src/lib.rs",
        direct,
        expect![[r#"
            crates/a/src/lib.rs:4: file-access: std::fs used directly
              help: use fs_err, whose errors name the path; exceptions are listed in dev/xtask/src/tidy/source.rs
            crates/a/src/lib.rs:5: file-access: std::fs used directly
              help: use fs_err, whose errors name the path; exceptions are listed in dev/xtask/src/tidy/source.rs
            crates/a/src/lib.rs:6: file-access: std::fs used directly
              help: use fs_err, whose errors name the path; exceptions are listed in dev/xtask/src/tidy/source.rs
            crates/a/src/lib.rs:8: file-access: std::fs used directly
              help: use fs_err, whose errors name the path; exceptions are listed in dev/xtask/src/tidy/source.rs
        "#]],
    );
    rust("crates/a/tests/main.rs", direct, expect![[""]]);
    rust(
        "a.rs",
        "//! Sample.\nuse fs_err::File;\nfn f() { fs_err::File::open(\"a\"); File::open(\"b\"); }\n",
        expect![[""]],
    );
}

#[test]
fn white_space_is_where_it_belongs() {
    let check = |path: &str, content: &str, expected: Expect| {
        expected.assert_eq(&shown(&text::check(&file(path, content))));
    };
    check("a.md", "good\n", expect![[""]]);
    check("a.go", "func f() {\n\treturn\n}\n", expect![[""]]);
    check("empty.txt", "", expect![[""]]);
    check(
        "a.rs",
        "one \n\ttwo\nthree",
        expect![[r#"
            a.rs:1: white-space: white space at the end of the line
              help: take it out
            a.rs:2: white-space: a tab
              help: use spaces
            a.rs:3: white-space: the last line has no end
              help: add one
        "#]],
    );
}

#[test]
fn paths_of_one_machine_are_found() {
    let found = |line: &str| -> Vec<String> {
        let found = text::check(&file("a.md", &format!("{line}\n")));
        found.into_iter().map(|finding| finding.message).collect()
    };
    // Put together here, because this file is checked too.
    let path = |words: &[&str]| format!("/{}", words.join("/"));
    for own in [
        path(&["home", "ann", "code"]),
        path(&["root", "x"]),
        path(&["work", "main"]),
    ] {
        assert_eq!(found(&format!("see {own}/x")).len(), 1, "{own}");
        assert_eq!(found(&format!("cd \"{own}/x\"")).len(), 1, "{own}");
        assert!(
            found(&format!("see .{own}/x")).is_empty(),
            "a relative path: .{own}"
        );
        assert!(
            found(&format!("see a{own}/x")).is_empty(),
            "a relative path: a{own}"
        );
    }
    for fine in [
        "worker:x:1000:1000::/home/worker:/bin/sh",
        "/var/lib/tapedeck",
        "/root",
        "framework/tool/a",
    ] {
        assert!(found(fine).is_empty(), "{fine}");
    }
}

#[test]
fn paths_in_pages_exist() {
    let check = |path: &str, content: &str, expected: Expect| {
        expected.assert_eq(&shown(&prose::check(&file(path, content), &tree::root())));
    };
    check(
        "README.md",
        "See `crates/tapedeck` and `dev/xtask/src/main.rs`, `crates/<name>`, `cat crates/none`.\n",
        expect![[""]],
    );
    check("crates/a/specs/a.md", "`crates/none`\n", expect![[""]]);
    check(
        "docs/a.md",
        "Fine.\nSee `crates/none`.\n",
        expect![[r#"
            docs/a.md:2: named-path: `crates/none` does not exist
              help: name what took its place, or name a type instead of a file
        "#]],
    );
}

#[test]
fn arrows_between_crates_point_down() {
    let manifest =
        "[package]\nname = \"a\"\n\n[lints]\nworkspace = true\n\n[dependencies]\ntokio.workspace = true\n";
    let check = |folder: &str, name: &str, dependencies: &[&str], expected: Expect| {
        let one = Crate {
            name: name.to_string(),
            folder: folder.to_string(),
            dependencies: dependencies.iter().map(ToString::to_string).collect(),
        };
        let sim = Crate {
            name: "tapedeck-sim".to_string(),
            folder: "dev/tapedeck-sim".to_string(),
            dependencies: Vec::new(),
        };
        let tree = Tree {
            root: PathBuf::new(),
            files: [folder, "dev/tapedeck-sim"]
                .map(|folder| file(&format!("{folder}/Cargo.toml"), manifest))
                .into(),
        };
        expected.assert_eq(&shown(&crates::check(&tree, &[one, sim])));
    };
    check(
        "crates/tapedeck-engine",
        "tapedeck-engine",
        &["tokio", "tapedeck-runtime", "tapedeck-model"],
        expect![[""]],
    );
    check(
        "dev/xtask",
        "xtask",
        &["tokio", "tapedeck-config", "tapedeck-sim"],
        expect![[""]],
    );
    check(
        "crates/tapedeck-api",
        "tapedeck-api",
        &["tapedeck-engine", "tapedeck-sim"],
        expect![[r#"
            crates/tapedeck-api/Cargo.toml:1: crate-edge: tapedeck-api depends on tapedeck-sim, which is for tests and chores
              help: make it a dev-dependency
            crates/tapedeck-api/Cargo.toml:1: crate-edge: tapedeck-api depends on tapedeck-engine, which is above it
              help: move what both need into a crate below; the upper one may declare a trait, the binary joins them
        "#]],
    );
    check(
        "crates/tapedeck-plan",
        "tapedeck-plan",
        &["tokio", "serde"],
        expect![[r#"
            crates/tapedeck-plan/Cargo.toml:8: pure-crate: tapedeck-plan, which must not do I/O, depends on tokio
              help: pass what it gives as an argument; or, if it touches nothing, add it to PURE_LIBRARIES in dev/xtask/src/tidy/crates.rs
        "#]],
    );
    check(
        "crates/extra",
        "tapedeck-extra",
        &[],
        expect![[r#"
            crates/extra/Cargo.toml:2: crate-name: the crate tapedeck-extra is in a folder named extra
              help: give both the same name
            crates/extra/Cargo.toml:2: crate-order: the crate tapedeck-extra has no place in the order of crates
              help: add it to ORDER in dev/xtask/src/tidy/crates.rs, above all that it uses
        "#]],
    );
}

#[test]
fn every_crate_has_the_lints_of_the_workspace() {
    let root = "[workspace.lints.rust]\nunsafe_code = \"deny\"\nmissing_docs = \"warn\"\n\n[profile.dev]\nopt-level = 1\n";
    let check = |name: &str, manifest: &str, expected: Expect| {
        let folder = format!("crates/{name}");
        let one = Crate {
            name: name.to_string(),
            folder: folder.clone(),
            dependencies: Vec::new(),
        };
        let files = vec![
            file("Cargo.toml", root),
            file(&format!("{folder}/Cargo.toml"), manifest),
        ];
        expected.assert_eq(&shown(&crates::check(
            &Tree {
                root: PathBuf::new(),
                files,
            },
            &[one],
        )));
    };
    check("tapedeck-api", "[lints]\nworkspace = true\n", expect![[""]]);
    check(
        "tapedeck-api",
        "[package]\n",
        expect![[r#"
            crates/tapedeck-api/Cargo.toml:1: lints: tapedeck-api does not have the lints of the workspace
              help: add a section [lints] with workspace = true
        "#]],
    );
    check(
        "tapedeck-runtime",
        "[lints.rust]\nmissing_docs = \"warn\"\n",
        expect![[""]],
    );
    check(
        "tapedeck-runtime",
        "[package]\n\n[lints.rust]\n",
        expect![[r#"
            crates/tapedeck-runtime/Cargo.toml:3: lints: tapedeck-runtime lacks a lint of the workspace: missing_docs = "warn"
              help: copy the line from the Cargo.toml at the root
        "#]],
    );
}

fn rust(path: &str, content: &str, expected: Expect) {
    expected.assert_eq(&shown(&source::check(&file(path, content))));
}

fn file(path: &str, text: &str) -> File {
    File {
        path: path.to_string(),
        text: text.to_string(),
    }
}

fn shown(found: &[Finding]) -> String {
    found.iter().map(|finding| format!("{finding}\n")).collect()
}
