//! What a config asks of a region is asked there: no file of lookups is needed.

use serde_json::{Value, json};

use crate::world::World;

/// Makes a network with a public subnet in each zone and a private one, and tells its id and those of the public ones.
fn network(world: &World) -> (String, Vec<String>) {
    let ec2 = |action: &str, arguments: Value| world.aws("ec2", action, &arguments);
    let id = |answer: &Value, of: &str, name: &str| answer[of][name].as_str().unwrap().to_string();
    let vpc = id(
        &ec2("create_vpc", json!({ "CidrBlock": "10.1.0.0/16" })),
        "Vpc",
        "VpcId",
    );
    let subnet = |block: &str, zone: &str| {
        let zone = format!("eu-west-1{zone}");
        let arguments = json!({ "VpcId": vpc, "CidrBlock": block, "AvailabilityZone": zone });
        id(&ec2("create_subnet", arguments), "Subnet", "SubnetId")
    };
    subnet("10.1.4.0/24", "a");
    let public = [("1", "a"), ("2", "b"), ("3", "c")];
    let public = public.map(|(block, zone)| subnet(&format!("10.1.{block}.0/24"), zone));
    let gateway = id(
        &ec2("create_internet_gateway", json!({})),
        "InternetGateway",
        "InternetGatewayId",
    );
    ec2(
        "attach_internet_gateway",
        json!({ "InternetGatewayId": gateway, "VpcId": vpc }),
    );
    let table = id(
        &ec2("create_route_table", json!({ "VpcId": vpc })),
        "RouteTable",
        "RouteTableId",
    );
    ec2(
        "create_route",
        json!({ "RouteTableId": table, "DestinationCidrBlock": "0.0.0.0/0", "GatewayId": gateway }),
    );
    for subnet in &public {
        ec2(
            "associate_route_table",
            json!({ "RouteTableId": table, "SubnetId": subnet }),
        );
    }
    (vpc, public.to_vec())
}

/// The config of a worker in a network that is there, with a parameter among its variables.
fn config(world: &World, project: &str, reused: &str) {
    world.write(
        "stacktape.yml",
        &format!(
            "projectName: {project}\nresources:\n  worker:\n    type: worker-service\n    properties:\n      packaging:\n        \
             type: stacktape-image-buildpack\n        properties: {{ entryfilePath: src/main.js }}\n      \
             resources: {{ cpu: 0.25, memory: 512 }}\n      environment: [{{ name: LEVEL, value: \"$SsmParam('/shop/level')\" }}]\n{reused}"
        ),
    );
}

/// The template of a stack.
fn template(world: &World, stack: &str) -> Value {
    world.aws("cloudformation", "get_template", &json!({ "StackName": stack }))["TemplateBody"].clone()
}

#[test]
fn networks_and_parameters_are_looked_up() {
    let Some(world) = World::ready() else { return };
    let (vpc, public) = network(&world);
    let none = |help: &str| {
        let refused = world.run(&["deploy"]);
        assert_eq!(refused.code, Some(2), "{refused:?}");
        assert!(refused.stderr.contains(help), "{refused:?}");
    };
    config(&world, "shop", "");
    none("ssmParameters./shop/level");
    for value in ["info", "debug"] {
        let parameter = json!({ "Name": "/shop/level", "Value": value, "Type": "String", "Overwrite": true });
        world.aws("ssm", "put_parameter", &parameter);
    }
    config(
        &world,
        "shop",
        "stackConfig:\n  vpc: { reuseVpc: { vpcId: vpc-0123456789abcdef0 } }\n",
    );
    none("vpc-0123456789abcdef0");

    config(
        &world,
        "shop",
        &format!("stackConfig:\n  vpc: {{ reuseVpc: {{ vpcId: {vpc} }} }}\n"),
    );
    world.must(&["deploy"]);
    let made = template(&world, "shop-dev");
    let service = &made["Resources"]["WorkerService"]["Properties"];
    assert_eq!(
        service["NetworkConfiguration"]["AwsvpcConfiguration"]["Subnets"],
        json!(public),
        "{service}"
    );
    assert!(
        made.to_string().contains("{{resolve:ssm:/shop/level:2}}"),
        "{made}"
    );
    assert!(!made.to_string().contains("AWS::EC2::Subnet"), "{made}");
    assert_eq!(world.json(&["deploy"])["unchanged"], true);
}

#[test]
fn the_network_of_another_stack_is_found_by_its_name() {
    let Some(world) = World::ready() else { return };
    let parameter = json!({ "Name": "/shop/level", "Value": "info", "Type": "String" });
    world.aws("ssm", "put_parameter", &parameter);
    config(&world, "base", "");
    world.must(&["deploy"]);
    let zones = world.aws("ec2", "describe_availability_zones", &json!({}));
    let zones = zones["AvailabilityZones"].as_array().unwrap().len();
    let made = template(&world, "base-dev").to_string();
    assert_eq!(made.matches("\"AWS::EC2::Subnet\"").count(), zones, "{made}");

    let answer = world.aws(
        "cloudformation",
        "list_stack_resources",
        &json!({ "StackName": "base-dev" }),
    );
    let resources = answer["StackResourceSummaries"].as_array().unwrap();
    let own = resources
        .iter()
        .find(|one| one["ResourceType"] == "AWS::EC2::VPC");
    let vpc = own.unwrap()["PhysicalResourceId"].clone();
    config(
        &world,
        "shop",
        "stackConfig:\n  vpc: { reuseVpc: { projectName: base, stage: dev } }\n",
    );
    world.must(&["deploy"]);
    let made = template(&world, "shop-dev");
    assert!(
        made.to_string().contains(vpc.as_str().unwrap()),
        "{vpc} in {made}"
    );
    assert_eq!(world.json(&["diff"])["counts"]["changed"], 0);
}
