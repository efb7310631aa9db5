//! `user-auth-pool`: users of Cognito, a client, a domain for signing in, and others that vouch for users.

mod client;
mod domain;
mod hooks;
mod messages;
mod providers;

use serde_json::{Map, Value, json};
use tapedeck_model::Data;

use super::target::get;
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

/// The pool, its client and its domain, among what a pool becomes.
const POOL: &str = "UserPool";
const CLIENT: &str = "UserPoolClient";
const DOMAIN: &str = "UserPoolDomain";

/// The keys of what passwords have to be like, each with its property.
const PASSWORDS: [(&str, &str); 6] = [
    ("minimumLength", "MinimumLength"),
    ("requireLowercase", "RequireLowercase"),
    ("requireUppercase", "RequireUppercase"),
    ("requireNumbers", "RequireNumbers"),
    ("requireSymbols", "RequireSymbols"),
    ("temporaryPasswordValidityDays", "TemporaryPasswordValidityDays"),
];

fn build(pool: &Target<'_>, assembly: &mut Assembly<'_>) -> Result<(), SynthError> {
    add_sms_role(pool, assembly);
    add_pool(pool, assembly)?;
    hooks::add_permissions(pool, assembly)?;
    let providers = providers::add(pool, assembly)?;
    client::add(pool, &providers, assembly)?;
    domain::add(pool, assembly)
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

fn add_pool(pool: &Target<'_>, assembly: &mut Assembly<'_>) -> Result<(), SynthError> {
    let tags: Map<String, Value> = assembly
        .tags()
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|tag| Some((tag["Key"].as_str()?.to_string(), tag["Value"].clone())))
        .collect();
    let mut names = Vec::new();
    for (key, name) in [
        ("allowPhoneNumberAsUserName", "phone_number"),
        ("allowEmailAsUserName", "email"),
    ] {
        if pool.get(key).is_none() || pool.flag(key) {
            names.push(name);
        }
    }
    let mut properties = json!({
        "UserPoolName": assembly.names.physical(&format!("{}-user-pool", pool.name), 128),
        "AccountRecoverySetting": { "RecoveryMechanisms": [
            { "Name": "verified_email", "Priority": 1 },
            { "Name": "verified_phone_number", "Priority": 2 },
        ] },
        "AdminCreateUserConfig": accounts(pool),
        "EmailConfiguration": messages::mail(pool, assembly)?,
        "SmsConfiguration": { "SnsCallerArn": pool.attribute("SendSmsRole", "Arn") },
        "UserPoolTags": tags,
        "UsernameAttributes": names,
    });
    messages::add_verification(pool, &mut properties);
    if let Some(status) = pool
        .text("mfaConfiguration.status")
        .filter(|status| *status != "OFF")
    {
        properties["MfaConfiguration"] = Value::from(status);
        let kinds = pool.items("mfaConfiguration.enabledTypes").iter();
        let kinds = kinds.filter_map(Data::as_text).map(|kind| match kind {
            "EMAIL_OTP" => kind.to_string(),
            kind => format!("{kind}_MFA"),
        });
        properties["EnabledMfas"] = kinds.collect();
    }
    let passwords = some(pool.get("passwordPolicy"), &PASSWORDS);
    if !passwords.is_empty() {
        properties["Policies"] = json!({ "PasswordPolicy": passwords });
    }
    let attributes = pool.items("schema");
    if !attributes.is_empty() {
        properties["Schema"] = attributes.iter().map(attribute).collect();
    }
    hooks::add_functions(pool, &mut properties, assembly)?;
    assembly.add(
        &pool.id(POOL),
        Resource::new("AWS::Cognito::UserPool", properties),
    );
    Ok(())
}

/// Who makes accounts, and how long one waits for its user.
fn accounts(pool: &Target<'_>) -> Value {
    let mut config = json!({ "AllowAdminCreateUserOnly": pool.flag("allowOnlyAdminsToCreateAccount") });
    // Cognito takes it in one of two places: where passwords say it, nothing else may.
    if pool.get("passwordPolicy.temporaryPasswordValidityDays").is_none() {
        let days = pool.number("unusedAccountValidityDays").unwrap_or(31);
        config["UnusedAccountValidityDays"] = Value::from(days);
    }
    let invitation = messages::invitation(pool);
    if !invitation.is_empty() {
        config["InviteMessageTemplate"] = Value::Object(invitation);
    }
    config
}

/// An attribute of users. What bounds it are texts, whatever they were written as.
fn attribute(attribute: &Data) -> Value {
    let keys = [
        ("name", "Name"),
        ("attributeDataType", "AttributeDataType"),
        ("mutable", "Mutable"),
        ("required", "Required"),
        ("developerOnlyAttribute", "DeveloperOnlyAttribute"),
    ];
    let mut written = some(Some(attribute), &keys);
    written
        .entry("AttributeDataType")
        .or_insert_with(|| Value::from("String"));
    let bounds = [
        (
            "NumberAttributeConstraints",
            [("numberMinValue", "MinValue"), ("numberMaxValue", "MaxValue")],
        ),
        (
            "StringAttributeConstraints",
            [("stringMinLength", "MinLength"), ("stringMaxLength", "MaxLength")],
        ),
    ];
    for (property, keys) in bounds {
        let bounds = some(Some(attribute), &keys);
        if !bounds.is_empty() {
            let texts = bounds.into_iter().map(|(key, value)| match value {
                Value::String(_) => (key, value),
                value => (key, Value::from(value.to_string())),
            });
            written.insert(property.to_string(), Value::Object(texts.collect()));
        }
    }
    Value::Object(written)
}

/// Those of some keys that are there, as properties.
fn some(data: Option<&Data>, keys: &[(&str, &str)]) -> Map<String, Value> {
    let of = |key: &str| serde_json::to_value(get(data?, key)?).ok();
    let found = keys
        .iter()
        .filter_map(|(key, property)| Some(((*property).to_string(), of(key)?)));
    found.collect()
}

fn parameters(pool: &Target<'_>, assembly: &mut Assembly<'_>) -> Result<Parameters, SynthError> {
    let named = |name: &str, value: Value| (name.to_string(), value);
    let mut parameters = vec![
        named("id", pool.reference(POOL)),
        named("clientId", pool.reference(CLIENT)),
    ];
    if pool.flag("generateClientSecret") {
        parameters.push(named("clientSecret", pool.attribute(CLIENT, "ClientSecret")));
    }
    parameters.extend([
        named("arn", pool.attribute(POOL, "Arn")),
        named("providerUrl", pool.attribute(POOL, "ProviderURL")),
        named("domain", Value::from(domain::name(pool, assembly))),
    ]);
    Ok(parameters)
}

fn grants(pool: &Target<'_>, _: &Assembly<'_>) -> Vec<Value> {
    vec![allow(&["cognito-idp:*"], vec![pool.attribute(POOL, "Arn")])]
}
