//! The load balancer that is a service's own: in the VPC only, and on the port of the service.

use serde_json::{Value, json};
use tapedeck_model::{Compute, Way, WayKind, Workload};

use super::Ids;
use crate::assembly::Assembly;
use crate::intrinsic::reference;
use crate::template::Resource;

/// The security group of the load balancer.
pub(crate) const GROUP: &str = "LbSecurityGroup";
/// The load balancer.
pub(crate) const BALANCER: &str = "LoadBalancer";

/// The place of its only rule.
const PRIORITY: u32 = 3;

/// What is answered where no rule takes a request.
const NOT_SET_UP: &str =
    "Internal server error. Please setup default load balancer action or appropriate rule";

/// What a service has to know of a load balancer in front of it.
pub(crate) struct Balanced {
    /// An entry of `LoadBalancers`.
    pub(crate) entry: Value,
    /// What must be there before tasks can be registered.
    pub(crate) after: Vec<String>,
}

/// What is in front of a workload.
pub(crate) fn of(service: &Workload, ids: &Ids<'_>) -> Vec<Balanced> {
    let own = service.ways.iter().filter(|way| is_own(way));
    own.map(|way| Balanced {
        entry: json!({
            "ContainerName": way.container,
            "ContainerPort": way.port,
            "TargetGroupArn": reference(&target_group(way, ids)),
        }),
        after: vec![listener(way, ids), rule(way, ids)],
    })
    .collect()
}

fn is_own(way: &Way) -> bool {
    matches!(way.kind, WayKind::OwnLoadBalancer)
}

fn target_group(way: &Way, ids: &Ids<'_>) -> String {
    ids.of(&format!("{}-to-port{}-target-group", ids.name, way.port))
}

fn listener(way: &Way, ids: &Ids<'_>) -> String {
    ids.of(&format!("port{}-listener", way.port))
}

fn rule(way: &Way, ids: &Ids<'_>) -> String {
    ids.of(&format!("port{}-priority{PRIORITY}-listener-rule", way.port))
}

/// Adds the load balancer of a workload, if it has one of its own.
pub(crate) fn add(service: &Workload, ids: &Ids<'_>, assembly: &mut Assembly<'_>) {
    for way in service.ways.iter().filter(|way| is_own(way)) {
        add_security_group(way, ids, assembly);
        let balancer = json!({
            "IpAddressType": "ipv4",
            "Scheme": "internal",
            "SecurityGroups": [reference(&ids.of(GROUP))],
            "Subnets": assembly.network.subnets(false),
            "Type": "application",
        });
        assembly.add(
            &ids.of(BALANCER),
            Resource::new("AWS::ElasticLoadBalancingV2::LoadBalancer", balancer),
        );
        add_target_group(service, way, ids, assembly);
        add_listener(way, ids, assembly);
    }
}

fn add_security_group(way: &Way, ids: &Ids<'_>, assembly: &mut Assembly<'_>) {
    let names = &assembly.names;
    let group = json!({
        "GroupName": names.physical(&format!("{}-lb-sg", ids.name), 255),
        // Existing stacks have it so, and another one would replace the group, whose name is taken then.
        "GroupDescription": format!(
            "Stacktape generated security group for redis cluster {} in stack {}",
            ids.name, names.stack
        ),
        "SecurityGroupIngress": [{
            "CidrIp": assembly.network.cidr_block,
            "IpProtocol": "tcp",
            "FromPort": way.port,
            "ToPort": way.port,
        }],
        "VpcId": assembly.network.vpc,
    });
    assembly.add(&ids.of(GROUP), Resource::new("AWS::EC2::SecurityGroup", group));
}

fn add_target_group(service: &Workload, way: &Way, ids: &Ids<'_>, assembly: &mut Assembly<'_>) {
    let is_on_instance = matches!(service.compute, Compute::Ec2 { .. });
    let mut group = json!({
        "HealthCheckIntervalSeconds": 5,
        "HealthCheckProtocol": "HTTP",
        "HealthCheckTimeoutSeconds": 4,
        "HealthyThresholdCount": 2,
        "Port": way.port,
        "Protocol": "HTTP",
        "TargetGroupAttributes": [{ "Key": "deregistration_delay.timeout_seconds", "Value": "5" }],
        "TargetType": if is_on_instance { "instance" } else { "ip" },
        "VpcId": assembly.network.vpc,
    });
    if is_on_instance {
        // Each task has a port of its own there.
        group["HealthCheckPort"] = Value::from("traffic-port");
    }
    assembly.add(
        &target_group(way, ids),
        Resource::new("AWS::ElasticLoadBalancingV2::TargetGroup", group),
    );
}

fn add_listener(way: &Way, ids: &Ids<'_>, assembly: &mut Assembly<'_>) {
    let answer = json!({ "ContentType": "text/plain", "MessageBody": NOT_SET_UP, "StatusCode": "500" });
    let properties = json!({
        "DefaultActions": [{ "FixedResponseConfig": answer, "Order": 1, "Type": "fixed-response" }],
        "LoadBalancerArn": reference(&ids.of(BALANCER)),
        "Port": way.port,
        "Protocol": "HTTP",
    });
    assembly.add(
        &listener(way, ids),
        Resource::new("AWS::ElasticLoadBalancingV2::Listener", properties),
    );
    let properties = json!({
        "Actions": [{ "Order": 1, "TargetGroupArn": reference(&target_group(way, ids)), "Type": "forward" }],
        "Conditions": [{ "Field": "path-pattern", "PathPatternConfig": { "Values": ["*"] } }],
        "ListenerArn": reference(&listener(way, ids)),
        "Priority": PRIORITY,
    });
    assembly.add(
        &rule(way, ids),
        Resource::new("AWS::ElasticLoadBalancingV2::ListenerRule", properties),
    );
}
