//! Resources of the types that services connect to, with any of their settings.

/// Properties of further resources, any of which may be there: name, type, properties.
const SETTINGS: [(&str, &str, &[&str]); 6] = [
    (
        "jobs",
        "sqs-queue",
        &[
            "visibilityTimeoutSeconds: 120",
            "events: [{ type: event-bus, properties: { eventBusName: bus, eventPattern: { source: [shop] } } }]",
            "policyStatements: [{ Effect: Allow, Principal: '*', Action: ['sqs:SendMessage'] }]",
            "alarms: [{ trigger: { type: sqs-queue-not-empty } }]",
        ],
    ),
    ("topic", "sns-topic", &["smsDisplayName: shop"]),
    (
        "table",
        "dynamo-db-table",
        &[
            "streamType: NEW_IMAGE",
            "provisionedThroughput: { readUnits: 5, writeUnits: 5 }",
            "secondaryIndexes: [{ name: byMail, partitionKey: { name: mail, type: string } }]",
        ],
    ),
    (
        "store",
        "bucket",
        &[
            "versioning: true",
            "cors: { enabled: true }",
            "accessibility: { accessibilityMode: public-read }",
            "lifecycleRules: [{ type: expiration, properties: { daysAfterUpload: 9 } }]",
            "cdn: { enabled: true, cachingOptions: { minTTL: 5 }, routeRewrites: [{ path: /a, routePrefix: /b }] }",
        ],
    ),
    ("bus", "event-bus", &["archivation: { enabled: true }"]),
    (
        "stream",
        "kinesis-stream",
        &["enableEnhancedFanOut: true", "encryption: { enabled: true }"],
    ),
];

/// Resources with some of their settings; each choice says yes or no to one.
pub(super) fn settings(choices: &[bool]) -> String {
    let mut choices = choices.iter().copied().cycle();
    let mut text = String::new();
    for (name, kind, parts) in SETTINGS {
        text.push_str(&format!("  {name}:\n    type: {kind}\n    properties:"));
        if kind == "dynamo-db-table" {
            text.push_str("\n      primaryKey: { partitionKey: { name: id, type: string } }");
        }
        for part in parts.iter().filter(|_| choices.next().unwrap_or_default()) {
            text.push_str(&format!("\n      {part}"));
        }
        text.push('\n');
    }
    text.replace("properties:\n  ", "properties: {}\n  ")
        .replace("properties: {}\n      ", "properties:\n      ")
}
