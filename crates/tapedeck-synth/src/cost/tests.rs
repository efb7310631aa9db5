//! What is counted, what is named, and that the product page's figures come out.

use serde_json::{Value, json};

use super::{CostError, Estimate, estimate};
use crate::diff::Surroundings;

fn in_region(region: &str, resources: Value) -> Estimate {
    let template = json!({ "Resources": resources });
    let around = Surroundings::new(region, "shop-dev", None);
    estimate(
        &template,
        &around,
        region,
        &["mailer".to_string(), "mailerDb".to_string()],
    )
    .expect("it has prices")
}

fn ireland(resources: Value) -> Estimate {
    in_region("eu-west-1", resources)
}

/// The items as `what: minimum to maximum`.
fn lines(estimate: &Estimate) -> Vec<String> {
    let one = |item: &super::Item| format!("{}: {:.2} to {:.2}", item.what, item.minimum, item.maximum);
    estimate.items.iter().map(one).collect()
}

/// A service on Fargate with its definition.
fn fargate(architecture: &str, service: Value) -> Value {
    let mut properties = json!({ "LaunchType": "FARGATE", "TaskDefinition": { "Ref": "MailerTask" } });
    for (key, value) in service.as_object().into_iter().flatten() {
        properties[key] = value.clone();
    }
    json!({
        "MailerTask": { "Type": "AWS::ECS::TaskDefinition", "Properties": {
            "Cpu": "256", "Memory": 512, "RuntimePlatform": { "CpuArchitecture": architecture } } },
        "MailerService": { "Type": "AWS::ECS::Service", "Properties": properties },
    })
}

#[test]
fn the_smallest_service_costs_what_the_product_page_says() {
    // "minimum ~$8/month": between the two architectures.
    let cost = |architecture: &str| in_region("us-east-1", fargate(architecture, json!({}))).minimum;
    assert_eq!(format!("{:.2}", cost("ARM64")), "7.21");
    assert_eq!(format!("{:.2}", cost("X86_64")), "9.01");
}

#[test]
fn scaling_makes_a_range() {
    let mut resources = fargate(
        "X86_64",
        json!({ "NetworkConfiguration": { "AwsvpcConfiguration": {
        "AssignPublicIp": "ENABLED" } } }),
    );
    resources["Target"] = json!({ "Type": "AWS::ApplicationAutoScaling::ScalableTarget", "Properties": {
        "MinCapacity": 2, "MaxCapacity": 4, "ResourceId": { "Fn::Sub": "service/x/${MailerService.Name}" } } });
    resources["Policy"] = json!({ "Type": "AWS::ApplicationAutoScaling::ScalingPolicy", "Properties": {
        "PolicyType": "TargetTrackingScaling" } });
    let found = ireland(resources);
    assert_eq!(
        lines(&found),
        [
            "2 to 4 tasks of 0.25 vCPU and 0.5 GB on Fargate (x86): 18.02 to 36.04",
            "2 to 4 public IPv4 addresses of tasks: 7.30 to 14.60",
            "2 alarms that scaling keeps: 0.20 to 0.20",
        ]
    );
    assert_eq!(
        format!("{:.2} {:.2}", found.minimum, found.maximum),
        "25.52 50.84"
    );
    assert_eq!(found.items[0].owner.as_deref(), Some("mailer"));
    assert_eq!(found.items[2].owner, None);
}

#[test]
fn storage_beyond_what_is_included_is_counted_where_its_price_is_known() {
    let mut resources = fargate("X86_64", json!({}));
    resources["MailerTask"]["Properties"]["EphemeralStorage"] = json!({ "SizeInGiB": 50 });
    let found = in_region("us-east-1", resources.clone());
    assert_eq!(
        lines(&found)[1],
        "30 GB of storage more than 20 for each task: 2.43 to 2.43"
    );
    let found = ireland(resources);
    assert_eq!(
        found.not_counted[0].what,
        "30 GB of storage more than 20 for each task, whose price in eu-west-1 is not known here"
    );
}

/// A service whose tasks run on instances of these types.
fn on_instances(types: &[&str], memory: u32, most: u32) -> Value {
    let overrides: Vec<Value> = types.iter().map(|name| json!({ "InstanceType": name })).collect();
    let launch = json!({ "LaunchTemplateId": { "Ref": "Launch" } });
    let mut resources = fargate(
        "X86_64",
        json!({ "CapacityProviderStrategy": [
        { "CapacityProvider": { "Ref": "Provider" } }] }),
    );
    resources["MailerTask"]["Properties"] = json!({ "Memory": memory });
    resources["Provider"] = json!({ "Type": "AWS::ECS::CapacityProvider", "Properties": {
        "AutoScalingGroupProvider": { "AutoScalingGroupArn": { "Ref": "Group" } } } });
    resources["Launch"] = json!({ "Type": "AWS::EC2::LaunchTemplate" });
    resources["Group"] = json!({ "Type": "AWS::AutoScaling::AutoScalingGroup", "Properties": {
        "MaxSize": 40, "VPCZoneIdentifier": [{ "Ref": "Subnet" }],
        "MixedInstancesPolicy": { "LaunchTemplate": { "LaunchTemplateSpecification": launch, "Overrides": overrides } } } });
    resources["Subnet"] =
        json!({ "Type": "AWS::EC2::Subnet", "Properties": { "MapPublicIpOnLaunch": true } });
    resources["Target"] = json!({ "Type": "AWS::ApplicationAutoScaling::ScalableTarget", "Properties": {
        "MinCapacity": 1, "MaxCapacity": most, "ResourceId": { "Fn::Sub": "service/x/${MailerService.Name}" } } });
    resources
}

#[test]
fn tasks_on_instances_cost_what_their_instances_do() {
    // 3481 of 4096 MiB can be used: two tasks of 1500 fit.
    let found = ireland(on_instances(&["c5.large"], 1500, 4));
    assert_eq!(
        lines(&found),
        [
            "1 to 2 instances of c5.large: 70.08 to 140.16",
            "public IPv4 addresses of instances: 3.65 to 7.30",
            "disks of 30 GB of instances: 2.64 to 5.28",
        ]
    );
}

#[test]
fn of_several_types_the_cheapest_and_the_dearest_count() {
    let found = ireland(on_instances(&["c5.large", "m5.xlarge", "p4d.24xlarge"], 3000, 4));
    assert_eq!(
        lines(&found)[0],
        "1 to 4 instances of c5.large or m5.xlarge or p4d.24xlarge: 70.08 to 280.32"
    );
    let unknown: Vec<&str> = found.not_counted.iter().map(|one| one.what.as_str()).collect();
    assert_eq!(
        unknown,
        ["instances of type p4d.24xlarge, whose price in eu-west-1 is not known here"]
    );
}

#[test]
fn what_costs_by_being_there_is_counted() {
    let found = ireland(json!({
        "Nat": { "Type": "AWS::EC2::NatGateway" },
        "Address": { "Type": "AWS::EC2::EIP" },
        "Balancer": { "Type": "AWS::ElasticLoadBalancingV2::LoadBalancer", "Properties": { "Scheme": "internal" } },
        "Alarm": { "Type": "AWS::CloudWatch::Alarm" },
        "Secret": { "Type": "AWS::SecretsManager::Secret" },
        "Zone": { "Type": "AWS::ServiceDiscovery::PrivateDnsNamespace" },
        "Vpc": { "Type": "AWS::EC2::VPC" },
        "Gateway": { "Type": "AWS::EC2::VPCEndpoint" },
        "Thing": { "Type": "AWS::Whatever::Thing" },
    }));
    assert_eq!(
        lines(&found),
        [
            "1 NAT gateway: 35.04 to 35.04",
            "1 load balancer: 18.40 to 18.40",
            "1 public IPv4 address: 3.65 to 3.65",
            "1 hosted zone: 0.50 to 0.50",
            "1 secret: 0.40 to 0.40",
            "1 alarm: 0.10 to 0.10",
        ]
    );
    let traffic = found
        .by_use
        .iter()
        .find(|one| one.logical_id == "Nat")
        .expect("it is named");
    assert_eq!((traffic.price, traffic.unit), (Some(0.048), Some("GB")));
    assert_eq!(found.not_counted.len(), 1, "{:?}", found.not_counted);
    assert_eq!(found.not_counted[0].logical_id, "Thing");
}

#[test]
fn what_is_paid_by_use_is_named_and_not_counted() {
    let found = ireland(json!({
        "Queue": { "Type": "AWS::SQS::Queue" },
        "Logs": { "Type": "AWS::Logs::LogGroup" },
        "Bucket": { "Type": "AWS::S3::Bucket" },
    }));
    assert_eq!((found.minimum, found.maximum, found.items.len()), (0.0, 0.0, 0));
    let named: Vec<(&str, Option<f64>)> = found.by_use.iter().map(|one| (one.what, one.price)).collect();
    assert_eq!(
        named,
        [
            ("stored objects", Some(0.023)),
            ("requests and traffic", None),
            ("logs that are written", Some(0.57)),
            ("logs that are kept", Some(0.03)),
            ("requests", None),
        ]
    );
}

#[test]
fn databases_and_caches_are_counted_where_their_prices_are_known() {
    let resources = json!({
        "MailerDbInstance": { "Type": "AWS::RDS::DBInstance", "Properties": { "DBInstanceClass": "db.t4g.micro",
            "Engine": "postgres", "AllocatedStorage": "20", "MultiAZ": true, "StorageType": "gp3" } },
        "Copy": { "Type": "AWS::RDS::DBInstance", "Properties": { "DBInstanceClass": "db.t4g.micro",
            "SourceDBInstanceIdentifier": { "Ref": "MailerDbInstance" } } },
        "Cache": { "Type": "AWS::ElastiCache::ReplicationGroup", "Properties": { "CacheNodeType": "cache.t4g.micro",
            "Engine": "redis", "NumNodeGroups": 2, "ReplicasPerNodeGroup": 1 } },
        "Cluster": { "Type": "AWS::RDS::DBCluster", "Properties": { "ServerlessV2ScalingConfiguration": {
            "MinCapacity": 0.5, "MaxCapacity": 2 } } },
        "Member": { "Type": "AWS::RDS::DBInstance", "Properties": { "DBInstanceClass": "db.serverless",
            "DBClusterIdentifier": { "Ref": "Cluster" } } },
    });
    let found = in_region("us-east-1", resources.clone());
    assert_eq!(
        lines(&found),
        [
            "0.5 to 2 capacity units: 43.80 to 175.20",
            "4 nodes of cache.t4g.micro: 46.72 to 46.72",
            "2 instances of db.t4g.micro (postgres): 23.36 to 23.36",
            "1 instance of db.t4g.micro (postgres): 11.68 to 11.68",
            "40 GB of storage: 4.60 to 4.60",
        ]
    );
    assert_eq!(
        found.items[2].owner.as_deref(),
        Some("mailerDb"),
        "the longest name counts"
    );
    let elsewhere = ireland(resources);
    assert_eq!(lines(&elsewhere), ["40 GB of storage: 5.08 to 5.08"]);
    assert_eq!(elsewhere.not_counted.len(), 4, "{:?}", elsewhere.not_counted);
}

#[test]
fn a_region_without_prices_is_refused() {
    let around = Surroundings::new("eu-west-2", "shop-dev", None);
    let refused = estimate(&json!({ "Resources": {} }), &around, "eu-west-2", &[]);
    let CostError::UnknownRegion { region, known } = refused.expect_err("it has no prices");
    assert_eq!(region, "eu-west-2");
    assert!(known.contains(&"eu-west-1") && known.contains(&"us-east-1"));
}
