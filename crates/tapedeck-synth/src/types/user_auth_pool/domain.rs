//! The domain at which users sign in, and what the page there looks like.

use serde_json::{Value, json};

use super::{DOMAIN, POOL};
use crate::SynthError;
use crate::assembly::Assembly;
use crate::template::Resource;
use crate::types::Target;

/// Adds it.
pub(super) fn add(pool: &Target<'_>, assembly: &mut Assembly<'_>) -> Result<(), SynthError> {
    let mut domain = json!({ "UserPoolId": pool.reference(POOL) });
    match pool.text("customDomain.domainName") {
        Some(name) => {
            domain["Domain"] = Value::from(name);
            domain["CustomDomainConfig"] = json!({ "CertificateArn": certificate(pool, assembly)? });
        }
        None => domain["Domain"] = Value::from(prefix(pool, assembly)),
    }
    assembly.add(
        &pool.id(DOMAIN),
        Resource::new("AWS::Cognito::UserPoolDomain", domain),
    );
    if let Some(css) = pool.text("hostedUiCSS").filter(|_| pool.flag("enableHostedUi")) {
        let look = json!({ "ClientId": "ALL", "CSS": css, "UserPoolId": pool.reference(POOL) });
        let look = Resource::new("AWS::Cognito::UserPoolUICustomizationAttachment", look);
        // Without a domain there is no page that could look like anything.
        assembly.add(
            &pool.id("UserPoolUICustomizationAttachment"),
            look.after([pool.id(DOMAIN)]),
        );
    }
    Ok(())
}

/// The certificate of a domain of one's own, which has to be in a region where this template makes nothing.
fn certificate(pool: &Target<'_>, assembly: &mut Assembly<'_>) -> Result<Value, SynthError> {
    let Some(certificate) = pool.get("customDomain.customCertificateArn") else {
        return Err(pool.unsupported(
            "`customDomain` without `customCertificateArn`; make a certificate in us-east-1 and name it",
        ));
    };
    if !pool.flag("customDomain.disableDnsRecordCreation") {
        return Err(pool.unsupported(
            "records of the DNS for `customDomain`; make them yourself and say `disableDnsRecordCreation: true`",
        ));
    }
    assembly.data(certificate)
}

/// The first part of the domain.
fn prefix(pool: &Target<'_>, assembly: &Assembly<'_>) -> String {
    match pool.text("hostedUiDomainPrefix") {
        Some(prefix) => prefix.to_string(),
        None => format!("{}-{}", assembly.names.stack, pool.name.to_lowercase()),
    }
}

/// The whole domain.
pub(super) fn name(pool: &Target<'_>, assembly: &Assembly<'_>) -> String {
    match pool.text("customDomain.domainName") {
        Some(name) => name.to_string(),
        None => {
            let region = &assembly.names.region;
            format!("{}.auth.{region}.amazoncognito.com", prefix(pool, assembly))
        }
    }
}
