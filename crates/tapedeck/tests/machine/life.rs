//! The life of a stack with all that it is connected to: deployed, deployed again, killed in parts, taken apart, deleted.

use std::time::Duration;

use fs_err as fs;
use rustix::process::Signal;
use serde_json::Value;
use tapedeck_api::StackStatus;
use tapedeck_local::stand_in::Kind;
use tapedeck_model::{LanguageConfig, PythonConfig, StackName};
use tapedeck_testkit::{Finished, Home, Leaks, eventually, kill};

use crate::seed::{buildpack, copy_of, plant_with};
use crate::stage::{home_with, named, pids};

const PROJECT: [&str; 2] = ["--projectName", "life"];

/// Far more than anything here takes.
const PATIENCE: Duration = Duration::from_secs(180);

struct Life {
    home: Home,
    folder: tempfile::TempDir,
}

impl Life {
    /// None, and a word on standard error, when this machine lacks something.
    fn ready() -> Option<Self> {
        let home = home_with(&["python3", "apt-get", "npm"])?;
        let folder = copy_of("life");
        let packaging = buildpack("main.py", LanguageConfig::Python(PythonConfig::default()));
        match plant_with(&home, folder.path(), packaging, &[Kind::Aws, Kind::Postgres]) {
            Ok(()) => Some(Self { home, folder }),
            Err(error) if error.is_of_surroundings() => {
                eprintln!("SKIPPED: this test needs an index of Python packages: {error}");
                None
            }
            Err(error) => panic!("{error}"),
        }
    }

    fn deploy(&self) -> Value {
        let mut command = self.home.command(&["deploy", PROJECT[0], PROJECT[1], "--json"]);
        command.current_dir(self.folder.path());
        let deployed = Finished::of(command);
        assert_eq!(deployed.code, Some(0), "{deployed:?}");
        serde_json::from_str(deployed.stdout.trim()).unwrap()
    }

    fn stack(&self) -> StackStatus {
        let name = StackName::new("life-dev").unwrap();
        self.home.client().describe_stack(&name).unwrap()
    }

    /// What the worker said last.
    fn said(&self) -> Option<Value> {
        let selected = ["--resourceName", "worker", "--raw", "--limit", "20"];
        let lines = self
            .home
            .must(&[&["logs", PROJECT[0], PROJECT[1]], &selected[..]].concat());
        let mut said = lines.lines().rev();
        said.find_map(|line| serde_json::from_str(line).ok())
    }

    /// Waits until it says that.
    fn said_when(&self, what: &str, wanted: impl Fn(&Value) -> bool) -> Value {
        eventually(what, PATIENCE, || {
            std::thread::sleep(Duration::from_millis(100));
            self.said().filter(&wanted)
        })
    }

    /// Waits until everything works again, and more than so many rows were written.
    fn works_beyond(&self, rows: u64) -> Value {
        self.said_when("a worker whose calls all succeed", |said| {
            count(said, "rows") > rows && said["messages"].is_u64() && said["prices"].is_u64()
        })
    }

    fn kill_task(&self, stack: &str, service: &str) {
        let name = StackName::new(stack).unwrap();
        let status = self.home.client().describe_stack(&name).unwrap();
        let (_, pid) = pids(named(&status, service).unwrap()).pop_first().unwrap();
        kill(pid, Signal::KILL);
        eventually("another task", PATIENCE, || {
            let status = self.home.client().describe_stack(&name).ok()?;
            let (_, other) = pids(named(&status, service)?).pop_first()?;
            (other != pid).then_some(())
        });
    }

    /// Changes the config.
    fn edit(&self, change: impl Fn(&str) -> String) {
        let path = self.folder.path().join("stacktape.yml");
        let text = fs::read_to_string(&path).unwrap();
        let changed = change(&text);
        assert_ne!(changed, text);
        fs::write(&path, changed).unwrap();
    }
}

fn count(said: &Value, name: &str) -> u64 {
    said[name].as_u64().unwrap_or_default()
}

/// Without the lines from one mark to the next.
fn without(text: &str, from: &str, to: &str) -> String {
    let (before, rest) = text.split_once(from).unwrap();
    let (_, after) = rest.split_once(to).unwrap();
    format!("{before}{to}{after}")
}

#[test]
fn what_is_connected_outlives_every_kill_and_deployment_and_goes_with_the_stack() {
    let Some(life) = Life::ready() else { return };
    let leaks = Leaks::before(&life.home);
    let password = r#"{"password": "correct-horse"}"#;
    life.home.must(&["secret:set", "life", "--secretValue", password]);
    assert_eq!(life.deploy()["unchanged"], false);
    let said = life.said_when("both tasks of the private service", |said| {
        count(said, "prices") == 2
    });
    assert_eq!(count(&said, "failures"), 0, "{said}");
    let first = life.works_beyond(5);

    // Deployed again, nothing is touched, and nothing was secret in what is told.
    let before = life.stack();
    assert_eq!(life.deploy()["unchanged"], true);
    let after = life.stack();
    let tasks = |stack: &StackStatus| stack.services.iter().flat_map(pids).collect::<Vec<_>>();
    assert_eq!(tasks(&before), tasks(&after));
    let told = life.home.must(&["info:stack", PROJECT[0], PROJECT[1]]);
    let json = life.home.must(&["info:stack", PROJECT[0], PROJECT[1], "--json"]);
    assert!(!told.contains("correct-horse") && !json.contains("correct-horse"));
    assert!(
        told.contains("PostgreSQL") && told.contains("ministack"),
        "{told}"
    );
    let ask = [
        "param:get",
        PROJECT[0],
        PROJECT[1],
        "--resourceName",
        "db",
        "--paramName",
    ];
    let asked = life.home.must(&[&ask[..], &["connectionString"]].concat());
    assert!(asked.contains("correct-horse"), "{asked}");

    // Killed one by one: the worker sees what clients of a server that starts again see, and nothing is lost.
    life.kill_task("life-dev", "db");
    let after_db = life.works_beyond(count(&first, "rows"));
    assert!(
        count(&after_db, "rows") >= count(&after_db, "acknowledged"),
        "{after_db}"
    );
    life.home.kill_engine();
    life.home.must(&["engine", "start"]);
    let after_engine = life.works_beyond(count(&after_db, "rows") + 5);
    // Some go on, so that what was there before has been written down.
    let enough = count(&after_engine, "messages") + 15;
    let more = life.said_when("more messages", |said| count(said, "messages") >= enough);
    let messages = count(&more, "messages");
    life.kill_task("tapedeck-local", "aws");
    let after_aws = life.works_beyond(count(&after_engine, "rows") + 5);
    assert!(
        count(&after_aws, "messages") >= messages.saturating_sub(30),
        "{messages}: {after_aws}"
    );
    life.kill_task("life-dev", "prices");
    let last = life.works_beyond(count(&after_aws, "rows") + 5);
    assert!(count(&last, "rows") >= count(&last, "acknowledged"), "{last}");

    // Taken out of the config and put back, the database has its rows.
    let whole = fs::read_to_string(life.folder.path().join("stacktape.yml")).unwrap();
    life.edit(|text| {
        let text = without(text, "  db:\n", "  jobs:\n");
        text.replace("connectTo: [db, ", "connectTo: [")
    });
    life.deploy();
    eventually("the end of the database", PATIENCE, || {
        named(&life.stack(), "db").is_none().then_some(())
    });
    life.edit(|_| whole.clone());
    life.deploy();
    life.works_beyond(count(&last, "rows"));

    // With the stack everything goes, the emulator too.
    life.home.must(&["delete", PROJECT[0], PROJECT[1], "--yes"]);
    eventually("the end of the emulator", PATIENCE, || {
        (life.home.must(&["info:stacks", "--json"]).trim() == "[]").then_some(())
    });
    let volumes = life.home.files().volumes();
    eventually("the end of the volumes", PATIENCE, || {
        fs::read_dir(&volumes).unwrap().next().is_none().then_some(())
    });
    life.home.must(&["engine", "stop"]);
    leaks.check();
}
