//! What stands in for MongoDB Atlas and for Upstash, as the libraries of those find it: and what was written is there after kills and
//! deployments.
//!
//! The checks are in the project `others`, whose worker says what it found each time that it starts.

use std::time::Duration;

use rustix::process::Signal;
use tapedeck_local::stand_in::Kind;
use tapedeck_model::{JavaScriptConfig, LanguageConfig, StackName};
use tapedeck_testkit::{Finished, Home, eventually, kill};

use crate::seed::{buildpack, copy_of, plant_with};
use crate::stage::{home_with, named, pids};

const PROJECT: [&str; 2] = ["--projectName", "others"];

/// Far more than anything here takes.
const PATIENCE: Duration = Duration::from_secs(180);

struct Others {
    home: Home,
    folder: tempfile::TempDir,
}

impl Others {
    /// None, and a word on standard error, when this machine lacks something.
    fn ready() -> Option<Self> {
        let home = home_with(&["node", "npm", "python3", "apt-get"])?;
        let folder = copy_of("others");
        let packaging = buildpack(
            "src/main.js",
            LanguageConfig::Javascript(JavaScriptConfig::default()),
        );
        let stand_ins = [Kind::Mongo, Kind::Redis, Kind::Kafka];
        match plant_with(&home, folder.path(), packaging, &stand_ins) {
            Ok(()) => Some(Self { home, folder }),
            Err(error) if error.is_of_surroundings() => {
                eprintln!("SKIPPED: this test needs a registry of npm: {error}");
                None
            }
            Err(error) => panic!("{error}"),
        }
    }

    /// None, and a word on standard error, when nothing can stand in here.
    fn deploy(&self, round: &str) -> Option<()> {
        let mut command = self.home.command(&["deploy", PROJECT[0], PROJECT[1]]);
        command.current_dir(self.folder.path()).env("ROUND", round);
        let deployed = Finished::of(command);
        if deployed.code == Some(3) {
            eprintln!(
                "SKIPPED: this test needs what stands in for databases: {}",
                deployed.stderr
            );
            return None;
        }
        assert_eq!(deployed.code, Some(0), "{deployed:?}");
        Some(())
    }

    /// What the worker found in a round.
    fn found(&self, round: &str) -> Vec<String> {
        let of = ["--resourceName", "worker", "--raw", "--limit", "1000"];
        let start = format!("{round} ");
        eventually("the worker to ask everybody", PATIENCE, || {
            let lines = self
                .home
                .must(&[&["logs", PROJECT[0], PROJECT[1]], &of[..]].concat());
            let found: Vec<String> = lines
                .lines()
                .filter_map(|line| line.strip_prefix(&start).map(str::to_owned))
                .collect();
            found.last()?.starts_with("news: ").then_some(found)
        })
    }

    /// Kills the tasks of a service, and waits until another runs.
    fn kill(&self, service: &str) {
        let stack = StackName::new("others-dev").unwrap();
        let running = || pids(named(&self.home.client().describe_stack(&stack).unwrap(), service).unwrap());
        let before = running();
        before.values().for_each(|pid| kill(*pid, Signal::KILL));
        eventually("another task", PATIENCE, || {
            let now = running();
            (now.len() == 1 && !now.keys().any(|task| before.contains_key(task))).then_some(())
        });
    }
}

#[test]
fn what_was_written_outlives_kills_and_deployments() {
    let Some(others) = Others::ready() else { return };
    if others.deploy("first").is_none() {
        return;
    }
    let found = |entries: u8, round: &str| {
        [
            format!("docs: {entries} insert AuthenticationFailed"),
            format!("cache: {entries} heard"),
            format!("rest: {} ä ä refused refused", entries + 1),
            format!("news: 3 {round}"),
        ]
    };
    assert_eq!(others.found("first"), found(0, "first"));
    let secrets = others.home.must(&["secret:list"]);
    assert!(secrets.contains("tapedeck/others-dev/cache"), "{secrets}");

    // What is acknowledged is on the disk of Redis within a second.
    std::thread::sleep(Duration::from_secs(1));
    for service in ["docs", "cache", "kafka"] {
        others.kill(service);
    }
    others.home.kill_engine();
    others.deploy("second").unwrap();
    assert_eq!(others.found("second"), found(1, "second"));

    others.home.must(&["delete", PROJECT[0], PROJECT[1], "--yes"]);
    let secrets = others.home.must(&["secret:list"]);
    assert!(!secrets.contains("others-dev"), "{secrets}");
}
