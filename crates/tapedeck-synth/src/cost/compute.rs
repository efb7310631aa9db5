//! Tasks and the instances they run on.

use serde_json::Value;
use tapedeck_resources::catalogue::{instances, prices};

use super::HOURS;
use super::bill::{Bill, Range, is_true, number, several};
use crate::diff::references;

/// GiB of the root disk of the image for instances of ECS, where nothing else is said.
const ROOT_DISK: f64 = 30.0;

/// GiB of storage that are in the price of a task on Fargate.
const STORAGE_INCLUDED: f64 = 20.0;

/// CPU units of a virtual CPU.
const UNITS: f64 = 1024.0;

/// Alarms of a policy that tracks a target: one to grow, one to shrink.
const ALARMS: f64 = 2.0;

/// Adds what runs programs. Says whether it is that.
pub(super) fn add(id: &str, kind: &str, resource: &Value, bill: &mut Bill<'_>) -> bool {
    match kind {
        "AWS::ECS::Service" => add_service(id, resource, bill),
        "AWS::AutoScaling::AutoScalingGroup" => add_group(id, resource, bill),
        "AWS::ApplicationAutoScaling::ScalingPolicy" => {
            if resource["Properties"]["PolicyType"] == "TargetTrackingScaling" {
                let what = several((ALARMS, ALARMS), "alarm") + " that scaling keeps";
                bill.charge(id, what, "alarm", (ALARMS, ALARMS));
            }
        }
        _ => return false,
    }
    true
}

fn add_service(id: &str, service: &Value, bill: &mut Bill<'_>) {
    let properties = &service["Properties"];
    if group_of(service, bill).is_some() {
        // Its instances are what is paid for.
        return;
    }
    let tasks = tasks(id, service, bill);
    let Some((_, definition)) = bill.referred(&properties["TaskDefinition"]) else {
        bill.not_counted(id, "tasks of a definition that is elsewhere".to_string());
        return;
    };
    let definition = &definition["Properties"];
    let (Some(cpus), Some(memory)) = (cpus(&definition["Cpu"]), gigabytes(&definition["Memory"])) else {
        bill.not_counted(
            id,
            "tasks whose CPU and memory are not in the template".to_string(),
        );
        return;
    };
    let architecture = match definition["RuntimePlatform"]["CpuArchitecture"] == "ARM64" {
        true => "arm64",
        false => "x86",
    };
    let monthly = |part: &str| bill.monthly(&format!("fargate-{architecture}-{part}"));
    let what = format!(
        "{} of {cpus} vCPU and {memory} GB on Fargate ({architecture})",
        several(tasks, "task")
    );
    match (monthly("vcpu"), monthly("gb")) {
        (Some(vcpu), Some(gb)) => {
            let each = cpus * vcpu + memory * gb;
            bill.count(id, what, (tasks.0 * each, tasks.1 * each));
        }
        _ => bill.unknown(id, &what),
    }
    let more = number(&definition["EphemeralStorage"]["SizeInGiB"]).unwrap_or_default() - STORAGE_INCLUDED;
    if more > 0.0 {
        let what = format!("{more} GB of storage more than {STORAGE_INCLUDED} for each task");
        bill.charge(id, what, "fargate-storage-gb", (tasks.0 * more, tasks.1 * more));
    }
    if properties["NetworkConfiguration"]["AwsvpcConfiguration"]["AssignPublicIp"] == "ENABLED" {
        let what = several(tasks, "public IPv4 address") + " of tasks";
        bill.charge(id, what, "public-address", tasks);
    }
}

/// How many tasks a service runs.
fn tasks(id: &str, service: &Value, bill: &Bill<'_>) -> Range {
    let is_its = |target: &&Value| {
        references(&target["Properties"]["ResourceId"])
            .iter()
            .any(|(to, _)| *to == id)
    };
    let target = bill
        .of_type("AWS::ApplicationAutoScaling::ScalableTarget")
        .map(|(_, target)| target)
        .find(is_its);
    let wanted = number(&service["Properties"]["DesiredCount"]).unwrap_or(1.0);
    match target.map(|target| &target["Properties"]) {
        Some(bounds) => (
            number(&bounds["MinCapacity"]).unwrap_or(wanted),
            number(&bounds["MaxCapacity"]).unwrap_or(wanted),
        ),
        None => (wanted, wanted),
    }
}

/// The group of instances that a service runs on, if it runs on one.
fn group_of<'a>(service: &Value, bill: &Bill<'a>) -> Option<&'a str> {
    let strategy = service["Properties"]["CapacityProviderStrategy"].as_array()?;
    strategy.iter().find_map(|one| {
        let (_, provider) = bill.referred(&one["CapacityProvider"])?;
        let group = &provider["Properties"]["AutoScalingGroupProvider"]["AutoScalingGroupArn"];
        Some(bill.referred(group)?.0)
    })
}

fn add_group(id: &str, group: &Value, bill: &mut Bill<'_>) {
    let properties = &group["Properties"];
    let types = types_of(properties, bill);
    let mut cost: Option<Range> = None;
    let mut count: Option<Range> = None;
    for name in &types {
        let number = instances_of(id, group, name, bill);
        count = Some(widest(count, number));
        match prices::instance(name, bill.region) {
            Some(hour) => cost = Some(widest(cost, (number.0 * hour * HOURS, number.1 * hour * HOURS))),
            None => bill.unknown(id, &format!("instances of type {name}")),
        }
    }
    let Some(count) = count else {
        bill.not_counted(id, "instances of types that are not in the template".to_string());
        return;
    };
    if let Some(cost) = cost {
        bill.count(
            id,
            format!("{} of {}", several(count, "instance"), types.join(" or ")),
            cost,
        );
    }
    let disk = disk_of(properties, bill).unwrap_or(ROOT_DISK);
    let what = format!("disks of {disk} GB of instances");
    bill.charge(id, what, "disk-gb", (count.0 * disk, count.1 * disk));
    let subnets = properties["VPCZoneIdentifier"].as_array();
    let is_public = |subnet: &Value| {
        bill.referred(subnet)
            .is_some_and(|(_, subnet)| is_true(&subnet["Properties"]["MapPublicIpOnLaunch"]))
    };
    if subnets.into_iter().flatten().any(is_public) {
        bill.charge(
            id,
            "public IPv4 addresses of instances".to_string(),
            "public-address",
            count,
        );
    }
}

fn widest(known: Option<Range>, found: Range) -> Range {
    known.map_or(found, |known| (known.0.min(found.0), known.1.max(found.1)))
}

/// How many instances of a type hold the tasks of all services that run on a group.
fn instances_of(id: &str, group: &Value, type_name: &str, bill: &Bill<'_>) -> Range {
    let properties = &group["Properties"];
    let mut needed: Option<Range> = None;
    for (name, service) in bill.of_type("AWS::ECS::Service") {
        if group_of(service, bill) != Some(id) {
            continue;
        }
        let (least, most) = tasks(name, service, bill);
        let each = tasks_on(type_name, service, bill);
        let (before_least, before_most) = needed.unwrap_or_default();
        needed = Some((
            before_least + (least / each).ceil(),
            before_most + (most / each).ceil(),
        ));
    }
    let bound = |key: &str| number(&properties[key]).unwrap_or_default();
    needed.unwrap_or((bound("MinSize"), bound("MaxSize")))
}

/// How many tasks of a service fit onto an instance; at least one, or it would run nowhere.
fn tasks_on(type_name: &str, service: &Value, bill: &Bill<'_>) -> f64 {
    let definition = bill.referred(&service["Properties"]["TaskDefinition"]);
    let (Some(machine), Some((_, definition))) = (instances::find(type_name), definition) else {
        return 1.0;
    };
    let definition = &definition["Properties"];
    let by_memory = number(&definition["Memory"]).map(|memory| f64::from(machine.usable_memory()) / memory);
    let by_cpu = cpus(&definition["Cpu"]).map(|cpus| f64::from(machine.vcpus) / cpus);
    let fit = [by_memory, by_cpu].into_iter().flatten().fold(f64::MAX, f64::min);
    if fit == f64::MAX {
        1.0
    } else {
        fit.floor().max(1.0)
    }
}

/// The types of instances that a group may start.
fn types_of(properties: &Value, bill: &Bill<'_>) -> Vec<String> {
    let mixed = &properties["MixedInstancesPolicy"]["LaunchTemplate"];
    let listed = mixed["Overrides"].as_array().into_iter().flatten();
    let mut types: Vec<&Value> = listed.map(|one| &one["InstanceType"]).collect();
    if let Some(data) = launch_data(properties, bill) {
        types.push(&data["InstanceType"]);
        types.extend(
            data["InstanceRequirements"]["AllowedInstanceTypes"]
                .as_array()
                .into_iter()
                .flatten(),
        );
    }
    types
        .into_iter()
        .filter_map(Value::as_str)
        .map(str::to_string)
        .collect()
}

/// GiB of the first disk that the instances of a group have, where that is said.
fn disk_of(properties: &Value, bill: &Bill<'_>) -> Option<f64> {
    let disks = launch_data(properties, bill)?["BlockDeviceMappings"].as_array()?;
    disks.iter().find_map(|disk| number(&disk["Ebs"]["VolumeSize"]))
}

fn launch_data<'a>(properties: &Value, bill: &Bill<'a>) -> Option<&'a Value> {
    let mixed = &properties["MixedInstancesPolicy"]["LaunchTemplate"]["LaunchTemplateSpecification"];
    let id = [&properties["LaunchTemplate"], mixed]
        .into_iter()
        .map(|one| &one["LaunchTemplateId"])
        .find(|id| id.is_string())?;
    Some(&bill.referred(id)?.1["Properties"]["LaunchTemplateData"])
}

/// `256` and `0.25 vCPU` as virtual CPUs.
fn cpus(value: &Value) -> Option<f64> {
    let text = value.as_str()?.to_ascii_lowercase();
    match text.strip_suffix("vcpu") {
        Some(cpus) => cpus.trim().parse().ok(),
        None => Some(text.trim().parse::<f64>().ok()? / UNITS),
    }
}

/// `512` and `0.5 GB` as GB, of which Fargate's have 1024 MiB.
fn gigabytes(value: &Value) -> Option<f64> {
    let text = value.as_str()?.to_ascii_lowercase();
    match text.strip_suffix("gb") {
        Some(gigabytes) => gigabytes.trim().parse().ok(),
        None => Some(text.trim().parse::<f64>().ok()? / 1024.0),
    }
}
