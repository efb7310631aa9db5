//! The parts of the engine that need no machine. What needs one is tested through the built binary.

mod capacity;
mod clock;
mod fleet;
mod image_files;
mod image_user;
mod observe;
mod retention;
mod secrets;
mod server;
mod store;
mod trust;

use std::collections::BTreeMap;
use std::net::Ipv4Addr;

use tapedeck_model::{
    ContainerSpec, Cpu, ImageDigest, MemoryMb, ResourceName, Revision, Scaling, StackName, StopTimeout, Task,
    TaskId, TaskState, Timestamp,
};

use crate::fleet::ServiceKey;

pub(crate) fn key(name: &str) -> ServiceKey {
    ServiceKey {
        stack: StackName::new("demo-dev").unwrap(),
        name: ResourceName::new(name).unwrap(),
    }
}

/// A container whose image is told apart by a letter.
pub(crate) fn container(image: char) -> ContainerSpec {
    ContainerSpec {
        image: ImageDigest::new(format!("sha256:{}", image.to_string().repeat(64))).unwrap(),
        environment: BTreeMap::from([("NAME".to_string(), "value".to_string())]),
        secrets: BTreeMap::new(),
        cpu: Cpu::from_vcpu(0.25).unwrap(),
        memory: MemoryMb::new(512).unwrap(),
        stop_timeout: StopTimeout::default(),
        discards_output: false,
        depends_on: Vec::new(),
        sides: Vec::new(),
        ports: Vec::new(),
        mount_points: Vec::new(),
        reaches: Vec::new(),
        command: Vec::new(),
        job_grants: Vec::new(),
        role: None,
        ec2: None,
        health_check: None,
    }
}

fn task(number: u8, revision: u64, state: TaskState) -> Task {
    Task {
        id: TaskId::from_bytes([number; 16]),
        revision: Revision(revision),
        address: Ipv4Addr::new(10, 128, 0, number),
        created: at(1),
        placement: None,
        state,
        protected_until: None,
        job: None,
        containers: Vec::new(),
        health: None,
    }
}

fn running() -> TaskState {
    TaskState::Running {
        started: at(10),
        pid: 42,
    }
}

pub(crate) fn at(millis: u64) -> Timestamp {
    Timestamp::from_millis(millis)
}

fn bounds(min_instances: u32, max_instances: u32) -> Scaling {
    Scaling {
        min_instances,
        max_instances,
        ..Scaling::default()
    }
}
