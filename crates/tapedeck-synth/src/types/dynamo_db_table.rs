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
    let mut attributes = Vec::new();
    let schema = match table.get("primaryKey") {
        Some(key) => key_schema(key, &mut attributes),
        None => Vec::new(),
    };
    let indexes = indexes(table, &mut attributes);
    let throughput = Throughput::of(table);
    let recovery = table.flag("enablePointInTimeRecovery");
    let name = format!("{}-{}", table.name, assembly.names.hash);
    let mut replica = json!({
        "Region": assembly.names.region,
        "PointInTimeRecoverySpecification": { "PointInTimeRecoveryEnabled": recovery },
    });
    let mut properties = json!({
        "TableName": assembly.names.physical(&name, 255),
        "AttributeDefinitions": attributes,
        "KeySchema": schema,
        "BillingMode": if throughput.is_some() { "PROVISIONED" } else { "PAY_PER_REQUEST" },
    });
    if !indexes.is_empty() {
        properties["GlobalSecondaryIndexes"] = Value::from(indexes);
    }
    if let Some(throughput) = throughput {
        throughput.write(&mut properties, &mut replica);
    }
    properties["Replicas"] = json!([replica]);
    if let Some(kind) = table.text("streamType") {
        properties["StreamSpecification"] = json!({ "StreamViewType": kind });
    }
    assembly.add(
        &table.id("GlobalTable"),
        Resource::new("AWS::DynamoDB::GlobalTable", properties),
    );
    Ok(())
}

/// The attributes of a key. Those that are not among the definitions yet are added to them.
fn key_schema(key: &Data, definitions: &mut Vec<Value>) -> Vec<Value> {
    let mut schema = Vec::new();
    for (part, role) in [("partitionKey", "HASH"), ("sortKey", "RANGE")] {
        let Some(attribute) = get(key, part) else {
            continue;
        };
        let name = get(attribute, "name").and_then(Data::as_text).unwrap_or_default();
        let kind = match get(attribute, "type").and_then(Data::as_text) {
            Some("number") => "N",
            Some("binary") => "B",
            _ => "S",
        };
        let definition = json!({ "AttributeName": name, "AttributeType": kind });
        if !definitions.contains(&definition) {
            definitions.push(definition);
        }
        schema.push(json!({ "AttributeName": name, "KeyType": role }));
    }
    schema
}

fn indexes(table: &Target<'_>, definitions: &mut Vec<Value>) -> Vec<Value> {
    let indexes = table.items("secondaryIndexes").iter();
    indexes
        .map(|index| {
            let projection = match get(index, "projections") {
                Some(attributes) => json!({ "ProjectionType": "INCLUDE", "NonKeyAttributes": attributes }),
                None => json!({ "ProjectionType": "KEYS_ONLY" }),
            };
            json!({
                "IndexName": get(index, "name"),
                "KeySchema": key_schema(index, definitions),
                "Projection": projection,
            })
        })
        .collect()
}

/// How much may be read and written in a second.
struct Throughput {
    read: Value,
    write: Value,
}

impl Throughput {
    fn of(table: &Target<'_>) -> Option<Self> {
        let number = |path: &str| table.number(&format!("provisionedThroughput.{path}"));
        let (reads, writes) = (number("readUnits")?, number("writeUnits")?);
        let scaling = |key: &str, units: u64| {
            let number = |path: &str| number(&format!("{key}.{path}"));
            let (least, most, use_below) = (
                number("minUnits")?,
                number("maxUnits")?,
                number("keepUtilizationUnder")?,
            );
            Some(auto_scaling((least, most), units, use_below))
        };
        let read = match scaling("readScaling", reads) {
            Some(scaling) => json!({ "ReadCapacityAutoScalingSettings": scaling }),
            None => json!({ "ReadCapacityUnits": reads }),
        };
        // Of a global table there is no other way to say how much may be written.
        let write =
            scaling("writeScaling", writes).unwrap_or_else(|| auto_scaling((writes, writes), writes, 70));
        Some(Self {
            read,
            write: json!({ "WriteCapacityAutoScalingSettings": write }),
        })
    }

    /// Says it of the table and of its indexes, each of which may be used as much as the table.
    fn write(&self, properties: &mut Value, replica: &mut Value) {
        properties["WriteProvisionedThroughputSettings"] = self.write.clone();
        replica["ReadProvisionedThroughputSettings"] = self.read.clone();
        let mut of_replica = Vec::new();
        for index in properties["GlobalSecondaryIndexes"]
            .as_array_mut()
            .into_iter()
            .flatten()
        {
            index["WriteProvisionedThroughputSettings"] = self.write.clone();
            of_replica.push(json!({
                "IndexName": index["IndexName"],
                "ReadProvisionedThroughputSettings": self.read,
            }));
        }
        if !of_replica.is_empty() {
            replica["GlobalSecondaryIndexes"] = Value::from(of_replica);
        }
    }
}

fn auto_scaling((least, most): (u64, u64), at_first: u64, use_below: u64) -> Value {
    json!({
        "MinCapacity": least,
        "MaxCapacity": most,
        "SeedCapacity": at_first,
        "TargetTrackingScalingPolicyConfiguration": { "TargetValue": use_below },
    })
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
