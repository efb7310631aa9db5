//! An engine is killed at every moment that matters, and the next one goes on.

use std::os::unix::process::ExitStatusExt as _;
use std::process::{Child, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};

use rustix::process::Signal;
use tapedeck_api::{Client, ClientError, Refusal, StackStatus};
use tapedeck_model::{RolloutState, StackSpec};
use tapedeck_runtime::failpoint::FAILPOINTS;
use tapedeck_testkit::{DEADLINE, Leaks, eventually, kill};

use crate::stage::{Stage, WAIT, all_pids, home, is_alive, pids, stack};

/// Engines that are killed side by side.
const CROWD: usize = 3;

/// One engine that is to be killed at a moment, and what happens to it.
struct Story<'a> {
    stage: &'a Stage,
    moment: &'a str,
    engine: Child,
}

/// Starts an engine that kills itself at a moment.
pub(crate) fn engine_killed_at(stage: &Stage, moment: &str) -> Child {
    stage
        .home
        .command(&["engine", "run"])
        .env("TAPEDECK_FAILPOINT", moment)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

impl<'a> Story<'a> {
    /// Starts it, on what an earlier engine left: a service with one task that runs on, and one that was lost.
    fn begin(stage: &'a Stage, moment: &'a str) -> Self {
        let first = stage.worker(&obedient()).count(2).variable("VERSION", "1");
        if moment.starts_with("adopt.") {
            let before = pids(&stage.deploy(&[first]).services[0]);
            stage.home.must(&["engine", "stop"]);
            let (task, pid) = before.first_key_value().unwrap();
            let shims = stage.home.names().shims();
            let shim = shims.iter().find(|shim| shim.command.contains(task.as_str()));
            kill(shim.unwrap().pid, Signal::KILL);
            eventually("the end of a task", DEADLINE, || (!is_alive(*pid)).then_some(()));
        } else {
            stage.home.must(&["engine", "stop", "--tasks"]);
        }
        let engine = engine_killed_at(stage, moment);
        Self {
            stage,
            moment,
            engine,
        }
    }

    /// Whether the engine has been killed. It must have been by its own hand.
    fn is_over(&mut self) -> bool {
        let Some(status) = self.engine.try_wait().unwrap() else {
            return false;
        };
        assert_eq!(status.signal(), Some(9), "at {}: {status}", self.moment);
        true
    }

    /// Asks for something and waits until it is so, or the engine has been killed.
    fn act(&mut self, what: &str, mut done: impl FnMut(&mut Client) -> Option<bool>) -> bool {
        let socket = self.stage.home.files().socket();
        eventually(
            &format!("{what}, or the end at {}", self.moment),
            DEADLINE,
            || {
                if self.is_over() {
                    return Some(true);
                }
                let done = Client::connect(&socket)
                    .ok()
                    .and_then(|mut client| done(&mut client));
                done.is_some_and(|done| done).then_some(false)
            },
        )
    }

    /// Deploys that, and waits until it is so; says whether the engine was killed meanwhile.
    fn deploy(&mut self, wanted: &StackSpec, is_done: fn(&StackStatus) -> bool) -> bool {
        let mut asked = false;
        self.act("the deployment", move |client| {
            if !asked {
                client.apply_stack(wanted.clone()).ok()?;
                asked = true;
            }
            Some(is_done(&client.describe_stack(&stack()).ok()?))
        })
    }

    /// Lives until it is killed: deploys, changes, loses a task, deploys what fails, deletes, ends.
    fn live(mut self) {
        let spec = |worker: crate::stage::Worker| crate::stage::spec_of(&[worker]);
        let script = obedient();
        let second = spec(self.stage.worker(&script).count(3).variable("VERSION", "2"));
        let third = spec(self.stage.worker(&script).count(2).variable("VERSION", "3"));
        let broken = spec(self.stage.worker("exit 3").count(1).variable("VERSION", "4"));
        let _ = self.deploy(&second, StackStatus::is_steady)
            || self.deploy(&third, StackStatus::is_steady)
            || (self.moment.starts_with("fail.") && self.deploy(&broken, has_failed))
            || self.act("the end of the stack", |client| {
                let _ = client.delete_stack(stack());
                Some(is_unknown(client))
            })
            || self.act("the end of the engine", |client| {
                let _ = client.stop_engine(true);
                None
            });
        assert!(self.is_over(), "{} was never reached", self.moment);
    }
}

/// Ends when it is told to.
fn obedient() -> String {
    format!("trap 'exit 0' TERM; {WAIT}")
}

/// Whether the newest deployment has.
fn has_failed(status: &StackStatus) -> bool {
    let newest = status
        .services
        .iter()
        .flat_map(|service| service.deployments.first());
    newest
        .into_iter()
        .any(|known| known.deployment.state == RolloutState::Failed)
}

fn is_unknown(client: &mut Client) -> bool {
    matches!(
        client.describe_stack(&stack()),
        Err(ClientError::Refused(Refusal::UnknownStack { .. }))
    )
}

/// The next engine can do what is asked of it, knows of every process, and leaves nothing.
fn goes_on(stage: &Stage, moment: &str) {
    stage.home.must(&["engine", "start"]);
    let worker = stage.worker(&obedient()).count(2).variable("MOMENT", moment);
    let running = all_pids(&stage.deploy(&[worker]));
    assert_eq!(running.len(), 2, "after {moment}");
    eventually("tasks of before to be gone", DEADLINE, || {
        let shims = stage.home.names().shims();
        let known = |command: &String| running.keys().any(|task| command.contains(task.as_str()));
        let folders = fs_err::read_dir(stage.home.files().tasks()).unwrap().count();
        (shims.len() == 2 && shims.iter().all(|shim| known(&shim.command)) && folders == 2).then_some(())
    });
    for (task, pid) in &running {
        assert!(is_alive(*pid), "task {task} after {moment}");
    }
}

#[test]
fn t61_an_engine_killed_at_any_moment_is_gone_on_from() {
    let next = AtomicUsize::new(0);
    let work = || {
        let Some(home) = home() else { return };
        let nothing = Leaks::before(&home);
        let stage = Stage::of(home);
        while let Some(moment) = FAILPOINTS.get(next.fetch_add(1, Ordering::Relaxed)) {
            Story::begin(&stage, moment).live();
            goes_on(&stage, moment);
            stage.home.must(&["engine", "stop", "--tasks"]);
            nothing.check();
            stage.home.must(&["engine", "start"]);
        }
        stage.home.must(&["engine", "stop", "--tasks"]);
        nothing.check();
    };
    std::thread::scope(|scope| {
        for _ in 0..CROWD {
            scope.spawn(work);
        }
    });
}
