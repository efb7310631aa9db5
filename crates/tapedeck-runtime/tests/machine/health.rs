//! Health checks: what a probe is in the container, when it is killed, and what is told of it.

use std::path::Path;
use std::time::Duration;

use fs_err as fs;
use tapedeck_model::{HealthCheck, HealthStatus, ProbeOutcome, ProbeResult, TaskHealth};
use tapedeck_runtime::TaskDefinition;
use tapedeck_runtime::protocol::ShimState;

use crate::stage::{Stage, Task, processes, wait_until};

/// What tells a process of a container from others, one line each.
const PORTRAIT: &str = "grep -E '^(Uid|Gid|Groups|NoNewPrivs|Seccomp|Seccomp_filters|Cap...|SigBlk|SigIgn|Umask|THP_enabled):' /proc/self/status
for name in cgroup ipc mnt net pid user uts; do readlink /proc/self/ns/$name; done
cat /proc/self/oom_score_adj; pwd; env | grep -v '^_=' | sort; ulimit -n; ulimit -c; ls -id /; ls /proc/self/fd | wc -l
grep -v -e '0::' -e pids /proc/self/cgroup; echo error >&2";

pub(crate) fn check(command: &[&str], retries: u16) -> HealthCheck {
    HealthCheck {
        command: command.iter().map(ToString::to_string).collect(),
        interval_seconds: 1,
        timeout_seconds: 1,
        retries,
        start_period_seconds: 0,
    }
}

fn checked(stage: &Stage, script: &str, check: HealthCheck) -> TaskDefinition {
    let mut definition = stage.definition(&["sh", "-c", script]);
    definition.health_check = Some(check);
    definition
}

/// Waits for so many results, and returns what is told then.
fn health_after(task: &mut Task, results: usize) -> TaskHealth {
    loop {
        match task.next() {
            Some(ShimState::Running {
                health: Some(health), ..
            }) if health.results.len() >= results => return health,
            Some(ShimState::Exited { exit }) => panic!("it ended: {exit:?} {}", task.complaints()),
            Some(_) => {}
            None => panic!("the shim is gone: {}", task.complaints()),
        }
    }
}

fn last(health: &TaskHealth) -> &ProbeResult {
    health.results.last().unwrap()
}

/// Ends a task and looks whether its shim had anything to complain about.
fn end(mut task: Task) {
    task.stop(Duration::ZERO);
    task.exit();
    assert_eq!(task.complaints(), "");
}

fn portrait_of(definition: TaskDefinition, stage: &Stage) -> (String, String) {
    let mut task = stage.start(definition);
    let health = health_after(&mut task, 1);
    let probe = last(&health);
    assert_eq!(probe.outcome, ProbeOutcome::Exited(0), "{}", probe.output);
    let own = task.stdout();
    let seen = probe.output.trim_end().to_owned();
    end(task);
    (own, seen.strip_suffix("\nerror").unwrap_or(&seen).to_owned())
}

#[test]
fn a_probe_is_as_the_process_of_its_container() {
    let Some(stage) = Stage::ready() else { return };
    let script = format!("{PORTRAIT}; exec sleep 1000");
    let root = checked(&stage, &script, check(&["CMD-SHELL", PORTRAIT], 3));
    let (own, seen) = portrait_of(root, &stage);
    assert_eq!(seen, own);
    assert!(own.contains("COLOUR=blue") && own.contains("/srv/app"), "{own}");

    let mut user = checked(&stage, &script, check(&["CMD-SHELL", PORTRAIT], 3));
    user.process.uid = 1000;
    user.process.gid = 1000;
    user.process.additional_gids = vec![44];
    let (own, seen) = portrait_of(user, &stage);
    assert_eq!(seen, own);
    assert!(own.contains("HOME=/home/worker"), "{own}");
}

#[test]
fn t22_healthy_then_unhealthy_then_healthy_again() {
    let Some(stage) = Stage::ready() else { return };
    let script = "touch /tmp/well; exec sleep 1000";
    let command = ["CMD-SHELL", "echo looked; test -e /tmp/well"];
    let mut task = stage.start(checked(&stage, script, check(&command, 2)));
    let pid = task.running();
    let health = health_after(&mut task, 1);
    assert_eq!(health.status, HealthStatus::Healthy);
    assert_eq!(last(&health).output, "looked\n");

    let well = format!("/proc/{pid}/root/tmp/well");
    fs::remove_file(&well).unwrap();
    let mut statuses = Vec::new();
    while statuses.last() != Some(&HealthStatus::Unhealthy) {
        let health = health_after(&mut task, 1);
        statuses.push(health.status);
    }
    let failing = statuses.iter().filter(|status| **status == HealthStatus::Healthy);
    assert!(failing.count() >= 1, "one failure is not enough: {statuses:?}");

    fs::write(&well, "").unwrap();
    while health_after(&mut task, 1).status != HealthStatus::Healthy {}
    end(task);
}

#[test]
fn t23_a_probe_that_hangs_is_killed_with_its_children_and_nothing_else_is() {
    let Some(stage) = Stage::ready() else { return };
    let command = "echo begun; sleep 86399 & (setsid sleep 86398 &) ; sleep 86397";
    let script = "sleep 86396 & exec sleep 1000";
    let mut task = stage.start(checked(&stage, script, check(&["CMD-SHELL", command], 3)));
    let health = health_after(&mut task, 2);
    let [first, second] = &health.results[..] else {
        panic!("{health:?}")
    };
    assert_eq!(first.outcome, ProbeOutcome::TimedOut);
    assert_eq!(first.output, "health check exceeded its timeout of 1 s: begun");
    assert!(
        second.started >= first.ended + Duration::from_millis(990),
        "{health:?}"
    );
    let of = |seconds: &str| {
        let line = format!("sleep\0{seconds}\0");
        processes()
            .filter(|(_, command)| command == line.as_bytes())
            .count()
    };
    wait_until("the children of the probe to be gone", || {
        of("86399") + of("86398") + of("86397") == 0
    });
    assert_eq!(of("86396"), 1, "what the task has started runs on");
    end(task);
    assert_eq!(of("86396"), 0);
}

#[test]
fn what_a_probe_leaves_behind_ends_with_it() {
    let Some(stage) = Stage::ready() else { return };
    let command = "sleep 86395 & echo left one";
    let mut task = stage.start(checked(
        &stage,
        "exec sleep 1000",
        check(&["CMD-SHELL", command], 3),
    ));
    let health = health_after(&mut task, 1);
    assert_eq!(last(&health).outcome, ProbeOutcome::Exited(0));
    let left = processes().filter(|(_, line)| line.starts_with(b"sleep\086395"));
    assert_eq!(left.count(), 0);
    end(task);
}

#[test]
fn t28_a_program_that_is_not_there_is_told_as_output() {
    let Some(stage) = Stage::ready() else { return };
    let mut definition = checked(&stage, "", check(&["CMD-SHELL", "exit 0"], 1));
    // All that is left of the layer: one program, and no shell.
    let bare = stage.path().join("bare");
    fs::create_dir_all(bare.join("bin")).unwrap();
    fs::copy(definition.layers[0].join("bin/busybox"), bare.join("bin/sleep")).unwrap();
    definition.layers = vec![bare];
    definition.process.args = ["sleep", "1000"].map(str::to_owned).to_vec();
    let mut task = stage.start(definition);
    let health = health_after(&mut task, 1);
    assert_eq!(health.status, HealthStatus::Unhealthy);
    assert_eq!(last(&health).outcome, ProbeOutcome::NotRun);
    assert_eq!(
        last(&health).output,
        "exec: \"/bin/sh\": stat /bin/sh: no such file or directory"
    );
    end(task);
}

#[test]
fn the_whole_output_is_taken_and_its_beginning_kept() {
    let Some(stage) = Stage::ready() else { return };
    let command = "yes 0123456789abcde | head -c 1000000; exit 3";
    let mut task = stage.start(checked(
        &stage,
        "exec sleep 1000",
        check(&["CMD-SHELL", command], 3),
    ));
    let health = health_after(&mut task, 1);
    assert_eq!(last(&health).outcome, ProbeOutcome::Exited(3));
    assert_eq!(last(&health).output.len(), TaskHealth::OUTPUT);
    end(task);
}

#[test]
fn nothing_is_probed_while_a_task_stops() {
    let Some(stage) = Stage::ready() else { return };
    let script = "trap 'sleep 2; exit 0' TERM; while :; do sleep 0.1; done";
    let command = "echo x >> /tmp/probes";
    let mut task = stage.start(checked(&stage, script, check(&["CMD-SHELL", command], 3)));
    let pid = task.running();
    health_after(&mut task, 1);
    let probes = format!("/proc/{pid}/root/tmp/probes");
    let before = fs::read_to_string(&probes).unwrap();
    task.stop(Duration::from_secs(30));
    let root = Path::new(&probes);
    let mut after = before.clone();
    while let Ok(text) = fs::read_to_string(root) {
        after = text;
    }
    assert_eq!(task.exit().exit_code, Some(0));
    assert!(
        after.len() <= before.len() + 2,
        "at most one that had begun: {after:?}"
    );
}
