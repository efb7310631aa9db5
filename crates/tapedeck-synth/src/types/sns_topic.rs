//! `sns-topic`: a topic.

use serde_json::{Value, json};

use super::{Kind, Parameters, Target};
use crate::SynthError;
use crate::assembly::Assembly;
use crate::policy::allow;
use crate::template::Resource;

pub(super) const KIND: Kind = Kind {
    name: "sns-topic",
    build,
    parameters,
    grants,
    in_vpc: false,
};

fn build(topic: &Target<'_>, assembly: &mut Assembly<'_>) -> Result<(), SynthError> {
    let is_fifo = topic.flag("fifoEnabled");
    let ending = if is_fifo { ".fifo" } else { "" };
    let mut properties = json!({
        "TopicName": assembly.names.physical(&format!("{}{ending}", topic.name), 256),
        "Tags": assembly.tags(),
    });
    if is_fifo {
        properties["FifoTopic"] = Value::from(true);
        if topic.flag("contentBasedDeduplication") {
            properties["ContentBasedDeduplication"] = Value::from(true);
        }
    }
    if let Some(name) = topic.get("smsDisplayName") {
        properties["DisplayName"] = assembly.data(name)?;
    }
    assembly.add(&topic.id("Topic"), Resource::new("AWS::SNS::Topic", properties));
    Ok(())
}

fn parameters(topic: &Target<'_>, _: &mut Assembly<'_>) -> Result<Parameters, SynthError> {
    Ok(vec![
        ("arn".to_string(), topic.attribute("Topic", "TopicArn")),
        ("name".to_string(), topic.attribute("Topic", "TopicName")),
    ])
}

fn grants(topic: &Target<'_>, _: &Assembly<'_>) -> Vec<Value> {
    let actions = [
        "sns:ConfirmSubscription",
        "sns:GetTopicAttributes",
        "sns:ListSubscriptionsByTopic",
        "sns:Publish",
        "sns:Subscribe",
        "sns:Unsubscribe",
    ];
    vec![allow(&actions, vec![topic.attribute("Topic", "TopicArn")])]
}
