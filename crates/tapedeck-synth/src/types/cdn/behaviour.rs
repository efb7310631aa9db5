//! How a CDN answers: which methods it takes, what it keeps, and what it passes on.

use serde_json::{Value, json};
use tapedeck_model::Data;

use super::origin::Origin;
use super::{normalization, policies};
use crate::SynthError;
use crate::assembly::Assembly;
use crate::types::Target;
use crate::types::target::get;

/// The methods that only read.
const READING: [&str; 3] = ["GET", "HEAD", "OPTIONS"];

/// All that CloudFront can pass on.
const ALL: [&str; 7] = ["GET", "HEAD", "OPTIONS", "PUT", "PATCH", "POST", "DELETE"];

/// How everything is answered that no route is about.
pub(super) fn default(
    bucket: &Target<'_>,
    origin: &Origin,
    assembly: &mut Assembly<'_>,
) -> Result<Value, SynthError> {
    let options = Options {
        caching: bucket.get("cdn.cachingOptions"),
        forwarding: bucket.get("cdn.forwardingOptions"),
    };
    let mut behaviour = options.write(bucket, origin, assembly)?;
    normalization::add(bucket, None, &mut behaviour, assembly);
    Ok(behaviour)
}

/// How the path of a route is answered.
pub(super) fn of_route(
    bucket: &Target<'_>,
    route: &Data,
    origin: &Origin,
    assembly: &mut Assembly<'_>,
) -> Result<Value, SynthError> {
    let options = Options {
        caching: get(route, "cachingOptions"),
        forwarding: get(route, "forwardingOptions"),
    };
    let mut behaviour = options.write(bucket, origin, assembly)?;
    behaviour["PathPattern"] = json!(get(route, "path"));
    if origin.is_static {
        normalization::add(bucket, Some(route), &mut behaviour, assembly);
    }
    Ok(behaviour)
}

/// What the config says of a behaviour.
struct Options<'a> {
    caching: Option<&'a Data>,
    forwarding: Option<&'a Data>,
}

impl Options<'_> {
    fn write(
        &self,
        bucket: &Target<'_>,
        origin: &Origin,
        assembly: &mut Assembly<'_>,
    ) -> Result<Value, SynthError> {
        let cached = listed(self.caching, "cacheMethods").unwrap_or(match origin.is_static {
            true => READING.to_vec(),
            false => READING[..2].to_vec(),
        });
        let mut allowed = listed(self.forwarding, "allowedMethods").unwrap_or(match origin.is_static {
            true => READING.to_vec(),
            false => ALL.to_vec(),
        });
        // CloudFront takes three sets of methods: those that read, with or without OPTIONS, and all.
        if allowed.iter().any(|method| !READING.contains(method)) {
            allowed = ALL.to_vec();
        } else if allowed.contains(&"OPTIONS") || cached.contains(&"OPTIONS") {
            allowed = READING.to_vec();
        } else {
            allowed = READING[..2].to_vec();
        }
        let is_compressed = !matches!(
            self.caching
                .and_then(|options| get(options, "disableCompression")),
            Some(Data::Boolean(true))
        );
        Ok(json!({
            "AllowedMethods": allowed,
            "CachedMethods": cached,
            "CachePolicyId": policies::cache(bucket, self.caching, origin.is_static, assembly)?,
            "Compress": is_compressed,
            "OriginRequestPolicyId": policies::forward(bucket, self.forwarding, origin.is_static, assembly)?,
            "TargetOriginId": origin.id,
            "ViewerProtocolPolicy": "redirect-to-https",
        }))
    }
}

/// A list of words, if it is given.
fn listed<'a>(options: Option<&'a Data>, key: &str) -> Option<Vec<&'a str>> {
    match get(options?, key)? {
        Data::List(items) => Some(items.iter().filter_map(Data::as_text).collect()),
        _ => None,
    }
}
