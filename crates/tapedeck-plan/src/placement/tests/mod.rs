//! Where tasks run, rule by rule (`packing`, `sundays`) and as stories on a virtual clock (`stories`).

mod packing;
mod stories;
mod sundays;
mod world;

use std::time::Duration;

use tapedeck_model::{Instance, InstanceId, InstanceState, MachineType, MemoryMb, TaskId, Timestamp, Zone};

use super::*;

fn at(seconds: u64) -> Timestamp {
    Timestamp::from_millis(1_000_000_000) + Duration::from_secs(seconds)
}

fn machine(name: &str, vcpus: u32, memory: u32) -> MachineType {
    MachineType {
        name: name.to_owned(),
        vcpus,
        memory: MemoryMb::new(memory).unwrap(),
    }
}

fn c5_large() -> MachineType {
    machine("c5.large", 2, 4096)
}

fn c5_2xlarge() -> MachineType {
    machine("c5.2xlarge", 8, 16384)
}

fn task(number: u8) -> TaskId {
    TaskId::from_bytes([number; 16])
}

fn instance(number: u8) -> InstanceId {
    InstanceId::from_bytes([number; 8])
}

fn in_service(number: u8, machine: &MachineType, launched: u64) -> Instance {
    Instance {
        id: instance(number),
        machine: machine.clone(),
        zone: Zone::A,
        state: InstanceState::InService { empty_since: None },
        launched: at(launched),
        warm: false,
    }
}
