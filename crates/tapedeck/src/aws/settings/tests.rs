//! What of `deploymentConfig` is used, and what of it is refused.

use serde_json::json;

use super::*;

#[test]
fn all_of_a_deployment_config_is_used() {
    let settings = Settings::read(&json!({
        "terminationProtection": true,
        "cloudformationRoleArn": "arn:aws:iam::1:role/deployer",
        "triggerRollbackOnAlarms": ["arn:aws:cloudwatch:eu-west-1:1:alarm:a"],
        "monitoringTimeAfterDeploymentInMinutes": 15,
        "disableAutoRollback": true,
        "publishEventsToArn": ["arn:aws:sns:eu-west-1:1:events"],
        "previousVersionsToKeep": 3,
    }));
    let wanted = Settings {
        manner: Manner {
            role: Some("arn:aws:iam::1:role/deployer".to_string()),
            topics: vec!["arn:aws:sns:eu-west-1:1:events".to_string()],
            alarms: vec!["arn:aws:cloudwatch:eu-west-1:1:alarm:a".to_string()],
            watched_minutes: 15,
            leaves_failed: true,
            is_protected: true,
        },
        kept: 3,
    };
    assert_eq!(settings.unwrap(), wanted);
}

#[test]
fn silence_is_the_default() {
    let settings = Settings::read(&Value::Null).unwrap();
    assert_eq!((settings.manner, settings.kept), (Manner::default(), KEPT));
}

#[test]
fn what_only_the_stack_has_is_refused() {
    let refused = Settings::read(&json!({ "publishEventsToArn": [{ "resourceParam": "a" }] })).unwrap_err();
    assert!(refused.error.to_string().contains("publishEventsToArn"));
}
