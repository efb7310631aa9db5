//! Looking at a folder.

use std::os::unix::fs::symlink;
use std::path::Path;

use fs_err as fs;

use super::super::seen::look;

fn write(folder: &Path, path: &str, text: &str) {
    let path = folder.join(path);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
}

#[test]
fn what_others_wrote_and_what_was_built_is_not_looked_at() {
    let guard = tempfile::tempdir().unwrap();
    for path in [
        "src/main.ts",
        "node_modules/a/index.js",
        "apps/b/node_modules/a/index.js",
        ".git/main.py",
        "dist/main.js",
        "target/debug/main.py",
        "tests/main.py",
        "venv/main.py",
        "strange/pyvenv.cfg",
        "strange/lib/main.py",
        "__pycache__/main.py",
    ] {
        write(guard.path(), path, "");
    }
    let seen = look(guard.path()).unwrap();
    assert_eq!(Vec::from_iter(&seen.files), ["src/main.ts"]);
    assert!(!seen.cut_short);
}

#[test]
fn only_what_may_tell_something_is_read() {
    let guard = tempfile::tempdir().unwrap();
    write(guard.path(), "package.json", "{}");
    write(guard.path(), "src/main.ts", "x");
    write(guard.path(), "main.py", &"x".repeat(1_000_000));
    write(guard.path(), "latin1.py", "");
    fs::write(guard.path().join("latin1.py"), b"# \xe4\n").unwrap();
    let seen = look(guard.path()).unwrap();
    assert_eq!(
        Vec::from_iter(seen.texts.keys()),
        ["latin1.py", "main.py", "package.json"]
    );
    assert_eq!(seen.texts["main.py"].len(), 256 * 1024);
}

#[test]
fn links_lead_to_files_but_not_to_folders() {
    let guard = tempfile::tempdir().unwrap();
    write(guard.path(), "real/main.py", "");
    symlink("real/main.py", guard.path().join("main.py")).unwrap();
    symlink(".", guard.path().join("again")).unwrap();
    symlink("/dev/zero", guard.path().join("app.py")).unwrap();
    symlink("nowhere", guard.path().join("worker.py")).unwrap();
    let seen = look(guard.path()).unwrap();
    assert_eq!(Vec::from_iter(&seen.files), ["main.py", "real/main.py"]);
}

#[test]
fn a_folder_of_data_does_not_hide_the_others() {
    let guard = tempfile::tempdir().unwrap();
    write(guard.path(), "src/main.ts", "");
    for number in 0..600 {
        write(guard.path(), &format!("data/{number}"), "");
    }
    let seen = look(guard.path()).unwrap();
    assert!(seen.cut_short);
    assert!(seen.files.contains("src/main.ts"));
    assert_eq!(seen.files.len(), 501);
}

#[test]
fn very_many_files_are_looked_at_in_part_and_near_ones_first() {
    let guard = tempfile::tempdir().unwrap();
    write(guard.path(), "z/main.ts", "");
    write(guard.path(), "z/deep/index.ts", "");
    for number in 0..5_200 {
        write(guard.path(), &format!("{:02}/{number}", number / 400), "");
    }
    let seen = look(guard.path()).unwrap();
    assert!(seen.cut_short);
    assert!(seen.files.len() < 5_500, "{}", seen.files.len());
    assert!(!seen.files.contains("z/deep/index.ts"));
}

#[test]
fn a_folder_that_is_not_there_is_told() {
    let guard = tempfile::tempdir().unwrap();
    let error = look(&guard.path().join("none")).unwrap_err();
    assert!(error.to_string().contains("none"), "{error}");
}
