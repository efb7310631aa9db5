//! Services and their containers.

use serde_json::{Value, json};

use super::{of_type, on_instances, properties, resources, said, worker};

fn side(name: &str, parts: &str) -> String {
    format!(
        "  - name: {name}\n    containerType: always-running\n    packaging: {{ type: prebuilt-image, properties: {{ image: busybox }} }}\n    {parts}\n"
    )
}

/// A container of the task of `worker`.
fn container<'a>(resources: &'a Value, name: &str) -> &'a Value {
    let all = properties(resources, "WorkerTaskDefinition")["ContainerDefinitions"].as_array();
    let found = all.into_iter().flatten().find(|one| one["Name"] == name);
    found.unwrap_or_else(|| panic!("there is no container {name}"))
}

#[test]
fn w17_a_fixed_number_of_tasks_is_not_scaled() {
    let resources = resources(&worker("scaling: { minInstances: 3, maxInstances: 3 }"));
    assert_eq!(
        of_type(&resources, "AWS::ApplicationAutoScaling::ScalableTarget"),
        [""; 0]
    );
    assert_eq!(
        of_type(&resources, "AWS::ApplicationAutoScaling::ScalingPolicy"),
        [""; 0]
    );
}

#[test]
fn w18_a_fixed_number_of_tasks_starts_at_once() {
    let fixed = resources(&worker("scaling: { minInstances: 3, maxInstances: 3 }"));
    assert_eq!(properties(&fixed, "WorkerService")["DesiredCount"], 3);
    // An update would set the number back that the scaling has chosen.
    let scaled = resources(&worker("scaling: { minInstances: 3, maxInstances: 5 }"));
    assert!(properties(&scaled, "WorkerService").get("DesiredCount").is_none());
    assert_eq!(properties(&scaled, "WorkerScalableTarget")["MinCapacity"], 3);
}

#[test]
fn w23_a_time_to_stop_is_one_that_ecs_takes() {
    for seconds in [1, 121] {
        let told = said(&worker(&format!("stopTimeout: {seconds}"))).expect_err("it is refused");
        let expected = format!("error[out-of-range]: `stopTimeout` cannot be {seconds}");
        assert!(told.contains(&expected), "{told}");
    }
    let default = resources(&worker(""));
    assert_eq!(container(&default, "service-container")["StopTimeout"], 2);
}

#[test]
fn w24_failures_are_met_by_ecs() {
    let sides = [
        side("agent", "essential: false"),
        side("proxy", ""),
        side("probe", "essential: false"),
        side(
            "last",
            "essential: false\n    dependsOn: [{ containerName: probe, condition: COMPLETE }]",
        ),
    ];
    let resources = resources(&worker(&format!("sideContainers:\n{}", sides.concat())));
    let service = properties(&resources, "WorkerService");
    assert_eq!(service["AvailabilityZoneRebalancing"], "ENABLED");
    let deployment = &service["DeploymentConfiguration"];
    assert_eq!(
        deployment["DeploymentCircuitBreaker"],
        json!({ "Enable": true, "Rollback": true })
    );
    assert_eq!(deployment["MaximumPercent"], 200, "rebalancing needs room");
    let policy = json!({ "Enabled": true, "RestartAttemptPeriod": 60 });
    assert_eq!(container(&resources, "agent")["RestartPolicy"], policy);
    for name in ["service-container", "proxy", "probe"] {
        assert!(
            container(&resources, name).get("RestartPolicy").is_none(),
            "{name}"
        );
    }
    let packed = super::resources(&on_instances("t3.medium", ""));
    assert!(
        properties(&packed, "WorkerService")
            .get("AvailabilityZoneRebalancing")
            .is_none()
    );
}

#[test]
fn w43_a_variable_of_the_config_wins_and_it_is_told() {
    let config = format!(
        "{}  files: {{ type: bucket }}\n",
        worker("connectTo: [files]\nenvironment: [{ name: STP_FILES_NAME, value: mine }]")
    );
    let resources = resources(&config);
    let variables = container(&resources, "service-container")["Environment"].as_array();
    let found: Vec<&Value> = variables
        .into_iter()
        .flatten()
        .filter(|one| one["Name"] == "STP_FILES_NAME")
        .map(|one| &one["Value"])
        .collect();
    assert_eq!(found, ["mine"]);
}

#[test]
fn w42_all_that_a_service_becomes_can_be_asked_for() {
    let asked = [
        ("name", "WorkerService", "Name"),
        ("clusterName", "WorkerCluster", "Ref"),
        ("logGroupArn", "WorkerServiceContainerLogGroup", "Arn"),
        ("roleArn", "WorkerRole", "Arn"),
        ("securityGroupId", "WorkerSecurityGroup", "GroupId"),
    ];
    let outputs: String = asked
        .iter()
        .map(|(name, id, attribute)| {
            format!("    - {{ name: {name}, value: \"$CfResourceParam('{id}', '{attribute}')\" }}\n")
        })
        .collect();
    let template = super::said(&format!("stackConfig:\n  outputs:\n{outputs}{}", worker("")))
        .expect("it has a template");
    let name = json!({ "Fn::GetAtt": ["WorkerService", "Name"] });
    assert_eq!(template["Outputs"]["name"]["Value"], name);
    assert_eq!(
        template["Outputs"]["clusterName"]["Value"],
        json!({ "Ref": "WorkerCluster" })
    );
    for (output, ..) in asked {
        assert!(template["Outputs"][output]["Value"].is_object(), "{output}");
    }
}

#[test]
fn w25_only_who_calls_a_service_has_a_proxy() {
    let api = "  api:
    type: private-service
    properties:
      packaging: { type: prebuilt-image, properties: { image: busybox } }
      resources: { cpu: 0.25, memory: 512 }
";
    let calls = [
        "connectTo: [api]",
        "environment: { API: \"$ResourceParam('api', 'address')\" }",
        "environment: { API: \"$CfFormat('http://{}/', $ResourceParam('api', 'address'))\" }",
        "environment: { API: 'http://api:3000/' }",
    ];
    for call in calls {
        let resources = resources(&[worker(call).as_str(), api].concat());
        let configuration = &properties(&resources, "WorkerService")["ServiceConnectConfiguration"];
        assert_eq!(configuration["Enabled"], true, "{call}");
        assert_eq!(
            resources["WorkerService"]["DependsOn"],
            json!(["ApiService"]),
            "{call}"
        );
    }
    let resources = resources(&[worker("").as_str(), api].concat());
    let service = properties(&resources, "WorkerService");
    assert!(service.get("ServiceConnectConfiguration").is_none());
    assert!(resources["WorkerService"].get("DependsOn").is_none());
}
