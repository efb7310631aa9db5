//! Networks of EC2: what is in a VPC, and how many zones there are.

#[cfg(test)]
mod tests;

use std::collections::BTreeSet;

use roxmltree::Node;

use crate::call::CallError;
use crate::connect::Cloud;
use crate::error::CloudError;
use crate::query::{items, text};

/// How the route of an internet gateway begins where it leads.
const GATEWAY: &str = "igw-";

/// A VPC.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Network {
    /// Its addresses.
    pub cidr_block: String,
    /// The ids of subnets with a way into the internet, by zone.
    pub public_subnets: Vec<String>,
    /// Those of the others, by zone.
    pub private_subnets: Vec<String>,
}

/// A subnet.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Subnet {
    zone: String,
    id: String,
}

/// A table of routes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct RouteTable {
    /// Whether it is that of all subnets that have none of their own.
    is_main: bool,
    /// Whether one of its routes leads into the internet.
    is_public: bool,
    /// The ids of the subnets that it is of.
    subnets: BTreeSet<String>,
}

impl Cloud {
    /// What is in a VPC; none when there is none of that id.
    ///
    /// # Errors
    /// [`CloudError::NotDone`] when it may not be looked at or nobody answers.
    pub async fn network(&self, id: &str) -> Result<Option<Network>, CloudError> {
        let found = self.look_at(id).await;
        found.map_err(|cause| self.not_done(format!("look at network {id}"), cause))
    }

    /// How many zones whoever calls can use.
    ///
    /// # Errors
    /// [`CloudError::NotDone`] when they may not be listed or nobody answers.
    pub async fn availability_zones(&self) -> Result<usize, CloudError> {
        let usable = [
            ("Filter.1.Name", "state"),
            ("Filter.1.Value.1", "available"),
            ("Filter.2.Name", "zone-type"),
            ("Filter.2.Value.1", "availability-zone"),
        ];
        let named = |answer: Node<'_, '_>| {
            let zones = items(answer, "availabilityZoneInfo");
            zones.map(|zone| text(zone, "zoneName")).collect()
        };
        let zones: Result<Vec<String>, CallError> = self
            .ec2
            .pages("ec2:DescribeAvailabilityZones", &usable, named)
            .await;
        let zones = zones.map_err(|cause| self.not_done("list the availability zones".to_owned(), cause))?;
        Ok(zones.len())
    }

    async fn look_at(&self, id: &str) -> Result<Option<Network>, CallError> {
        let of_it = [("Filter.1.Name", "vpc-id"), ("Filter.1.Value.1", id)];
        let blocks = |answer: Node<'_, '_>| {
            let networks = items(answer, "vpcSet");
            networks.map(|network| text(network, "cidrBlock")).collect()
        };
        let blocks: Vec<String> = self.ec2.pages("ec2:DescribeVpcs", &of_it, blocks).await?;
        let Some(cidr_block) = blocks.into_iter().next() else {
            return Ok(None);
        };
        let subnets = self.ec2.pages("ec2:DescribeSubnets", &of_it, subnets).await?;
        let tables = self
            .ec2
            .pages("ec2:DescribeRouteTables", &of_it, |answer| {
                Some(route_tables(answer))
            })
            .await?;
        Ok(Some(network(cidr_block, subnets, &tables)))
    }
}

fn subnets(answer: Node<'_, '_>) -> Option<Vec<Subnet>> {
    let subnets = items(answer, "subnetSet").map(|subnet| {
        Some(Subnet {
            zone: text(subnet, "availabilityZone")?,
            id: text(subnet, "subnetId")?,
        })
    });
    subnets.collect()
}

fn route_tables(answer: Node<'_, '_>) -> Vec<RouteTable> {
    let tables = items(answer, "routeTableSet").map(|table| {
        let leads = |route| text(route, "gatewayId").is_some_and(|gateway| gateway.starts_with(GATEWAY));
        let owners = || items(table, "associationSet");
        RouteTable {
            is_main: owners().any(|owner| text(owner, "main").as_deref() == Some("true")),
            is_public: items(table, "routeSet").any(leads),
            subnets: owners().filter_map(|owner| text(owner, "subnetId")).collect(),
        }
    });
    tables.collect()
}

/// A subnet is public when the table of routes that it has, else the main one, leads into the internet.
fn network(cidr_block: String, mut subnets: Vec<Subnet>, tables: &[RouteTable]) -> Network {
    subnets.sort();
    let is_public = |subnet: &Subnet| {
        let own = tables.iter().find(|table| table.subnets.contains(&subnet.id));
        let table = own.or_else(|| tables.iter().find(|table| table.is_main));
        table.is_some_and(|table| table.is_public)
    };
    let (public, private): (Vec<Subnet>, Vec<Subnet>) = subnets.into_iter().partition(is_public);
    let ids = |subnets: Vec<Subnet>| subnets.into_iter().map(|subnet| subnet.id).collect();
    Network {
        cidr_block,
        public_subnets: ids(public),
        private_subnets: ids(private),
    }
}
