//! `bucket`: files in S3.

mod keys;
mod lifecycle;

use tapedeck_config::parse::Mapping;
use tapedeck_config::schema::{Connectable, Parameter, ResourceType, Support, UNSUPPORTED};
use tapedeck_config::{Declared, Scope};

use crate::shared::cdn;
use crate::shared::relations;

/// The type.
pub(crate) static TYPE: ResourceType = ResourceType {
    name: "bucket",
    doc: "Files in S3.",
    properties: Some(&keys::BUCKET),
    support: Support::Partly(
        "an emulator keeps it; `cdn` and `lifecycleRules` change nothing on this machine",
    ),
    parameters: &[
        Parameter::text("name", "name of the bucket"),
        Parameter::text("arn", "ARN of the bucket"),
        cdn::CDN_URL.when(cdn::has_no_domains, cdn::WITHOUT_DOMAINS),
        cdn::CDN_CUSTOM_DOMAIN_URLS.when(cdn::has_domains, cdn::WITH_DOMAINS),
        cdn::CDN_CUSTOM_DOMAINS.when(cdn::has_domains, cdn::WITH_DOMAINS),
        cdn::CDN_DOMAIN.when(cdn::is_on, cdn::WITH_CDN),
        cdn::CDN_CANONICAL_DOMAIN.when(cdn::is_on, cdn::WITH_CDN),
        cdn::CDN_CANONICAL_URL.when(cdn::is_on, cdn::WITH_CDN),
    ],
    connectable: Connectable::Yes,
    check: Some(check),
    ..UNSUPPORTED
};

/// The rules that relate several keys.
fn check(one: &Declared<'_>, scope: &mut Scope<'_>) {
    cors(one.properties, scope);
    lifecycle::check(one.properties, scope);
    cdn::check(one.properties, scope);
}

fn cors(properties: &Mapping, scope: &mut Scope<'_>) {
    relations::unused_when_disabled(properties.mapping("cors"), &["corsRules"], scope);
}
