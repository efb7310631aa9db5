//! Which properties differ, and what of them is shown.

use serde_json::{Value, json};

use super::lines;

fn containers(environment: Value) -> Value {
    json!({ "ContainerDefinitions": [{ "Name": "main", "Image": "a:1", "Environment": environment }] })
}

#[test]
fn a_variable_is_told_by_its_name() {
    let before = json!([{ "Name": "A", "Value": "1" }, { "Name": "B", "Value": "2" }]);
    let after = json!([{ "Name": "C", "Value": { "Ref": "Queue" } }, { "Name": "A", "Value": "3" }]);
    let found = lines("AWS::ECS::TaskDefinition", containers(before), containers(after));
    let at = "ContainerDefinitions[main].Environment";
    assert_eq!(
        found,
        [
            format!("{at}[A].Value: 1 → 3"),
            format!(r#"{at}[B]: {{"Name":"B","Value":"2"}} → -"#),
            format!(r#"{at}[C]: - → {{"Name":"C","Value":"${{Queue}}"}}"#),
        ]
    );
}

#[test]
fn no_secret_is_shown() {
    let before = json!([
        { "Name": "DB_PASSWORD", "Value": "hunter2" },
        { "Name": "URL", "Value": "postgres://me:hunter2@host/db" },
        { "Name": "API_KEY", "Value": { "Fn::Sub": "hunter2-${A}" } },
        { "Name": "TOKEN_FROM", "Value": { "Ref": "Secret" } },
    ]);
    let found = lines(
        "AWS::ECS::TaskDefinition",
        containers(before),
        containers(json!([])),
    );
    let text = found.join("\n");
    assert!(!text.contains("hunter2"), "{text}");
    assert!(text.contains("postgres://me:(hidden)@host/db"), "{text}");
    assert!(text.contains("${Secret}"), "{text}");
    let found = lines(
        "AWS::RDS::DBInstance",
        json!({ "MasterUserPassword": "hunter2", "Port": 1 }),
        json!({ "MasterUserPassword": "{{resolve:secretsmanager:db:SecretString:password}}", "Port": 2 }),
    );
    assert_eq!(
        found,
        [
            "MasterUserPassword: (hidden) → {{resolve:secretsmanager:db:SecretString:password}}",
            "Port: 1 → 2",
        ]
    );
}

#[test]
fn where_a_secret_is_may_be_shown() {
    let secrets = |from: &str| json!({ "ContainerDefinitions": [{ "Name": "main", "Secrets": [{ "Name": "DB_PASSWORD", "ValueFrom": from }] }] });
    let found = lines(
        "AWS::ECS::TaskDefinition",
        secrets("arn:a"),
        secrets("db-password"),
    );
    assert_eq!(
        found,
        ["ContainerDefinitions[main].Secrets[DB_PASSWORD].ValueFrom: arn:a → db-password"]
    );
}

#[test]
fn a_statement_is_compared_with_the_one_most_like_it() {
    let policies = |statements: Value| json!({ "Policies": [{ "PolicyName": "p", "PolicyDocument": { "Statement": statements } }] });
    let a = json!({ "Effect": "Allow", "Action": ["s3:Get*"], "Resource": "a" });
    let b = json!({ "Effect": "Allow", "Action": ["sqs:Send*"], "Resource": "b" });
    let wider = json!({ "Effect": "Allow", "Action": ["s3:Get*", "s3:Put*"], "Resource": "a" });
    let statement = "Policies[p].PolicyDocument.Statement[]";
    let found = lines(
        "AWS::IAM::Role",
        policies(json!([a, b])),
        policies(json!([b, wider])),
    );
    assert_eq!(found, [format!("{statement}.Action[]: - → s3:Put*")]);
    let found = lines("AWS::IAM::Role", policies(json!([a, b])), policies(json!([b])));
    assert_eq!(
        found,
        [format!(
            r#"{statement}: {{"Action":["s3:Get*"],"Effect":"Allow","Resource":["a"]}} → -"#
        )]
    );
}

#[test]
fn order_counts_only_where_it_means_something() {
    let tags = |keys: [&str; 2]| json!({ "Tags": keys.map(|key| json!({ "Key": key, "Value": "x" })) });
    let found = lines("AWS::SQS::Queue", tags(["a", "b"]), tags(["b", "a"]));
    assert_eq!(found, Vec::<String>::new());
    let keys = |names: [&str; 2]| json!({ "KeySchema": names.map(|name| json!({ "AttributeName": name })) });
    let found = lines("AWS::DynamoDB::GlobalTable", keys(["a", "b"]), keys(["b", "a"]));
    assert_eq!(found, [r#"KeySchema: ["a","b"] → ["b","a"]"#]);
    let commands = |words: Value| json!({ "Command": words });
    let found = lines(
        "AWS::Lambda::Function",
        commands(json!(["node", "a.js", "--x"])),
        commands(json!(["node", "b.js", "--y", "--x"])),
    );
    assert_eq!(found, ["Command[1]: a.js → b.js", "Command[2]: - → --y"]);
}

#[test]
fn a_document_within_a_text_is_compared_inside() {
    let policy = |text: &str| json!({ "LifecyclePolicy": { "LifecyclePolicyText": text } });
    let found = lines(
        "AWS::ECR::Repository",
        policy(r#"{"rules":[{"rulePriority":1,"days":1}]}"#),
        policy(r#"{ "rules": [ { "days": 2, "rulePriority": 1 } ] }"#),
    );
    assert_eq!(
        found,
        ["LifecyclePolicy.LifecyclePolicyText.rules[0].days: 1 → 2"]
    );
}
