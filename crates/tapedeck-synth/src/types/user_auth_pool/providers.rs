//! Others that vouch for users.

use serde_json::{Value, json};
use tapedeck_model::Data;

use super::POOL;
use super::client::Providers;
use crate::SynthError;
use crate::assembly::Assembly;
use crate::template::Resource;
use crate::types::Target;
use crate::types::target::get;

/// What is asked for there, when the config does not say: type, what stands between, what.
const SCOPES: [(&str, &str, &[&str]); 5] = [
    ("Google", " ", &["profile", "email", "openid"]),
    ("Facebook", ",", &["public_profile", "email"]),
    ("LoginWithAmazon", " ", &["profile"]),
    ("SignInWithApple", " ", &["name", "email"]),
    ("OIDC", " ", &["openid", "email", "profile"]),
];

/// Adds them.
pub(super) fn add(pool: &Target<'_>, assembly: &mut Assembly<'_>) -> Result<Providers, SynthError> {
    let mut added = Providers::new();
    for provider in pool.items("identityProviders") {
        let kind = get(provider, "type").and_then(Data::as_text).unwrap_or_default();
        // There is one Google, but there may be several that speak OIDC.
        let known = added.iter().filter(|(name, _)| name.starts_with(kind)).count();
        let name = if known == 0 {
            kind.to_string()
        } else {
            format!("{kind}{known}")
        };
        let mut properties = json!({
            "ProviderName": name,
            "ProviderType": kind,
            "UserPoolId": pool.reference(POOL),
            "ProviderDetails": details(kind, provider, assembly)?,
        });
        properties["AttributeMapping"] = match get(provider, "attributeMapping") {
            Some(mapping) => assembly.data(mapping)?,
            None => json!({ "email": "email" }),
        };
        let id = pool.id(&format!("{name}UserPoolIdentityProvider"));
        assembly.add(
            &id,
            Resource::new("AWS::Cognito::UserPoolIdentityProvider", properties),
        );
        added.push((name, id));
    }
    Ok(added)
}

/// How the pool proves itself there, and what it asks for.
fn details(kind: &str, provider: &Data, assembly: &mut Assembly<'_>) -> Result<Value, SynthError> {
    let mut details = match get(provider, "providerDetails") {
        Some(details) => assembly.data(details)?,
        None => json!({}),
    };
    for (key, property) in [("clientId", "client_id"), ("clientSecret", "client_secret")] {
        if let Some(value) = get(provider, key) {
            details[property] = assembly.data(value)?;
        }
    }
    if let Some((_, between, usual)) = SCOPES.iter().find(|(known, _, _)| *known == kind) {
        let scopes = match get(provider, "authorizeScopes") {
            Some(Data::List(scopes)) => scopes.iter().filter_map(Data::as_text).collect(),
            _ => usual.to_vec(),
        };
        details["authorize_scopes"] = Value::from(scopes.join(between));
    }
    Ok(details)
}
