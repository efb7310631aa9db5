//! Templates of expressions.

use tapedeck_model::{Expression, Late, SecretPart, SecretReference};

use super::collect;

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
