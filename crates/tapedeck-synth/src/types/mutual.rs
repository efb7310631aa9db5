//! Functions and jobs that are connected to each other: told of the other by its ARN, each would wait for the other. Of
//! a function the ARN is known before it is there.

use serde_json::Value;

use super::lambda::Lambda;
use super::{Target, function};
use crate::assembly::Assembly;
use crate::references::circle;

/// Lets what waits for itself know functions by name.
pub(crate) fn untie(assembly: &mut Assembly<'_>) {
    let stack = assembly.stack;
    let functions = stack.resources.iter().map(Target::of);
    let functions = functions.filter(|one| one.kind == function::KIND.name);
    let known: Vec<(String, String)> = functions
        .map(|one| (one.id("Function"), Lambda::arn(one.name, assembly)))
        .collect();
    for (id, arn) in &known {
        for waiting in circle(&assembly.template, id) {
            if let Some(found) = assembly.template.resources.get_mut(&waiting) {
                let environment = match found.kind.as_str() {
                    "AWS::Lambda::Function" => &mut found.properties["Environment"],
                    "AWS::Batch::JobDefinition" => {
                        &mut found.properties["ContainerProperties"]["Environment"]
                    }
                    _ => continue,
                };
                name_plainly(environment, id, arn);
            }
        }
    }
}

fn name_plainly(value: &mut Value, id: &str, arn: &str) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(|item| name_plainly(item, id, arn)),
        Value::Object(object) => {
            let parts = object.get("Fn::GetAtt").and_then(Value::as_array);
            let is_arn = parts.is_some_and(|parts| parts.as_slice() == [id, "Arn"]);
            match is_arn {
                true => *value = Value::from(arn),
                false => object.values_mut().for_each(|inner| name_plainly(inner, id, arn)),
            }
        }
        _ => {}
    }
}
