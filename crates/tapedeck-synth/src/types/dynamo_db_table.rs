//! `dynamo-db-table`: a table.

use serde_json::{Value, json};
use tapedeck_model::Data;

use super::target::get;
use super::{Kind, Parameters, Target};
use crate::SynthError;
use crate::assembly::Assembly;
use crate::intrinsic::join;
use crate::policy::allow;
use crate::template::Resource;

pub(super) const KIND: Kind = Kind {
    name: "dynamo-db-table",
    build,
    parameters,
    grants,
    in_vpc: false,
};

fn build(table: &Target<'_>, assembly: &mut Assembly<'_>) -> Result<(), SynthError> {
    for key in ["secondaryIndexes", "provisionedThroughput"] {
        if table.is_used(key) {
            return Err(table.unsupported(&format!("`{key}`")));
        }
    }
    let (mut attributes, mut schema) = (Vec::new(), Vec::new());
    for (key, role) in [("partitionKey", "HASH"), ("sortKey", "RANGE")] {
        let Some(key) = table.get(&format!("primaryKey.{key}")) else {
            continue;
        };
        let name = get(key, "name").and_then(Data::as_text).unwrap_or_default();
        let kind = match get(key, "type").and_then(Data::as_text) {
            Some("number") => "N",
            Some("binary") => "B",
            _ => "S",
        };
        attributes.push(json!({ "AttributeName": name, "AttributeType": kind }));
        schema.push(json!({ "AttributeName": name, "KeyType": role }));
    }
    let recovery = table.flag("enablePointInTimeRecovery");
    let name = format!("{}-{}", table.name, assembly.names.hash);
    let mut properties = json!({
        "TableName": assembly.names.physical(&name, 255),
        "AttributeDefinitions": attributes,
        "KeySchema": schema,
        "BillingMode": "PAY_PER_REQUEST",
        "Replicas": [{
            "Region": assembly.names.region,
            "PointInTimeRecoverySpecification": { "PointInTimeRecoveryEnabled": recovery },
        }],
    });
    if let Some(kind) = table.text("streamType") {
        properties["StreamSpecification"] = json!({ "StreamViewType": kind });
    }
    assembly.add(
        &table.id("GlobalTable"),
        Resource::new("AWS::DynamoDB::GlobalTable", properties),
    );
    Ok(())
}

fn parameters(table: &Target<'_>, _: &mut Assembly<'_>) -> Result<Parameters, SynthError> {
    let mut parameters = vec![
        ("name".to_string(), table.reference("GlobalTable")),
        ("arn".to_string(), table.attribute("GlobalTable", "Arn")),
    ];
    if table.text("streamType").is_some() {
        parameters.push((
            "streamArn".to_string(),
            table.attribute("GlobalTable", "StreamArn"),
        ));
    }
    Ok(parameters)
}

fn grants(table: &Target<'_>, _: &Assembly<'_>) -> Vec<Value> {
    let actions = [
        "dynamodb:BatchGet*",
        "dynamodb:ConditionCheckItem",
        "dynamodb:DescribeStream",
        "dynamodb:DescribeTable",
        "dynamodb:Get*",
        "dynamodb:Query",
        "dynamodb:Scan",
        "dynamodb:BatchWrite*",
        "dynamodb:DeleteItem",
        "dynamodb:UpdateItem",
        "dynamodb:PutItem",
    ];
    let arn = table.attribute("GlobalTable", "Arn");
    let below = |path: &str| join("", vec![arn.clone(), path.into()]);
    let mut statements = vec![allow(&actions, vec![arn.clone(), below("/index/*")])];
    if table.text("streamType").is_some() {
        let actions = [
            "dynamodb:DescribeStream",
            "dynamodb:GetRecords",
            "dynamodb:GetShardIterator",
            "dynamodb:ListStreams",
        ];
        statements.push(allow(&actions, vec![below("/stream/*")]));
    }
    statements
}
