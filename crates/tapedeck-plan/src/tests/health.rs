//! T20 to T23 of the health check, on a clock that only the test moves.

use std::time::Duration;

use tapedeck_model::{HealthCheck, HealthStatus, ProbeOutcome, TaskHealth, Timestamp};

use crate::health::{Health, Probed};

const BEGINNING: u64 = 1_000_000;

fn check(interval: u16, timeout: u16, retries: u16, start_period: u16) -> HealthCheck {
    HealthCheck {
        command: vec!["CMD".to_owned(), "true".to_owned()],
        interval_seconds: interval,
        timeout_seconds: timeout,
        retries,
        start_period_seconds: start_period,
    }
}

/// Runs probes as they are due; each takes that long. Returns when each began, in seconds, and what it came to.
fn play(health: &mut Health, probes: &[(ProbeOutcome, u64)]) -> Vec<(u64, HealthStatus)> {
    let mut history = Vec::new();
    for (outcome, seconds) in probes {
        let began = health.due();
        let ended = began + Duration::from_secs(*seconds);
        health.take(Probed {
            began,
            ended,
            at: Timestamp::from_millis(BEGINNING) + ended,
            outcome: *outcome,
            output: String::new(),
        });
        history.push((began.as_secs(), health.told().status));
    }
    history
}

const PASS: (ProbeOutcome, u64) = (ProbeOutcome::Exited(0), 0);
const FAIL: (ProbeOutcome, u64) = (ProbeOutcome::Exited(1), 0);

#[test]
fn t20_unhealthy_after_three_failures_and_not_before() {
    use HealthStatus::{Unhealthy, Unknown};
    let mut at_once = Health::new(check(30, 5, 3, 0));
    assert_eq!(
        play(&mut at_once, &[FAIL, FAIL, FAIL]),
        [(30, Unknown), (60, Unknown), (90, Unhealthy)]
    );

    // Each hangs until it is killed: 30 + 5, + 30 + 5, + 30 + 5.
    let mut hanging = Health::new(check(30, 5, 3, 0));
    let hangs = (ProbeOutcome::TimedOut, 5);
    let history = play(&mut hanging, &[hangs, hangs, hangs]);
    assert_eq!(history, [(30, Unknown), (65, Unknown), (100, Unhealthy)]);
    let since = hanging.told().since.unwrap();
    assert_eq!(
        since.since(Timestamp::from_millis(BEGINNING)),
        Duration::from_secs(105)
    );
}

#[test]
fn t21_failures_in_the_start_period_do_not_count() {
    use HealthStatus::{Healthy, Unhealthy, Unknown};
    let mut never_up = Health::new(check(20, 5, 2, 150));
    let history = play(&mut never_up, &[FAIL; 9]);
    // Probes of 20, 40 … 140 s do not count; those of 160 and 180 s do.
    assert!(
        history[..8].iter().all(|(_, status)| *status == Unknown),
        "{history:?}"
    );
    assert_eq!(history[8], (180, Unhealthy));

    let mut once_up = Health::new(check(20, 5, 2, 150));
    let history = play(&mut once_up, &[FAIL, PASS, FAIL, FAIL]);
    assert_eq!(
        history,
        [(20, Unknown), (40, Healthy), (60, Healthy), (80, Unhealthy)],
        "once it passed the start period is over"
    );
}

#[test]
fn t22_a_pass_ends_a_row_of_failures() {
    let mut health = Health::new(check(10, 5, 3, 0));
    play(&mut health, &[PASS]);
    let history = play(&mut health, &[FAIL, FAIL, PASS, FAIL, FAIL]);
    assert!(
        history.iter().all(|(_, status)| *status == HealthStatus::Healthy),
        "{history:?}"
    );
    assert_eq!(health.told().failing_streak, 2);
}

#[test]
fn t23_the_next_probe_waits_an_interval_from_the_end_of_the_last() {
    let mut health = Health::new(check(10, 5, 3, 0));
    let history = play(&mut health, &[(ProbeOutcome::TimedOut, 5), FAIL, PASS]);
    let began: Vec<u64> = history.iter().map(|(began, _)| *began).collect();
    assert_eq!(began, [10, 25, 35]);
}

#[test]
fn an_unhealthy_container_recovers_with_one_pass() {
    let mut health = Health::new(check(10, 5, 2, 0));
    play(&mut health, &[PASS, FAIL, FAIL]);
    assert_eq!(health.told().status, HealthStatus::Unhealthy);
    let healthy_first = health.told().first_healthy;
    play(&mut health, &[PASS]);
    assert_eq!(health.told().status, HealthStatus::Healthy);
    assert_eq!(health.told().failing_streak, 0);
    assert_eq!(
        health.told().first_healthy,
        healthy_first,
        "the first time stays the first"
    );
    assert_ne!(health.told().since, healthy_first);
}

#[test]
fn five_results_are_kept_and_of_each_so_much_output() {
    let mut health = Health::new(check(10, 5, 10, 0));
    for number in 0..7 {
        let began = health.due();
        health.take(Probed {
            began,
            ended: began,
            at: Timestamp::from_millis(BEGINNING) + began,
            outcome: ProbeOutcome::Exited(number),
            output: "ä".repeat(3000),
        });
    }
    let results = &health.told().results;
    assert_eq!(results.len(), TaskHealth::RESULTS);
    assert_eq!(results[0].outcome, ProbeOutcome::Exited(2));
    assert_eq!(results[4].outcome, ProbeOutcome::Exited(6));
    assert_eq!(results[4].output.len(), TaskHealth::OUTPUT);
}

#[test]
fn a_probe_that_could_not_be_run_counts_as_failed() {
    let mut health = Health::new(check(10, 5, 1, 0));
    assert_eq!(
        play(&mut health, &[(ProbeOutcome::NotRun, 0)]),
        [(10, HealthStatus::Unhealthy)]
    );
}
