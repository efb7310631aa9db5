//! What is spelled differently and means the same.

use serde_json::{Value, json};

use super::super::{ReadTemplateError, read_template};
use super::{difference, lines};

#[test]
fn spellings_of_one_value_are_no_difference() {
    let equal = [
        (json!("256"), json!(256)),
        (json!(true), json!("true")),
        (json!(1.0), json!("1")),
        (json!({ "Ref": "A" }), json!({ "Fn::Sub": "${A}" })),
        (
            json!({ "Fn::GetAtt": ["A", "Arn"] }),
            json!({ "Fn::GetAtt": "A.Arn" }),
        ),
        (
            json!({ "Fn::GetAtt": ["A", "Arn"] }),
            json!({ "Fn::Sub": ["${x}", { "x": { "Fn::Sub": "${A.Arn}" } }] }),
        ),
        (
            json!({ "Fn::Join": ["/", ["a", { "Ref": "B" }]] }),
            json!({ "Fn::Sub": "a/${B}" }),
        ),
        (json!({ "Ref": "AWS::Region" }), json!("eu-west-1")),
        (
            json!({ "Fn::Sub": "arn:${AWS::Partition}:sqs:*" }),
            json!("arn:aws:sqs:*"),
        ),
        (json!({ "Fn::Sub": "${!aws:username}" }), json!("${aws:username}")),
        (json!({ "a": [], "b": 1 }), json!({ "b": 1, "c": {} })),
    ];
    for (before, after) in equal {
        let found = lines("AWS::SNS::Topic", json!({ "X": before }), json!({ "X": after }));
        assert_eq!(found, Vec::<String>::new(), "{before} {after}");
    }
}

#[test]
fn texts_that_only_look_alike_are_a_difference() {
    for (before, after) in [
        (json!("${A}"), json!({ "Ref": "A" })),
        (json!({ "Ref": "A" }), json!({ "Fn::GetAtt": ["A", "Arn"] })),
        (json!({ "Ref": "AWS::NotificationARNs" }), json!("")),
        (json!(["a", "b"]), json!(["b", "a"])),
    ] {
        let found = lines("AWS::SNS::Topic", json!({ "X": before }), json!({ "X": after }));
        assert_eq!(found.len(), if before.is_array() { 2 } else { 1 }, "{found:?}");
    }
}

#[test]
fn a_text_where_a_list_may_stand_is_a_list_of_one() {
    let policy =
        |action: Value| json!({ "PolicyDocument": { "Statement": [{ "Action": action, "Resource": "*" }] } });
    let one = lines(
        "AWS::SQS::QueuePolicy",
        policy(json!("sqs:*")),
        policy(json!(["sqs:*"])),
    );
    assert_eq!(one, Vec::<String>::new());
}

const YAML: &str = "\
AWSTemplateFormatVersion: 2010-09-09
Resources:
  Queue:
    Type: AWS::SQS::Queue
    Properties:
      DelaySeconds: 5
      Tags: [{ Key: version, Value: '2012-10-17' }]
      RedrivePolicy:
        deadLetterTargetArn: !GetAtt Dead.Arn
        maxReceiveCount: \"3\"
      QueueName: !Join ['-', [!Ref 'AWS::StackName', queue]]
      KmsMasterKeyId: !Sub
        - ${Key}-x
        - Key: !Ref Key
  Dead: { Type: AWS::SQS::Queue }
  Key: { Type: AWS::KMS::Key }
";

#[test]
fn yaml_with_short_forms_is_json() {
    let yaml = read_template(YAML).expect("it is a template");
    let json = json!({
        "Queue": { "Type": "AWS::SQS::Queue", "Properties": {
            "DelaySeconds": "5",
            "Tags": [{ "Key": "version", "Value": "2012-10-17" }],
            "RedrivePolicy": { "deadLetterTargetArn": { "Fn::GetAtt": ["Dead", "Arn"] }, "maxReceiveCount": 3 },
            "QueueName": "shop-dev-queue",
            "KmsMasterKeyId": { "Fn::Join": ["-", [{ "Ref": "Key" }, "x"]] },
        } },
        "Dead": { "Type": "AWS::SQS::Queue", "Properties": {} },
        "Key": { "Type": "AWS::KMS::Key" },
    });
    let found = difference(yaml["Resources"].clone(), json);
    assert!(found.is_empty(), "{found:#?}");
    let text = json!({ "TemplateBody": YAML, "StagesAvailable": ["Original"] }).to_string();
    assert_eq!(read_template(&text).expect("it is the answer of a program"), yaml);
}

#[test]
fn what_is_no_template_is_told() {
    let problem = |text: &str| read_template(text).expect_err("it is none").to_string();
    assert_eq!(
        read_template("projectName: shop\nresources: {}\n"),
        Err(ReadTemplateError::NoResources)
    );
    assert!(
        problem("a: [1,\nb: }").starts_with("line "),
        "{}",
        problem("a: [1,\nb: }")
    );
    assert_eq!(
        problem("Resources: &a {}\nOther: *a\n"),
        "line 2: CloudFormation takes no aliases of YAML"
    );
    let deep = ["Resources: ", &"[".repeat(500)].concat();
    assert!(problem(&deep).starts_with("line 1: "), "{}", problem(&deep));
    assert_eq!(
        problem(""),
        "it has no `Resources`, so it is no template of CloudFormation"
    );
}
