//! Which minutes are asked for, and how the answers become a history.

use super::*;

const MINUTE_MILLIS: u64 = 60_000;

#[test]
fn the_present_minute_is_the_last_of_those_that_are_asked_for() {
    let now = Timestamp::from_millis(10 * MINUTE_MILLIS + 1);
    let (from, until) = window(now, 3);
    assert_eq!(
        (from.millis(), until.millis()),
        (8 * MINUTE_MILLIS, 11 * MINUTE_MILLIS)
    );
}

#[test]
fn insights_are_asked_for_where_there_are_some() {
    let service: ServiceArn = "arn:aws:ecs:eu-west-1:1:service/shop/worker".parse().unwrap();
    assert_eq!(queries(&service, true).len(), FIGURES.len());
    let without = queries(&service, false);
    assert!(without.iter().all(|query| query.namespace == "AWS/ECS"));
    assert_eq!(without[0].dimensions[0], ("ClusterName", "shop".to_owned()));
    assert_eq!(without[0].dimensions[1], ("ServiceName", "worker".to_owned()));
}

#[test]
fn a_minute_has_the_figures_that_there_are() {
    let point = |minute: u64, value: f64| MetricPoint {
        at: Timestamp::from_millis(minute * MINUTE_MILLIS),
        value,
    };
    let history = history(&[vec![point(1, 10.0), point(2, 20.0)], vec![point(2, 30.0)]]);
    let figures: Vec<&Figures> = history.values().collect();
    assert_eq!(figures[0], &[Some(10.0), None, None, None, None]);
    assert_eq!(figures[1], &[Some(20.0), Some(30.0), None, None, None]);
}

#[test]
fn a_service_without_figures_is_shown_all_the_same() {
    let told = told();
    let text = shown(&told, 5);
    assert!(
        text.contains("worker") && text.contains("1/2 running, 0.25 vCPU and 512 MiB each"),
        "{text}"
    );
    assert!(
        text.contains("no figures yet: CloudWatch has none of the last 5 minutes"),
        "{text}"
    );
}

#[test]
fn the_last_average_and_the_greatest_maximum_are_shown() {
    let mut told = told();
    for (minute, average, most) in [(1, 10.0, 90.0), (2, 50.0, 60.0)] {
        let figures = [Some(average), Some(most), None, None, None];
        told.history
            .insert(Timestamp::from_millis(minute * MINUTE_MILLIS), figures);
    }
    let text = shown(&told, 5);
    assert!(text.contains("CPU     50.0 %, at most  90.0 %  ▁▅"), "{text}");
    assert!(!text.contains("memory "), "{text}");
}

fn told() -> Told {
    Told {
        name: "worker".to_owned(),
        state: ServiceState {
            status: "ACTIVE".to_owned(),
            desired: 2,
            running: 1,
            pending: 0,
            task_definition: String::new(),
            deployments: Vec::new(),
            events: Vec::new(),
        },
        cpu: Cpu::from_vcpu(0.25).ok(),
        memory: MemoryMb::new(512).ok(),
        history: BTreeMap::new(),
        tasks: Vec::new(),
    }
}
