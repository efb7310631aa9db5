//! Programs in Go, made by the real compiler.

use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::process::Command;

use fs_err as fs;
use tapedeck_build::{BuildError, GoError, LayerName, Outcome, find_executable};
use tapedeck_image::Platform;
use tapedeck_model::{GoConfig, LanguageConfig};

use crate::project::{Project, components, find, image, no_programs, rebuilt, store};

const MODULE: (&str, &str) = ("go.mod", "module example.com/shop/v2\n\ngo 1.21\n");
const MAIN: (&str, &str) = (
    "cmd/w/main.go",
    "package main\n\nimport (\n\t\"fmt\"\n\n\t\"example.com/shop/v2/lib\"\n)\n\nfunc main() { fmt.Println(lib.Name(), other()) }\n",
);
const OTHER: (&str, &str) = (
    "cmd/w/other.go",
    "package main\n\nimport _ \"embed\"\n\n//go:embed text.txt\nvar text string\n\nfunc other() string { return text }\n",
);
const LIBRARY: (&str, &str) = (
    "lib/lib.go",
    "package lib\n\nfunc Name() string { return \"lib\" }\n",
);
const TEXT: (&str, &str) = ("cmd/w/text.txt", "embedded");

/// Whether this machine has Go. Says so loudly when it has none.
#[expect(clippy::print_stderr, reason = "a skip has to be seen")]
pub(crate) fn has_go() -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let is_there = find_executable("go", &path).is_some();
    if !is_there {
        eprintln!("SKIPPED: this machine has no `go`");
    }
    is_there
}

/// A module with a program of two files and an embedded one. None on a machine without Go.
fn shop(changed: &[(&str, &str)]) -> Option<Project> {
    if !has_go() {
        return None;
    }
    let mut files = vec![MODULE, MAIN, OTHER, LIBRARY, TEXT];
    files.retain(|(path, _)| changed.iter().all(|(other, _)| other != path));
    files.extend(changed);
    let mut project = Project::with(&files);
    project.packaging.entryfile_path = "cmd/w/main.go".to_owned();
    project.packaging.language = LanguageConfig::Go(GoConfig::default());
    Some(project)
}

/// What the program of an image prints.
fn printed(program: &Path) -> String {
    let output = Command::new(program).output().unwrap();
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn a_program_is_one_layer_and_needs_no_rights() {
    let Some(mut project) = shop(&[]) else { return };
    let built = project.build().unwrap();
    assert_eq!(rebuilt(&built), [LayerName::Application]);
    let runtime = built.runtime.clone().unwrap();
    assert_eq!(
        (runtime.name.as_str(), runtime.asked_by.as_str()),
        ("go", "go.mod")
    );
    let own: Vec<PathBuf> = ["cmd/w/main.go", "cmd/w/other.go", "cmd/w/text.txt", "lib/lib.go"]
        .map(|file| project.path(file))
        .to_vec();
    assert_eq!(built.source_files, own);
    let image = image(&built);
    assert_eq!(image.config.entrypoint, ["/usr/bin/tini", "--", "/app/w"]);
    assert_eq!(image.config.user, "65532:65532");
    let program = find(&image, "app/w").unwrap();
    assert_eq!(printed(&program), "lib embedded\n");
    let facts = fs::metadata(&program).unwrap();
    assert_eq!(facts.permissions().mode() & 0o777, 0o755);
    if rustix::process::geteuid().is_root() {
        assert_eq!((facts.uid(), facts.gid()), (65_532, 65_532));
    }
}

#[test]
fn equal_source_gives_an_equal_image_wherever_it_lies() {
    let (Some(mut one), Some(mut other)) = (shop(&[]), shop(&[])) else {
        return;
    };
    let first = one.build().unwrap();
    other.no_cache = true;
    assert_eq!(other.build().unwrap().image, first.image);
}

#[test]
fn an_unchanged_module_is_recognised_without_any_program() {
    let Some(mut project) = shop(&[]) else { return };
    let first = project.build().unwrap();
    project.search_path = no_programs();
    let again = project.build().unwrap();
    assert_eq!(
        (&again.image, &again.outcome),
        (&first.image, &Outcome::Unchanged)
    );
    assert_eq!((&again.runtime, again.size), (&first.runtime, first.size));
    assert_eq!(project.told.0, [""; 0]);
}

/// The second build lists again, because the project was written just before the first; then an edit only compiles.
#[test]
fn an_edit_that_brings_in_a_package_is_noticed_after_edits_that_do_not() {
    let Some(mut project) = shop(&[(
        "more/more.go",
        "package more\n\nfunc More() string { return \"more\" }\n",
    )]) else {
        return;
    };
    for word in ["one", "two", "three"] {
        project.write(
            "lib/lib.go",
            &format!("package lib\n\nfunc Name() string {{ return \"{word}\" }}\n"),
        );
        let built = project.build().unwrap();
        let program = find(&image(&built), "app/w").unwrap();
        assert_eq!(printed(&program), format!("{word} embedded\n"));
        assert!(!built.source_files.contains(&project.path("more/more.go")));
    }
    project.write(
        "lib/lib.go",
        "package lib\n\nimport \"example.com/shop/v2/more\"\n\nfunc Name() string { return more.More() }\n",
    );
    let built = project.build().unwrap();
    assert!(built.source_files.contains(&project.path("more/more.go")));
    project.write(
        "more/more.go",
        "package more\n\nfunc More() string { return \"most\" }\n",
    );
    let built = project.build().unwrap();
    let program = find(&image(&built), "app/w").unwrap();
    assert_eq!(printed(&program), "most embedded\n");
}

#[test]
fn a_changed_embedded_file_is_noticed() {
    let Some(mut project) = shop(&[]) else { return };
    project.build().unwrap();
    project.write("cmd/w/text.txt", "changed");
    let built = project.build().unwrap();
    let Outcome::Rebuilt { layers } = &built.outcome else {
        panic!("{:?}", built.outcome);
    };
    let said: Vec<String> = layers.iter().map(ToString::to_string).collect();
    assert_eq!(said, ["application: checksum changed because cmd/w/text.txt"]);
    assert_eq!(printed(&find(&image(&built), "app/w").unwrap()), "lib changed\n");
}

#[test]
fn a_new_file_deep_in_an_embedded_folder_is_noticed() {
    let embedding = "package main\n\nimport \"embed\"\n\n//go:embed files\nvar files embed.FS\n\nfunc other() int {\n\
                     \tlist, _ := files.ReadDir(\"files/deep\")\n\treturn len(list)\n}\n";
    let Some(mut project) = shop(&[("cmd/w/other.go", embedding), ("cmd/w/files/deep/a.txt", "")]) else {
        return;
    };
    assert_eq!(
        printed(&find(&image(&project.build().unwrap()), "app/w").unwrap()),
        "lib 1\n"
    );
    project.write("cmd/w/files/deep/b.txt", "");
    assert_eq!(
        printed(&find(&image(&project.build().unwrap()), "app/w").unwrap()),
        "lib 2\n"
    );
}

#[test]
fn a_file_that_a_changed_build_line_brings_in_is_noticed() {
    let (out, within) = (
        "//go:build ignore\n\npackage lib\n",
        "package lib\n\nfunc init() { println() }\n",
    );
    let Some(mut project) = shop(&[("lib/extra.go", out)]) else {
        return;
    };
    let first = project.build().unwrap();
    project.write("lib/extra.go", within);
    assert_ne!(project.build().unwrap().image, first.image);
}

#[test]
fn a_file_that_plays_no_role_compiles_nothing() {
    let Some(mut project) = shop(&[]) else { return };
    let first = project.build().unwrap();
    project.write("docs/notes.md", "nothing");
    project.write("another/main.go", "package main\n\nfunc main() {}\n");
    let again = project.build().unwrap();
    assert_eq!((again.image, again.outcome), (first.image, Outcome::Unchanged));
}

#[test]
fn errors_have_their_places_as_seen_from_the_config() {
    let broken = "package lib\n\nfunc Name() string {\n\treturn nowhere\n}\n";
    let Some(mut project) = shop(&[("lib/lib.go", broken)]) else {
        return;
    };
    let expected = "cannot compile cmd/w/main.go: 1 error in the source\n\
                    lib/lib.go:4:9: undefined: nowhere\n    4 │ \treturn nowhere\n      ╵ \t       ^";
    assert_eq!(project.error(), expected);
    project.write("lib/lib.go", LIBRARY.1);
    project.write(
        "cmd/w/text.go",
        "package main\n\nimport _ \"example.com/nobody\"\n",
    );
    let error = project.error();
    assert!(
        error.contains("\ncmd/w/text.go:3:8: no required module provides package"),
        "{error}"
    );
    assert!(error.contains("go get example.com/nobody"), "{error}");
}

#[test]
fn what_is_no_program_is_refused() {
    let Some(mut project) = shop(&[("cmd/w/left.go", "//go:build windows\n\npackage main\n")]) else {
        return;
    };
    project.packaging.entryfile_path = "lib/lib.go".to_owned();
    let error = project.error();
    assert!(
        error.starts_with("cannot package lib/lib.go: it belongs to package lib"),
        "{error}"
    );
    project.packaging.entryfile_path = "cmd/w/left.go".to_owned();
    let error = project.error();
    assert!(
        error.starts_with("cannot package cmd/w/left.go: it is not compiled for linux/"),
        "{error}"
    );
    fs::remove_file(project.path("go.mod")).unwrap();
    let error = project.error();
    assert!(
        error.contains("there is no go.mod in ") && error.ends_with("in the folder of the project"),
        "{error}"
    );
}

#[test]
fn a_go_that_is_too_old_is_named_with_what_is_wanted() {
    let Some(mut project) = shop(&[(
        "go.mod",
        "module example.com/shop/v2\n\ngo 1.21\ntoolchain go1.999.1\n",
    )]) else {
        return;
    };
    let error = project.build().unwrap_err();
    assert!(error.is_of_surroundings());
    let text = error.to_string();
    assert!(matches!(error, BuildError::Go(GoError::TooOld { .. })), "{text}");
    assert!(
        text.ends_with(": go.mod asks for Go 1.999.1: install that or a newer one"),
        "{text}"
    );
    project.write("go.mod", MODULE.1);
    project.packaging.language = LanguageConfig::Go(GoConfig {
        go_version: Some("newest".to_owned()),
    });
    assert!(project.error().contains("is `newest`, which is no version of Go"));
}

#[test]
fn a_machine_without_go_is_told_what_to_install() {
    let Some(mut project) = shop(&[]) else { return };
    project.search_path = no_programs();
    assert_eq!(
        project.error(),
        "`go` is needed to compile Go but is not in PATH: install it, on Debian with `apt install golang-go`"
    );
}

#[test]
fn vendored_packages_and_other_modules_of_a_workspace_are_found() {
    let main = "package main\n\nimport (\n\t\"example.com/side\"\n\t\"example.com/vendored\"\n)\n\n\
                func main() { side.Say(); vendored.Say() }\n";
    let module = "module example.com/shop\n\ngo 1.21\n\nrequire (\n\texample.com/side v0.0.0\n\
                  \texample.com/vendored v1.0.0\n)\n\nreplace example.com/side => ../side\n";
    let say = |name: &str| {
        format!("package {name}\n\nimport \"fmt\"\n\nfunc Say() {{ fmt.Println(\"{name}\") }}\n")
    };
    let (side, vendored) = (say("side"), say("vendored"));
    let vendor = "# example.com/side v0.0.0 => ../side\n## explicit; go 1.21\nexample.com/side\n\
                  # example.com/vendored v1.0.0\n## explicit; go 1.21\nexample.com/vendored\n\
                  # example.com/side => ../side\n";
    let Some(mut project) = shop(&[
        ("main/go.mod", module),
        ("main/main.go", main),
        ("main/vendor/modules.txt", vendor),
        ("main/vendor/example.com/side/side.go", &side),
        ("main/vendor/example.com/vendored/vendored.go", &vendored),
    ]) else {
        return;
    };
    project.packaging.entryfile_path = "main/main.go".to_owned();
    let built = project.build().unwrap();
    assert_eq!(built.source_files, [project.path("main/main.go")]);
    let program = find(&image(&built), "app/shop").unwrap();
    assert_eq!(printed(&program), "side\nvendored\n");
    let found = components(&built);
    for purl in ["pkg:golang/example.com/vendored@v1.0.0", "pkg:golang/stdlib@"] {
        assert!(
            found.iter().any(|found| found.starts_with(purl)),
            "{purl} in {found:?}"
        );
    }
    project.write(
        "main/vendor/example.com/vendored/vendored.go",
        &vendored.replace("(\"", "(\"not "),
    );
    let program = find(&image(&project.build().unwrap()), "app/shop").unwrap();
    assert_eq!(printed(&program), "side\nnot vendored\n");

    let main = "package main\n\nimport \"example.com/shop/v2/lib\"\n\nfunc main() { println(lib.Name()) }\n";
    project.write("go.work", "go 1.21\n\nuse (\n\t.\n\t./tool\n)\n");
    project.write("tool/go.mod", "module example.com/tool\n\ngo 1.21\n");
    project.write("tool/main.go", main);
    project.packaging.entryfile_path = "tool/main.go".to_owned();
    let first = project.build().unwrap();
    assert!(first.source_files.contains(&project.path("lib/lib.go")));
    project.write(
        "lib/lib.go",
        "package lib\n\nfunc Name() string { return \"other\" }\n",
    );
    assert_ne!(project.build().unwrap().image, first.image);
}

#[test]
fn an_image_for_the_other_processor_holds_a_program_for_it() {
    let Some(mut project) = shop(&[]) else { return };
    let here = project.build().unwrap();
    project.platform = match Platform::host() {
        Platform::Amd64 => Platform::Arm64,
        Platform::Arm64 => Platform::Amd64,
    };
    let there = project.build().unwrap();
    assert_ne!(there.image, here.image);
    let program = fs::read(find(&image(&there), "app/w").unwrap()).unwrap();
    // The machine of an ELF file.
    let machine = u16::from_le_bytes([program[18], program[19]]);
    assert_eq!(
        machine,
        if project.platform == Platform::Arm64 {
            183
        } else {
            62
        }
    );
    let manifest = fs::read_to_string(store().root().join("blobs/sha256").join(there.image.hex())).unwrap();
    let config = manifest.split("\"config\":").nth(1).unwrap();
    let digest = config.split("sha256:").nth(1).unwrap().split('"').next().unwrap();
    let config = fs::read_to_string(store().root().join("blobs/sha256").join(digest)).unwrap();
    assert!(
        config.contains(&format!("\"architecture\":\"{}\"", project.platform.as_str())),
        "{config}"
    );
}
