//! The network of a stack: one of its own, or one that is there already.

use serde_json::{Value, json};
use tapedeck_model::{ReusedVpc, Stack};

use crate::assembly::Assembly;
use crate::intrinsic::{attribute, availability_zones, reference, select};
use crate::naming::logical_id;
use crate::template::Resource;
use crate::{Lookups, SynthError};

const VPC: &str = "StpVpc";
const ATTACHMENT: &str = "StpVpcGatewayAttachment";

/// How many subnets of a kind there are at most, each in an availability zone of its own.
const MOST_ZONES: u8 = 3;

/// Where things are put.
#[derive(Debug, Clone)]
pub(crate) struct Network {
    /// The VPC.
    pub(crate) vpc: Value,
    /// Its addresses.
    pub(crate) cidr_block: String,
    /// Subnets with a way into the internet.
    pub(crate) public_subnets: Vec<Value>,
    /// Subnets whose way into the internet is a NAT gateway.
    pub(crate) private_subnets: Vec<Value>,
    /// Whether the stack has made it.
    pub(crate) is_own: bool,
    /// How many subnets of a kind it has where the stack has made it.
    zones: usize,
}

impl Network {
    /// The network of a stack.
    pub(crate) fn of(stack: &Stack, lookups: &Lookups) -> Result<Self, SynthError> {
        let Some(reused) = stack.settings.vpc.reuse.as_ref().filter(|_| !lookups.is_local) else {
            return Ok(Self::own(lookups));
        };
        let (id, found) = match reused {
            ReusedVpc::Id(id) => (id.clone(), lookups.vpc(id)?),
            ReusedVpc::OfStack { project_name, stage } => {
                lookups.vpc_of_stack(&format!("{project_name}-{stage}"))?
            }
        };
        let subnets = |subnets: &[String]| subnets.iter().map(|id| Value::from(id.as_str())).collect();
        Ok(Self {
            vpc: Value::from(id),
            cidr_block: found.cidr_block.clone(),
            public_subnets: subnets(&found.public_subnets),
            private_subnets: subnets(&found.private_subnets),
            is_own: false,
            zones: 0,
        })
    }

    fn own(lookups: &Lookups) -> Self {
        let zones = lookups
            .availability_zones
            .unwrap_or(MOST_ZONES)
            .clamp(1, MOST_ZONES);
        let zones = usize::from(zones);
        let subnets = |kind: &str| (0..zones).map(|zone| reference(&subnet(kind, zone))).collect();
        Self {
            vpc: reference(VPC),
            cidr_block: "172.16.0.0/16".to_string(),
            public_subnets: subnets("Public"),
            private_subnets: subnets("Private"),
            is_own: true,
            zones,
        }
    }

    /// Subnets for tasks or instances.
    pub(crate) fn subnets(&self, is_private: bool) -> &[Value] {
        match is_private {
            true => &self.private_subnets,
            false => &self.public_subnets,
        }
    }

    /// The tables of routes of the subnets of a kind; those of a VPC that was there already are not known.
    pub(crate) fn route_tables(&self, kind: &str) -> Vec<Value> {
        (0..self.zones)
            .map(|zone| reference(&format!("{}RouteTable", subnet(kind, zone))))
            .collect()
    }

    /// What must be there before an instance has a way out.
    pub(crate) fn routes(&self, is_private: bool) -> Vec<String> {
        let mut routes = Vec::new();
        if self.is_own {
            routes.extend(
                (0..self.zones.min(2))
                    .map(|zone| format!("{}SubnetRouteTableAssociation", subnet("Public", zone))),
            );
            if is_private {
                routes.extend((0..self.zones).map(|zone| format!("StpNatPrivateSubnetRoute{zone}")));
            }
        }
        routes
    }

    /// What must be there before anything reaches the internet.
    pub(crate) fn gateway(&self) -> Option<String> {
        self.is_own.then(|| ATTACHMENT.to_string())
    }
}

fn subnet(kind: &str, zone: usize) -> String {
    format!("Stp{kind}Subnet{zone}")
}

/// Adds the network, if the stack needs one of its own.
pub(crate) fn build(assembly: &mut Assembly<'_>) {
    if !assembly.needs.vpc || !assembly.network.is_own {
        return;
    }
    let vpc = json!({ "CidrBlock": "172.16.0.0/16", "EnableDnsHostnames": true, "EnableDnsSupport": true });
    assembly.add(VPC, Resource::new("AWS::EC2::VPC", vpc));
    assembly.add(
        "StpInternetGateway",
        Resource::new("AWS::EC2::InternetGateway", json!({})),
    );
    let attachment = json!({ "InternetGatewayId": reference("StpInternetGateway"), "VpcId": reference(VPC) });
    assembly.add(
        ATTACHMENT,
        Resource::new("AWS::EC2::VPCGatewayAttachment", attachment),
    );
    for zone in 0..assembly.network.zones {
        let table = add_subnet("Public", zone, assembly);
        let route = json!({
            "DestinationCidrBlock": "0.0.0.0/0",
            "GatewayId": reference("StpInternetGateway"),
            "RouteTableId": reference(&table),
        });
        assembly.add(
            &format!("StpInternetGatewayRoute{zone}"),
            Resource::new("AWS::EC2::Route", route).after([ATTACHMENT.to_string()]),
        );
    }
    if assembly.needs.nat {
        add_nat(assembly);
    }
}

/// Adds a subnet with its table of routes, whose id it tells.
fn add_subnet(kind: &str, zone: usize, assembly: &mut Assembly<'_>) -> String {
    let id = subnet(kind, zone);
    let table = format!("{id}RouteTable");
    let is_public = kind == "Public";
    let block = if is_public {
        zone
    } else {
        usize::from(MOST_ZONES) + zone
    };
    let properties = json!({
        "AvailabilityZone": select(zone, &availability_zones(&assembly.names.region)),
        "CidrBlock": format!("172.16.{}.0/20", block * 16),
        "MapPublicIpOnLaunch": is_public,
        "VpcId": reference(VPC),
    });
    assembly.add(&id, Resource::new("AWS::EC2::Subnet", properties));
    assembly.add(
        &table,
        Resource::new("AWS::EC2::RouteTable", json!({ "VpcId": reference(VPC) })),
    );
    let association = json!({ "RouteTableId": reference(&table), "SubnetId": reference(&id) });
    assembly.add(
        &format!("{id}SubnetRouteTableAssociation"),
        Resource::new("AWS::EC2::SubnetRouteTableAssociation", association),
    );
    table
}

fn add_nat(assembly: &mut Assembly<'_>) {
    let zones = assembly.network.zones;
    let gateways = usize::from(assembly.stack.settings.vpc.nat_availability_zones).clamp(1, zones);
    for zone in 0..gateways {
        let address = format!("StpNatEip{zone}");
        // Without the attachment there is nothing yet that the address could lead to.
        let ready = [ATTACHMENT.to_string()];
        assembly.add(
            &address,
            Resource::new("AWS::EC2::EIP", json!({ "Domain": "vpc" })).after(ready.clone()),
        );
        let gateway = json!({
            "AllocationId": attribute(&address, "AllocationId"),
            "SubnetId": reference(&subnet("Public", zone)),
        });
        assembly.add(
            &format!("StpNatGateway{zone}"),
            Resource::new("AWS::EC2::NatGateway", gateway).after(ready),
        );
    }
    let mut tables = Vec::new();
    for zone in 0..zones {
        let table = add_subnet("Private", zone, assembly);
        tables.push(reference(&table));
        let route = json!({
            "DestinationCidrBlock": "0.0.0.0/0",
            "NatGatewayId": reference(&format!("StpNatGateway{}", zone.min(gateways - 1))),
            "RouteTableId": reference(&table),
        });
        assembly.add(
            &format!("StpNatPrivateSubnetRoute{zone}"),
            Resource::new("AWS::EC2::Route", route),
        );
    }
    // The layers of images come from S3, and this way costs nothing.
    add_gateway("StpS3Endpoint", "s3", tables, assembly);
}

/// Adds a way from the subnets to a service of AWS that does not lead through the internet. In a network that is there
/// already, such ways are up to whoever has made it.
pub(crate) fn add_endpoint(service: &str, assembly: &mut Assembly<'_>) {
    if !assembly.network.is_own {
        return;
    }
    let tables = assembly.network.route_tables("Public");
    let id = logical_id(&["Stp", "Vpc", service, "Endpoint"]);
    add_gateway(&id, service, tables, assembly);
}

/// Adds a way from what these tables of routes are of to a service of AWS.
fn add_gateway(id: &str, service: &str, tables: Vec<Value>, assembly: &mut Assembly<'_>) {
    let endpoint = json!({
        "RouteTableIds": tables,
        "ServiceName": format!("com.amazonaws.{}.{service}", assembly.names.region),
        "VpcEndpointType": "Gateway",
        "VpcId": reference(VPC),
    });
    assembly.add(id, Resource::new("AWS::EC2::VPCEndpoint", endpoint));
}
