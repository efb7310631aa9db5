//! The example worker in Python, with `tapedeck deploy`.

use std::path::{Path, PathBuf};

use fs_err as fs;
use tapedeck_model::{LanguageConfig, PythonConfig};
use tapedeck_testkit::{DEADLINE, Finished, Home, eventually};
use tempfile::TempDir;

use crate::seed::{buildpack, plant};
use crate::stage::{PROJECT, home_with};

const FILES: [&str; 4] = [
    "requirements.txt",
    "stacktape.yml",
    "worker/main.py",
    "worker/settings.py",
];

/// A copy of the example, and a home that has what packaging it needs.
struct Example {
    home: Home,
    folder: TempDir,
}

impl Example {
    /// None, and a word on standard error, when this machine lacks something.
    fn ready() -> Option<Self> {
        let home = home_with(&["python3"])?;
        let example = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/python-worker");
        let folder = tempfile::Builder::new().prefix("td-python-").tempdir().unwrap();
        // Keeps the search for manifests inside.
        fs::create_dir(folder.path().join(".git")).unwrap();
        fs::create_dir(folder.path().join("worker")).unwrap();
        for file in FILES {
            fs::copy(example.join(file), folder.path().join(file)).unwrap();
        }
        let packaging = buildpack("worker/main.py", LanguageConfig::Python(PythonConfig::default()));
        match plant(&home, folder.path(), packaging) {
            Ok(()) => Some(Self { home, folder }),
            Err(error) if error.is_of_surroundings() => {
                eprintln!("SKIPPED: this test needs an index of Python packages: {error}");
                None
            }
            Err(error) => panic!("{error}"),
        }
    }

    fn path(&self, below: &str) -> PathBuf {
        self.folder.path().join(below)
    }

    fn deploy(&self) -> Finished {
        let mut command = self.home.command(&["deploy", PROJECT[0], PROJECT[1]]);
        command.current_dir(self.folder.path());
        let deployed = Finished::of(command);
        assert_eq!(deployed.code, Some(0), "{deployed:?}");
        deployed
    }

    /// How many lines of the logs have a text.
    fn lines_with(&self, text: &str) -> usize {
        let lines = self.home.must(&["logs", PROJECT[0], PROJECT[1], "--raw"]);
        lines.lines().filter(|line| line.contains(text)).count()
    }
}

#[test]
fn a_worker_in_python_runs_says_so_and_ends_when_it_is_told_to() {
    let Some(example) = Example::ready() else { return };
    let first = example.deploy();
    assert!(first.stdout.contains("worker  steady  2/2 running"), "{first:?}");
    eventually("both to tell their memory", DEADLINE, || {
        (example.lines_with("MiB") >= 2 && example.lines_with("\"started\"") == 2).then_some(())
    });
    assert!(example.deploy().stderr.contains("nothing has changed"));

    let main = example.path("worker/main.py");
    let text = fs::read_to_string(&main).unwrap();
    fs::write(&main, text.replace("still here", "edited")).unwrap();
    let edited = example.deploy();
    assert!(edited.stderr.contains("worker/main.py"), "{edited:?}");
    eventually("the edited version to say so", DEADLINE, || {
        (example.lines_with("\"edited\"") >= 2).then_some(())
    });
    // Only who gets SIGTERM and ends by itself says this.
    assert_eq!(example.lines_with("\"stopped\""), 2);
}
