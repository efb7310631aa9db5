//! The example workers of this repository.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};

use fs_err as fs;
use tapedeck_model::{GoConfig, LanguageConfig};

use crate::go::has_go;
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

#[test]
fn the_worker_in_go_beats_until_it_is_told_to_stop() {
    if !has_go() {
        return;
    }
    let example = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/go-worker");
    let texts = [
        "go.mod",
        "cmd/worker/main.go",
        "cmd/worker/settings.go",
        "cmd/worker/greeting.txt",
        "pulse/pulse.go",
    ]
    .map(|name| (name, fs::read_to_string(example.join(name)).unwrap()));
    let files: Vec<(&str, &str)> = texts.iter().map(|(name, text)| (*name, text.as_str())).collect();
    let mut project = Project::with(&files);
    project.packaging.entryfile_path = "cmd/worker/main.go".to_owned();
    project.packaging.language = LanguageConfig::Go(GoConfig::default());
    let image = image(&project.build().unwrap());
    let mut worker = Command::new(find(&image, "app/worker").unwrap())
        .env("WORKER_INTERVAL", "10ms")
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(worker.stdout.take().unwrap()).lines();
    let second = lines.nth(1).unwrap().unwrap();
    assert!(second.contains(r#""msg":"still here","beats":2"#), "{second}");
    let id = rustix::process::Pid::from_child(&worker);
    rustix::process::kill_process(id, rustix::process::Signal::TERM).unwrap();
    let last = lines.last().unwrap().unwrap();
    assert!(
        last.contains(r#""msg":"finishing","signal":"terminated""#),
        "{last}"
    );
    assert!(worker.wait().unwrap().success());
}
