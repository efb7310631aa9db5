//! What becomes of jobs.

use std::collections::BTreeMap;
use std::time::Duration;

use tapedeck_model::{
    Cpu, Job, JobAttempt, JobEnd, JobId, JobRun, Placement, StopCode, Task, TaskState, Zone,
};

use super::{at, id, task};
use crate::jobs::{JOBS_KEPT, JobBounds, JobPlan, JobStep, TIMED_OUT, decide};

const EXITED: &str = "Essential container in task exited";

fn job_id(number: u8) -> JobId {
    JobId::from_bytes([number; 16])
}

/// A job that was submitted that many seconds after the beginning.
fn job(number: u8, created: f64) -> Job {
    Job {
        id: job_id(number),
        name: format!("job-{number}"),
        queue_arn: "arn:aws:batch:local:000000000000:job-queue/main".to_owned(),
        definition_arn: "arn:aws:batch:local:000000000000:job-definition/report:1".to_owned(),
        created: at(created),
        environment: BTreeMap::new(),
        command: Vec::new(),
        most_attempts: 1,
        timeout_seconds: None,
        attempts: Vec::new(),
        ending: None,
        end: None,
        waiter: None,
    }
}

fn attempt_of(job: u8, number: u8, state: TaskState) -> Task {
    Task {
        job: Some(JobRun {
            job: job_id(job),
            attempt: 1,
        }),
        placement: Some(Placement {
            zone: Zone::A,
            instance: None,
        }),
        ..task(number, 1, 0.0, state)
    }
}

fn runs(since: f64) -> TaskState {
    TaskState::Running {
        started: at(since),
        pid: 7,
    }
}

fn ended(code: StopCode, started: Option<f64>, exit_code: Option<i32>, reason: &str) -> TaskState {
    TaskState::Stopped {
        started: started.map(at),
        stopped: at(9.0),
        code,
        reason: reason.to_owned(),
        exit_code,
    }
}

fn exited(exit_code: i32) -> TaskState {
    ended(
        StopCode::EssentialContainerExited,
        Some(1.0),
        Some(exit_code),
        EXITED,
    )
}

fn bounds(vcpus: u32) -> JobBounds {
    JobBounds {
        cpu: Cpu::of_machine(1),
        machine: Cpu::of_machine(vcpus),
        ends: false,
    }
}

fn plan(jobs: &[Job], tasks: &[Task], bounds: JobBounds, now: f64) -> JobPlan {
    let jobs = jobs.iter().map(|job| (job.id.clone(), job.clone())).collect();
    let tasks: Vec<&Task> = tasks.iter().collect();
    decide(&jobs, &tasks, &bounds, at(now))
}

fn start(number: u8, attempt: u32) -> JobStep {
    JobStep::Start {
        job: job_id(number),
        attempt,
    }
}

fn close(number: u8, task: u8, exit_code: i32, end: Option<bool>) -> JobStep {
    JobStep::Close {
        job: job_id(number),
        attempt: JobAttempt {
            task: id(task),
            started: Some(at(1.0)),
            stopped: at(9.0),
            exit_code: Some(exit_code),
            reason: EXITED.to_owned(),
        },
        end: end.map(|succeeded| JobEnd {
            succeeded,
            stopped: at(9.0),
            reason: EXITED.to_owned(),
        }),
    }
}

#[test]
fn as_many_start_as_the_machine_has_processors_for_the_oldest_first() {
    let jobs = [job(3, 1.0), job(2, 2.0), job(1, 3.0)];
    let decided = plan(&jobs, &[], bounds(2), 4.0);
    assert_eq!(decided.steps, [start(3, 1), start(2, 1)]);
    assert_eq!(decided.queued, 1);
    let under_way = [attempt_of(3, 9, runs(4.0)), attempt_of(2, 8, TaskState::Pending)];
    assert_eq!(plan(&jobs, &under_way, bounds(2), 5.0).steps, []);
}

#[test]
fn one_runs_also_where_it_wants_more_than_there_is_and_one_without_room_holds_back_the_others() {
    let large = JobBounds {
        cpu: Cpu::of_machine(8),
        ..bounds(2)
    };
    let jobs = [job(1, 1.0), job(2, 2.0)];
    assert_eq!(plan(&jobs, &[], large, 3.0).steps, [start(1, 1)]);
    let mut unplaced = attempt_of(1, 9, TaskState::Pending);
    unplaced.placement = None;
    assert_eq!(plan(&jobs, &[unplaced], bounds(4), 3.0).steps, []);
}

#[test]
fn an_attempt_that_succeeds_ends_the_job_and_one_that_fails_is_followed_by_another_while_there_are_some() {
    let twice = Job {
        most_attempts: 2,
        ..job(1, 1.0)
    };
    let good = plan(
        std::slice::from_ref(&twice),
        &[attempt_of(1, 9, exited(0))],
        bounds(2),
        9.0,
    );
    assert_eq!(good.steps, [close(1, 9, 0, Some(true))]);
    let bad = plan(
        std::slice::from_ref(&twice),
        &[attempt_of(1, 9, exited(3))],
        bounds(2),
        9.0,
    );
    assert_eq!(bad.steps, [close(1, 9, 3, None)]);
    let JobStep::Close { attempt, .. } = &bad.steps[0] else {
        unreachable!("it was compared")
    };
    let tried = Job {
        attempts: vec![attempt.clone()],
        ..twice
    };
    let tasks = [attempt_of(1, 9, exited(3))];
    assert_eq!(
        plan(std::slice::from_ref(&tried), &tasks, bounds(2), 9.0).steps,
        [start(1, 2)]
    );
    let tasks = [attempt_of(1, 9, exited(3)), attempt_of(1, 8, exited(3))];
    assert_eq!(
        plan(&[tried], &tasks, bounds(2), 9.0).steps,
        [close(1, 8, 3, Some(false))]
    );
}

#[test]
fn an_attempt_that_is_too_long_is_ended_and_not_tried_again() {
    let limited = Job {
        timeout_seconds: Some(60),
        most_attempts: 3,
        ..job(1, 1.0)
    };
    let tasks = [attempt_of(1, 9, runs(2.0))];
    let before = plan(std::slice::from_ref(&limited), &tasks, bounds(2), 61.9);
    assert_eq!((before.steps, before.wake_at), (vec![], Some(at(62.0))));
    let stop = JobStep::Stop {
        task: id(9),
        code: StopCode::ServiceSchedulerInitiated,
        reason: TIMED_OUT.to_owned(),
    };
    assert_eq!(
        plan(std::slice::from_ref(&limited), &tasks, bounds(2), 62.0).steps,
        [stop]
    );
    let stopped = ended(
        StopCode::ServiceSchedulerInitiated,
        Some(2.0),
        Some(143),
        TIMED_OUT,
    );
    let after = plan(&[limited], &[attempt_of(1, 9, stopped)], bounds(2), 63.0);
    assert!(
        matches!(&after.steps[..], [JobStep::Close { end: Some(end), .. }] if !end.succeeded),
        "{after:?}"
    );
}

#[test]
fn a_job_that_somebody_ends_is_stopped_or_never_runs() {
    let unwanted = Job {
        ending: Some("enough".to_owned()),
        most_attempts: 3,
        ..job(1, 1.0)
    };
    let never = plan(std::slice::from_ref(&unwanted), &[], bounds(2), 2.0);
    assert!(
        matches!(&never.steps[..], [JobStep::End { end, .. }] if !end.succeeded && end.reason == "enough"),
        "{never:?}"
    );
    let running = plan(
        std::slice::from_ref(&unwanted),
        &[attempt_of(1, 9, runs(2.0))],
        bounds(2),
        3.0,
    );
    assert!(
        matches!(
            &running.steps[..],
            [JobStep::Stop {
                code: StopCode::UserInitiated,
                ..
            }]
        ),
        "{running:?}"
    );
    let stopped = ended(StopCode::UserInitiated, Some(2.0), Some(143), "enough");
    let after = plan(&[unwanted], &[attempt_of(1, 9, stopped)], bounds(2), 4.0);
    assert!(
        matches!(&after.steps[..], [JobStep::Close { end: Some(_), .. }]),
        "{after:?}"
    );
}

#[test]
fn what_the_engine_stopped_with_itself_or_lost_before_it_ran_counts_for_nothing() {
    for state in [
        ended(
            StopCode::UserInitiated,
            Some(2.0),
            Some(143),
            "Engine stopped together with its tasks",
        ),
        ended(
            StopCode::TerminationNotice,
            None,
            None,
            "Shim of the task was killed",
        ),
    ] {
        let decided = plan(&[job(1, 1.0)], &[attempt_of(1, 9, state)], bounds(2), 9.0);
        assert_eq!(decided.steps, [start(1, 1)]);
    }
    let lost = ended(StopCode::TerminationNotice, Some(2.0), None, "Host restarted");
    let decided = plan(&[job(1, 1.0)], &[attempt_of(1, 9, lost)], bounds(2), 9.0);
    assert!(
        matches!(&decided.steps[..], [JobStep::Close { end: Some(_), .. }]),
        "{decided:?}"
    );
}

#[test]
fn a_definition_that_ends_starts_nothing_and_stops_what_runs() {
    let ends = JobBounds {
        ends: true,
        ..bounds(2)
    };
    let decided = plan(
        &[job(1, 1.0), job(2, 2.0)],
        &[attempt_of(1, 9, runs(2.0))],
        ends,
        3.0,
    );
    assert!(
        matches!(&decided.steps[..], [JobStep::Stop { task, .. }] if *task == id(9)),
        "{decided:?}"
    );
}

#[test]
fn jobs_that_are_over_are_kept_for_a_while_and_tasks_no_longer_than_needed() {
    let over = |number: u8, stopped: f64| Job {
        end: Some(JobEnd {
            succeeded: true,
            stopped: at(stopped),
            reason: EXITED.to_owned(),
        }),
        ..job(number, 0.0)
    };
    let count = u8::try_from(JOBS_KEPT).unwrap() + 1;
    let jobs: Vec<Job> = (1..=count)
        .map(|number| over(number, f64::from(number)))
        .collect();
    let oldest = JobStep::ForgetJob { job: job_id(1) };
    assert_eq!(
        plan(&jobs, &[], bounds(2), 200.0).steps,
        std::slice::from_ref(&oldest)
    );
    let week = Duration::from_secs(7 * 24 * 60 * 60).as_secs_f64();
    assert_eq!(plan(&jobs[..1], &[], bounds(2), week + 1.0).steps, [oldest]);
    assert_eq!(plan(&jobs[..1], &[], bounds(2), week).steps, []);

    let tasks: Vec<Task> = (1..=11).map(|number| attempt_of(1, number, exited(0))).collect();
    let decided = plan(&jobs[..1], &tasks, bounds(2), 20.0);
    assert_eq!(decided.steps, [JobStep::ForgetTask { task: id(1) }]);
}
