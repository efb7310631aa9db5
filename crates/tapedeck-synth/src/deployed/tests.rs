//! What the templates of deployed stacks say, and how new code is told from a new size.

use serde_json::json;

use super::*;

fn template(image: &str, memory: u32) -> Value {
    json!({ "Resources": {
        "WorkerService": { "Type": SERVICE_TYPE, "Properties": { "TaskDefinition": { "Ref": "WorkerTaskDefinition" } } },
        "WorkerTaskDefinition": { "Type": "AWS::ECS::TaskDefinition", "Properties": { "Memory": memory, "ContainerDefinitions": [
            { "Name": "main", "Image": image,
              "LogConfiguration": { "Options": { "awslogs-group": { "Ref": "Logs" } } } },
            { "Name": "quiet", "Image": "b" },
        ] } },
        "Logs": { "Type": "AWS::Logs::LogGroup", "Properties": { "LogGroupName": "/stp/shop/logs" } },
    } })
}

#[test]
fn log_groups_and_images_are_those_of_the_task_definition() {
    let template = template("a", 512);
    let groups = log_groups(&template, "WorkerService");
    assert_eq!(
        groups,
        BTreeMap::from([("main".to_string(), "/stp/shop/logs".to_string())])
    );
    assert_eq!(images(&template, "WorkerService").len(), 2);
    assert!(log_groups(&template, "OtherService").is_empty());
}

#[test]
fn new_code_is_told_from_a_new_size() {
    let (one, code, size) = (template("a", 512), template("c", 512), template("c", 1024));
    assert!(differ_in_images_alone(&one, &code));
    assert!(!differ_in_images_alone(&one, &size));
    assert!(!differ_in_images_alone(&one, &one.clone()));
}

#[test]
fn the_size_of_tasks_and_the_insights_of_their_cluster_are_read() {
    let mut template = template("a", 512);
    assert_eq!(size(&template, "WorkerService"), (None, None));
    assert!(!has_insights(&template, "WorkerService"));
    let resources = &mut template["Resources"];
    let definition = &mut resources["WorkerTaskDefinition"]["Properties"];
    definition["Cpu"] = "256".into();
    definition["Memory"] = "512".into();
    resources["WorkerService"]["Properties"]["Cluster"] = json!({ "Ref": "WorkerCluster" });
    let set = |value: &str| json!({ "Properties": { "ClusterSettings": [{ "Name": "containerInsights", "Value": value }] } });
    resources["WorkerCluster"] = set("enabled");
    let (cpu, memory) = size(&template, "WorkerService");
    assert_eq!(
        (cpu.map(Cpu::millis), memory.map(MemoryMb::mebibytes)),
        (Some(250), Some(512))
    );
    assert!(has_insights(&template, "WorkerService"));
    template["Resources"]["WorkerCluster"] = set("disabled");
    assert!(!has_insights(&template, "WorkerService"));
}
