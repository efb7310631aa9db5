//! The example with orders: workers in four languages with all that they connect to, while they and the engine are killed.
//!
//! `ORDERS` in the environment says how many orders there are. `make demo-orders` is the same with ten thousand.

use std::path::Path;
use std::time::Duration;

use fs_err as fs;
use rustix::process::Signal;
use serde_json::Value;
use tapedeck_local::stand_in::Kind;
use tapedeck_model::{GoConfig, JavaConfig, JavaScriptConfig, LanguageConfig, PythonConfig, TaskId};
use tapedeck_testkit::{DEADLINE, Finished, Home, eventually, kill};

use crate::seed::{Seed, buildpack};
use crate::stage::{PROJECT, home_with, named, pids, stack};

/// Few enough for a machine that is busy with other tests.
const ORDERS: u64 = 1000;

/// How often a task of each worker is killed.
const ROUNDS: u64 = 2;

/// Far more than it takes.
const PATIENCE: Duration = Duration::from_secs(900);

const WORKERS: [&str; 4] = ["intake", "pricing", "ledger", "receipts"];

/// A copy of the example, and a home that has what it needs.
struct Example {
    home: Home,
    folder: tempfile::TempDir,
    orders: u64,
}

impl Example {
    /// None, and a word on standard error, when this machine lacks something.
    fn ready() -> Option<Self> {
        let home = home_with(&["node", "npm", "python3", "go", "javac", "mvn"])?;
        let folder = tempfile::Builder::new().prefix("td-orders-").tempdir().unwrap();
        let example = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/order-pipeline");
        copy(&example, folder.path());
        // Keeps the search for manifests inside.
        fs::create_dir(folder.path().join(".git")).unwrap();
        if let Err(lacking) = seed(&home, folder.path()) {
            eprintln!("SKIPPED: this test needs packages: {lacking}");
            return None;
        }
        let orders = std::env::var("ORDERS").ok().and_then(|text| text.parse().ok());
        let orders = orders.unwrap_or(ORDERS);
        Some(Self { home, folder, orders })
    }

    fn deploy(&self) {
        let passwords =
            r#"{"booksPassword": "correct-horse-battery", "pricesPassword": "staple-horse-battery"}"#;
        let secret = ["secret:set", "order-pipeline", "--secretValue", passwords];
        self.home.must(&secret);
        let orders = self.orders.to_string();
        let arguments = ["deploy", PROJECT[0], PROJECT[1], "--", "--orders", &orders];
        let mut command = self.home.command(&arguments);
        command.current_dir(self.folder.path());
        let deployed = Finished::of(command);
        assert_eq!(deployed.code, Some(0), "{deployed:?}");
    }

    /// What the auditor saw last.
    fn audit(&self) -> Option<Audit> {
        let selected = ["--resourceName", "auditor", "--raw", "--limit", "1"];
        let line = self
            .home
            .must(&[&["logs", PROJECT[0], PROJECT[1]], &selected[..]].concat());
        serde_json::from_str(line.trim()).ok().map(Audit)
    }

    /// Waits until the auditor sees that.
    fn audit_when(&self, what: &str, wanted: impl Fn(&Audit) -> bool) -> Audit {
        eventually(what, PATIENCE, || {
            std::thread::sleep(Duration::from_millis(200));
            self.audit().filter(&wanted)
        })
    }

    /// Waits until a task of the worker runs, and kills it.
    fn kill_worker(&self, worker: &str) -> TaskId {
        let (task, pid) = eventually(worker, PATIENCE, || {
            let stack = self.home.client().describe_stack(&stack()).ok()?;
            pids(named(&stack, worker)?).pop_first()
        });
        kill(pid, Signal::KILL);
        task
    }
}

/// A line of the auditor.
#[derive(Debug)]
struct Audit(Value);

impl Audit {
    fn count(&self, name: &str) -> u64 {
        self.0[name].as_u64().unwrap_or_default()
    }

    fn is_complete(&self) -> bool {
        self.0["complete"] == true
    }
}

#[test]
fn every_order_is_in_the_table_exactly_once_whoever_is_killed() {
    let Some(example) = Example::ready() else { return };
    example.deploy();
    let mut killed = Vec::new();
    for round in 1..=ROUNDS {
        let share = example.orders * round / (ROUNDS + 2);
        example.audit_when("orders to be booked", |audit| audit.count("orders") >= share);
        killed.extend(WORKERS.map(|worker| example.kill_worker(worker)));
        if round == 1 {
            example.home.kill_engine();
            example.home.must(&["engine", "start"]);
        }
    }
    let audit = example.audit_when("all orders to be where they belong", Audit::is_complete);

    for name in ["orders", "distinct", "owed_orders", "receipts", "done"] {
        assert_eq!(audit.count(name), example.orders, "{name}: {audit:?}");
    }
    assert_eq!(audit.count("cents"), audit.count("owed_cents"), "{audit:?}");
    let queues = audit.0["queues"].as_object().unwrap();
    assert!(
        queues.len() == 4 && queues.values().all(|left| left == 0),
        "{audit:?}"
    );
    let now = example.home.client().describe_stack(&stack()).unwrap();
    for worker in WORKERS {
        let running = pids(named(&now, worker).unwrap());
        assert_eq!(running.len(), 1, "{now:#?}");
        assert!(!killed.iter().any(|task| running.contains_key(task)), "{now:#?}");
    }

    example.home.must(&["delete", PROJECT[0], PROJECT[1], "--yes"]);
    eventually("what stood in for AWS to go, too", DEADLINE, || {
        (example.home.must(&["info:stacks", "--json"]).trim() == "[]").then_some(())
    });
}

/// Makes what is packaged, and what stands in for AWS, once.
fn seed(home: &Home, folder: &Path) -> Result<(), String> {
    let python = || LanguageConfig::Python(PythonConfig::default());
    let java = LanguageConfig::Java(JavaConfig::default());
    let javascript = LanguageConfig::Javascript(JavaScriptConfig::default());
    let seed = Seed::take("tapedeck-orders");
    for (entry, language) in [
        ("intake/src/main.ts", javascript),
        ("pricing/main.py", python()),
        ("ledger/main.go", LanguageConfig::Go(GoConfig::default())),
        ("receipts/src/main/java/com/acme/Receipts.java", java),
        ("auditor/main.py", python()),
    ] {
        match seed.build(folder, buildpack(entry, language)) {
            Err(error) if error.is_of_surroundings() => return Err(error.to_string()),
            built => built.unwrap(),
        }
    }
    for kind in [Kind::Aws, Kind::Postgres, Kind::Redis] {
        match seed.stand_in(kind) {
            Err(error) if error.is_of_surroundings() => return Err(error.to_string()),
            prepared => prepared.unwrap(),
        }
    }
    seed.plant(home);
    Ok(())
}

/// Copies a folder, but for what packaging leaves in it.
fn copy(from: &Path, into: &Path) {
    for entry in fs::read_dir(from).unwrap().map(Result::unwrap) {
        let name = entry.file_name();
        let target = into.join(&name);
        if !entry.file_type().unwrap().is_dir() {
            fs::copy(entry.path(), target).unwrap();
        } else if name != "node_modules" && name != "target" {
            fs::create_dir(&target).unwrap();
            copy(&entry.path(), &target);
        }
    }
}
