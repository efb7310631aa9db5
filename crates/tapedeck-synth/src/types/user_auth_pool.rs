//! `user-auth-pool`: users of Cognito, a client, and a domain for signing in.

use serde_json::{Map, Value, json};

use super::{Kind, Parameters, Target};
use crate::SynthError;
use crate::assembly::Assembly;
use crate::policy::{allow, inline, trust};
use crate::template::Resource;

pub(super) const KIND: Kind = Kind {
    name: "user-auth-pool",
    build,
    parameters,
    grants,
    in_vpc: false,
};

/// Keys that this version has no template for.
const NOT_YET: [&str; 12] = [
    "hooks",
    "schema",
    "identityProviders",
    "mfaConfiguration",
    "passwordPolicy",
    "emailConfiguration",
    "inviteMessageConfig",
    "userVerificationMessageConfig",
    "customDomain",
    "hostedUiCSS",
    "hostedUiDomainPrefix",
    "allowOnlyExternalIdentityProviders",
];

fn build(pool: &Target<'_>, assembly: &mut Assembly<'_>) -> Result<(), SynthError> {
    for key in NOT_YET {
        if pool.is_used(key) {
            return Err(pool.unsupported(&format!("`{key}`")));
        }
    }
    add_sms_role(pool, assembly);
    add_pool(pool, assembly);
    add_client(pool, assembly);
    let domain = json!({ "Domain": prefix(pool, assembly), "UserPoolId": pool.reference("UserPool") });
    assembly.add(
        &pool.id("UserPoolDomain"),
        Resource::new("AWS::Cognito::UserPoolDomain", domain),
    );
    Ok(())
}

fn add_sms_role(pool: &Target<'_>, assembly: &mut Assembly<'_>) {
    // A number of a phone is no resource that could be named.
    let publish = allow(&["sns:publish"], vec![Value::from("*")]);
    let role = json!({
        "AssumeRolePolicyDocument": trust("cognito-idp.amazonaws.com", &assembly.names),
        "Policies": [inline(&format!("send-sms-for-{}", pool.name), vec![publish])],
    });
    assembly.add(&pool.id("SendSmsRole"), Resource::new("AWS::IAM::Role", role));
}

fn add_pool(pool: &Target<'_>, assembly: &mut Assembly<'_>) {
    let tags: Map<String, Value> = assembly
        .tags()
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|tag| Some((tag["Key"].as_str()?.to_string(), tag["Value"].clone())))
        .collect();
    let days = pool.number("unusedAccountValidityDays").unwrap_or(31);
    let mut names = Vec::new();
    for (key, name) in [
        ("allowPhoneNumberAsUserName", "phone_number"),
        ("allowEmailAsUserName", "email"),
    ] {
        if pool.get(key).is_none() || pool.flag(key) {
            names.push(name);
        }
    }
    let properties = json!({
        "UserPoolName": assembly.names.physical(&format!("{}-user-pool", pool.name), 128),
        "AccountRecoverySetting": { "RecoveryMechanisms": [
            { "Name": "verified_email", "Priority": 1 },
            { "Name": "verified_phone_number", "Priority": 2 },
        ] },
        "AdminCreateUserConfig": {
            "AllowAdminCreateUserOnly": pool.flag("allowOnlyAdminsToCreateAccount"),
            "UnusedAccountValidityDays": days,
        },
        "AutoVerifiedAttributes": ["email"],
        "EmailConfiguration": { "EmailSendingAccount": "COGNITO_DEFAULT" },
        "SmsConfiguration": { "SnsCallerArn": pool.attribute("SendSmsRole", "Arn") },
        "UserPoolTags": tags,
        "UsernameAttributes": names,
    });
    assembly.add(
        &pool.id("UserPool"),
        Resource::new("AWS::Cognito::UserPool", properties),
    );
}

fn add_client(pool: &Target<'_>, assembly: &mut Assembly<'_>) {
    let texts = |key: &str, default: &[&str]| match pool.get(key) {
        Some(own) => serde_json::to_value(own).unwrap_or_default(),
        None => json!(default),
    };
    let callbacks = texts(
        "callbackURLs",
        &["http://localhost:3000/api/auth/callback/cognito"],
    );
    let number = |key: &str, default: u64| pool.number(key).unwrap_or(default);
    let mut properties = json!({
        "ClientName": assembly.names.physical(&format!("{}-user-pool-client", pool.name), 128),
        "UserPoolId": pool.reference("UserPool"),
        "AccessTokenValidity": number("accessTokenValiditySeconds", 3600) / 3600,
        "IdTokenValidity": number("idTokenValiditySeconds", 3600) / 3600,
        "RefreshTokenValidity": number("refreshTokenValidityDays", 30),
        "AllowedOAuthFlows": texts("allowedOAuthFlows", &["code", "implicit"]),
        "AllowedOAuthFlowsUserPoolClient": true,
        "AllowedOAuthScopes": texts("allowedOAuthScopes", &["email", "openid", "profile"]),
        "DefaultRedirectURI": callbacks.get(0),
        "CallbackURLs": callbacks,
        "ExplicitAuthFlows": [
            "ALLOW_ADMIN_USER_PASSWORD_AUTH",
            "ALLOW_CUSTOM_AUTH",
            "ALLOW_USER_PASSWORD_AUTH",
            "ALLOW_USER_SRP_AUTH",
            "ALLOW_REFRESH_TOKEN_AUTH",
        ],
        "LogoutURLs": texts("logoutURLs", &[]),
        "SupportedIdentityProviders": ["COGNITO"],
    });
    if pool.flag("generateClientSecret") {
        properties["GenerateSecret"] = Value::from(true);
    }
    assembly.add(
        &pool.id("UserPoolClient"),
        Resource::new("AWS::Cognito::UserPoolClient", properties),
    );
}

/// The first part of the domain.
fn prefix(pool: &Target<'_>, assembly: &Assembly<'_>) -> String {
    format!("{}-{}", assembly.names.stack, pool.name.to_lowercase())
}

fn parameters(pool: &Target<'_>, assembly: &mut Assembly<'_>) -> Result<Parameters, SynthError> {
    let named = |name: &str, value: Value| (name.to_string(), value);
    let mut parameters = vec![
        named("id", pool.reference("UserPool")),
        named("clientId", pool.reference("UserPoolClient")),
    ];
    if pool.flag("generateClientSecret") {
        parameters.push(named(
            "clientSecret",
            pool.attribute("UserPoolClient", "ClientSecret"),
        ));
    }
    let region = &assembly.names.region;
    let domain = format!("{}.auth.{region}.amazoncognito.com", prefix(pool, assembly));
    parameters.extend([
        named("arn", pool.attribute("UserPool", "Arn")),
        named("providerUrl", pool.attribute("UserPool", "ProviderURL")),
        named("domain", Value::from(domain)),
    ]);
    Ok(parameters)
}

fn grants(pool: &Target<'_>, _: &Assembly<'_>) -> Vec<Value> {
    vec![allow(&["cognito-idp:*"], vec![pool.attribute("UserPool", "Arn")])]
}
