//! What people read when something is wrong.

use fs_err as fs;
use rustix::mount::{MountFlags, UnmountFlags, mount, unmount};

use crate::project::{Project, no_programs, state, tell};

fn project() -> Project {
    Project::with(&[("package.json", "{}"), ("src/main.ts", "console.log(1);\n")])
}

#[test]
fn a_syntax_error_has_its_place() {
    let mut project = project();
    project.write("src/main.ts", "let a = 1;\nlet b = (2;\n");
    let error = project.error();
    assert!(
        error.starts_with("cannot bundle src/main.ts: 1 error in the source\nsrc/main.ts:2:10: "),
        "{error}"
    );
    assert!(error.contains("│ let b = (2;"), "{error}");
}

#[test]
fn an_import_that_leads_nowhere_has_its_place() {
    let mut project = project();
    project.write("src/main.ts", "import { z } from 'zodd';\nconsole.log(z);\n");
    let error = project.error();
    assert!(
        error.contains("src/main.ts:1:18: Could not resolve \"zodd\""),
        "{error}"
    );
}

#[test]
fn a_missing_entry_file_is_named_as_written_and_as_resolved() {
    let mut project = project();
    project.packaging.entryfile_path = "source/main.ts".to_owned();
    let root = project.path("");
    let root = root.to_string_lossy();
    let root = root.trim_end_matches('/');
    assert_eq!(
        project.error(),
        format!(
            "cannot package `worker`: its entry file {root}/source/main.ts does not exist: entryfilePath is \
             `source/main.ts`, and paths start at the folder of the config file, {root}"
        )
    );
}

#[test]
fn an_unknown_language_names_the_known_ones() {
    let mut project = project();
    project.packaging.entryfile_path = "src/main.rs".to_owned();
    assert_eq!(
        project.error(),
        "cannot package `worker`: no packager is known for `src/main.rs`: the entry file has to end in .js, .ts, .jsx, \
         .tsx, .mjs, .mts, .cjs, .cts, .py, .java or .go"
    );
}

#[test]
fn a_missing_package_json_has_a_way_out() {
    let mut project = Project::with(&[("src/main.ts", "console.log(1);\n")]);
    let error = project.error();
    assert!(error.contains("there is no package.json in"), "{error}");
    assert!(error.contains("npm init"), "{error}");
}

#[test]
fn a_broken_package_json_is_named() {
    let mut project = project();
    project.write("package.json", "{ oops");
    let error = project.error();
    assert!(error.contains("package.json as a package.json"), "{error}");
    assert!(error.contains("line 1"), "{error}");
}

#[test]
fn a_failing_install_shows_its_last_lines() {
    let mut project = project();
    project.write("package.json", r#"{ "dependencies": { "is-odd": "99.99.99" } }"#);
    let error = project.error();
    assert!(
        error.starts_with("cannot install the dependencies: `npm install "),
        "{error}"
    );
    assert!(error.contains("is-odd@99.99.99"), "{error}");
    assert!(!project.path("node_modules/is-odd").exists());
}

#[test]
fn a_lock_file_that_does_not_fit_is_told_by_the_package_manager() {
    let mut project = project();
    project.write("package.json", r#"{ "dependencies": { "is-odd": "3.0.1" } }"#);
    project.write(
        "package-lock.json",
        r#"{ "name": "p", "lockfileVersion": 3, "packages": { "": {} } }"#,
    );
    let error = project.error();
    assert!(
        error.starts_with("cannot install the dependencies: `npm ci "),
        "{error}"
    );
    assert!(error.contains("is-odd"), "{error}");
}

#[test]
fn a_machine_without_npm_is_told_what_to_install() {
    let mut project = project();
    project.write("package.json", r#"{ "dependencies": { "is-odd": "3.0.1" } }"#);
    project.search_path = no_programs();
    let error = project.error();
    assert!(
        error.contains("`npm` is needed to install dependencies"),
        "{error}"
    );
    assert!(error.contains("apt install nodejs npm"), "{error}");
}

#[test]
fn a_version_of_node_that_there_is_not_names_its_file() {
    let mut project = project();
    project.write(".nvmrc", "v99\n");
    let error = project.error();
    assert!(
        error.starts_with("cannot use `v99`, which .nvmrc gives as the version of Node"),
        "{error}"
    );
}

#[test]
fn a_missing_tsconfig_is_named() {
    let mut project = project();
    project.javascript().ts_config_path = Some("tsconfig.worker.json".to_owned());
    assert!(
        project
            .error()
            .starts_with("tsConfigPath is `tsconfig.worker.json`, but ")
    );
}

/// A file system of a few pages that goes away with the test.
struct Tiny(tempfile::TempDir);

impl Drop for Tiny {
    fn drop(&mut self) {
        unmount(self.0.path(), UnmountFlags::DETACH).expect("it was mounted");
    }
}

#[test]
fn a_full_disk_is_said_to_be_full() {
    let mut project = project();
    project.build().unwrap();
    let tiny = tempfile::tempdir().unwrap();
    if mount(
        "tmpfs",
        tiny.path(),
        "tmpfs",
        MountFlags::empty(),
        Some(c"size=16k"),
    )
    .is_err()
    {
        eprintln!("SKIPPED: mounting a small file system needs CAP_SYS_ADMIN");
        return;
    }
    let tiny = Tiny(tiny);
    std::os::unix::fs::symlink(state("build").join("esbuild"), tiny.0.path().join("esbuild")).unwrap();
    // Fills it to the last byte.
    fs::write(tiny.0.path().join("filling"), vec![0; 1 << 20]).expect_err("16 KiB is less than 1 MiB");
    let error = project
        .build_in(tiny.0.path())
        .expect_err("there is no room for a bundle");
    assert!(tell(&error).contains("the disk is full"), "{}", tell(&error));
}
