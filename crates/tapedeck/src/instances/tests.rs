//! From a config to what the engine is asked for.

use super::*;

fn ec2(types: &[&str], cpu: Option<f64>) -> Compute {
    Compute::Ec2 {
        instance_types: types.iter().map(ToString::to_string).collect(),
        cpu: cpu.map(|vcpu| Cpu::from_vcpu(vcpu).unwrap()),
        memory: MemoryMb::new(1024).unwrap(),
        architecture: Architecture::X86,
        enable_warm_pool: true,
    }
}

#[test]
fn types_keep_their_order_and_say_what_they_have() {
    let compute = ec2(&["c5.2xlarge", "c5.large"], None);
    let spec = of(&compute).unwrap();
    let sizes: Vec<(&str, u32, u32)> = spec
        .types
        .iter()
        .map(|one| (one.name.as_str(), one.vcpus, one.memory.mebibytes()))
        .collect();
    assert_eq!(sizes, [("c5.2xlarge", 8, 16384), ("c5.large", 2, 4096)]);
    assert!(spec.shares_cpu && spec.warm_pool);
    assert_eq!(cpu(&compute, Some(&spec)), Some(Cpu::of_machine(2)));
}

#[test]
fn with_cpu_nothing_is_shared() {
    let compute = ec2(&["c5.large"], Some(0.5));
    let spec = of(&compute).unwrap();
    assert!(!spec.shares_cpu);
    assert_eq!(cpu(&compute, Some(&spec)), Cpu::from_vcpu(0.5).ok());
}
