//! Rules that relate several keys of a `user-auth-pool`.

use tapedeck_config::parse::Mapping;
use tapedeck_config::{Declared, Scope};
use tapedeck_diagnostic::{Allowed, Spanned};

use crate::shared::{passwords, relations};

/// The most URLs and attributes. Source: quotas of Cognito.
const MOST_URLS: usize = 100;
const MOST_ATTRIBUTES: usize = 50;

pub(super) fn check(one: &Declared<'_>, scope: &mut Scope<'_>) {
    let properties = one.properties;
    flows(properties, scope);
    second_factors(properties, scope);
    providers(properties, scope);
    attributes(properties, scope);
    for (key, noun, most) in [
        ("callbackURLs", "URLs", MOST_URLS),
        ("logoutURLs", "URLs", MOST_URLS),
        ("schema", "attributes", MOST_ATTRIBUTES),
    ] {
        let count = properties.spanned_items(key).len();
        if let Some(entry) = properties.entry(key).filter(|_| count > most) {
            scope.diagnostics.too_many(entry.key.span, noun, count, most);
        }
    }
    if !properties.flag("enableHostedUi") {
        let reason = "without `enableHostedUi: true` there is no page";
        relations::unused(properties, &["hostedUiCSS"], reason, scope);
    }
    let reserved = ["requireEmailVerification", "requirePhoneNumberVerification"];
    relations::unused(properties, &reserved, "`userVerificationType` decides", scope);
    if properties.has("customDomain") {
        let reason = "`customDomain` decides";
        relations::unused(properties, &["hostedUiDomainPrefix"], reason, scope);
    }
}

/// Source: API reference of Cognito, AllowedOAuthFlows.
fn flows(properties: &Mapping, scope: &mut Scope<'_>) {
    let items = properties.spanned_items("allowedOAuthFlows");
    let credentials = items
        .iter()
        .find(|item| item.value.as_text() == Some("client_credentials"));
    let Some(credentials) = credentials else { return };
    let flow = Spanned::new("client_credentials".to_string(), credentials.span);
    if items.len() > 1 {
        let advice = Allowed::Advice("it stands alone: users and servers need clients of their own");
        scope
            .diagnostics
            .invalid_value(&flow, "an item of `allowedOAuthFlows` beside others", advice);
    }
    if !properties.flag("generateClientSecret") {
        let help = "a server proves itself by the secret of the client";
        let needed = "`generateClientSecret: true`";
        scope
            .diagnostics
            .missing_setting_for(flow.span, "the flow `client_credentials`", needed, help);
    }
}

fn second_factors(properties: &Mapping, scope: &mut Scope<'_>) {
    let Some(factors) = properties.mapping("mfaConfiguration") else {
        return;
    };
    let sends_mail = properties
        .mapping("emailConfiguration")
        .is_some_and(|email| email.has("sesAddressArn"));
    for item in factors.spanned_items("enabledTypes") {
        if item.value.as_text() == Some("EMAIL_OTP") && !sends_mail {
            let needed = "`sesAddressArn` in `emailConfiguration`";
            let help = "Cognito itself sends no mails of this kind";
            scope
                .diagnostics
                .missing_setting_for(item.span, "the factor `EMAIL_OTP`", needed, help);
        }
    }
    if factors.text("status").unwrap_or("OFF") == "OFF" {
        let reason = "`status` is OFF";
        relations::unused(factors, &["enabledTypes"], reason, scope);
    }
}

fn providers(properties: &Mapping, scope: &mut Scope<'_>) {
    let providers = properties.list("identityProviders");
    if providers.is_empty() && properties.flag("allowOnlyExternalIdentityProviders") {
        let keys = ["allowOnlyExternalIdentityProviders"];
        relations::only_with(properties, &keys, "`identityProviders`", scope);
    }
    for item in providers {
        let Some(provider) = item.value.as_mapping() else {
            continue;
        };
        passwords::plaintext(provider, "clientSecret", scope);
        let Some(kind) = provider.text("type") else {
            continue;
        };
        // SAML knows no clients: it has a description of whoever vouches.
        let needed: &[(&str, &str)] = match kind {
            "SAML" => &[("providerDetails", "with `MetadataURL` or `MetadataFile`")],
            _ => &[
                ("clientId", "id under which the pool is known there"),
                ("clientSecret", "secret of that id"),
            ],
        };
        let at = item.span.part(item.span.start, item.span.start + 1);
        for (key, meaning) in needed.iter().filter(|(key, _)| !provider.has(key)) {
            let parent = format!("an identity provider of type `{kind}`");
            scope.diagnostics.missing_key(at, &parent, key, meaning);
        }
    }
}

fn attributes(properties: &Mapping, scope: &mut Scope<'_>) {
    let attributes = properties.list("schema").iter();
    for attribute in attributes.filter_map(|item| item.value.as_mapping()) {
        relations::bounds(attribute, "numberMinValue", "numberMaxValue", scope);
        relations::bounds(attribute, "stringMinLength", "stringMaxLength", scope);
        let kind = attribute.text("attributeDataType").unwrap_or("String");
        if kind != "Number" {
            let reason = "the attribute is no `Number`";
            relations::unused(attribute, &["numberMinValue", "numberMaxValue"], reason, scope);
        }
        if kind != "String" {
            let reason = "the attribute is no `String`";
            relations::unused(attribute, &["stringMinLength", "stringMaxLength"], reason, scope);
        }
    }
}
