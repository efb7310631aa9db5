//! Where a CDN gets what it shows: from buckets, as an identity of its own, or from elsewhere.

use serde_json::{Value, json};
use tapedeck_model::Data;

use crate::SynthError;
use crate::assembly::Assembly;
use crate::intrinsic::{attribute, join, reference, select, split};
use crate::naming::logical_id;
use crate::template::Resource;
use crate::types::target::{get, number};
use crate::types::{self, Target};

/// As whom the CDN of a bucket reads.
pub(crate) fn identity_id(bucket: &Target<'_>) -> String {
    bucket.id("CdnCloudFrontOriginAccessIdentity")
}

/// Adds the identity as which the CDN of a bucket reads.
pub(super) fn add_identity(bucket: &Target<'_>, assembly: &mut Assembly<'_>) {
    let comment = format!("{} attached distros - Access Identity", bucket.name);
    let identity = json!({ "CloudFrontOriginAccessIdentityConfig": { "Comment": comment } });
    assembly.add(
        &identity_id(bucket),
        Resource::new("AWS::CloudFront::CloudFrontOriginAccessIdentity", identity),
    );
}

/// The origins of a distribution.
#[derive(Default)]
pub(super) struct Origins {
    written: Vec<Value>,
}

/// An origin that a behaviour leads to.
pub(super) struct Origin {
    /// Its id within the distribution.
    pub(super) id: String,
    /// Whether it holds files, and not an application.
    pub(super) is_static: bool,
}

impl Origins {
    /// The bucket itself.
    pub(super) fn main(
        &mut self,
        bucket: &Target<'_>,
        assembly: &mut Assembly<'_>,
    ) -> Result<Origin, SynthError> {
        let id = format!("{}0", bucket.name);
        let mut origin = of_bucket(&id, bucket.name, bucket);
        let headers = custom_headers(bucket.get("cdn.forwardingOptions"), assembly)?;
        finish(&mut origin, bucket.text("cdn.defaultRoutePrefix"), headers);
        self.written.push(origin);
        Ok(Origin { id, is_static: true })
    }

    /// What answers a route.
    pub(super) fn of_route(
        &mut self,
        bucket: &Target<'_>,
        (index, route): (usize, &Data),
        assembly: &mut Assembly<'_>,
    ) -> Result<Origin, SynthError> {
        let id = format!("{}{}", bucket.name, index + 1);
        let text = |path: &str| get(route, path).and_then(Data::as_text);
        let kind = text("routeTo.type");
        let mut origin = match kind {
            None => of_bucket(&id, bucket.name, bucket),
            Some("bucket") => {
                let name = text("routeTo.properties.bucketName").unwrap_or_default();
                of_bucket(&id, name, bucket)
            }
            Some("function") => {
                let name = text("routeTo.properties.functionName").unwrap_or_default();
                of_function(&id, &types::parameter(name, "url", assembly)?)
            }
            Some("custom-origin") => elsewhere(&id, route, assembly)?,
            Some(kind) => {
                return Err(bucket.unsupported(&format!("`routeRewrites` with `routeTo` of type `{kind}`")));
            }
        };
        let headers = custom_headers(get(route, "forwardingOptions"), assembly)?;
        finish(&mut origin, text("routePrefix"), headers);
        self.written.push(origin);
        let is_static = matches!(kind, None | Some("bucket"));
        Ok(Origin { id, is_static })
    }

    /// `Origins` of the distribution.
    pub(super) fn write(self) -> Value {
        Value::Array(self.written)
    }
}

fn of_bucket(id: &str, name: &str, reader: &Target<'_>) -> Value {
    let identity = vec![
        "origin-access-identity/cloudfront/".into(),
        reference(&identity_id(reader)),
    ];
    json!({
        "Id": id,
        "DomainName": attribute(&logical_id(&[name, "Bucket"]), "RegionalDomainName"),
        "S3OriginConfig": { "OriginAccessIdentity": join("", identity) },
    })
}

/// A function, which is reached by the host in its URL.
fn of_function(id: &str, url: &Value) -> Value {
    json!({
        "Id": id,
        "DomainName": select(2, &split("/", url)),
        "CustomOriginConfig": { "OriginProtocolPolicy": "https-only", "OriginSSLProtocols": ["TLSv1.2"] },
    })
}

fn elsewhere(id: &str, route: &Data, assembly: &mut Assembly<'_>) -> Result<Value, SynthError> {
    let domain = match get(route, "routeTo.properties.domainName") {
        Some(domain) => assembly.data(domain)?,
        None => Value::Null,
    };
    let is_plain = get(route, "routeTo.properties.protocol").and_then(Data::as_text) == Some("HTTP");
    let mut config = json!({ "OriginProtocolPolicy": if is_plain { "http-only" } else { "https-only" } });
    if let Some(port) = get(route, "routeTo.properties.port").and_then(number) {
        config[if is_plain { "HTTPPort" } else { "HTTPSPort" }] = Value::from(port);
    }
    if !is_plain {
        config["OriginSSLProtocols"] = json!(["TLSv1.2"]);
    }
    Ok(json!({ "Id": id, "DomainName": domain, "CustomOriginConfig": config }))
}

/// Headers that are added to each request.
fn custom_headers(options: Option<&Data>, assembly: &mut Assembly<'_>) -> Result<Vec<Value>, SynthError> {
    let Some(Data::List(headers)) = options.and_then(|options| get(options, "customRequestHeaders")) else {
        return Ok(Vec::new());
    };
    let mut written = Vec::new();
    for header in headers {
        let value = match get(header, "value") {
            Some(value) => assembly.data(value)?,
            None => Value::Null,
        };
        written.push(json!({ "HeaderName": get(header, "headerName"), "HeaderValue": value }));
    }
    Ok(written)
}

fn finish(origin: &mut Value, prefix: Option<&str>, headers: Vec<Value>) {
    if let Some(prefix) = prefix.map(|prefix| prefix.trim_matches('/')) {
        origin["OriginPath"] = Value::from(format!("/{prefix}"));
    }
    if !headers.is_empty() {
        origin["OriginCustomHeaders"] = Value::Array(headers);
    }
}
