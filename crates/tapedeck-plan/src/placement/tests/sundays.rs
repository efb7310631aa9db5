//! When a refresh is due.

use super::*;

const DAY: u64 = 24 * 60 * 60;

/// A Sunday, 03:00 UTC: 2026-11-29.
const SUNDAY: u64 = 1_795_921_200;

fn wall(seconds: u64) -> Timestamp {
    Timestamp::from_millis(seconds * 1000)
}

/// A record of a service whose first instance was launched then, and that was last looked at then.
fn watched(first: u64, last: u64) -> Refresh {
    Refresh::default()
        .after(wall(first), at(0), false)
        .after(wall(last), at(0), false)
}

/// As another engine reads it.
fn read_again(refresh: &Refresh) -> Refresh {
    let text = serde_json::to_string(refresh).unwrap();
    serde_json::from_str(&text).unwrap()
}

#[test]
fn t55_it_begins_on_sunday_at_three_and_once() {
    let before = watched(SUNDAY - DAY, SUNDAY - 1);
    assert_eq!(before.began(), None);
    let on_time = before.after(wall(SUNDAY), at(7), false);
    assert_eq!(on_time.began(), Some(at(7)));
    let later = on_time.ended().after(wall(SUNDAY + 1), at(9), false);
    assert_eq!(later.began(), None);
    let next_week =
        later
            .after(wall(SUNDAY + 7 * DAY - 1), at(9), false)
            .after(wall(SUNDAY + 7 * DAY), at(11), false);
    assert_eq!(next_week.began(), Some(at(11)));
}

#[test]
fn t55_a_clock_that_skips_runs_it_once_and_one_that_goes_back_not_twice() {
    let before = watched(SUNDAY - DAY, SUNDAY - 60);
    let skipped = before.after(wall(SUNDAY + 300), at(7), false);
    assert_eq!(skipped.began(), Some(at(7)));
    let back = skipped
        .ended()
        .after(wall(SUNDAY - 600), at(8), false)
        .after(wall(SUNDAY), at(9), false);
    assert_eq!(back.began(), None);
}

#[test]
fn t55_what_was_missed_is_made_up_for_at_the_next_start() {
    let before = watched(SUNDAY - 6 * DAY, SUNDAY - DAY);
    let restarted = read_again(&before).after(wall(SUNDAY + 2 * DAY), at(7), false);
    assert_eq!(restarted.began(), Some(at(7)), "eight days are too long");
    let fresh = watched(SUNDAY - DAY, SUNDAY - 60);
    let restarted = read_again(&fresh).after(wall(SUNDAY + DAY), at(7), false);
    assert_eq!(restarted.began(), None, "two days are not");
    let watched_again = restarted.after(wall(SUNDAY + DAY + 1), at(8), false);
    assert_eq!(watched_again.began(), None);
}

#[test]
fn t55_it_waits_for_the_end_of_a_deployment_also_in_another_engine() {
    let deploying = watched(SUNDAY - DAY, SUNDAY - 1).after(wall(SUNDAY), at(7), true);
    assert!(deploying.is_owed() && deploying.began().is_none());
    let restarted = read_again(&deploying).after(wall(SUNDAY + 60), at(8), false);
    assert_eq!(restarted.began(), Some(at(8)));
    assert!(!restarted.is_owed());
}
