//! Which files of a folder belong to an application.

use std::path::{Path, PathBuf};

use fs_err as fs;
use tapedeck_model::{Data, LanguageConfig, ResourceName, StacktapeImageBuildpack};

use crate::language::Language;
use crate::request::{Source, Subject};
use crate::tree::SourceTree;

/// The files of a folder with these files, of which `main.ts` is one.
fn found(files: &[&str], gitignore: &str, excluded: &[&str]) -> Vec<PathBuf> {
    let folder = tempfile::tempdir().unwrap();
    let root = fs::canonicalize(folder.path()).unwrap();
    fs::create_dir(root.join(".git")).unwrap();
    fs::write(root.join(".gitignore"), gitignore).unwrap();
    for file in files.iter().chain(&["main.ts"]) {
        fs::create_dir_all(root.join(file).parent().unwrap()).unwrap();
        fs::write(root.join(file), "").unwrap();
    }
    let packaging = StacktapeImageBuildpack {
        entryfile_path: "main.ts".to_owned(),
        include_files: Vec::new(),
        exclude_files: excluded.iter().map(|&glob| glob.to_owned()).collect(),
        exclude_dependencies: Vec::new(),
        custom_docker_build_commands: Vec::new(),
        language: LanguageConfig::Other {
            name: "any".to_owned(),
            settings: Data::Null,
        },
    };
    let service = ResourceName::new("worker").unwrap();
    let subject = Subject {
        service: &service,
        root: &root,
    };
    let source = Source::find(subject, &packaging).unwrap();
    SourceTree::find(&source, &root).unwrap().files
}

fn paths(texts: &[&str]) -> Vec<PathBuf> {
    texts.iter().map(PathBuf::from).collect()
}

#[test]
fn what_tools_leave_behind_is_no_source() {
    let files = [
        "__pycache__/main.pyc",
        "src/node_modules/a.js",
        ".venv/bin/python",
        "venv/pyvenv.cfg",
        "venv/lib/a.py",
        "java/pom.xml",
        "java/target/A.class",
        "stacktape.yml",
    ];
    assert_eq!(found(&files, "", &[]), paths(&["java/pom.xml", "main.ts"]));
}

#[test]
fn a_folder_is_not_left_out_for_its_name_alone() {
    let files = [
        "target/a.py",
        "build/b.py",
        "venv/c.py",
        "dist/d.py",
        "deep/stacktape.yml",
    ];
    let expected = [
        "build/b.py",
        "deep/stacktape.yml",
        "dist/d.py",
        "main.ts",
        "target/a.py",
        "venv/c.py",
    ];
    assert_eq!(found(&files, "", &[]), paths(&expected));
}

#[test]
fn git_and_exclude_files_take_away() {
    let files = [".env", "data/big.bin", "docs/a.md", "docs/deep/b.md", "a.tmp"];
    let found = found(&files, "*.tmp\n/data/\n", &["docs/**/*.md", ".env"]);
    assert_eq!(found, paths(&["main.ts"]));
}

#[test]
fn an_entry_file_may_name_an_object_only_where_the_language_has_such() {
    assert_eq!(Language::of(Path::new("a/main.ts")), Some(Language::JavaScript));
    let packaging = StacktapeImageBuildpack {
        entryfile_path: "main.ts:app".to_owned(),
        include_files: Vec::new(),
        exclude_files: Vec::new(),
        exclude_dependencies: Vec::new(),
        custom_docker_build_commands: Vec::new(),
        language: LanguageConfig::Other {
            name: "any".to_owned(),
            settings: Data::Null,
        },
    };
    assert_eq!(Source::language_of(&packaging), None);
}
