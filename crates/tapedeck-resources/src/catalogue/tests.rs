//! The tables hold, and say what AWS says.

use super::attributes::{self, Resolved};
use tapedeck_model::Architecture;

use super::instances::{self, InstanceType};
use super::prices;
use super::updates;

fn instance(name: &str) -> InstanceType {
    *instances::find(name).unwrap_or_else(|| panic!("there is no {name}"))
}

fn with_memory(memory: u32) -> InstanceType {
    InstanceType {
        memory,
        ..instance("c5.large")
    }
}

#[test]
fn every_line_of_instance_types_is_one() {
    assert_eq!(instances::all().len(), instances::TABLE.lines().count() - 1);
    assert!(instances::all().len() > 1400);
    for one in instances::all() {
        assert_eq!(instances::find(one.name), Some(one));
        assert!(
            one.name.contains('.') && one.vcpus > 0 && one.memory >= 512,
            "{one:?}"
        );
        assert_eq!(one.gpus > 0, one.gpu_maker.is_some(), "{one:?}");
    }
}

#[test]
fn every_line_of_instance_types_has_its_eight_columns() {
    for line in instances::TABLE.lines().skip(1) {
        let columns: Vec<&str> = line.split('\t').collect();
        assert_eq!(columns.len(), 8, "{line}");
        assert!(
            columns[6..].iter().all(|word| ["yes", "no"].contains(word)),
            "{line}"
        );
    }
}

#[test]
fn instance_types_are_sorted() {
    assert!(instances::all().is_sorted_by(|one, next| one.name < next.name));
}

#[test]
fn instance_types_are_what_ec2_says() {
    use Architecture::{Arm as Arm64, X86 as X86_64};
    let expected = [
        ("c5.large", 2, 4096, X86_64),
        ("c6g.medium", 1, 2048, Arm64),
        ("c7g.medium", 1, 2048, Arm64),
        ("g4dn.xlarge", 4, 16384, X86_64),
        ("m5.24xlarge", 96, 393_216, X86_64),
        ("p3.2xlarge", 8, 62464, X86_64),
        ("r5.4xlarge", 16, 131_072, X86_64),
        ("t2.micro", 1, 1024, X86_64),
        ("t4g.small", 2, 2048, Arm64),
    ];
    for (name, vcpus, memory, architecture) in expected {
        let found = instance(name);
        assert_eq!(
            (found.vcpus, found.memory, found.architecture),
            (vcpus, memory, architecture),
            "{name}"
        );
    }
}

#[test]
fn gpus_are_counted_and_their_maker_is_named() {
    let gpus = |name| (instance(name).gpus, instance(name).gpu_maker);
    assert_eq!(gpus("p3.2xlarge"), (1, Some("NVIDIA")));
    assert_eq!(gpus("p4d.24xlarge"), (8, Some("NVIDIA")));
    assert_eq!(gpus("g4ad.16xlarge"), (4, Some("AMD")));
    assert_eq!(gpus("g6f.large"), (1, Some("NVIDIA")), "an eighth of one");
    assert_eq!(gpus("c5.large"), (0, None));
}

#[test]
fn bare_metal_and_burstable_types_are_told_apart() {
    assert!(instance("m5.metal").bare_metal);
    assert!(!instance("m5.large").bare_metal);
    assert!(instance("t3.nano").burstable);
    assert!(!instance("m5.large").burstable);
}

#[test]
fn types_that_run_no_linux_are_left_out() {
    assert_eq!(instances::find("mac2.metal"), None);
    assert_eq!(instances::find("c5"), None);
    assert_eq!(instances::find(""), None);
}

#[test]
fn a_part_of_the_memory_is_for_the_system() {
    let expected = [
        (512, 384),
        (1024, 870),
        (2048, 1740),
        (4096, 3481),
        (8192, 6963),
        (16384, 13926),
        (32768, 29491),
        (131_072, 117_964),
        (196_608, 186_777),
        (393_216, 373_555),
    ];
    for (memory, usable) in expected {
        assert_eq!(with_memory(memory).usable_memory(), usable, "of {memory}");
    }
    assert_eq!(with_memory(0).usable_memory(), 0);
    assert_eq!(with_memory(u32::MAX).usable_memory(), 4_080_218_930);
}

fn nearest_instance(name: &str) -> Option<&'static str> {
    tapedeck_diagnostic::nearest(name, &instances::alike(name))
}

#[test]
fn a_wrong_name_has_a_neighbour_in_its_family() {
    assert_eq!(nearest_instance("c5.larg"), Some("c5.large"));
    assert_eq!(nearest_instance("C5.Large"), Some("c5.large"));
    assert_eq!(nearest_instance("m5.3xlarge"), Some("m5.2xlarge"));
    assert_eq!(nearest_instance("t4.small"), Some("t2.small"));
    assert_eq!(nearest_instance("something.else.entirely"), None);
}

#[test]
fn every_line_of_attributes_is_one() {
    let lines = || attributes::TABLE.lines().skip(1);
    assert!(lines().count() > 1800);
    for line in lines() {
        let name = line.split('\t').next().unwrap();
        assert_eq!(line.split('\t').count(), 3, "{line}");
        let row = attributes::row(line).unwrap();
        assert!(!row.identifiers.is_empty(), "{line}");
        assert!(row.attributes.is_sorted_by(|one, next| one < next), "{line}");
        assert_eq!(attributes::of(name), Some(row.attributes), "{line}");
    }
    assert!(lines().is_sorted_by(|one, next| one.split('\t').next() < next.split('\t').next()));
}

#[test]
fn attributes_are_those_of_the_schemas() {
    assert_eq!(attributes::of("AWS::IAM::Role"), Some(vec!["Arn", "RoleId"]));
    assert_eq!(attributes::of("AWS::SNS::TopicPolicy"), Some(vec!["Id"]));
    assert_eq!(attributes::of("AWS::S3::BucketPolicy"), Some(vec![]));
    assert_eq!(attributes::of("AWS::S3::Buckett"), None);
    assert_eq!(attributes::of(""), None);
}

/// A type, what was asked for, and what it is.
type Case = (&'static str, &'static str, Resolved<'static>);

#[track_caller]
fn check(cases: &[Case]) {
    for (type_name, attribute, expected) in cases {
        assert_eq!(
            attributes::resolve(type_name, attribute),
            *expected,
            "{attribute} of {type_name}"
        );
    }
}

#[test]
fn an_attribute_of_the_table_is_got_as_it_is() {
    check(&[
        ("AWS::SQS::Queue", "Arn", Resolved::GetAtt("Arn")),
        ("AWS::SQS::Queue", "QueueUrl", Resolved::GetAtt("QueueUrl")),
        ("AWS::Lambda::Function", "Arn", Resolved::GetAtt("Arn")),
        ("AWS::ECS::Service", "Name", Resolved::GetAtt("Name")),
        ("AWS::SNS::Topic", "TopicArn", Resolved::GetAtt("TopicArn")),
        (
            "AWS::RDS::DBInstance",
            "Endpoint.Address",
            Resolved::GetAtt("Endpoint.Address"),
        ),
        ("AWS::SQS::Queue", "Ref", Resolved::Ref),
    ]);
}

#[test]
fn arn_is_that_of_the_resource_itself() {
    check(&[
        ("AWS::SNS::Topic", "Arn", Resolved::GetAtt("TopicArn")),
        ("AWS::ECS::Service", "Arn", Resolved::GetAtt("ServiceArn")),
        (
            "AWS::ECS::TaskDefinition",
            "Arn",
            Resolved::GetAtt("TaskDefinitionArn"),
        ),
        (
            "AWS::ElasticLoadBalancingV2::TargetGroup",
            "Arn",
            Resolved::GetAtt("TargetGroupArn"),
        ),
        (
            "AWS::ElasticLoadBalancingV2::ListenerRule",
            "Arn",
            Resolved::GetAtt("RuleArn"),
        ),
        ("AWS::StepFunctions::StateMachine", "Arn", Resolved::GetAtt("Arn")),
        (
            "AWS::CertificateManager::Certificate",
            "Arn",
            Resolved::GetAtt("CertificateArn"),
        ),
        ("AWS::RDS::DBInstance", "Arn", Resolved::GetAtt("DBInstanceArn")),
        (
            "AWS::RedshiftServerless::Workgroup",
            "Arn",
            Resolved::GetAtt("Workgroup.WorkgroupArn"),
        ),
        ("AWS::MemoryDB::Cluster", "Arn", Resolved::GetAtt("ARN")),
        ("AWS::DSQL::Cluster", "Arn", Resolved::GetAtt("ResourceArn")),
        ("AWS::SecretsManager::Secret", "Arn", Resolved::Ref),
        ("AWS::CloudFormation::Stack", "Arn", Resolved::Ref),
    ]);
}

#[test]
fn what_is_listed_beside_the_table_agrees_with_it() {
    for (type_name, attribute) in attributes::OWN_ARN {
        check(&[(type_name, "Arn", Resolved::GetAtt(attribute))]);
        let known = attributes::of(type_name).unwrap();
        assert!(known.contains(&attribute), "{attribute} of {type_name}");
    }
    for type_name in attributes::REF_IS_ARN {
        check(&[(type_name, "Arn", Resolved::Ref)]);
    }
}

#[test]
fn an_arn_of_something_else_is_not_taken_for_it() {
    for type_name in ["AWS::EC2::Instance", "AWS::ElastiCache::ReplicationGroup"] {
        let known = attributes::of(type_name).unwrap();
        assert!(known.iter().any(|name| name.ends_with("Arn")), "{type_name}");
        assert_eq!(
            attributes::resolve(type_name, "Arn"),
            Resolved::Unknown { known },
            "{type_name}"
        );
    }
}

#[test]
fn name_is_that_of_the_resource_itself() {
    check(&[
        ("AWS::SNS::Topic", "Name", Resolved::GetAtt("TopicName")),
        ("AWS::SQS::Queue", "Name", Resolved::GetAtt("QueueName")),
        ("AWS::Lambda::Function", "Name", Resolved::Ref),
        ("AWS::Logs::LogGroup", "Name", Resolved::Ref),
        ("AWS::ApiGateway::Stage", "Name", Resolved::Ref),
        ("AWS::RDS::DBInstance", "Name", Resolved::Ref),
    ]);
}

#[test]
fn an_arn_or_an_id_is_not_taken_for_a_name() {
    for type_name in [
        "AWS::SecretsManager::Secret",
        "AWS::EC2::VPC",
        "AWS::IAM::ManagedPolicy",
    ] {
        let known = attributes::of(type_name).unwrap();
        assert_eq!(
            attributes::resolve(type_name, "Name"),
            Resolved::Unknown { known },
            "{type_name}"
        );
    }
}

#[test]
fn id_is_that_of_the_resource_itself() {
    check(&[
        ("AWS::EC2::VPC", "Id", Resolved::GetAtt("VpcId")),
        ("AWS::Cognito::UserPoolClient", "Id", Resolved::GetAtt("ClientId")),
        ("AWS::S3::Bucket", "Id", Resolved::Ref),
    ]);
}

#[test]
fn what_a_template_names_itself_is_any_name() {
    check(&[
        (
            "AWS::CloudFormation::Stack",
            "Outputs.Url",
            Resolved::GetAtt("Outputs.Url"),
        ),
        (
            "AWS::CloudFormation::Stack",
            "Outputs.",
            Resolved::Unknown {
                known: vec!["Outputs.*"],
            },
        ),
        (
            "AWS::CloudFormation::CustomResource",
            "Token",
            Resolved::GetAtt("Token"),
        ),
        ("Custom::Seed", "Token", Resolved::GetAtt("Token")),
        ("Custom::Seed", "Ref", Resolved::Ref),
    ]);
}

#[test]
fn an_unknown_attribute_comes_with_those_that_are_known() {
    check(&[
        (
            "AWS::Logs::LogGroup",
            "Url",
            Resolved::Unknown { known: vec!["Arn"] },
        ),
        (
            "AWS::Logs::LogGroup",
            "arn",
            Resolved::Unknown { known: vec!["Arn"] },
        ),
    ]);
}

#[test]
fn an_unknown_type_is_told_apart_from_an_unknown_attribute() {
    check(&[
        ("AWS::SNS::Topik", "Arn", Resolved::UnknownType),
        ("AWS::SNS", "Arn", Resolved::UnknownType),
        ("MongoDB::Atlas::Cluster", "Id", Resolved::UnknownType),
        ("", "Arn", Resolved::UnknownType),
        ("MongoDB::Atlas::Cluster", "Ref", Resolved::Ref),
    ]);
}

#[test]
fn every_line_of_updates_is_one() {
    let lines: Vec<&str> = updates::TABLE.lines().skip(1).collect();
    assert!(lines.len() > 1500);
    assert!(lines.is_sorted_by_key(|line| line.split('\t').next()));
    for line in lines {
        let name = line.split('\t').next().unwrap_or_default();
        assert_eq!(line.split('\t').count(), 4, "{line}");
        assert!(
            updates::of(name).is_some() || name == "AWS::CloudFormation::CustomResource",
            "{name}"
        );
    }
}

#[test]
fn updates_are_what_cloudformation_says() {
    let replaced = |name: &str, property: &str| {
        let found = updates::of(name).unwrap_or_else(|| panic!("there is no {name}"));
        found.replaced_by.contains(&property)
    };
    for (name, property) in [
        ("AWS::SQS::Queue", "QueueName"),
        ("AWS::SQS::Queue", "FifoQueue"),
        ("AWS::S3::Bucket", "BucketName"),
        ("AWS::Logs::LogGroup", "LogGroupName"),
        ("AWS::ECS::TaskDefinition", "ContainerDefinitions"),
        ("AWS::RDS::DBInstance", "StorageEncrypted"),
        ("AWS::EFS::FileSystem", "Encrypted"),
        ("AWS::DynamoDB::GlobalTable", "TableName"),
    ] {
        assert!(replaced(name, property), "{name} {property}");
    }
    for (name, property) in [
        ("AWS::SQS::Queue", "VisibilityTimeout"),
        ("AWS::Logs::LogGroup", "RetentionInDays"),
        ("AWS::ECS::Service", "TaskDefinition"),
        ("AWS::RDS::DBInstance", "DBInstanceClass"),
    ] {
        assert!(!replaced(name, property), "{name} {property}");
    }
    let database = updates::of("AWS::RDS::DBInstance").expect("there is one");
    assert!(database.interrupted_by.contains(&"DBInstanceClass"));
    assert!(database.perhaps_replaced_by.contains(&"Engine"));
    assert_eq!(updates::of("Custom::Whatever"), None);
}

#[test]
fn every_price_is_one() {
    for (table, before) in [(prices::SERVICES, 2), (prices::INSTANCES, 1)] {
        let lines: Vec<&str> = table.lines().skip(1).collect();
        assert!(lines.is_sorted_by_key(|line| line.split('\t').next()));
        for line in lines {
            let columns: Vec<&str> = line.split('\t').collect();
            assert_eq!(columns.len(), before + prices::regions().len(), "{line}");
            for price in &columns[before..] {
                let is_one = price
                    .parse::<f64>()
                    .is_ok_and(|price| price > 0.0 && price < 10.0);
                assert!(*price == "-" || is_one, "{line}");
            }
        }
    }
}

#[test]
fn prices_of_fargate_are_those_of_the_product_page() {
    let range = |name: &str| {
        let all = prices::regions()
            .into_iter()
            .filter_map(|region| prices::of(name, region));
        all.fold((f64::MAX, f64::MIN), |(least, most), (price, _)| {
            (least.min(price), most.max(price))
        })
    };
    assert_eq!(range("fargate-x86-vcpu"), (0.04048, 0.0696));
    assert_eq!(range("fargate-x86-gb"), (0.004445, 0.0076));
}

#[test]
fn sizes_of_instances_cost_in_proportion() {
    let price = |name: &str| prices::instance(name, "eu-west-1").map(|price| format!("{price:.4}"));
    for (name, expected) in [
        ("t3.nano", Some("0.0057")),
        ("t3.micro", Some("0.0114")),
        ("c5.large", Some("0.0960")),
        ("m5.xlarge", Some("0.2140")),
        ("m5.24xlarge", Some("5.1360")),
        ("g4dn.xlarge", Some("0.5870")),
        ("g4dn.metal", None),
        ("m5.metal", None),
        ("p4d.24xlarge", None),
    ] {
        assert_eq!(price(name).as_deref(), expected, "{name}");
    }
    assert_eq!(prices::instance("t3.micro", "eu-west-9"), None);
}
