//! What only features need is taken only where a template asks for them.

use serde_json::{Value, json};

use super::{BY_KEY, is_needed};
use crate::permissions::handlers;
use crate::template::Resource;

fn needs(kind: &str, properties: Value, action: &str) -> bool {
    is_needed(action, &Resource::new(kind, properties))
}

#[test]
fn a_feature_is_what_a_key_says() {
    let database = "AWS::RDS::DBInstance";
    let restores = "rds:RestoreDBInstanceFromDBSnapshot";
    assert!(needs(database, json!({}), "rds:CreateDBInstance"));
    assert!(!needs(database, json!({}), restores));
    assert!(needs(
        database,
        json!({ "DBSnapshotIdentifier": "before" }),
        restores
    ));
    let target = "AWS::ApplicationAutoScaling::ScalableTarget";
    let provisions = "lambda:PutProvisionedConcurrencyConfig";
    assert!(!needs(target, json!({ "ServiceNamespace": "ecs" }), provisions));
    assert!(needs(target, json!({ "ServiceNamespace": "lambda" }), provisions));
}

#[test]
fn every_feature_is_about_an_action_of_its_type() {
    for (kind, part, word) in BY_KEY {
        let actions = handlers::of(kind).unwrap_or_default();
        assert!(
            actions.iter().any(|action| action.contains(part)),
            "{kind} has no {part}"
        );
        assert_eq!(word, word.to_lowercase());
    }
}
