//! `cdn`: a distribution of CloudFront in front of a bucket.

mod behaviour;
mod normalization;
mod origin;
mod policies;

use serde_json::{Value, json};
use tapedeck_model::Data;

use super::target::get;
use super::{Parameters, Target};
use crate::SynthError;
use crate::assembly::Assembly;
use crate::intrinsic::join;
use crate::template::Resource;

pub(super) use origin::identity_id;

/// The distribution, among what a resource becomes.
const DISTRIBUTION: &str = "CdnDistribution0";

/// Adds what the `cdn` of a bucket becomes.
pub(super) fn build(bucket: &Target<'_>, assembly: &mut Assembly<'_>) -> Result<(), SynthError> {
    origin::add_identity(bucket, assembly);
    let mut origins = origin::Origins::default();
    let main = origins.main(bucket, assembly)?;
    let mut config = json!({
        "CustomErrorResponses": error_responses(bucket),
        "DefaultCacheBehavior": behaviour::default(bucket, &main, assembly)?,
        "DefaultRootObject": index_document(bucket),
        "Enabled": true,
        "HttpVersion": "http2and3",
        "IPV6Enabled": true,
    });
    let mut behaviours = Vec::new();
    for (index, route) in bucket.items("cdn.routeRewrites").iter().enumerate() {
        let origin = origins.of_route(bucket, (index, route), assembly)?;
        behaviours.push(behaviour::of_route(bucket, route, &origin, assembly)?);
    }
    if !behaviours.is_empty() {
        config["CacheBehaviors"] = Value::Array(behaviours);
    }
    config["Origins"] = origins.write();
    if let Some(class) = bucket
        .text("cdn.cloudfrontPriceClass")
        .filter(|class| *class != "PriceClass_All")
    {
        config["PriceClass"] = Value::from(class);
    }
    add_domains(bucket, &mut config, assembly)?;
    assembly.add(
        &bucket.id(DISTRIBUTION),
        Resource::new(
            "AWS::CloudFront::Distribution",
            json!({ "DistributionConfig": config }),
        ),
    );
    Ok(())
}

/// What is shown at the root, as CloudFront wants it: without a slash before it.
fn index_document<'a>(bucket: &Target<'a>) -> &'a str {
    let document = bucket.text("cdn.indexDocument").unwrap_or("/index.html");
    document.trim_start_matches('/')
}

/// What is shown when there is nothing: the application itself, if that finds its way by the path.
fn error_responses(bucket: &Target<'_>) -> Value {
    if bucket.flag("cdn.rewriteRoutesForSinglePageApp") {
        let page = format!("/{}", index_document(bucket));
        return json!([{ "ErrorCode": 404, "ResponseCode": 200, "ResponsePagePath": page }]);
    }
    let page = bucket.text("cdn.errorDocument").unwrap_or("/404.html");
    json!([{ "ErrorCode": 404, "ResponseCode": 404, "ResponsePagePath": page }])
}

/// The domains of one's own.
fn domains<'a>(bucket: &Target<'a>) -> Vec<&'a str> {
    let domains = bucket.items("cdn.customDomains").iter();
    domains
        .filter_map(|domain| get(domain, "domainName").and_then(Data::as_text))
        .collect()
}

/// Adds domains of one's own, with their certificate.
///
/// A certificate for CloudFront has to be in another region than most stacks are, where this template makes nothing.
fn add_domains(
    bucket: &Target<'_>,
    config: &mut Value,
    assembly: &mut Assembly<'_>,
) -> Result<(), SynthError> {
    let mut certificates = Vec::new();
    for domain in bucket.items("cdn.customDomains") {
        let Some(certificate) = get(domain, "customCertificateArn") else {
            return Err(bucket.unsupported(
                "`customDomains` without `customCertificateArn`; make a certificate in us-east-1 and name it",
            ));
        };
        if !matches!(get(domain, "disableDnsRecordCreation"), Some(Data::Boolean(true))) {
            return Err(bucket.unsupported(
                "records of the DNS for `customDomains`; make them yourself and say `disableDnsRecordCreation: true`",
            ));
        }
        let certificate = assembly.data(certificate)?;
        if !certificates.contains(&certificate) {
            certificates.push(certificate);
        }
    }
    let certificate = match certificates.as_slice() {
        [] => return Ok(()),
        [certificate] => certificate.clone(),
        _ => {
            return Err(bucket.unsupported(
                "`customDomains` with several values of `customCertificateArn`; use one certificate for all of them",
            ));
        }
    };
    config["Aliases"] = json!(domains(bucket));
    config["ViewerCertificate"] = json!({
        "AcmCertificateArn": certificate,
        "MinimumProtocolVersion": "TLSv1.2_2021",
        "SslSupportMethod": "sni-only",
    });
    Ok(())
}

/// What can be asked of a resource with a CDN.
pub(super) fn parameters(bucket: &Target<'_>) -> Parameters {
    let canonical = bucket.attribute(DISTRIBUTION, "DomainName");
    let url = |domain: Value| join("", vec!["https://".into(), domain]);
    let domains = domains(bucket);
    let mut parameters = Vec::new();
    let mut add = |name: &str, value: Value| parameters.push((name.to_string(), value));
    if domains.is_empty() {
        add("cdnUrl", url(canonical.clone()));
        add("cdnDomain", canonical.clone());
    } else {
        let urls: Vec<String> = domains.iter().map(|domain| format!("https://{domain}")).collect();
        add("cdnCustomDomainUrls", Value::from(urls.join(",")));
        add("cdnCustomDomains", Value::from(domains.join(",")));
        add("cdnDomain", Value::from(domains[0]));
    }
    add("cdnCanonicalDomain", canonical.clone());
    add("cdnCanonicalUrl", url(canonical));
    parameters
}
