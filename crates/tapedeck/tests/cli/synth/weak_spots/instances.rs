//! Services on EC2: images, the weekly refresh, credentials, GPUs.

use serde_json::json;

use super::{of_type, on_instances, properties, resources, statements};

#[test]
fn w01_each_launch_looks_up_the_newest_image() {
    let one = resources(&on_instances("t3.medium", ""));
    let data = &properties(&one, "WorkerLaunchTemplate")["LaunchTemplateData"];
    let image = data["ImageId"].as_str().expect("a text");
    assert!(
        image.starts_with("resolve:ssm:/aws/service/ecs/optimized-ami/"),
        "{image}"
    );
    assert!(data.get("InstanceRequirements").is_none());
    let several = resources(&on_instances("m5.xlarge, c5.large", ""));
    let group = properties(&several, "WorkerAutoScalingGroup");
    assert_eq!(
        group["MixedInstancesPolicy"]["LaunchTemplate"]["Overrides"],
        json!([{ "InstanceType": "m5.xlarge" }, { "InstanceType": "c5.large" }])
    );
}

#[test]
fn w02_instances_are_refreshed_at_three_in_the_morning() {
    let resources = resources(&on_instances("t3.medium", ""));
    let schedule = properties(&resources, "WorkerScheduledInstanceRefreshRule");
    assert_eq!(schedule["ScheduleExpression"], "cron(0 3 ? * SUN *)");
    assert_eq!(schedule["ScheduleExpressionTimezone"], "UTC");
}

#[test]
fn w20_containers_cannot_take_the_role_of_their_instance() {
    let resources = resources(&on_instances("t3.medium", ""));
    let data = &properties(&resources, "WorkerLaunchTemplate")["LaunchTemplateData"];
    let metadata = json!({ "HttpTokens": "required", "HttpPutResponseHopLimit": 1 });
    assert_eq!(data["MetadataOptions"], metadata);
    assert_eq!(data["BlockDeviceMappings"][0]["Ebs"]["Encrypted"], true);
}

#[test]
fn w22_gpus_have_drivers_and_are_given_to_the_main_container() {
    let resources = resources(&on_instances("g4dn.xlarge", ""));
    let data = &properties(&resources, "WorkerLaunchTemplate")["LaunchTemplateData"];
    let image = data["ImageId"].as_str().expect("a text");
    assert!(image.contains("/amazon-linux-2023/gpu/"), "{image}");
    let main = &properties(&resources, "WorkerTaskDefinition")["ContainerDefinitions"][0];
    assert_eq!(
        main["ResourceRequirements"],
        json!([{ "Type": "GPU", "Value": "1" }])
    );
}

#[test]
fn w35_a_refresh_is_of_groups_of_this_stack_only() {
    let resources = resources(&on_instances("t3.medium", ""));
    let statements = statements(&resources, "StpScheduledInstanceRefreshRole");
    assert_eq!(statements.len(), 1);
    assert_eq!(
        statements[0]["Action"],
        json!(["autoscaling:StartInstanceRefresh"])
    );
    let groups =
        "arn:aws:autoscaling:eu-west-1:123456789999:autoScalingGroup:*:autoScalingGroupName/demo-dev-*";
    assert_eq!(statements[0]["Resource"], json!([groups]));
}

#[test]
fn w38_a_provider_of_capacity_has_a_name_that_aws_takes() {
    let config = |project: &str| {
        format!(
            "# synth: --stage dev --region eu-west-1 --projectName {project}\n{}",
            on_instances("t3.medium", "")
        )
    };
    let ours = resources(&config("ecs-shop"));
    assert_eq!(
        properties(&ours, "WorkerCapacityProvider")["Name"],
        "stp-ecs-shop-dev-worker-cp"
    );
    let others = resources(&config("shop"));
    assert!(
        properties(&others, "WorkerCapacityProvider")
            .get("Name")
            .is_none()
    );
    assert_eq!(
        of_type(&others, "AWS::ECS::CapacityProvider"),
        ["WorkerCapacityProvider"]
    );
}
