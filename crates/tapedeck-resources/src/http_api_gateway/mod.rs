//! `http-api-gateway`: HTTP requests that functions and containers answer.

mod alarm;
mod keys;

use tapedeck_config::schema::{Connectable, Parameter, ResourceType, Support, UNSUPPORTED};
use tapedeck_config::{Declared, Scope};

use crate::shared::domains;
use crate::shared::{alarms, cdn, cors, relations};

/// The type.
pub(crate) static TYPE: ResourceType = ResourceType {
    name: "http-api-gateway",
    doc: "HTTP requests that functions and containers answer, in API Gateway.",
    properties: Some(&keys::API),
    support: Support::NotHere("HTTP APIs are not served here yet"),
    parameters: &[
        Parameter::text("customDomains", "its custom domains, separated by commas")
            .when(domains::are_given, "with `customDomains`"),
        Parameter::text("customDomainUrl", "URL with the first custom domain")
            .when(domains::are_given, "with `customDomains`"),
        Parameter::text(
            "customDomainUrls",
            "URLs with its custom domains, separated by commas",
        )
        .when(domains::are_given, "with `customDomains`"),
        Parameter::text("canonicalDomain", "domain that API Gateway gave it"),
        Parameter::text("domain", "domain that was made for it")
            .when(|api| !domains::are_given(api), "without `customDomains`"),
        Parameter::text("url", "URL with the domain that was made for it")
            .when(|api| !domains::are_given(api), "without `customDomains`"),
        cdn::CDN_URL.when(cdn::has_no_domains, cdn::WITHOUT_DOMAINS),
        cdn::CDN_CUSTOM_DOMAIN_URLS.when(cdn::has_domains, cdn::WITH_DOMAINS),
        cdn::CDN_CUSTOM_DOMAINS.when(cdn::has_domains, cdn::WITH_DOMAINS),
        cdn::CDN_DOMAIN.when(cdn::is_on, cdn::WITH_CDN),
        cdn::CDN_CANONICAL_DOMAIN.when(cdn::is_on, cdn::WITH_CDN),
        cdn::CDN_CANONICAL_URL.when(cdn::is_on, cdn::WITH_CDN),
    ],
    connectable: Connectable::No(
        "it is open to the internet and asks for no permission: set a variable to $ResourceParam('name', 'url')",
    ),
    check: Some(check),
    ..UNSUPPORTED
};

/// The rules that relate several keys.
fn check(one: &Declared<'_>, scope: &mut Scope<'_>) {
    cors::check(one.properties, scope);
    domains::check(one.properties, scope);
    cdn::check(one.properties, scope);
    alarms::check(one.properties, scope);
    let logging = one.properties.mapping("logging");
    if let Some(logging) = logging.filter(|logging| logging.flag("disabled")) {
        let idle = ["format", "retentionDays", "logForwarding"];
        relations::unused(logging, &idle, "`disabled` is true", scope);
    }
}
