//! The example worker in Go, from source to a task that runs, follows an edit and stops.

use std::path::Path;

use fs_err as fs;
use tapedeck_model::{GoConfig, LanguageConfig};
use tapedeck_testkit::{DEADLINE, Finished, eventually};

use crate::seed::{buildpack, plant};
use crate::stage::{PROJECT, home_with};

const ENTRY: &str = "cmd/worker/main.go";
const EMBEDDED: &str = "cmd/worker/greeting.txt";

#[test]
fn a_worker_in_go_follows_an_edit_of_what_it_embeds_and_stops_when_told_to() {
    let Some(home) = home_with(&["go"]) else { return };
    let folder = tempfile::Builder::new().prefix("td-go-").tempdir().unwrap();
    let example = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/go-worker");
    for file in [
        "go.mod",
        "stacktape.yml",
        ENTRY,
        EMBEDDED,
        "cmd/worker/settings.go",
        "pulse/pulse.go",
    ] {
        let path = folder.path().join(file);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::copy(example.join(file), path).unwrap();
    }
    // Keeps the search for a module inside.
    fs::create_dir(folder.path().join(".git")).unwrap();
    let packaging = buildpack(ENTRY, LanguageConfig::Go(GoConfig::default()));
    plant(&home, folder.path(), packaging).unwrap();
    // Were the signal lost on the way, the task would outlive every deadline here.
    let config = folder.path().join("stacktape.yml");
    let text = fs::read_to_string(&config).unwrap();
    fs::write(&config, format!("{text}      stopTimeout: 120\n")).unwrap();
    let deploy = || {
        let mut command = home.command(&["deploy", PROJECT[0], PROJECT[1]]);
        command.current_dir(folder.path());
        let deployed = Finished::of(command);
        assert_eq!(deployed.code, Some(0), "{deployed:?}");
    };
    let await_line = |what: &str, parts: &[&str]| {
        eventually(what, DEADLINE, || {
            let lines = home.must(&["logs", PROJECT[0], PROJECT[1], "--raw"]);
            let is_it = |line: &str| parts.iter().all(|part| line.contains(part));
            lines.lines().any(is_it).then_some(())
        });
    };

    deploy();
    await_line("the worker to beat", &["still here", r#""beats":2"#]);
    fs::write(folder.path().join(EMBEDDED), "going on\n").unwrap();
    deploy();
    await_line("the next one to say what it embeds now", &["going on"]);
    await_line(
        "the first one to finish",
        &["finishing", r#""signal":"terminated""#],
    );
    home.must(&["delete", PROJECT[0], PROJECT[1], "--yes"]);
}
