//! A jump of the machine's clock moves nothing that the engine waits for.

use std::time::Duration;

use tapedeck_model::Timestamp;

use crate::clock::Clock;

const TWO_HOURS: Duration = Duration::from_secs(2 * 60 * 60);

#[test]
fn t69_a_clock_that_was_set_back_before_a_restart_does_not_run_backwards() {
    let before = Clock::start(Timestamp::default());
    // The machine's clock is two hours behind what the engine before wrote down last.
    let latest = before.now() + TWO_HOURS;
    let after = Clock::start(latest);
    assert!(after.now() >= latest);
    let later = after.now();
    assert!(after.now() >= later);
    assert!(
        after.until(latest + TWO_HOURS) <= TWO_HOURS,
        "waits keep their length"
    );
}

#[test]
fn t69_copies_of_a_clock_agree_and_waits_end() {
    let clock = Clock::start(Timestamp::default());
    let copy = clock;
    let first = clock.now();
    assert!(copy.now() >= first);
    assert_eq!(clock.until(first), Duration::ZERO);
}
