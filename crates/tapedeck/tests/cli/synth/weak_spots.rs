//! The weak spots of Stacktape's templates that ours do not have, each by its number in docs/deviations.md.

mod instances;
mod network;
mod permissions;
mod services;
mod surroundings;

use serde_json::Value;

use super::{REFUSED, repository, synthesized};

/// A service `worker` with further properties, on 0.25 vCPU.
fn worker(parts: &str) -> String {
    service("cpu: 0.25, memory: 512", parts)
}

/// A service `worker` on instances.
fn on_instances(types: &str, parts: &str) -> String {
    service(&format!("instanceTypes: [{types}]"), parts)
}

fn service(resources: &str, parts: &str) -> String {
    let indented = parts.replace('\n', "\n      ");
    format!(
        "resources:
  worker:
    type: worker-service
    properties:
      packaging: {{ type: prebuilt-image, properties: {{ image: busybox }} }}
      resources: {{ {resources} }}
      {indented}
"
    )
}

/// The resources of the template of a config, by logical id.
fn resources(config: &str) -> Value {
    let mut template = said(config).unwrap_or_else(|said| panic!("{config}\n{said}"));
    template["Resources"].take()
}

/// The template of a config, or what is said instead.
fn said(config: &str) -> Result<Value, String> {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let path = folder.path().join("stacktape.yml");
    fs_err::write(&path, config).expect("it can be written");
    synthesized(&path)
}

/// The properties of a resource that must be there.
fn properties<'a>(resources: &'a Value, id: &str) -> &'a Value {
    let resource = &resources[id];
    assert!(resource.is_object(), "there is no {id}: {resources:#}");
    &resource["Properties"]
}

/// The ids of the resources of a type.
fn of_type<'a>(resources: &'a Value, kind: &str) -> Vec<&'a str> {
    let all = resources.as_object().into_iter().flatten();
    let found = all.filter(|(_, resource)| resource["Type"] == kind);
    found.map(|(id, _)| id.as_str()).collect()
}

/// The statements of a role, of all its policies.
fn statements<'a>(resources: &'a Value, role: &str) -> Vec<&'a Value> {
    let policies = properties(resources, role)["Policies"].as_array();
    let documents = policies
        .into_iter()
        .flatten()
        .map(|policy| &policy["PolicyDocument"]);
    documents
        .filter_map(|document| document["Statement"].as_array())
        .flatten()
        .collect()
}

/// The statement that allows an action.
fn allowing<'a>(resources: &'a Value, role: &str, action: &str) -> &'a Value {
    let is_it = |statement: &&Value| match &statement["Action"] {
        Value::Array(actions) => actions.iter().any(|one| one == action),
        one => one == action,
    };
    let all = statements(resources, role);
    let found = all.into_iter().find(is_it);
    found.unwrap_or_else(|| panic!("{role} does not allow {action}"))
}
