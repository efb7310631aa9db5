//! How a session is told.

use std::net::Ipv4Addr;

use tapedeck_api::RolloutState;
use tapedeck_model::{Cpu, ImageDigest, MemoryMb, StackName, StopTimeout, Timestamp};

use super::*;

fn at(milliseconds: u64) -> Timestamp {
    Timestamp::from_millis(milliseconds)
}

fn task(number: u8, revision: u64, state: TaskState) -> Task {
    Task {
        id: TaskId::from_bytes([number; 16]),
        revision: Revision(revision),
        address: Ipv4Addr::LOCALHOST,
        created: at(0),
        placement: None,
        state,
        protected_until: None,
        job: None,
        containers: Vec::new(),
        health: None,
    }
}

fn running() -> TaskState {
    TaskState::Running {
        started: at(10),
        pid: 7,
    }
}

fn stopped(code: StopCode, started: Option<Timestamp>) -> TaskState {
    TaskState::Stopped {
        started,
        stopped: at(1300),
        code,
        reason: "Essential container in task exited".to_owned(),
        exit_code: started.map(|_| 3),
    }
}

/// The stack of the service `worker` with these tasks.
fn stack(revision: u64, tasks: Vec<Task>) -> StackStatus {
    let service = ServiceStatus {
        name: ResourceName::new("worker").unwrap(),
        status: "ACTIVE".to_owned(),
        revision: Revision(revision),
        rollout: RolloutState::InProgress,
        deployments: Vec::new(),
        image: ImageDigest::new(format!("sha256:{}", "a".repeat(64))).unwrap(),
        cpu: Cpu::from_vcpu(0.25).unwrap(),
        shares_cpu: false,
        memory: MemoryMb::new(512).unwrap(),
        stop_timeout: StopTimeout::default(),
        desired_count: 1,
        running_count: 1,
        pending_count: 0,
        steady: false,
        consecutive_failures: 0,
        failed_tasks: 0,
        scaling: None,
        waiting: vec!["waiting for task 01010101 to stop".to_owned()],
        waiting_for_room: Vec::new(),
        next_attempt_at: None,
        address: None,
        ports: Vec::new(),
        job: None,
        instances: Vec::new(),
        tasks,
        events: Vec::new(),
    };
    StackStatus {
        name: StackName::new("app-watch").unwrap(),
        version: 1,
        attended: true,
        services: vec![service],
        resources: Vec::new(),
    }
}

fn cycle(revision: u64) -> Cycle {
    Cycle {
        cause: "changed src/main.ts".to_owned(),
        changed: vec![PathBuf::from("src/main.ts")],
        began: Instant::now(),
        packaged: Duration::from_millis(7),
        awaited: BTreeMap::from([(ResourceName::new("worker").unwrap(), Revision(revision))]),
        running: BTreeMap::new(),
        is_explained: false,
    }
}

#[test]
fn a_cycle_is_told_once_when_the_new_revision_runs() {
    let mut cycle = cycle(4);
    let old = stack(4, vec![task(1, 3, running())]);
    assert!(!cycle.take(&old));
    assert_eq!(
        cycle.waiting_line(&old).as_deref(),
        Some("changed src/main.ts → packaged 7 ms → waiting for task 01010101 to stop")
    );
    assert!(!cycle.take(&stack(4, vec![task(2, 4, TaskState::Pending)])));
    let new = stack(4, vec![task(2, 4, running())]);
    assert!(cycle.take(&new));
    assert!(!cycle.take(&new));
    assert_eq!(
        cycle.line(cycle.began + Duration::from_millis(120)),
        "changed src/main.ts → packaged 7 ms → running 120 ms (revision 4)"
    );
}

#[test]
fn what_ran_and_ended_between_two_looks_ran_and_what_never_did_is_not_told_to_run() {
    let ended = task(2, 4, stopped(StopCode::EssentialContainerExited, Some(at(10))));
    assert!(cycle(4).take(&stack(4, vec![ended])));
    let never = task(2, 4, stopped(StopCode::TaskFailedToStart, None));
    let mut cycle = cycle(4);
    assert!(!cycle.take(&stack(4, vec![never])));
    assert!(cycle.awaited.is_empty());
}

#[test]
fn only_tasks_that_nobody_told_to_are_told_to_have_ended() {
    let stack = stack(
        4,
        vec![
            task(1, 3, stopped(StopCode::ServiceSchedulerInitiated, Some(at(10)))),
            task(2, 4, stopped(StopCode::EssentialContainerExited, Some(at(100)))),
            task(3, 4, stopped(StopCode::TaskFailedToStart, None)),
        ],
    );
    let told: Vec<String> = exits(&stack).iter().map(Exit::line).collect();
    assert_eq!(
        told,
        [
            "worker ended with exit code 3 after 1.2 s (Essential container in task exited); a change or r starts it \
             again",
            "worker does not start: Essential container in task exited; a change or r starts it again"
        ]
    );
}

#[test]
fn causes_name_a_few_files_and_none_that_is_gone() {
    let changes = |paths: &[&str]| Changes {
        paths: paths.iter().map(PathBuf::from).collect(),
        ..Changes::default()
    };
    let told = |changes: &Changes, because: &[&str]| {
        let because = because.iter().map(PathBuf::from).collect();
        cause(changes, &because, Path::new("/p"), &|path| {
            !path.ends_with("4913")
        })
        .0
    };
    assert_eq!(told(&changes(&[]), &[]), "started");
    assert_eq!(told(&changes(&["/p/a.ts"]), &[]), "changed a.ts");
    assert_eq!(told(&changes(&["/p/4913", "/p/a.ts"]), &[]), "changed a.ts");
    assert_eq!(
        told(&changes(&["/p/a.ts"]), &["b.ts", "c.ts"]),
        "changed b.ts and c.ts"
    );
    assert_eq!(
        told(&changes(&["/p/a", "/p/b", "/p/c"]), &[]),
        "changed a and 2 others"
    );
    let restart = Changes {
        restart: true,
        ..changes(&[])
    };
    assert_eq!(told(&restart, &[]), "restarted");
}
