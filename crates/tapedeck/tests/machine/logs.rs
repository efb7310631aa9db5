//! `tapedeck logs`: what tasks wrote, now and as it comes.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::{SystemTime, UNIX_EPOCH};

use rustix::process::Signal;
use tapedeck_testkit::{DEADLINE, Home, eventually, kill};

use crate::stage::{PROJECT, STACK, Stage, WAIT, pids};

/// A running `logs --follow`.
pub(crate) struct Follower {
    child: Child,
    lines: Receiver<(String, SystemTime)>,
    last: String,
}

impl Follower {
    pub(crate) fn start(home: &Home, arguments: &[&str]) -> Self {
        let fixed = ["logs", PROJECT[0], PROJECT[1], "--follow"];
        let mut command = home.command(&[&fixed, arguments].concat());
        let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
        let output = BufReader::new(child.stdout.take().unwrap());
        let (told, lines) = channel();
        std::thread::spawn(move || {
            for line in output.lines().map_while(Result::ok) {
                if told.send((line, SystemTime::now())).is_err() {
                    return;
                }
            }
        });
        Self {
            child,
            lines,
            last: String::new(),
        }
    }

    /// The next line that is as wanted, and when it arrived.
    pub(crate) fn wait_for(&mut self, mut wanted: impl FnMut(&str) -> bool) -> (String, SystemTime) {
        loop {
            let next = self.lines.recv_timeout(DEADLINE);
            let next = next.unwrap_or_else(|_| panic!("waited in vain for a line after {:?}", self.last));
            self.last = next.0.clone();
            if wanted(&next.0) {
                return next;
            }
        }
    }
}

impl Drop for Follower {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Writes `ping` on SIGUSR1.
const PINGS: &str = "trap 'echo ping' USR1; echo ready; while :; do sleep 1000 & wait $!; done";

/// Milliseconds since 1970 of the `time` of a line in JSON: `…T12:34:56.789Z` within the same minute as `near`.
fn delay(line: &str, arrived: SystemTime) -> i64 {
    let seconds = line
        .split_once("\"time\":\"")
        .unwrap()
        .1
        .split_once('Z')
        .unwrap()
        .0
        .rsplit(':')
        .next()
        .unwrap();
    let written = (seconds.parse::<f64>().unwrap() * 1000.0) as i64;
    let arrived = i64::try_from(arrived.duration_since(UNIX_EPOCH).unwrap().as_millis()).unwrap() % 60_000;
    (arrived - written).rem_euclid(60_000)
}

#[test]
fn follow_goes_on_with_new_lines_and_new_tasks() {
    let Some(stage) = Stage::ready() else { return };
    stage.deploy(&[stage.worker(PINGS)]);
    stage.wait_for_lines("ready", 1);
    let mut follower = Follower::start(&stage.home, &["--json"]);
    let is = |text: &str| {
        let wanted = format!("\"message\":\"{text}\"");
        move |line: &str| line.contains(&wanted)
    };
    follower.wait_for(is("ready"));
    let (old, pid) = pids(&stage.now()).pop_first().unwrap();
    let mut delays = Vec::new();
    for _ in 0..20 {
        kill(pid, Signal::USR1);
        let (line, arrived) = follower.wait_for(is("ping"));
        assert!(line.contains(old.as_str()), "{line}");
        delays.push(delay(&line, arrived));
    }
    delays.sort_unstable();
    eprintln!(
        "measured: line written → shown by --follow, ms: median {}, worst {}",
        delays[10], delays[19]
    );
    kill(pid, Signal::KILL);
    let (line, _) = follower.wait_for(is("ready"));
    assert!(
        !line.contains(old.as_str()),
        "it is a line of the replacement: {line}"
    );
}

#[test]
fn info_stack_says_where_logs_are() {
    let Some(stage) = Stage::ready() else { return };
    stage.deploy(&[stage.worker(&format!("echo ready; {WAIT}"))]);
    stage.wait_for_lines("ready", 1);
    let folder = stage.home.path().join("logs").join(STACK);
    assert!(folder.is_dir(), "{}", folder.display());
    let folder = folder.display();
    let shown = stage.home.must(&["info:stack", PROJECT[0], PROJECT[1]]);
    assert!(shown.ends_with(&format!("  logs in {folder}\n")), "{shown}");
    let told = stage.home.must(&["info:stack", PROJECT[0], PROJECT[1], "--json"]);
    assert!(told.contains(&format!("\"logs\":\"{folder}\"")), "{told}");
}

#[test]
fn follow_keeps_up_with_a_flood() {
    let Some(stage) = Stage::ready() else { return };
    stage.deploy(&[stage.worker(&format!("trap 'seq 300000' USR1; echo ready; {WAIT}"))]);
    stage.wait_for_lines("ready", 1);
    let mut follower = Follower::start(&stage.home, &["--raw"]);
    follower.wait_for(|line| line == "ready");
    let (_, pid) = pids(&stage.now()).pop_first().unwrap();
    kill(pid, Signal::USR1);
    let mut expected = 1;
    follower.wait_for(|line| {
        assert_eq!(line, expected.to_string());
        expected += 1;
        expected > 300_000
    });
    assert_eq!(stage.lines().len(), 300_001);
}

#[test]
fn lines_are_chosen_by_words_and_time() {
    let Some(stage) = Stage::ready() else { return };
    let script =
        "echo alpha one; echo beta two; echo alpha error; echo ' spaced  out '; echo; echo last >&2; ";
    stage.deploy(&[stage.worker(&format!("{script}{WAIT}"))]);
    stage.wait_for_lines("last", 1);
    let all = [
        "alpha one",
        "beta two",
        "alpha error",
        " spaced  out ",
        "",
        "last",
    ];
    assert_eq!(stage.lines(), all);
    assert_eq!(stage.logs(&["--raw", "--filter", "alpha -error"]), "alpha one\n");
    assert_eq!(
        stage.logs(&["--raw", "--filter", "?two ?one"]),
        "alpha one\nbeta two\n"
    );
    assert_eq!(stage.logs(&["--raw", "--resourceName", "other"]), "");
    let (task, _) = pids(&stage.now()).pop_first().unwrap();
    assert_eq!(
        stage.logs(&["--raw", "--task", task.short()]).lines().count(),
        all.len()
    );

    let json = stage.logs(&["--json"]);
    let lines: Vec<&str> = json.lines().collect();
    assert_eq!(lines.len(), all.len());
    for (line, text) in lines.iter().zip(all) {
        assert!(line.contains(&format!("\"message\":\"{text}\"")), "{line}");
        assert!(line.contains("\"service\":\"worker\""), "{line}");
        assert!(line.contains(&format!("\"task\":\"{task}\"")), "{line}");
    }
    assert!(
        lines[0].contains("\"stream\":\"stdout\"") && lines[5].contains("\"stream\":\"stderr\""),
        "{json}"
    );
    let shown = stage.logs(&[]);
    assert!(
        shown
            .lines()
            .next()
            .unwrap()
            .ends_with(&format!("worker/{} alpha one", task.short())),
        "{shown}"
    );
    assert!(
        !shown.contains('\x1b'),
        "no colours where no terminal is: {shown:?}"
    );
}

#[test]
fn since_leaves_out_what_is_older() {
    let Some(stage) = Stage::ready() else { return };
    stage.deploy(&[stage.worker(PINGS)]);
    stage.wait_for_lines("ready", 1);
    let (_, pid) = pids(&stage.now()).pop_first().unwrap();
    kill(pid, Signal::USR1);
    stage.wait_for_lines("ping", 1);
    let json = stage.logs(&["--json", "--filter", "ping"]);
    let time = json
        .split_once("\"time\":\"")
        .unwrap()
        .1
        .split_once('"')
        .unwrap()
        .0;
    let since = stage.logs(&["--raw", "--since", time]);
    assert_eq!(since, "ping\n", "from {time} on");
    assert_eq!(stage.logs(&["--raw", "--startTime", "5m"]), "ready\nping\n");
    assert_eq!(stage.logs(&["--raw", "--since", "2999-01-01"]), "");
    let wrong = stage
        .home
        .run(&["logs", PROJECT[0], PROJECT[1], "--since", "yesterday"]);
    assert_eq!(wrong.code, Some(2), "{wrong:?}");
}

#[test]
fn what_ended_tasks_wrote_is_still_there() {
    let Some(stage) = Stage::ready() else { return };
    stage.apply(&[stage.worker("echo \"I am $HOSTNAME\"; sleep 0.4; echo bye; exit 1")]);
    stage.worker_when("a second task", |service| service.tasks.len() >= 2);
    let lines = stage.lines();
    assert_eq!(lines[1], "bye", "{lines:?}");
    stage.home.must(&["engine", "stop", "--tasks"]);
    assert_eq!(
        stage.lines()[..2],
        lines[..2],
        "logs are read without an engine, too"
    );
}

#[test]
fn t74_a_task_that_closes_its_output_keeps_running() {
    let Some(stage) = Stage::ready() else { return };
    let script = "trap 'exit 7' USR1; echo ready; exec 2>&-; echo still; exec 1>&-; ";
    stage.deploy(&[stage.worker(&format!("{script}{WAIT}"))]);
    stage.wait_for_lines("still", 1);
    let (_, pid) = pids(&stage.now()).pop_first().unwrap();
    let is_open = |stream: u8| std::fs::symlink_metadata(format!("/proc/{pid}/fd/{stream}")).is_ok();
    eventually("both to be closed", DEADLINE, || {
        (!is_open(1) && !is_open(2)).then_some(())
    });
    // Only a task that still runs can end in its own way.
    kill(pid, Signal::USR1);
    stage.worker_when("the end that was asked for", |service| {
        let mut ends = service.tasks.iter().filter_map(crate::stage::end);
        ends.any(|end| end.exit_code == Some(7))
    });
}

#[test]
fn a_stack_without_logs_is_told() {
    let Some(stage) = Stage::ready() else { return };
    let none = stage.home.run(&["logs", PROJECT[0], PROJECT[1]]);
    assert_eq!(none.code, Some(1), "{none:?}");
    assert!(
        none.stderr.contains("stack app-dev has no logs on this machine"),
        "{none:?}"
    );
}
