//! Logs grow old by a clock that is believed only when it says so twice.

use std::time::Duration;

use tapedeck_model::{TaskId, Timestamp};

use crate::log_retention::{ClockCheck, LogLimits, LogRemoval, LogSegment, Reading, TaskLog, expired};

const HOUR: u64 = 60 * 60 * 1000;
const DAY: u64 = 24 * HOUR;
const LIMITS: LogLimits = LogLimits {
    retention: Duration::from_secs(3 * 24 * 60 * 60),
    bytes: 1000,
    stopped: 10,
};

fn id(number: u8) -> TaskId {
    TaskId::from_bytes([number; 16])
}

fn day(day: u64) -> Timestamp {
    Timestamp::from_millis(day * DAY)
}

/// A log with a segment of 100 bytes for each day on which one ended.
fn log(number: u8, live: bool, days: &[u64]) -> TaskLog {
    let segment = |(place, ended): (usize, &u64)| LogSegment {
        number: place as u64,
        bytes: 100,
        end: Some(day(*ended)),
    };
    TaskLog {
        task: id(number),
        live,
        segments: days.iter().enumerate().map(segment).collect(),
    }
}

fn segment(task: u8, number: u64) -> LogRemoval {
    LogRemoval::Segment {
        task: id(task),
        number,
    }
}

fn whole(task: u8) -> LogRemoval {
    LogRemoval::Log { task: id(task) }
}

#[test]
fn t69_a_segment_goes_at_its_end_and_the_retention() {
    let logs = [log(1, true, &[10, 11, 12]), log(2, false, &[10, 11])];
    let before = day(13) - Duration::from_millis(1);
    assert_eq!(expired(&logs, &LIMITS, Some(before)), []);
    assert_eq!(
        expired(&logs, &LIMITS, Some(day(13))),
        [segment(1, 0), segment(2, 0)]
    );
    assert_eq!(
        expired(&logs, &LIMITS, Some(day(14))),
        [segment(1, 0), segment(1, 1), whole(2)]
    );
    assert_eq!(
        expired(&logs, &LIMITS, Some(day(1000))),
        [segment(1, 0), segment(1, 1), whole(2)],
        "what is being written stays"
    );
    assert_eq!(expired(&logs, &LIMITS, None), [], "nobody knows what time it is");
}

#[test]
fn a_segment_whose_end_is_not_known_is_as_old_as_the_next_one() {
    let mut unknown = log(1, true, &[10, 11, 12]);
    unknown.segments[0].end = None;
    assert_eq!(expired(&[unknown.clone()], &LIMITS, Some(day(13))), []);
    assert_eq!(
        expired(&[unknown], &LIMITS, Some(day(14))),
        [segment(1, 0), segment(1, 1)]
    );
    let mut empty = log(2, false, &[1]);
    empty.segments[0].end = None;
    assert_eq!(expired(&[empty.clone()], &LIMITS, Some(day(2))), [whole(2)]);
    assert_eq!(expired(&[empty], &LIMITS, None), []);
}

#[test]
fn segments_that_were_written_while_the_clock_was_set_back_leave_no_gap() {
    let logs = [log(1, true, &[20, 10, 21])];
    assert_eq!(expired(&logs, &LIMITS, Some(day(14))), []);
    assert_eq!(
        expired(&logs, &LIMITS, Some(day(23))),
        [segment(1, 0), segment(1, 1)]
    );
}

#[test]
fn beyond_the_cap_the_oldest_segments_of_stopped_tasks_go_first() {
    let logs = [
        log(1, true, &[1, 2, 9]),
        log(2, false, &[5, 7]),
        log(3, false, &[6]),
    ];
    let limited = |bytes| expired(&logs, &LogLimits { bytes, ..LIMITS }, None);
    assert_eq!(limited(600), []);
    assert_eq!(limited(599), [segment(2, 0)]);
    assert_eq!(limited(400), [segment(2, 0), whole(3)]);
    assert_eq!(limited(300), [whole(2), whole(3)]);
    assert_eq!(limited(200), [segment(1, 0), whole(2), whole(3)]);
    assert_eq!(
        limited(0),
        [segment(1, 0), segment(1, 1), whole(2), whole(3)],
        "what is being written stays"
    );
}

#[test]
fn only_so_many_logs_of_stopped_tasks_stay() {
    let logs = [
        log(1, false, &[5]),
        log(2, false, &[3]),
        log(3, true, &[1]),
        log(4, false, &[4]),
    ];
    let limits = LogLimits { stopped: 2, ..LIMITS };
    assert_eq!(expired(&logs, &limits, None), [whole(2)]);
}

/// What checks say, one an hour; the clock is set between two of them.
fn checks(readings: &[(u64, u64)]) -> Vec<bool> {
    let mut check = ClockCheck::default();
    let agreed = readings.iter().map(|(wall, steady)| {
        let now = Reading {
            wall: Timestamp::from_millis(*wall),
            steady: Timestamp::from_millis(*steady),
        };
        check.agreed(now).is_some()
    });
    agreed.collect()
}

#[test]
fn t69_a_clock_that_jumps_by_more_than_a_day_is_not_believed_before_it_says_so_twice() {
    let start = 1000 * DAY;
    let on_time = |hour: u64| (start + hour * HOUR, hour * HOUR);
    assert_eq!(checks(&[on_time(0), on_time(1), on_time(2)]), [false, true, true]);
    let jumped = |hour: u64, days: u64| (start + days * DAY + hour * HOUR, hour * HOUR);
    assert_eq!(
        checks(&[
            on_time(0),
            on_time(1),
            jumped(2, 400),
            jumped(3, 400),
            jumped(4, 400)
        ]),
        [false, true, false, true, true]
    );
    assert_eq!(
        checks(&[on_time(0), on_time(1), jumped(2, 400), on_time(3), on_time(4)]),
        [false, true, false, false, true],
        "there and back again"
    );
    let two_hours = |hour: u64| (start + (hour + 2) * HOUR, hour * HOUR);
    assert_eq!(
        checks(&[on_time(0), on_time(1), two_hours(2), on_time(3)]),
        [false, true, true, true],
        "two hours do not matter"
    );
}

#[test]
fn t69_a_jump_deletes_nothing_early() {
    let logs = [log(1, false, &[1000, 1001])];
    let mut check = ClockCheck::default();
    let mut look = |wall: u64, steady: u64| {
        let now = check.agreed(Reading {
            wall: Timestamp::from_millis(wall),
            steady: Timestamp::from_millis(steady),
        });
        expired(&logs, &LIMITS, now)
    };
    let now = 1001 * DAY;
    assert_eq!(look(now, 0), []);
    assert_eq!(look(now + HOUR, HOUR), []);
    assert_eq!(
        look(now + 9000 * DAY, 2 * HOUR),
        [],
        "a jump, and back before the next look"
    );
    assert_eq!(look(now + 3 * HOUR, 3 * HOUR), []);
    assert_eq!(look(now + 4 * HOUR, 4 * HOUR), []);
    assert_eq!(look(now + 3 * DAY, 3 * DAY), [whole(1)], "time has passed indeed");
}

#[test]
fn an_engine_goes_on_from_what_the_clock_said_to_the_one_before() {
    let reading = |wall: Timestamp| Reading {
        wall,
        steady: Timestamp::from_millis(7),
    };
    let restarted = |wall| ClockCheck::after(Some(day(100)), Timestamp::from_millis(7)).agreed(reading(wall));
    assert_eq!(restarted(day(100)), Some(day(100)));
    assert_eq!(restarted(day(101)), Some(day(101)));
    assert_eq!(
        restarted(day(103)),
        None,
        "off for days, or set: the next look will tell"
    );
    assert_eq!(restarted(day(98)), None);
    assert_eq!(
        ClockCheck::after(None, Timestamp::default()).agreed(reading(day(1))),
        None
    );
}
