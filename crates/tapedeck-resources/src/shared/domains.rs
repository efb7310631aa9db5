//! Domains of one's own: `customDomains`.

use std::collections::HashMap;

use tapedeck_config::Scope;
use tapedeck_config::parse::Mapping;
use tapedeck_config::schema::{Key, Kind, OBJECT, OPTIONAL, Object, Pattern, REQUIRED};
use tapedeck_diagnostic::Span;

/// `customDomains`.
pub(crate) const CUSTOM_DOMAINS: Key = Key {
    name: "customDomains",
    kind: Kind::ListOf(&CUSTOM_DOMAIN),
    doc: "domains of one's own that lead here",
    ..OPTIONAL
};

/// An entry of `customDomains`.
pub(crate) static CUSTOM_DOMAIN: Object = Object {
    name: "a custom domain",
    doc: "A domain of one's own. Its hosted zone has to be in the AWS account.",
    keys: &[
        Key {
            name: "domainName",
            kind: Kind::Pattern(&DOMAIN_NAME),
            doc: "name of the domain",
            example: Some("app.example.com"),
            ..REQUIRED
        },
        Key {
            name: "customCertificateArn",
            kind: Kind::Text,
            doc: "ARN of a TLS certificate to use instead of the one that is made",
            late: true,
            ..OPTIONAL
        },
        Key {
            name: "disableDnsRecordCreation",
            kind: Kind::Boolean,
            default: Some("false"),
            doc: "whether the records of the DNS are left to somebody else",
            ..OPTIONAL
        },
    ],
    ..OBJECT
};

/// The name of a domain.
pub(crate) static DOMAIN_NAME: Pattern = Pattern {
    name: "the name of a domain",
    holds: is_domain,
    advice: "use the name alone, such as app.example.com: no https:// before and no path after it",
    regex: "^[A-Za-z0-9*_-]+(\\.[A-Za-z0-9_-]+)+$",
};

fn is_domain(text: &str) -> bool {
    let parts: Vec<&str> = text.split('.').collect();
    let fits = |part: &&str| {
        (1..=63).contains(&part.len())
            && part
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_')
    };
    let rest = match parts.split_first() {
        Some((&"*", rest)) => rest,
        _ => &parts[..],
    };
    text.len() <= 253 && parts.len() > 1 && rest.iter().all(fits)
}

/// Whether domains of one's own lead to something.
pub(crate) fn are_given(mapping: &Mapping) -> bool {
    !mapping.list("customDomains").is_empty()
}

/// Tells when a domain is there twice.
pub(crate) fn check(mapping: &Mapping, scope: &mut Scope<'_>) {
    let mut seen: HashMap<String, Span> = HashMap::new();
    let domains = mapping.list("customDomains").iter();
    for name in domains.filter_map(|item| item.value.as_mapping()?.spanned_text("domainName")) {
        match seen.get(&name.value) {
            Some(first) => scope.diagnostics.duplicate_name(&name, "custom domain", *first),
            None => drop(seen.insert(name.value, name.span)),
        }
    }
}
