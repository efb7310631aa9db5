//! Templates of expressions.

use std::collections::BTreeMap;

use tapedeck_model::{
    Expression, Late, LogDestination, LogForwarding, SecretPart, SecretReference, SecretTemplate,
};

use super::{collect, destination};

fn secret(text: &str) -> Expression {
    Expression::Secret(SecretReference::new(text).unwrap())
}

#[test]
fn a_formatted_text_is_taken_apart_in_order() {
    let expression = Expression::CfFormat {
        template: "pg://{}:{}@db".to_string(),
        arguments: vec![Late::Known("ada".to_string()), Late::Later(secret("db.password"))],
    };
    let mut parts = Vec::new();
    collect(&expression, &mut parts).unwrap();
    let text = |text: &str| SecretPart::Text(text.to_string());
    let reference = SecretReference::new("db.password").unwrap();
    assert_eq!(
        parts,
        [
            text("pg://"),
            text("ada"),
            text(":"),
            SecretPart::Secret(reference),
            text("@db")
        ]
    );
}

#[test]
fn what_only_aws_knows_is_named() {
    let ssm = Expression::SsmParam {
        name: "/a".to_string(),
    };
    let inside = Expression::CfFormat {
        template: "{}".to_string(),
        arguments: vec![Late::Later(ssm)],
    };
    assert_eq!(collect(&inside, &mut Vec::new()), Err("SsmParam"));
}

fn known(text: &str) -> Late<String> {
    Late::Known(text.to_string())
}

fn template(text: &str) -> SecretTemplate {
    SecretTemplate::new(vec![SecretPart::Text(text.to_string())])
}

#[test]
fn every_kind_of_forwarding_becomes_a_destination_that_speaks_as_firehose_does() {
    let of = |forwarding| destination("mailer", &forwarding);
    let key = SecretTemplate::new(vec![SecretPart::Secret(SecretReference::new("log.key").unwrap())]);
    let endpoint = of(LogForwarding::HttpEndpoint {
        endpoint_url: known("https://logs.example.com"),
        access_key: Some(Late::Later(secret("log.key"))),
        parameters: vec![("team".to_string(), known("mail"))],
        gzip_encoding_enabled: true,
        retry_duration: 7,
    });
    let wanted = LogDestination {
        endpoint_url: template("https://logs.example.com"),
        access_key: Some(key.clone()),
        attributes: BTreeMap::from([("team".to_string(), template("mail"))]),
        gzip: true,
        retry_seconds: 7,
    };
    assert_eq!(endpoint.unwrap(), wanted);
    let datadog = of(LogForwarding::Datadog {
        api_key: Late::Later(secret("log.key")),
        endpoint_url: known("https://datadog.example.com"),
    });
    let wanted = LogDestination {
        endpoint_url: template("https://datadog.example.com"),
        attributes: BTreeMap::new(),
        retry_seconds: 300,
        ..wanted
    };
    assert_eq!(datadog.unwrap(), wanted);
    let highlight = of(LogForwarding::Highlight {
        project_id: known("p1"),
        endpoint_url: known("https://highlight.example.com"),
    });
    let wanted = LogDestination {
        endpoint_url: template("https://highlight.example.com"),
        access_key: None,
        attributes: BTreeMap::from([("x-highlight-project".to_string(), template("p1"))]),
        gzip: false,
        ..wanted
    };
    assert_eq!(highlight.unwrap(), wanted);
    let unknown = of(LogForwarding::Highlight {
        project_id: Late::Later(Expression::SsmParam {
            name: "/a".to_string(),
        }),
        endpoint_url: known("https://highlight.example.com"),
    });
    let told = unknown.unwrap_err().error.to_string();
    assert!(
        told.contains("`projectId` of `logForwarding` of service mailer"),
        "{told}"
    );
}
