//! Policies of CloudFront: what tells two requests apart, and what of a request is passed on.

use serde_json::{Value, json};
use tapedeck_model::Data;
use tapedeck_model::naming::pascal_case;

use crate::SynthError;
use crate::assembly::Assembly;
use crate::intrinsic::reference;
use crate::naming::digest;
use crate::template::Resource;
use crate::types::Target;
use crate::types::target::{get, number};

/// CloudFront's own policy that keeps nothing.
const CACHING_DISABLED: &str = "4135ea2d-6df8-44a3-9df3-4b5a84be39ad";

/// CloudFront's own policy that passes on everything but the name of the host.
const ALL_BUT_HOST: &str = "b689b0a8-53d0-40ab-baf2-68738e2966ac";

/// Half a year and a year, in seconds.
const HALF_A_YEAR: u64 = 15_768_000;
const YEAR: u64 = 31_536_000;

/// Headers by which a browser asks whether what it has is still right.
const CONDITIONS: [&str; 3] = ["if-match", "if-none-match", "if-modified-since"];

/// The policy by which answers are kept.
pub(super) fn cache(
    bucket: &Target<'_>,
    options: Option<&Data>,
    is_static: bool,
    assembly: &mut Assembly<'_>,
) -> Result<Value, SynthError> {
    if let Some(id) = options.and_then(|options| get(options, "cachePolicyId")) {
        return assembly.data(id);
    }
    let keys = [
        "minTTL",
        "maxTTL",
        "defaultTTL",
        "disableCompression",
        "cacheKeyParameters",
    ];
    let own = options.filter(|options| keys.iter().any(|key| is_said(options, key)));
    if own.is_none() && !is_static {
        return Ok(Value::from(CACHING_DISABLED));
    }
    let seconds = |key: &str| own.and_then(|options| get(options, key)).and_then(number);
    let (least, most) = (seconds("minTTL").unwrap_or(0), seconds("maxTTL").unwrap_or(YEAR));
    let usual = if is_static { HALF_A_YEAR } else { 0 };
    let usual = seconds("defaultTTL").unwrap_or_else(|| usual.max(least).min(most));
    let is_compressed = !own.is_some_and(|options| is_said(options, "disableCompression"));
    let part = |name: &str| own.and_then(|options| get(options, &format!("cacheKeyParameters.{name}")));
    let config = json!({
        "DefaultTTL": usual,
        "MaxTTL": most.max(usual),
        "MinTTL": least,
        "ParametersInCacheKeyAndForwardedToOrigin": {
            "CookiesConfig": choice(&COOKIES, part("cookies"), ("none", &[])),
            "EnableAcceptEncodingBrotli": is_compressed,
            "EnableAcceptEncodingGzip": is_compressed,
            "HeadersConfig": choice(&HEADERS, part("headers"), ("none", &[])),
            "QueryStringsConfig": choice(&QUERY, part("queryString"), ("none", &[])),
        },
    });
    Ok(add("CachePolicy", bucket, own.is_some(), config, assembly))
}

/// The policy by which requests are passed on.
pub(super) fn forward(
    bucket: &Target<'_>,
    options: Option<&Data>,
    is_static: bool,
    assembly: &mut Assembly<'_>,
) -> Result<Value, SynthError> {
    if let Some(id) = options.and_then(|options| get(options, "originRequestPolicyId")) {
        return assembly.data(id);
    }
    let own = options.filter(|options| {
        let mut keys = ["cookies", "headers", "queryString"].iter();
        keys.any(|key| is_said(options, key))
    });
    if own.is_none() && !is_static {
        return Ok(Value::from(ALL_BUT_HOST));
    }
    let part = |name: &str| own.and_then(|options| get(options, name));
    // Nothing of a request means anything to a bucket; to an application all does, but for the name of the host.
    let (others, headers): (_, (_, &[&str])) = match is_static {
        true => ("none", ("whitelist", &CONDITIONS)),
        false => ("all", ("allExcept", &["host"])),
    };
    let config = json!({
        "CookiesConfig": choice(&COOKIES, part("cookies"), (others, &[])),
        "HeadersConfig": choice(&HEADERS, part("headers"), headers),
        "QueryStringsConfig": choice(&QUERY, part("queryString"), (others, &[])),
    });
    Ok(add(
        "OriginRequestPolicy",
        bucket,
        own.is_some(),
        config,
        assembly,
    ))
}

/// Whether a key says something beside what holds anyway.
fn is_said(options: &Data, key: &str) -> bool {
    !matches!(get(options, key), None | Some(Data::Null | Data::Boolean(false)))
}

/// Adds a policy: one of the bucket, or the one that all share. Tells its id.
fn add(
    kind: &str,
    bucket: &Target<'_>,
    is_own: bool,
    mut config: Value,
    assembly: &mut Assembly<'_>,
) -> Value {
    let stack = pascal_case(&assembly.names.stack);
    let (id, name) = if is_own {
        let digest = digest(&config.to_string());
        let id = bucket.id(&format!("CdnCacheBehavior{digest}{kind}"));
        (id.clone(), format!("{stack}{id}"))
    } else {
        (
            format!("StpCdnDefStatic{kind}"),
            format!("{stack}DefStatic{kind}"),
        )
    };
    config["Name"] = Value::from(crate::naming::within(name, 128));
    let properties = json!({ format!("{kind}Config"): config });
    assembly.add(
        &id,
        Resource::new(&format!("AWS::CloudFront::{kind}"), properties),
    );
    reference(&id)
}

/// How CloudFront calls a choice and what is chosen.
struct Words {
    behaviour: &'static str,
    list: &'static str,
}

const COOKIES: Words = Words {
    behaviour: "CookieBehavior",
    list: "Cookies",
};
const HEADERS: Words = Words {
    behaviour: "HeaderBehavior",
    list: "Headers",
};
const QUERY: Words = Words {
    behaviour: "QueryStringBehavior",
    list: "QueryStrings",
};

/// Which of several things are meant, as the config says or as it is otherwise.
fn choice(words: &Words, chosen: Option<&Data>, otherwise: (&str, &[&str])) -> Value {
    if let Some(Data::Mapping(ways)) = chosen {
        for (way, value) in ways {
            match value {
                Data::Boolean(true) => return json!({ words.behaviour: way }),
                Data::List(_) => return json!({ words.behaviour: way, words.list: value }),
                _ => {}
            }
        }
    }
    let (way, list) = otherwise;
    let mut written = json!({ words.behaviour: way });
    if !list.is_empty() {
        written[words.list] = json!(list);
    }
    written
}
