//! What is read from answers of EC2, and which subnets are public.

use roxmltree::Document;

use super::{RouteTable, Subnet, network, route_tables, subnets};

fn subnet(id: &str, zone: &str) -> Subnet {
    Subnet {
        zone: zone.to_owned(),
        id: id.to_owned(),
    }
}

#[test]
fn answers_are_read_whatever_their_namespace() {
    let answer = r#"<DescribeRouteTablesResponse xmlns="http://ec2.amazonaws.com/doc/2016-11-15/">
      <routeTableSet><item>
        <routeSet>
          <item><destinationCidrBlock>10.0.0.0/16</destinationCidrBlock><gatewayId>local</gatewayId></item>
          <item><destinationCidrBlock>0.0.0.0/0</destinationCidrBlock><gatewayId>igw-1</gatewayId></item>
        </routeSet>
        <associationSet>
          <item><main>true</main></item>
          <item><main>false</main><subnetId>subnet-1</subnetId></item>
        </associationSet>
      </item><item><routeSet/><associationSet/></item></routeTableSet>
    </DescribeRouteTablesResponse>"#;
    let tables = route_tables(Document::parse(answer).unwrap().root_element());
    let public = RouteTable {
        is_main: true,
        is_public: true,
        subnets: ["subnet-1".to_owned()].into(),
    };
    assert_eq!(tables, [public, RouteTable::default()]);
    let answer = "<a><subnetSet><item><subnetId>subnet-1</subnetId></item></subnetSet></a>";
    let lacking = subnets(Document::parse(answer).unwrap().root_element());
    assert_eq!(lacking, None);
}

#[test]
fn a_subnet_is_public_by_its_own_table_else_by_the_main_one() {
    let table = |is_main, is_public, subnets: &[&str]| RouteTable {
        is_main,
        is_public,
        subnets: subnets.iter().map(|id| (*id).to_owned()).collect(),
    };
    let tables = [
        table(false, false, &["closed"]),
        table(true, true, &[]),
        table(false, true, &["open"]),
    ];
    let subnets = vec![subnet("other", "b"), subnet("open", "c"), subnet("closed", "a")];
    let found = network("10.0.0.0/16".to_owned(), subnets.clone(), &tables);
    assert_eq!(found.public_subnets, ["other", "open"]);
    assert_eq!(found.private_subnets, ["closed"]);
    let found = network("10.0.0.0/16".to_owned(), subnets, &[]);
    assert_eq!(found.private_subnets, ["closed", "other", "open"]);
}
