//! What happens in a bucket. The bucket tells the function itself, so it waits for the function, which may know the
//! bucket only by its name then.

use serde_json::{Map, Value, json};
use tapedeck_model::{Data, Expression};

use super::{Trigger, triggers};
use crate::SynthError;
use crate::assembly::Assembly;
use crate::intrinsic::reference;
use crate::references::reachable;
use crate::template::Resource;
use crate::types::{Target, called_function};

/// The name of the bucket of this stack that an event is of.
fn bucket_of<'a>(settings: &Target<'a>) -> Option<&'a str> {
    match settings.get("bucketArn")? {
        Data::Later(Expression::ResourceParam { resource, parameter }) if parameter == "arn" => {
            Some(resource)
        }
        _ => None,
    }
}

/// Whether it is of a bucket of this stack. What is needed is added once all buckets are there.
pub(super) fn check(trigger: &Trigger<'_>) -> Result<Vec<Value>, SynthError> {
    match bucket_of(&trigger.settings) {
        Some(_) => Ok(Vec::new()),
        None => Err(trigger.owner.unsupported(
            "`bucketArn` of a bucket that is not a resource here, whose notifications are not this template's; \
             use `$ResourceParam('name', 'arn')`, or let the bucket tell EventBridge and use `event-bus`",
        )),
    }
}

/// Has buckets tell functions and jobs what happens in them.
pub(crate) fn notify(assembly: &mut Assembly<'_>) {
    let stack = assembly.stack;
    for resource in &stack.resources {
        let Some(function) = called_function(resource) else {
            continue;
        };
        let owner = Target::of(resource);
        for (_, trigger) in triggers(&owner, &function).filter(|(kind, _)| *kind == "s3") {
            if let Some(bucket) = bucket_of(&trigger.settings) {
                tell(
                    &trigger,
                    &crate::naming::logical_id(&[bucket, "Bucket"]),
                    assembly,
                );
            }
        }
    }
}

/// Has one bucket tell one function.
fn tell(trigger: &Trigger<'_>, bucket: &str, assembly: &mut Assembly<'_>) {
    let Some(name) = assembly
        .template
        .resources
        .get(bucket)
        .and_then(|found| found.properties["BucketName"].as_str().map(str::to_string))
    else {
        return;
    };
    let arn = format!("arn:{}:s3:::{name}", assembly.names.partition);
    let mut rules = Vec::new();
    for key in ["prefix", "suffix"] {
        if let Some(text) = trigger.settings.text(&format!("filterRule.{key}")) {
            rules.push(json!({ "Name": key, "Value": text }));
        }
    }
    let mut configuration = json!({
        "Event": trigger.settings.text("s3EventType").unwrap_or_default(),
        "Function": trigger.function_arn(),
    });
    if !rules.is_empty() {
        configuration["Filter"] = json!({ "S3Key": { "Rules": rules } });
    }
    let permission = json!({
        "Action": "lambda:InvokeFunction",
        "FunctionName": trigger.function_arn(),
        "Principal": "s3.amazonaws.com",
        "SourceAccount": reference("AWS::AccountId"),
        "SourceArn": arn,
    });
    assembly.add(
        &trigger.id("Permission"),
        Resource::new("AWS::Lambda::Permission", permission),
    );
    name_plainly(trigger.function, bucket, &name, assembly);
    if let Some(found) = assembly.template.resources.get_mut(bucket) {
        let notifications = &mut found.properties["NotificationConfiguration"]["LambdaConfigurations"];
        match notifications.as_array_mut() {
            Some(known) => known.push(configuration),
            None => *notifications = Value::Array(vec![configuration]),
        }
        found.depends_on.push(trigger.id("Permission"));
    }
}

/// Lets nothing that a function needs wait for the bucket that tells it.
fn name_plainly(function: &str, bucket: &str, name: &str, assembly: &mut Assembly<'_>) {
    let region = assembly.names.region.clone();
    let (partition, ending) = match assembly.names.partition {
        "aws-cn" => ("aws-cn", "amazonaws.com.cn"),
        partition => (partition, "amazonaws.com"),
    };
    let plain = [
        ("Ref", name.to_string()),
        ("Arn", format!("arn:{partition}:s3:::{name}")),
        ("DomainName", format!("{name}.s3.{ending}")),
        ("RegionalDomainName", format!("{name}.s3.{region}.{ending}")),
    ];
    for id in reachable(&assembly.template, function) {
        if id != bucket
            && let Some(found) = assembly.template.resources.get_mut(&id)
        {
            replace(&mut found.properties, bucket, &plain);
        }
    }
}

fn replace(value: &mut Value, bucket: &str, plain: &[(&str, String)]) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(|item| replace(item, bucket, plain)),
        Value::Object(object) => {
            let found = attribute_of(object, bucket).and_then(|attribute| {
                let known = plain.iter().find(|(known, _)| *known == attribute);
                known.map(|(_, text)| Value::from(text.as_str()))
            });
            match found {
                Some(text) => *value = text,
                None => object
                    .values_mut()
                    .for_each(|inner| replace(inner, bucket, plain)),
            }
        }
        _ => {}
    }
}

/// What of a bucket a call of an intrinsic function refers to: `Ref`, or the name of an attribute.
fn attribute_of<'a>(object: &'a Map<String, Value>, bucket: &str) -> Option<&'a str> {
    if object.get("Ref").and_then(Value::as_str) == Some(bucket) {
        return Some("Ref");
    }
    let parts = object.get("Fn::GetAtt")?.as_array()?;
    let is_of_bucket = parts.first()?.as_str() == Some(bucket);
    parts.get(1)?.as_str().filter(|_| is_of_bucket)
}
