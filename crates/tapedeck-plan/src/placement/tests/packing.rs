//! One decision at a time.

use tapedeck_model::Cpu;

use super::*;

fn load<'a>(number: u8, memory: u32, types: &'a [MachineType], on: Option<u8>) -> Load<'a> {
    Load {
        task: task(number),
        memory,
        cpu: None,
        types,
        created: at(u64::from(number)),
        on: on.map(instance),
    }
}

fn group<'a>(instances: &'a [Instance], loads: &'a [Load<'a>]) -> Group<'a> {
    Group {
        instances,
        loads,
        most: 4,
        room: 100_000,
        warm_pool: false,
        refresh: None,
        tempo: Tempo::fast(),
    }
}

#[test]
fn a_thirtieth_and_a_bit_of_the_memory_is_not_for_tasks() {
    assert_eq!(c5_large().registered(), 3993);
    assert_eq!(machine("t3.nano", 2, 512).registered(), 499);
    assert_eq!(
        machine("u-24tb1.112xlarge", 448, 25_165_824).registered(),
        24_536_678
    );
}

#[test]
fn a_task_goes_where_the_least_memory_is_left_and_to_the_oldest_of_several_alike() {
    let types = [c5_large()];
    let instances = [
        in_service(1, &types[0], 9),
        in_service(2, &types[0], 5),
        in_service(3, &types[0], 7),
    ];
    let loads = [load(1, 1024, &types, Some(2)), load(9, 1024, &types, None)];
    let placed = decide(&group(&instances, &loads), at(100)).placed;
    assert_eq!(placed, [(task(9), instance(2), Zone::A)]);
    let loads = [load(9, 1024, &types, None)];
    let placed = decide(&group(&instances, &loads), at(100)).placed;
    assert_eq!(
        placed,
        [(task(9), instance(2), Zone::A)],
        "the oldest of three that are empty"
    );
}

#[test]
fn cpu_of_its_own_is_never_promised_twice() {
    let types = [c5_large()];
    let instances = [in_service(1, &types[0], 1)];
    let with_cpu = |number, on| Load {
        cpu: Some(Cpu::from_vcpu(1.0).unwrap()),
        ..load(number, 512, &types, on)
    };
    let loads = [
        with_cpu(1, Some(1)),
        with_cpu(2, Some(1)),
        with_cpu(3, None),
        load(4, 512, &types, None),
    ];
    let changes = decide(&group(&instances, &loads), at(100));
    assert_eq!(
        changes.placed,
        [(task(4), instance(1), Zone::A)],
        "one that shares needs none"
    );
    assert_eq!(changes.launches.len(), 1, "{changes:?}");
    let four = Load {
        cpu: Some(Cpu::from_vcpu(4.0).unwrap()),
        ..load(5, 512, &types, None)
    };
    let changes = decide(&group(&[], &[four]), at(100));
    assert_eq!(changes.unplaced[0].obstacle, Obstacle::Cpu);
    let changes = decide(&group(&[], &[load(5, 4000, &types, None)]), at(100));
    assert_eq!(changes.unplaced[0].obstacle, Obstacle::Memory);
}

#[test]
fn as_few_instances_as_do_are_launched_at_once_in_zones_in_turn() {
    let types = [c5_large()];
    let loads: Vec<Load<'_>> = (1..=5).map(|number| load(number, 1024, &types, None)).collect();
    let changes = decide(&group(&[], &loads), at(100));
    let zones: Vec<Zone> = changes.launches.iter().map(|launch| launch.zone).collect();
    assert_eq!(zones, [Zone::A, Zone::B], "3 and 2");
    assert!(changes.unplaced.is_empty(), "they wait for what is on its way");
}

#[test]
fn there_are_never_more_instances_than_four_for_each_task_at_most() {
    let types = [c5_large()];
    let instances: Vec<Instance> = (1..=4).map(|number| in_service(number, &types[0], 1)).collect();
    let loads: Vec<Load<'_>> = (1..=5)
        .map(|number| load(number, 3481, &types, (number < 5).then_some(number)))
        .collect();
    let changes = decide(&group(&instances, &loads), at(100));
    assert_eq!(changes.launches, []);
    assert_eq!(changes.unplaced[0].obstacle, Obstacle::Most);
}

#[test]
fn t53_the_next_type_is_taken_when_the_first_does_not_fit_and_none_when_none_does() {
    let types = [c5_2xlarge(), c5_large()];
    let loads = [load(1, 3481, &types, None), load(2, 3481, &types, None)];
    let small = Group {
        room: 6144,
        ..group(&[], &loads)
    };
    let changes = decide(&small, at(100));
    let launched: Vec<&str> = changes
        .launches
        .iter()
        .map(|launch| launch.machine.name.as_str())
        .collect();
    assert_eq!(launched, ["c5.large"]);
    let expected = Unplaced {
        task: task(2),
        obstacle: Obstacle::Budget { least: 3993 },
    };
    assert_eq!(changes.unplaced, [expected]);
    let large = decide(&group(&[], &loads), at(100)).launches;
    assert_eq!(large[0].machine.name, "c5.2xlarge", "the order is a preference");
    assert_eq!(large.len(), 1, "both fit onto it");
}

#[test]
fn instances_of_types_that_are_no_longer_listed_take_no_new_tasks() {
    let (old, new) = ([c5_large()], [machine("m5.large", 2, 8192)]);
    let instances = [in_service(1, &old[0], 1)];
    let loads = [load(1, 1024, &old, Some(1)), load(2, 1024, &new, None)];
    let changes = decide(&group(&instances, &loads), at(100));
    assert_eq!(changes.placed, []);
    assert_eq!(changes.launches[0].machine.name, "m5.large");
}

#[test]
fn an_instance_of_the_warm_pool_is_there_sooner() {
    let types = [c5_large()];
    let ecs = |instances, loads| Group {
        warm_pool: true,
        tempo: Tempo::ecs(),
        ..group(instances, loads)
    };
    let first = [load(1, 3481, &types, None)];
    let launch = decide(&ecs(&[], &first), at(100)).launches.remove(0);
    assert_eq!(
        (launch.warm, launch.ready),
        (false, at(160)),
        "there is no pool yet"
    );
    let instances = [in_service(1, &types[0], 1)];
    let loads = [load(1, 3481, &types, Some(1)), load(2, 3481, &types, None)];
    let launch = decide(&ecs(&instances, &loads), at(100)).launches.remove(0);
    assert_eq!((launch.warm, launch.ready), (true, at(115)));
}

#[test]
fn an_empty_instance_ends_after_a_while_and_one_that_is_drained_at_once() {
    let types = [c5_large()];
    let mut instances = [in_service(1, &types[0], 1)];
    let since = |seconds| InstanceState::InService {
        empty_since: Some(at(seconds)),
    };
    assert_eq!(
        decide(&group(&instances, &[]), at(100)).states,
        [(instance(1), since(100))]
    );
    instances[0].state = since(100);
    assert!(decide(&group(&instances, &[]), at(159)).is_empty());
    assert_eq!(
        decide(&group(&instances, &[]), at(160)).states,
        [(instance(1), InstanceState::Terminated)]
    );
    let loads = [load(1, 3481, &types, None)];
    assert_eq!(
        decide(&group(&instances, &loads), at(160)).states,
        [(instance(1), InstanceState::InService { empty_since: None })],
        "a task came in time"
    );
    instances[0].state = InstanceState::Draining;
    let loads = [load(1, 100, &types, Some(1)), load(2, 100, &types, None)];
    let changes = decide(&group(&instances, &loads), at(160));
    assert_eq!((changes.placed.len(), changes.launches.len()), (0, 1));
    assert_eq!(
        decide(&group(&instances, &[]), at(160)).states,
        [(instance(1), InstanceState::Terminated)]
    );
}

#[test]
fn zones_are_taken_in_turn() {
    let mut taken = Vec::new();
    for _ in 0..7 {
        taken.push(poorest(taken.iter().copied()));
    }
    use Zone::{A, B, C};
    assert_eq!(taken, [A, B, C, A, B, C, A]);
    assert_eq!(poorest([A, C]), B);
}

#[test]
fn memory_is_never_promised_twice() {
    let budget = Budget {
        total: 1000,
        held: 700,
    };
    assert!(budget.admits(300) && !budget.admits(301));
    let lowered = Budget { total: 500, ..budget };
    assert_eq!(lowered.room(), 0);
    assert_eq!(Budget::usual(10_000), 8000);
}
