//! The example worker of this repository.

use std::path::Path;
use std::process::Command;

use fs_err as fs;

use crate::project::{Project, find, image};

const FILES: [&str; 6] = [
    "package.json",
    "package-lock.json",
    "tsconfig.json",
    "src/main.ts",
    "src/heart.ts",
    "src/settings.ts",
];

#[test]
fn heartbeat_is_packaged_and_type_checks() {
    let example = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/heartbeat");
    let texts: Vec<(&str, String)> = FILES
        .iter()
        .map(|name| (*name, fs::read_to_string(example.join(name)).unwrap()))
        .collect();
    let files: Vec<(&str, &str)> = texts.iter().map(|(name, text)| (*name, text.as_str())).collect();
    let mut project = Project::with(&files);
    let built = project.build().unwrap();
    assert!(
        project.told.0.iter().any(|step| step.contains("npm ci")),
        "{:?}",
        project.told
    );
    let image = image(&built);
    assert!(
        find(&image, "app/node_modules/pino").is_some() && find(&image, "app/node_modules/zod").is_some()
    );
    assert_eq!(find(&image, "app/node_modules/typescript"), None);
    let check = Command::new(project.path("node_modules/.bin/tsc"))
        .arg("--noEmit")
        .current_dir(project.path(""))
        .output()
        .unwrap();
    assert!(
        check.status.success(),
        "{}",
        String::from_utf8_lossy(&check.stdout)
    );
    let lock = &texts[1].1;
    assert!(
        !lock.contains("\"resolved\""),
        "a lock file that is tied to one registry"
    );
}
