//! Each script in `scenarios/` against the transcript next to it. `UPDATE_EXPECT=1` writes the transcripts anew.

use std::path::{Path, PathBuf};

use expect_test::expect_file;
use tapedeck_sim::script;

#[test]
fn scenarios_go_as_written() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios");
    let mut scripts: Vec<PathBuf> = fs_err::read_dir(&folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "txt"))
        .collect();
    scripts.sort();
    assert!(scripts.len() >= 10, "scripts are found");
    for path in scripts {
        let (transcript, world) = script::run(&fs_err::read_to_string(&path).unwrap())
            .unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        assert_eq!(world.violations(), [] as [&str; 0], "{}", path.display());
        expect_file![path.with_extension("transcript")].assert_eq(&transcript);
    }
}

#[test]
fn a_script_that_is_none_names_its_line() {
    let error = script::run("deploy mailer\n\ntick soon").unwrap_err();
    assert_eq!(
        error.to_string(),
        "line 3 of the scenario: expected a time such as 250ms, 10s, 5m or 1h: `tick soon`"
    );
    assert!(script::run("tick 1s").is_err(), "nothing deployed");
    assert!(
        script::run("deploy mailer\nkill postman-1 code=1").is_err(),
        "another service"
    );
}
