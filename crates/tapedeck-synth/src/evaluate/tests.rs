//! Values as CloudFormation makes them.

use serde_json::{Value, json};
use tapedeck_model::{SecretPart, SecretReference};

use super::*;

fn known() -> Known {
    let mut known = Known::default();
    known.pseudo.insert("AWS::Region".into(), "local".into());
    let arn = json!({ "Fn::GetAtt": ["JobsQueue", "Arn"] });
    known.outputs.insert(
        output_name(&arn),
        "arn:aws:sqs:local:000000000000:demo-dev-jobs".into(),
    );
    let secret = SecretPart::Secret(SecretReference::new("db.password").unwrap());
    known
        .attributes
        .insert(("Db".into(), "Password".into()), vec![secret]);
    known
}

fn text(value: &Value) -> String {
    match evaluate(value, &known()).unwrap().as_slice() {
        [SecretPart::Text(text)] => text.clone(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn calls_are_made_as_cloudformation_makes_them() {
    let arn = json!({ "Fn::GetAtt": ["JobsQueue", "Arn"] });
    let cases = [
        (json!("plain"), "plain"),
        (json!(5432), "5432"),
        (json!({ "Ref": "AWS::Region" }), "local"),
        (
            json!({ "Fn::Join": ["-", ["a", arn, "b"]] }),
            "a-arn:aws:sqs:local:000000000000:demo-dev-jobs-b",
        ),
        (
            json!({ "Fn::Sub": "in ${AWS::Region} ${!Literal}" }),
            "in local ${Literal}",
        ),
        (
            json!({ "Fn::Sub": "${JobsQueue.Arn}/x" }),
            "arn:aws:sqs:local:000000000000:demo-dev-jobs/x",
        ),
        (
            json!({ "Fn::Sub": ["${q}!", { "q": arn }] }),
            "arn:aws:sqs:local:000000000000:demo-dev-jobs!",
        ),
        (
            json!({ "Fn::Select": [5, { "Fn::Split": [":", arn] }] }),
            "demo-dev-jobs",
        ),
    ];
    for (value, expected) in cases {
        assert_eq!(text(&value), expected, "{value}");
    }
}

#[test]
fn secrets_stay_references() {
    let url = json!({ "Fn::Sub": ["postgresql://u:${p}@${h}/d", {
        "p": "{{resolve:secretsmanager:db:SecretString:password::only}}",
        "h": { "Fn::Join": ["", ["h", { "Fn::GetAtt": ["Db", "Password"] }]] },
    }] });
    let secret = || SecretPart::Secret(SecretReference::new("db.password").unwrap());
    assert_eq!(
        evaluate(&url, &known()).unwrap(),
        [
            SecretPart::Text("postgresql://u:".into()),
            secret(),
            SecretPart::Text("@h".into()),
            secret(),
            SecretPart::Text("/d".into()),
        ]
    );
    let whole = json!("{{resolve:secretsmanager:key:SecretString:::only}}");
    let reference = SecretReference::new("key").unwrap();
    assert_eq!(
        evaluate(&whole, &known()).unwrap(),
        [SecretPart::Secret(reference)]
    );
}

#[test]
fn what_is_not_known_is_named() {
    let missing = json!({ "Fn::Join": ["", ["x", { "Fn::GetAtt": ["Cache", "Endpoint"] }]] });
    let error = evaluate(&missing, &known()).unwrap_err();
    assert_eq!(error.to_string(), "`Cache.Endpoint` tells nothing here");
    assert!(evaluate(&json!(null), &known()).is_err());
    assert!(evaluate(&json!({ "Fn::Cidr": [] }), &known()).is_err());
}

#[test]
fn every_reference_is_found() {
    let value = json!({ "Fn::Sub": ["${a}${B.C}${!no}", { "a": { "Ref": "A" } }] });
    let mut atoms = std::collections::BTreeMap::new();
    collect_atoms(&value, &mut atoms);
    let found: Vec<&Value> = atoms.values().collect();
    assert_eq!(found.len(), 2, "{found:?}");
    assert!(found.contains(&&json!({ "Ref": "A" })));
    assert!(found.contains(&&json!({ "Fn::GetAtt": ["B", "C"] })));
}
