//! From counters to shares.

use super::*;

fn limits() -> (Cpu, MemoryMb) {
    (Cpu::from_vcpu(0.5).unwrap(), MemoryMb::new(100).unwrap())
}

fn sampled(second: u64, sample: Sample) -> Sampled {
    Sampled {
        task: TaskId::from_bytes([1; 16]),
        at: Timestamp::from_millis(second * 1000),
        sample: Some(sample),
    }
}

fn counters(cpu_ms: u64, (periods, throttled): (u64, u64)) -> Sample {
    Sample {
        cpu: Duration::from_millis(cpu_ms),
        periods,
        throttled,
        pressure: Some(0.25),
        held: 60 << 20,
        memory: 50 << 20,
        oom_kills: 0,
        since_full: 0,
    }
}

#[test]
fn what_happens_between_two_samples_is_a_share_of_what_is_reserved() {
    let mut meters = Meters::starting(Timestamp::default());
    let started = Timestamp::from_millis(1);
    let task = TaskId::from_bytes([1; 16]);
    meters.take(&sampled(10, counters(1000, (100, 20))), started, limits());
    assert_eq!(
        meters.used_since(&task, Timestamp::default()),
        None,
        "one sample says nothing"
    );
    meters.take(&sampled(12, counters(1500, (120, 35))), started, limits());
    let used = meters.used_since(&task, Timestamp::from_millis(12_000)).unwrap();
    assert!((used.cpu - 0.5).abs() < 1e-9, "{used:?}");
    assert!((used.throttled - 0.75).abs() < 1e-9, "{used:?}");
    assert!((used.memory - 0.5).abs() < 1e-9, "{used:?}");
    assert_eq!(used.age, Duration::from_millis(11_999));
    assert_eq!(
        meters.used_since(&task, Timestamp::from_millis(12_001)),
        None,
        "of an earlier round"
    );
    let history = meters.history_of_task(&task, Timestamp::default());
    assert_eq!(history.len(), 1);
    assert!((history[0].cpu - 50.0).abs() < 0.01 && (history[0].throttled - 75.0).abs() < 0.01);
}

#[test]
fn the_past_does_not_grow_without_end() {
    let mut meters = Meters::starting(Timestamp::default());
    for second in 1..1000 {
        let sample = counters(second, (0, 0));
        meters.take(&sampled(second, sample), Timestamp::default(), limits());
    }
    let task = TaskId::from_bytes([1; 16]);
    let history = meters.history_of_task(&task, Timestamp::default());
    assert_eq!(history.len(), KEPT);
    assert_eq!(history[KEPT - 1].at, Timestamp::from_millis(999_000));
    assert_eq!(
        meters
            .history_of_task(&task, Timestamp::from_millis(998_000))
            .len(),
        2
    );
}
