//! What a Go module says, and which Go is new enough.

use std::path::Path;

use crate::go::pure::*;

#[test]
fn versions_have_the_order_of_go() {
    let ordered = [
        "1.9", "1.20", "1.21", "1.21rc2", "1.21.0", "go1.21.3", "1.22", "2.0",
    ];
    let parsed: Vec<GoVersion> = ordered.map(|text| GoVersion::parse(text).unwrap()).to_vec();
    assert!(parsed.is_sorted());
    assert_eq!(
        GoVersion::parse("go1.26.8 X:nodwarf5"),
        GoVersion::parse("1.26.8"),
        "experiments do not count"
    );
    for text in ["devel", "default", "1", "", "newest", "1.x", "1.21.x"] {
        assert_eq!(GoVersion::parse(text), None, "{text}");
    }
}

#[test]
fn a_module_file_says_who_it_is_and_which_go_it_wants() {
    let file = ModuleFile::parse(
        "// Ours.\nmodule \"example.com/shop\" // the shop\n\ngo 1.21\n\ntoolchain go1.22.1\nrequire a v1\n",
    );
    let expected = ModuleFile {
        path: "example.com/shop".to_owned(),
        go: Some("1.21".to_owned()),
        toolchain: Some("go1.22.1".to_owned()),
    };
    assert_eq!(file, expected);
    assert_eq!(ModuleFile::parse(""), ModuleFile::default());
}

#[test]
fn a_program_is_named_as_go_names_it() {
    for (module, package, name) in [
        ("example.com/shop", "", "shop"),
        ("example.com/shop/v2", "", "shop"),
        ("example.com/shop/v2", "cmd/worker", "worker"),
        ("example.com/shop", "v3", "shop"),
        ("example.com/vault", "", "vault"),
        ("v2", "", "program"),
    ] {
        assert_eq!(
            program_name(module, Path::new(package)),
            name,
            "{module} {package}"
        );
    }
}

#[test]
fn the_outline_of_a_file_changes_with_what_decides_which_files_go_in() {
    let file = "//go:build linux\n\npackage main\n\nimport (\n\t\"fmt\"\n)\n\n//go:embed a.txt\nvar text string\n\nfunc main() {}\n";
    let same = [
        ("main() {}", "main() { fmt.Println(text) }"),
        ("var text", "var\ttext"),
    ];
    for (from, to) in same {
        assert_eq!(outline(file), outline(&file.replace(from, to)), "{to}");
    }
    let other = [
        ("linux", "darwin"),
        ("\"fmt\"", "\"fmt\"\n\t\"os\""),
        ("package main", "package other"),
        ("a.txt", "b.txt"),
        ("\nfunc main", "\n//go:embed b.txt\nvar b string\n\nfunc main"),
        ("import (", "import \"C\"\nimport ("),
    ];
    for (from, to) in other {
        assert_ne!(outline(file), outline(&file.replace(from, to)), "{to}");
    }
    let hidden = "/*\nfunc\n*/\npackage main\n\nimport \"fmt\"\n";
    assert_ne!(outline(hidden), outline(&hidden.replace("fmt", "os")));
}
