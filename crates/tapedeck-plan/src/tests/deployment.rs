//! Deployments: within which bounds they go, when they have failed, and where they go back to.

use tapedeck_model::{Revision, RolloutState, StopCode, Task};

use super::{at, crashed, ended, of, pending, running, starts, stops, want};
use crate::{Bounds, Breaker, Deployments, Desired, Stage, Waiting, decide, events};

fn within(minimum: u32, maximum: u32, count: u32) -> Desired {
    Desired {
        bounds: Bounds::new(minimum, maximum),
        ..want(2, count)
    }
}

/// Tasks of the first revision, and some of the second.
fn old_and(count: u8, new: &[Task]) -> Vec<Task> {
    let old = (1..=count).map(|number| running(number, 1, 0.0));
    old.chain(new.iter().cloned()).collect()
}

#[test]
fn bounds_are_rounded_towards_the_desired_count() {
    let bounds = |minimum, maximum, count| {
        let bounds = Bounds::new(minimum, maximum);
        (bounds.floor(count), bounds.ceiling(count))
    };
    assert_eq!(bounds(100, 200, 4), (4, 8));
    assert_eq!(bounds(50, 200, 4), (2, 8));
    assert_eq!(bounds(75, 200, 2), (2, 4));
    assert_eq!(bounds(50, 125, 3), (2, 3));
    assert_eq!(bounds(100, 150, 1), (1, 1));
    assert_eq!(bounds(100, 200, 0), (0, 0));
    assert_eq!(
        bounds(300, 20, 4),
        (4, 4),
        "neither may contradict the desired count"
    );
    assert_eq!(bounds(100, 200, u32::MAX).1, 2 * u32::MAX as usize);
}

#[test]
fn where_the_maximum_leaves_no_room_old_tasks_go_down_to_the_minimum() {
    let plan = decide(&within(50, 100, 4), &old_and(4, &[]), at(10.0));
    assert_eq!((stops(&plan).len(), starts(&plan)), (2, vec![2, 2]));
    let plan = decide(&within(50, 125, 4), &old_and(4, &[]), at(10.0));
    assert_eq!((stops(&plan).len(), starts(&plan)), (2, vec![2, 2, 2]));
    let plan = decide(&within(50, 200, 4), &old_and(4, &[]), at(10.0));
    assert_eq!((stops(&plan).len(), starts(&plan).len()), (0, 4), "there is room");
}

#[test]
fn t34_bounds_without_room_say_so_once() {
    let tight = within(100, 150, 1);
    let plan = decide(&tight, &old_and(1, &[]), at(10.0));
    assert_eq!(plan.steps, []);
    assert!(plan.progress.blocked);
    assert!(plan.waiting.contains(&Waiting::ForRoom { starts: 1 }));
    let service = tapedeck_model::ResourceName::new("mailer").unwrap();
    let told = events::transitions(&service, None, &plan.progress);
    assert_eq!(told, [events::no_room(&service)]);
    assert!(told[0].starts_with(
        "(service mailer) was unable to stop or start tasks during a deployment because of the service deployment \
         configuration. Update the minimumHealthyPercent"
    ));
    assert_eq!(
        events::transitions(&service, Some(&plan.progress), &plan.progress),
        [""; 0]
    );
    let crashed = [crashed(1, 0.0, 100.0)];
    assert_eq!(
        starts(&decide(&tight, &crashed, at(100.0))),
        [2],
        "an end makes room"
    );
}

#[test]
fn t34_one_less_is_enough_to_go_task_by_task() {
    let narrow = within(50, 125, 3);
    let plan = decide(&narrow, &old_and(3, &[]), at(10.0));
    assert_eq!((stops(&plan).len(), starts(&plan)), (1, vec![2]));
    let going = old_and(2, &[pending(4, 2, 10.0)]);
    let plan = decide(&narrow, &going, at(10.1));
    assert_eq!(plan.steps, []);
    assert!(!plan.progress.blocked, "one is being started");
    let plan = decide(&narrow, &old_and(2, &[running(4, 2, 10.1)]), at(11.0));
    assert_eq!((stops(&plan).len(), starts(&plan)), (1, vec![2]));
}

#[test]
fn above_the_maximum_an_old_task_goes_before_an_attempt_of_the_new_revision() {
    let lowered = within(0, 100, 1);
    let tasks = old_and(1, &[pending(4, 2, 10.0)]);
    let plan = decide(&lowered, &tasks, at(10.1));
    assert_eq!((stops(&plan), starts(&plan)), (vec![super::id(1)], vec![]));
    let plan = decide(&within(100, 100, 1), &tasks, at(10.1));
    assert_eq!(stops(&plan), [super::id(4)], "the minimum keeps the old one");
}

#[test]
fn t32_the_threshold_follows_the_latest_count() {
    let breaker = Breaker::default();
    let thresholds = [1, 4, 7, 10, 25, 400, 800].map(|count| breaker.threshold(count));
    assert_eq!(thresholds, [3, 3, 4, 5, 13, 200, 200]);
    let failed: Vec<Task> = (1..=4).map(|number| of(2, crashed(number, 1.0, 1.1))).collect();
    assert!(decide(&want(2, 4), &failed, at(2.0)).progress.failed);
    assert!(
        !decide(&want(2, 10), &failed, at(2.0)).progress.failed,
        "five of ten, meanwhile"
    );
}

#[test]
fn t33_a_healthy_task_makes_up_for_failures_unless_all_count() {
    let tasks = [
        of(2, crashed(1, 1.0, 1.1)),
        of(2, crashed(2, 1.1, 1.2)),
        of(2, crashed(3, 3.0, 4.0)),
        of(2, crashed(4, 5.0, 5.1)),
        of(2, crashed(5, 7.0, 7.1)),
    ];
    let in_a_row = decide(&want(2, 1), &tasks, at(8.0)).progress;
    assert_eq!((in_a_row.failed_tasks, in_a_row.failed), (2, false));
    let cumulative = Desired {
        breaker: Breaker {
            reset_on_healthy: false,
            ..Breaker::default()
        },
        ..want(2, 1)
    };
    let all = decide(&cumulative, &tasks, at(8.0)).progress;
    assert_eq!((all.failed_tasks, all.failed), (4, true));
    assert!(
        !decide(&cumulative, &tasks[..3], at(8.0)).progress.failed,
        "two, and one that had held"
    );
}

#[test]
fn what_the_breaker_counts() {
    let counted = |code| {
        let tasks = [1, 2, 3].map(|number| of(2, ended(number, 1.0, 1.1, code)));
        decide(&want(2, 1), &tasks, at(2.0)).progress.failed_tasks
    };
    assert_eq!(counted(StopCode::TaskFailedToStart), 3);
    assert_eq!(counted(StopCode::EssentialContainerExited), 3);
    assert_eq!(
        counted(StopCode::TerminationNotice),
        0,
        "the machine was lost, the task had not failed"
    );
    assert_eq!(counted(StopCode::UserInitiated), 0);
    assert_eq!(counted(StopCode::ServiceSchedulerInitiated), 0);
}

#[test]
fn a_failed_deployment_starts_nothing_even_before_anybody_has_acted_on_it() {
    let failed = [3, 4, 5].map(|number| of(2, crashed(number, 10.0, 10.1)));
    let plan = decide(&want(2, 2), &old_and(2, &failed), at(100.0));
    assert!(plan.progress.failed);
    assert_eq!(plan.steps, []);
    let trusted = Desired {
        stage: Stage::Trusted,
        ..want(2, 2)
    };
    let plan = decide(&trusted, &old_and(2, &failed), at(100.0));
    assert!(!plan.progress.failed);
    assert_eq!(starts(&plan), [2, 2], "one that is trusted is tried for ever");
}

#[test]
fn t07_a_first_deployment_that_failed_waits_for_another() {
    let given_up = Desired {
        stage: Stage::GivenUp,
        ..want(1, 2)
    };
    let failed = [1, 2, 3].map(|number| ended(number, 1.0, 1.1, StopCode::TaskFailedToStart));
    let plan = decide(&given_up, &failed, at(1000.0));
    assert_eq!(plan.steps, []);
    assert_eq!(
        plan.waiting.iter().map(ToString::to_string).collect::<Vec<_>>(),
        ["the deployment of revision 1 failed: 2 starts are held back until another revision is deployed"]
    );
    assert_eq!(
        starts(&decide(&want(2, 2), &failed, at(1000.0))),
        [2, 2],
        "another one"
    );
}

#[test]
fn t30_going_back_keeps_the_old_tasks_and_ends_the_new() {
    let new = [running(3, 2, 9.9), pending(4, 2, 9.9)];
    let back = Desired {
        stage: Stage::Trusted,
        ..want(1, 2)
    };
    let plan = decide(&back, &old_and(2, &new), at(10.0));
    assert_eq!(stops(&plan), [super::id(3), super::id(4)]);
    assert_eq!(starts(&plan), [0; 0]);
}

#[test]
fn a_revision_that_was_given_up_is_none_to_fall_back_on() {
    let mut all = Deployments::default();
    all.begin(Revision(1), at(0.0));
    all.begin(Revision(2), at(1.0));
    let fallback = Some(Revision(1));
    assert_eq!(
        all.stage(Revision(2)),
        Stage::UnderWay { fallback },
        "it was overtaken, and did not fail"
    );
    assert_eq!(all.fail(Revision(2), 3, at(2.0)), None);
    all.begin(Revision(3), at(3.0));
    assert_eq!(all.stage(Revision(3)), Stage::UnderWay { fallback });
    let back = Desired {
        stage: Stage::Trusted,
        ..want(1, 2)
    };
    let tasks = [
        of(2, crashed(3, 0.0, 10.5)),
        running(4, 2, 0.0),
        pending(1, 1, 10.0),
    ];
    assert_eq!(starts(&decide(&back, &tasks, at(10.6))), [1]);
}

#[test]
fn records_that_the_breaker_counts_are_kept() {
    let many: Vec<Task> = (1..=60)
        .map(|number| of(2, crashed(number, 1.0, 1.0 + f64::from(number) / 1000.0)))
        .collect();
    let plan = decide(&want(2, 400), &many, at(2.0));
    assert_eq!(super::forgets(&plan), []);
    assert_eq!(plan.progress.failed_tasks, 60);
}

#[test]
fn a_deployment_that_fails_goes_back_to_the_last_that_held() {
    let (one, two, three, four) = (Revision(1), Revision(2), Revision(3), Revision(4));
    let mut all = Deployments::default();
    all.begin(one, at(0.0));
    assert_eq!(all.stage(one), Stage::UnderWay { fallback: None });
    all.complete(one, at(1.0));
    all.begin(two, at(2.0));
    all.complete(two, at(3.0));
    all.begin(three, at(4.0));
    assert_eq!(all.fail(three, 3, at(5.0)), Some(two));
    let failed = all.get(three).unwrap();
    assert_eq!(
        (failed.state, failed.failed_tasks, failed.rolled_back_to),
        (RolloutState::Failed, 3, Some(two))
    );
    assert_eq!(
        failed.reason,
        "ECS deployment circuit breaker: tasks failed to start."
    );
    assert_eq!(
        (all.state(two), all.stage(two)),
        (RolloutState::InProgress, Stage::Trusted)
    );
    assert!(all.needs(one, two), "the one before can be asked for");
    all.begin(four, at(6.0));
    assert_eq!(
        all.state(two),
        RolloutState::Completed,
        "what was being gone back to held once"
    );
    assert_eq!(all.fail(four, 3, at(7.0)), Some(two));
}

#[test]
fn t37_a_deployment_that_is_overtaken_is_none_to_go_back_to() {
    let mut all = Deployments::default();
    all.begin(Revision(1), at(0.0));
    all.begin(Revision(2), at(1.0));
    assert_eq!(all.state(Revision(1)), RolloutState::Failed);
    assert_eq!(all.get(Revision(1)).unwrap().reason, "replaced by deployment 2");
    assert_eq!(all.fail(Revision(2), 3, at(2.0)), None);
    assert_eq!(all.stage(Revision(2)), Stage::GivenUp);
    assert_eq!(all.stop(Revision(2), at(3.0)), None);
}

#[test]
fn a_deployment_that_is_stopped_on_demand_says_so() {
    let mut all = Deployments::default();
    all.begin(Revision(1), at(0.0));
    all.complete(Revision(1), at(1.0));
    all.begin(Revision(2), at(2.0));
    assert_eq!(all.stop(Revision(2), at(3.0)), Some(Revision(1)));
    let reason = |revision| all.get(Revision(revision)).unwrap().reason.as_str();
    assert_eq!(
        (reason(2), reason(1)),
        ("rolled back on demand", "rolling back to deploymentId 1.")
    );
}

#[test]
fn t35_an_old_task_that_ends_meanwhile_is_replaced_by_its_like() {
    let new = [
        of(2, crashed(3, 90.0, 90.1)),
        pending(4, 2, 90.2),
        pending(5, 2, 90.2),
    ];
    let mut tasks = old_and(2, &new);
    tasks[0] = crashed(1, 0.0, 91.0);
    assert_eq!(starts(&decide(&want(2, 2), &tasks, at(91.0))), [1]);
}

#[test]
fn t36_more_tasks_wanted_meanwhile_are_started_of_both_revisions() {
    let tasks = old_and(2, &[pending(4, 2, 90.2), pending(5, 2, 90.2)]);
    let grown = Desired {
        grown: 2,
        ..want(2, 4)
    };
    assert_eq!(starts(&decide(&grown, &tasks, at(91.0))), [1, 1, 2, 2]);
    let narrow = Desired {
        bounds: within(100, 150, 4).bounds,
        ..grown
    };
    let decided = decide(&narrow, &tasks, at(91.0));
    assert_eq!(starts(&decided), [1, 1], "the maximum is six, and it is kept");
    let held = old_and(2, &[running(4, 2, 90.2), pending(5, 2, 90.2)]);
    assert_eq!(
        starts(&decide(&grown, &held, at(91.0))),
        [2, 2],
        "once a task of the new one has held, the old one goes"
    );
}

#[test]
fn deployments_are_forgotten_but_for_the_latest_and_those_to_go_back_to() {
    let mut all = Deployments::default();
    for number in 1..=2 {
        all.begin(Revision(number), at(0.0));
        all.complete(Revision(number), at(0.5));
    }
    for number in 3..=40 {
        all.begin(Revision(number), at(1.0));
    }
    let known: Vec<u64> = all.newest_first().map(|(revision, _)| revision.0).collect();
    assert_eq!(known, [40, 39, 38, 37, 36, 35, 34, 33, 32, 31, 2, 1]);
}
