//! What tasks and instances hold, and what of it comes back from the store.

use std::collections::HashSet;

use tapedeck_model::{
    ContainerSpec, Cpu, Ec2Spec, Instance, InstanceId, InstanceState, MachineType, MemoryMb, Placement, Task,
    Zone,
};

use super::{at, container, key, running, task};
use crate::capacity::{cpu_share, held};
use crate::fleet::Service;
use crate::store::Store;

fn c5_large() -> MachineType {
    MachineType {
        name: "c5.large".to_owned(),
        vcpus: 2,
        memory: MemoryMb::new(4096).unwrap(),
    }
}

fn on_instances(shares_cpu: bool) -> ContainerSpec {
    ContainerSpec {
        ec2: Some(Ec2Spec {
            types: vec![c5_large()],
            shares_cpu,
            warm_pool: false,
        }),
        ..container('a')
    }
}

fn instance() -> Instance {
    Instance {
        id: InstanceId::from_bytes([7; 8]),
        machine: c5_large(),
        zone: Zone::B,
        state: InstanceState::InService { empty_since: None },
        launched: at(3),
        warm: false,
    }
}

fn placed(number: u8, instance: Option<InstanceId>) -> Task {
    Task {
        placement: Some(Placement {
            zone: Zone::B,
            instance,
        }),
        ..task(number, 1, running())
    }
}

/// A service with an instance and so many tasks on it.
fn service(shares_cpu: bool, tasks: u8) -> Service {
    let mut service = Service::new(u32::from(tasks), on_instances(shares_cpu), at(0));
    let instance = instance();
    for number in 1..=tasks {
        let task = placed(number, Some(instance.id.clone()));
        service.tasks.insert(task.id.clone(), task);
    }
    service.capacity.instances.insert(instance.id.clone(), instance);
    service
}

#[test]
fn tasks_without_cpu_have_equal_parts_of_what_there_is() {
    let share = |shares_cpu, tasks, processors| {
        let service = service(shares_cpu, tasks);
        let (_, task) = service.tasks.first_key_value().unwrap();
        cpu_share(&service, task, processors).millis()
    };
    assert_eq!(share(true, 1, 8), 2000, "all of the instance");
    assert_eq!(share(true, 4, 8), 500);
    assert_eq!(share(true, 2, 1), 500, "the machine is smaller than the instance");
    assert_eq!(
        share(false, 4, 8),
        Cpu::from_vcpu(0.25).unwrap().millis(),
        "its own"
    );
}

#[test]
fn instances_hold_what_they_register_and_tasks_on_fargate_what_they_have() {
    let nobody = HashSet::new();
    let of_instance = service(true, 3);
    assert_eq!(held(&of_instance, &nobody), 3993, "whatever is on it");
    let mut on_fargate = Service::new(3, container('a'), at(0));
    let waiting = task(3, 1, tapedeck_model::TaskState::Pending);
    for task in [placed(1, None), task(2, 1, running()), waiting] {
        on_fargate.tasks.insert(task.id.clone(), task);
    }
    assert_eq!(
        held(&on_fargate, &nobody),
        1024,
        "one that waits has nothing; one of before there were zones has"
    );
}

#[test]
fn instances_and_their_refresh_survive() {
    let folder = tempfile::tempdir().unwrap();
    let open = || Store::open(&folder.path().join("engine.db")).unwrap();
    let mut store = open();
    let key = key("mailer");
    store
        .save_desired(&[(&key, &Service::new(1, on_instances(true), at(0)))])
        .unwrap();
    let launched = Instance {
        state: InstanceState::Pending { ready: at(9) },
        ..instance()
    };
    store.save_instance(&key, &launched).unwrap();
    store.save_instance(&key, &instance()).unwrap();
    let refresh = tapedeck_plan::placement::Refresh::default().after(at(5), at(5), false);
    store.save_refresh(&key, &refresh).unwrap();
    let task = placed(1, Some(instance().id));
    store.save_tasks(&key, [&task], &[]).unwrap();
    drop(store);

    let store = open();
    let fleet = store.load().unwrap();
    let loaded = &fleet.services[&key];
    assert_eq!(
        loaded.capacity.instances.values().collect::<Vec<_>>(),
        [&instance()]
    );
    assert!(!loaded.capacity.refresh.differs_from(&refresh));
    assert_eq!(loaded.tasks.values().collect::<Vec<_>>(), [&task]);
    assert_eq!(loaded.container(), &on_instances(true));
    store.remove_instance(&instance().id).unwrap();
    let fleet = store.load().unwrap();
    assert!(fleet.services[&key].capacity.instances.is_empty());
}
