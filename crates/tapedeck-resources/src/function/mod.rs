//! `function`: code that runs for each event, in Lambda.

mod alarm;
mod check;
mod keys;
mod packaging;

use tapedeck_config::parse::Mapping;
use tapedeck_config::schema::{Connectable, Parameter, ResourceType, Support, UNSUPPORTED};

use crate::shared::cdn;
use crate::shared::workload::keeps_logs;

/// The type.
pub(crate) static TYPE: ResourceType = ResourceType {
    name: "function",
    doc: "Code that runs for each event, and only then.",
    properties: Some(&keys::FUNCTION),
    support: Support::Partly(
        "an emulator runs those for Node, Python and Go, on one version of each, without their limits of memory",
    ),
    parameters: &[
        Parameter::text("url", "URL at which it is called").when(has_url, "with `url` that is enabled"),
        Parameter::text("logGroupArn", "ARN of its group of logs")
            .when(keeps_logs, "unless `logging` is disabled"),
        Parameter::text("arn", "ARN of the function"),
        cdn::CDN_URL.when(cdn::has_no_domains, cdn::WITHOUT_DOMAINS),
        cdn::CDN_CUSTOM_DOMAIN_URLS.when(cdn::has_domains, cdn::WITH_DOMAINS),
        cdn::CDN_CUSTOM_DOMAINS.when(cdn::has_domains, cdn::WITH_DOMAINS),
        cdn::CDN_DOMAIN.when(cdn::is_on, cdn::WITH_CDN),
        cdn::CDN_CANONICAL_DOMAIN.when(cdn::is_on, cdn::WITH_CDN),
        cdn::CDN_CANONICAL_URL.when(cdn::is_on, cdn::WITH_CDN),
    ],
    connectable: Connectable::Yes,
    check: Some(check::check),
    ..UNSUPPORTED
};

fn has_url(properties: &Mapping) -> bool {
    properties.mapping("url").is_some_and(|url| url.flag("enabled"))
}
