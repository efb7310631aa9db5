//! The example worker in Java, from source to a task that runs, logs, keeps to its memory and stops.

use std::path::Path;

use fs_err as fs;
use tapedeck_model::{JavaConfig, LanguageConfig};
use tapedeck_testkit::{DEADLINE, Finished, Home, eventually};

use crate::seed::{buildpack, plant};
use crate::stage::{PROJECT, home_with};

const ENTRY: &str = "src/main/java/com/acme/Worker.java";

/// The example in a folder of its own.
struct Example {
    home: Home,
    folder: tempfile::TempDir,
}

impl Example {
    fn ready() -> Option<Self> {
        let home = home_with(&["javac", "mvn"])?;
        let folder = tempfile::Builder::new().prefix("td-java-").tempdir().unwrap();
        let example = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/java-worker");
        for file in [
            "pom.xml",
            "stacktape.yml",
            ENTRY,
            "src/main/java/com/acme/Settings.java",
            "src/main/resources/simplelogger.properties",
        ] {
            let path = folder.path().join(file);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::copy(example.join(file), path).unwrap();
        }
        // Keeps the search for build files inside.
        fs::create_dir(folder.path().join(".git")).unwrap();
        let packaging = buildpack(ENTRY, LanguageConfig::Java(JavaConfig::default()));
        plant(&home, folder.path(), packaging).unwrap();
        Some(Self { home, folder })
    }

    fn deploy(&self) {
        let mut command = self.home.command(&["deploy", PROJECT[0], PROJECT[1]]);
        command.current_dir(self.folder.path());
        let deployed = Finished::of(command);
        assert_eq!(deployed.code, Some(0), "{deployed:?}");
    }

    fn lines(&self) -> Vec<String> {
        let text = self.home.must(&["logs", PROJECT[0], PROJECT[1], "--raw"]);
        text.lines().map(str::to_owned).collect()
    }

    /// The greatest heap that the tasks said they may have, in MiB, in order.
    fn heaps(&self) -> Vec<u64> {
        self.lines()
            .iter()
            .filter_map(|line| {
                line.split_once("a heap of at most ")?
                    .1
                    .split_once(" MiB")?
                    .0
                    .parse()
                    .ok()
            })
            .collect()
    }
}

#[test]
fn a_worker_in_java_keeps_to_the_memory_of_its_task_and_stops_when_told_to() {
    let Some(example) = Example::ready() else { return };
    // Were the signal lost on the way, the task would outlive every deadline here.
    let config = fs::read_to_string(example.folder.path().join("stacktape.yml")).unwrap();
    let config = format!("{config}      stopTimeout: 120\n");
    fs::write(example.folder.path().join("stacktape.yml"), &config).unwrap();
    example.deploy();
    eventually("the worker to beat", DEADLINE, || {
        example
            .lines()
            .iter()
            .any(|line| line.contains("java-worker beat 2"))
            .then_some(())
    });
    let heaps = example.heaps();
    // What Java says leaves out a part that is always empty.
    assert!(
        matches!(heaps.as_slice(), [heap] if (330..=384).contains(heap)),
        "{heaps:?}"
    );

    let larger = config.replace("memory: 512", "memory: 1024");
    fs::write(example.folder.path().join("stacktape.yml"), larger).unwrap();
    example.deploy();
    let heaps = eventually("the next one to start", DEADLINE, || {
        let heaps = example.heaps();
        (heaps.len() == 2).then_some(heaps)
    });
    assert!((660..=768).contains(&heaps[1]), "{heaps:?}");
    eventually("the first one to say its last word", DEADLINE, || {
        example
            .lines()
            .iter()
            .any(|line| line.contains("java-worker stops"))
            .then_some(())
    });
    example.home.must(&["delete", PROJECT[0], PROJECT[1], "--yes"]);
}
