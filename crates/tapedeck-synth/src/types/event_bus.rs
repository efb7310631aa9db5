//! `event-bus`: a bus, and an archive where it has one.

use serde_json::{Value, json};

use super::{Kind, Parameters, Target};
use crate::SynthError;
use crate::assembly::Assembly;
use crate::policy::allow;
use crate::template::Resource;

pub(super) const KIND: Kind = Kind {
    name: "event-bus",
    build,
    parameters,
    grants,
    in_vpc: false,
};

fn build(bus: &Target<'_>, assembly: &mut Assembly<'_>) -> Result<(), SynthError> {
    // The bus of a partner has the name of its source.
    let properties = match bus.text("eventSourceName") {
        Some(source) => json!({ "Name": source, "EventSourceName": source }),
        None => json!({ "Name": assembly.names.physical(bus.name, 256) }),
    };
    assembly.add(
        &bus.id("EventBus"),
        Resource::new("AWS::Events::EventBus", properties),
    );
    if bus.flag("archivation.enabled") {
        let mut archive = json!({ "SourceArn": bus.attribute("EventBus", "Arn") });
        // 0 is for ever, as AWS has it anyway.
        if let Some(days) = bus.number("archivation.retentionDays").filter(|days| *days > 0) {
            archive["RetentionDays"] = Value::from(days);
        }
        assembly.add(&bus.id("Archive"), Resource::new("AWS::Events::Archive", archive));
    }
    Ok(())
}

fn parameters(bus: &Target<'_>, _: &mut Assembly<'_>) -> Result<Parameters, SynthError> {
    let mut parameters = vec![("arn".to_string(), bus.attribute("EventBus", "Arn"))];
    if bus.flag("archivation.enabled") {
        parameters.push(("archiveArn".to_string(), bus.attribute("Archive", "Arn")));
    }
    Ok(parameters)
}

fn grants(bus: &Target<'_>, _: &Assembly<'_>) -> Vec<Value> {
    vec![allow(
        &["events:PutEvents"],
        vec![bus.attribute("EventBus", "Arn")],
    )]
}
