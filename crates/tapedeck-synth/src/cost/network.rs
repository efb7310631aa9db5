//! Ways in and out, alarms and zones: what costs something by being there.

use serde_json::Value;

use super::bill::Bill;

/// Subnets of a load balancer whose number is not in the template: it has two at least.
const SUBNETS: f64 = 2.0;

/// Adds what is paid for being there. Says whether it is that.
pub(super) fn add(id: &str, kind: &str, resource: &Value, bill: &mut Bill<'_>) -> bool {
    let one = (1.0, 1.0);
    match kind {
        "AWS::EC2::NatGateway" => {
            bill.charge(id, "1 NAT gateway".to_string(), "nat-hour", one);
            bill.by_use(id, "traffic through the NAT gateway", Some("nat-gb"));
        }
        "AWS::EC2::VPCEndpoint" => {
            // A gateway costs nothing; it is what there is unless something else is said.
            if resource["Properties"]["VpcEndpointType"] == "Interface" {
                bill.unknown(id, "an endpoint with an interface in each subnet");
            }
        }
        "AWS::EC2::EIP" => bill.charge(id, "1 public IPv4 address".to_string(), "public-address", one),
        "AWS::ElasticLoadBalancingV2::LoadBalancer" => add_balancer(id, &resource["Properties"], bill),
        "AWS::CloudWatch::Alarm" => bill.charge(id, "1 alarm".to_string(), "alarm", one),
        "AWS::ServiceDiscovery::PrivateDnsNamespace" | "AWS::Route53::HostedZone" => {
            bill.charge(id, "1 hosted zone".to_string(), "hosted-zone", one);
        }
        _ => return false,
    }
    true
}

fn add_balancer(id: &str, properties: &Value, bill: &mut Bill<'_>) {
    bill.charge(id, "1 load balancer".to_string(), "balancer-hour", (1.0, 1.0));
    bill.by_use(id, "capacity units of the load balancer", Some("balancer-unit"));
    if properties["Scheme"] != "internal" {
        let subnets = properties["Subnets"]
            .as_array()
            .map_or(SUBNETS, |subnets| subnets.iter().map(|_| 1.0).sum());
        let what = format!("{subnets} public IPv4 addresses of the load balancer");
        bill.charge(id, what, "public-address", (subnets, subnets));
    }
}
