//! Functions that a pool calls on the way.

use serde_json::{Value, json};

use super::POOL;
use crate::SynthError;
use crate::assembly::Assembly;
use crate::template::Resource;
use crate::types::Target;

/// The hooks, each with its property.
const HOOKS: [(&str, &str); 10] = [
    ("preSignUp", "PreSignUp"),
    ("postConfirmation", "PostConfirmation"),
    ("preAuthentication", "PreAuthentication"),
    ("postAuthentication", "PostAuthentication"),
    ("preTokenGeneration", "PreTokenGeneration"),
    ("userMigration", "UserMigration"),
    ("customMessage", "CustomMessage"),
    ("defineAuthChallenge", "DefineAuthChallenge"),
    ("createAuthChallenge", "CreateAuthChallenge"),
    ("verifyAuthChallengeResponse", "VerifyAuthChallengeResponse"),
];

/// The functions that are called, with their properties.
fn functions(
    pool: &Target<'_>,
    assembly: &mut Assembly<'_>,
) -> Result<Vec<(&'static str, Value)>, SynthError> {
    let mut found = Vec::new();
    for (hook, property) in HOOKS {
        if let Some(function) = pool.get(&format!("hooks.{hook}")) {
            found.push((property, assembly.data(function)?));
        }
    }
    Ok(found)
}

/// Says which functions are called.
pub(super) fn add_functions(
    pool: &Target<'_>,
    properties: &mut Value,
    assembly: &mut Assembly<'_>,
) -> Result<(), SynthError> {
    for (property, function) in functions(pool, assembly)? {
        properties["LambdaConfig"][property] = function;
    }
    Ok(())
}

/// Lets the pool call them.
pub(super) fn add_permissions(pool: &Target<'_>, assembly: &mut Assembly<'_>) -> Result<(), SynthError> {
    for (property, function) in functions(pool, assembly)? {
        let permission = json!({
            "Action": "lambda:InvokeFunction",
            "FunctionName": function,
            "Principal": "cognito-idp.amazonaws.com",
            "SourceArn": pool.attribute(POOL, "Arn"),
        });
        assembly.add(
            &pool.id(&format!("{property}Permission")),
            Resource::new("AWS::Lambda::Permission", permission),
        );
    }
    Ok(())
}
