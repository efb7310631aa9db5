//! Networks, file systems and buckets.

use serde_json::{Value, json};

use super::{allowing, of_type, on_instances, properties, resources, worker};

/// Mounts of a file system `files`, each a folder in it and where it is mounted.
fn mounts(folders: &[(&str, &str)]) -> String {
    let mount = |(folder, path): &(&str, &str)| {
        format!(
            "  - type: efs\n    properties: {{ efsFilesystemName: files, rootDirectory: {folder}, mountPath: {path} }}\n"
        )
    };
    format!("volumeMounts:\n{}", folders.iter().map(mount).collect::<String>())
}

fn with_files(parts: &str) -> Value {
    resources(&format!(
        "{}  files: {{ type: efs-filesystem, properties: {{}} }}\n",
        worker(parts)
    ))
}

#[test]
fn w06_file_systems_are_mounted_whether_or_not_logs_are_kept() {
    let resources = with_files(&format!(
        "{}logging: {{ disabled: true }}",
        mounts(&[("/", "/mnt")])
    ));
    let volume = &properties(&resources, "WorkerTaskDefinition")["Volumes"][0]["EFSVolumeConfiguration"];
    let point = volume["AuthorizationConfig"]["AccessPointId"]["Ref"]
        .as_str()
        .expect("an id");
    assert_eq!(resources[point]["Type"], "AWS::EFS::AccessPoint");
}

#[test]
fn w07_a_reused_vpc_works_with_instances() {
    let stack = "stackConfig: { vpc: { reuseVpc: { vpcId: vpc-0reused } } }\n";
    let resources = resources(&format!("{stack}{}", on_instances("t3.medium", "")));
    for (id, resource) in resources.as_object().expect("resources") {
        for other in resource["DependsOn"].as_array().into_iter().flatten() {
            let other = other.as_str().expect("an id");
            assert!(
                resources.get(other).is_some(),
                "{id} waits for {other}, which is not there"
            );
        }
    }
    assert_eq!(
        properties(&resources, "WorkerAutoScalingGroup")["VPCZoneIdentifier"][0],
        "subnet-pub-a"
    );
}

#[test]
fn w08_file_systems_are_reachable_in_each_zone_of_the_tasks() {
    let resources = with_files(&mounts(&[("/", "/mnt")]));
    assert_eq!(of_type(&resources, "AWS::EFS::MountTarget").len(), 3);
    let network = &properties(&resources, "WorkerService")["NetworkConfiguration"]["AwsvpcConfiguration"];
    assert_eq!(network["Subnets"].as_array().map(Vec::len), Some(3));
}

#[test]
fn w09_whole_file_systems_are_writable_and_only_through_their_access_points() {
    let resources = with_files(&mounts(&[("/", "/mnt"), ("/data", "/data")]));
    let file_system = json!([{ "Fn::GetAtt": ["FilesFileSystem", "Arn"] }]);
    let points = |ids: &[&str]| {
        let arns: Vec<Value> = ids
            .iter()
            .map(|id| json!({ "Fn::GetAtt": [id, "Arn"] }))
            .collect();
        json!({ "StringEquals": { "elasticfilesystem:AccessPointArn": arns } })
    };
    let root = allowing(&resources, "WorkerRole", "elasticfilesystem:ClientRootAccess");
    assert_eq!(root["Resource"], file_system);
    assert_eq!(root["Condition"], points(&["WorkerFilesRootAccessPoint"]));
    let write = allowing(&resources, "WorkerRole", "elasticfilesystem:ClientWrite");
    assert_eq!(write["Resource"], file_system);
    assert_eq!(
        write["Condition"],
        points(&["WorkerFilesRootAccessPoint", "WorkerFilesDataAccessPoint"])
    );
}

#[test]
fn w10_folders_that_look_alike_are_two() {
    let resources = with_files(&mounts(&[("/a-b", "/one"), ("/a/b", "/two"), ("/", "/three")]));
    let task = properties(&resources, "WorkerTaskDefinition");
    let volumes = task["Volumes"].as_array().expect("volumes");
    let folder = |volume: &Value| {
        let point = &volume["EFSVolumeConfiguration"]["AuthorizationConfig"]["AccessPointId"]["Ref"];
        let point = properties(&resources, point.as_str().expect("an id"));
        point["RootDirectory"]["Path"]
            .as_str()
            .expect("a path")
            .to_string()
    };
    assert_eq!(
        volumes.iter().map(folder).collect::<Vec<_>>(),
        ["/a-b", "/a/b", "/"]
    );
    let points = task["ContainerDefinitions"][0]["MountPoints"]
        .as_array()
        .expect("mount points");
    for (point, volume) in points.iter().zip(volumes) {
        assert_eq!(point["SourceVolume"], volume["Name"]);
    }
}

#[test]
fn w15_a_private_bucket_stays_private() {
    let resources = resources("resources:\n  files: { type: bucket }\n");
    let blocked = &properties(&resources, "FilesBucket")["PublicAccessBlockConfiguration"];
    for key in [
        "BlockPublicAcls",
        "BlockPublicPolicy",
        "IgnorePublicAcls",
        "RestrictPublicBuckets",
    ] {
        assert_eq!(blocked[key], true, "{key}");
    }
    assert_eq!(of_type(&resources, "AWS::S3::BucketPolicy"), [""; 0]);
}

#[test]
fn w19_private_tasks_have_no_address_and_load_images_for_nothing() {
    let resources = resources(&worker("usePrivateSubnetsWithNAT: true"));
    let network = &properties(&resources, "WorkerService")["NetworkConfiguration"]["AwsvpcConfiguration"];
    assert_eq!(network["AssignPublicIp"], "DISABLED");
    let endpoint = properties(&resources, "StpS3Endpoint");
    assert_eq!(endpoint["ServiceName"], "com.amazonaws.eu-west-1.s3");
    assert_eq!(endpoint["VpcEndpointType"], "Gateway");
    assert_eq!(endpoint["RouteTableIds"].as_array().map(Vec::len), Some(3));
    let public = super::resources(&worker(""));
    assert_eq!(of_type(&public, "AWS::EC2::VPCEndpoint"), [""; 0]);
}

#[test]
fn w21_no_rule_of_a_security_group_is_there_twice() {
    let two = mounts(&[("/a", "/one"), ("/b", "/two")]);
    let resources = with_files(&two);
    let rules = properties(&resources, "FilesSecurityGroup")["SecurityGroupIngress"].as_array();
    assert_eq!(rules.map(Vec::len), Some(1));
}

#[test]
fn w40_addresses_wait_for_the_gateway() {
    let resources = resources(&worker("usePrivateSubnetsWithNAT: true"));
    for id in ["StpNatEip0", "StpNatGateway0"] {
        assert_eq!(
            resources[id]["DependsOn"],
            json!(["StpVpcGatewayAttachment"]),
            "{id}"
        );
    }
}
