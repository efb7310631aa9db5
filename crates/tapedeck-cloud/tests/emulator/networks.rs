//! Networks and parameters that are there already.

use serde_json::Value;
use tapedeck_cloud::{CloudError, Fault};

use crate::world::{connect, fixed, world};

/// A network with a subnet that the main table of routes opens, and one with a closed table of its own; and a parameter of each kind.
const MAKE: &str = "
import botocore.session, json
session = botocore.session.get_session()
ec2, ssm = session.create_client('ec2'), session.create_client('ssm')
vpc = ec2.create_vpc(CidrBlock='10.1.0.0/16')['Vpc']['VpcId']
subnet = lambda block, zone: ec2.create_subnet(VpcId=vpc, CidrBlock=block, AvailabilityZone=zone)['Subnet']['SubnetId']
closed, other, opened = subnet('10.1.1.0/24', 'eu-west-1a'), subnet('10.1.2.0/24', 'eu-west-1b'), subnet('10.1.3.0/24', 'eu-west-1a')
gateway = ec2.create_internet_gateway()['InternetGateway']['InternetGatewayId']
ec2.attach_internet_gateway(InternetGatewayId=gateway, VpcId=vpc)
tables = ec2.describe_route_tables(Filters=[{'Name': 'vpc-id', 'Values': [vpc]}, {'Name': 'association.main', 'Values': ['true']}])
main = tables['RouteTables'][0]['RouteTableId']
ec2.create_route(RouteTableId=main, DestinationCidrBlock='0.0.0.0/0', GatewayId=gateway)
own = ec2.create_route_table(VpcId=vpc)['RouteTable']['RouteTableId']
ec2.associate_route_table(RouteTableId=own, SubnetId=closed)
ssm.put_parameter(Name='/shop/level', Value='debug', Type='String')
ssm.put_parameter(Name='/shop/level', Value='info', Type='String', Overwrite=True)
ssm.put_parameter(Name='/shop/key', Value='hidden', Type='SecureString')
zones = len(ec2.describe_availability_zones()['AvailabilityZones'])
print(json.dumps({'vpc': vpc, 'closed': closed, 'other': other, 'opened': opened, 'zones': zones}))";

#[tokio::test]
async fn networks_and_parameters_are_what_the_library_of_aws_has_made() {
    let Some(world) = world().await else { return };
    let made: Value = serde_json::from_str(&world.emulator.botocore(MAKE, &[])).unwrap();
    let text = |key: &str| made[key].as_str().unwrap().to_owned();
    let network = world.cloud.network(&text("vpc")).await.unwrap().unwrap();
    assert_eq!(network.cidr_block, "10.1.0.0/16");
    assert_eq!(network.public_subnets, [text("opened"), text("other")]);
    assert_eq!(network.private_subnets, [text("closed")]);
    assert_eq!(world.cloud.network("vpc-0123456789abcdef0").await.unwrap(), None);
    assert_eq!(
        world.cloud.availability_zones().await.unwrap() as u64,
        made["zones"].as_u64().unwrap()
    );

    let level = world.cloud.parameter("/shop/level").await.unwrap().unwrap();
    assert_eq!((level.kind.as_str(), level.version), ("String", 2));
    let key = world.cloud.parameter("/shop/key").await.unwrap().unwrap();
    assert_eq!((key.kind.as_str(), key.version), ("SecureString", 1));
    assert_eq!(world.cloud.parameter("/shop/none").await.unwrap(), None);
    let value = world.cloud.parameter_value("/shop/key:1").await.unwrap();
    assert_eq!(value.as_deref(), Some("hidden"));

    let nobody = connect(&world.emulator, fixed("AKIAIOSFODNN7EXAMPLE", "a secret", None)).await;
    let error = nobody.network(&text("vpc")).await.unwrap_err();
    assert!(
        matches!(&error, CloudError::NotDone { cause, .. } if matches!(cause.fault, Fault::Unknown { .. })),
        "{error:?}"
    );
}
