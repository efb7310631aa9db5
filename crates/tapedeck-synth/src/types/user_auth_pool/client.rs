//! The client as which applications know a pool.

use serde_json::{Value, json};

use super::{CLIENT, POOL};
use crate::SynthError;
use crate::assembly::Assembly;
use crate::template::Resource;
use crate::types::Target;

/// Others that vouch for users: the name at the pool, and the logical id.
pub(super) type Providers = Vec<(String, String)>;

/// An hour, in seconds.
const HOUR: u64 = 3600;

/// Adds the client.
pub(super) fn add(
    pool: &Target<'_>,
    providers: &Providers,
    assembly: &mut Assembly<'_>,
) -> Result<(), SynthError> {
    let callbacks = list(
        pool,
        "callbackURLs",
        &["http://localhost:3000/api/auth/callback/cognito"],
        assembly,
    )?;
    let mut supported: Vec<&str> = Vec::new();
    if !pool.flag("allowOnlyExternalIdentityProviders") {
        supported.push("COGNITO");
    }
    supported.extend(providers.iter().map(|(name, _)| name.as_str()));
    let mut properties = json!({
        "ClientName": assembly.names.physical(&format!("{}-user-pool-client", pool.name), 128),
        "UserPoolId": pool.reference(POOL),
        "RefreshTokenValidity": pool.number("refreshTokenValidityDays").unwrap_or(30),
        "AllowedOAuthFlows": list(pool, "allowedOAuthFlows", &["code", "implicit"], assembly)?,
        "AllowedOAuthFlowsUserPoolClient": true,
        "AllowedOAuthScopes": list(pool, "allowedOAuthScopes", &["email", "openid", "profile"], assembly)?,
        "DefaultRedirectURI": callbacks.get(0),
        "CallbackURLs": callbacks,
        "ExplicitAuthFlows": [
            "ALLOW_ADMIN_USER_PASSWORD_AUTH",
            "ALLOW_CUSTOM_AUTH",
            "ALLOW_USER_PASSWORD_AUTH",
            "ALLOW_USER_SRP_AUTH",
            "ALLOW_REFRESH_TOKEN_AUTH",
        ],
        "LogoutURLs": list(pool, "logoutURLs", &[], assembly)?,
        "SupportedIdentityProviders": supported,
    });
    for (key, token) in [
        ("accessTokenValiditySeconds", "AccessToken"),
        ("idTokenValiditySeconds", "IdToken"),
    ] {
        let seconds = pool.number(key).unwrap_or(HOUR);
        let is_whole = seconds.is_multiple_of(HOUR);
        let validity = if is_whole { seconds / HOUR } else { seconds };
        properties[format!("{token}Validity")] = Value::from(validity);
        if !is_whole {
            properties["TokenValidityUnits"][token] = Value::from("seconds");
        }
    }
    if pool.flag("generateClientSecret") {
        properties["GenerateSecret"] = Value::from(true);
    }
    let client = Resource::new("AWS::Cognito::UserPoolClient", properties);
    let client = client.after(providers.iter().map(|(_, id)| id.clone()));
    assembly.add(&pool.id(CLIENT), client);
    Ok(())
}

/// A list of texts, or what it is when it is left out.
fn list(
    pool: &Target<'_>,
    key: &str,
    default: &[&str],
    assembly: &mut Assembly<'_>,
) -> Result<Value, SynthError> {
    match pool.get(key) {
        Some(own) => assembly.data(own),
        None => Ok(json!(default)),
    }
}
