//! Who reaches a resource in the network: `accessibilityMode`.

use tapedeck_config::parse::Mapping;
use tapedeck_config::{Declared, Scope};

use super::relations;

/// Lets in only what is listed in `connectTo`.
pub(crate) const SCOPING: &str = "scoping-workloads-in-vpc";

/// The mode of a resource, if one is written.
pub(crate) fn mode(properties: &Mapping) -> Option<&str> {
    properties.mapping("accessibility")?.text("accessibilityMode")
}

/// Tells when a resource lets in only what connects to it, and nothing does.
pub(crate) fn check(one: &Declared<'_>, scope: &mut Scope<'_>) {
    let accessibility = one.properties.mapping("accessibility");
    if mode(one.properties) == Some(SCOPING)
        && !scope.is_connected(&one.name.value)
        && let Some(entry) = accessibility.and_then(|section| section.entry("accessibilityMode"))
    {
        scope
            .diagnostics
            .unreachable_resource(entry.value.span, &one.name.value);
    }
}

/// Judges `whitelistedIps`, which only one mode needs and one has no use for.
pub(crate) fn addresses(properties: &Mapping, scope: &mut Scope<'_>) {
    let Some(accessibility) = properties.mapping("accessibility") else {
        return;
    };
    let mode = mode(properties);
    if mode == Some("whitelisted-ips-only")
        && accessibility.spanned_items("whitelistedIps").is_empty()
        && let Some(entry) = accessibility.entry("accessibilityMode")
    {
        let help = "list the addresses that are let in, or use another mode";
        let subject = "`accessibilityMode: whitelisted-ips-only`";
        scope
            .diagnostics
            .missing_setting_for(entry.value.span, subject, "`whitelistedIps`", help);
    }
    if mode.is_none_or(|mode| mode == "internet") {
        let reason = "in the mode `internet` every address is let in";
        relations::unused(accessibility, &["whitelistedIps"], reason, scope);
    }
}
