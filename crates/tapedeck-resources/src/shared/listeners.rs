//! Listeners of load balancers, and domains that lead to them.

use std::collections::HashMap;

use tapedeck_config::parse::{Mapping, Value};
use tapedeck_config::schema::Kind;
use tapedeck_config::{Declared, Scope};
use tapedeck_diagnostic::{Allowed, Found, Span, Spanned, quoted};

use super::domains::{CUSTOM_DOMAIN, DOMAIN_NAME};
use super::key::{Key, defaulting, key, late, required, such_as, word};
use super::patterns::{ADDRESSES, ARN, already_taken};
use super::workload::port;

/// `interface`.
pub(crate) const INTERFACE: Key = defaulting(
    "internet",
    word(
        "interface",
        &["internet", "internal"],
        "whether it is reached from everywhere, or in the network of the stack only",
    ),
);

/// `customDomains`: names, or mappings with more about each.
pub(crate) const DOMAINS: Key = such_as(
    "[api.example.com]",
    key(
        "customDomains",
        Kind::Any,
        "domains of one's own that lead here: a list of names, or of mappings with `domainName`, `customCertificateArn` and `disableDnsRecordCreation`",
    ),
);

/// `port` of a listener.
pub(crate) const PORT: Key = required(port("port", "the port"));

/// `customCertificateArns` of a listener.
pub(crate) const CERTIFICATES: Key = late(key(
    "customCertificateArns",
    Kind::Patterns(&ARN),
    "ARNs of certificates to use; not needed with `customDomains`",
));

/// `whitelistIps` of a listener.
pub(crate) const WHITELIST: Key = key(
    "whitelistIps",
    Kind::Patterns(&ADDRESSES),
    "addresses and blocks of addresses that are let in; when left out, all",
);

/// When a load balancer has domains of its own.
pub(crate) const WITH_DOMAINS: &str = "with `customDomains`";

/// Whether it has domains of its own.
pub(crate) fn has_domains(properties: &Mapping) -> bool {
    !properties.list("customDomains").is_empty()
}

/// Whether a listener has certificates of its own.
pub(crate) fn has_certificates(properties: &Mapping) -> bool {
    all(properties)
        .iter()
        .any(|listener| listener.has("customCertificateArns"))
}

/// Whether it listens on a port.
pub(crate) fn has_listener_on(properties: &Mapping, port: i64) -> bool {
    all(properties)
        .iter()
        .any(|listener| listener.integer("port") == Some(port))
}

/// The listeners that are written.
pub(crate) fn all(properties: &Mapping) -> Vec<&Mapping> {
    properties
        .list("listeners")
        .iter()
        .filter_map(|item| item.value.as_mapping())
        .collect()
}

/// Judges listeners and domains. `encrypted` is the protocol that needs a certificate.
pub(crate) fn check(one: &Declared<'_>, encrypted: &str, scope: &mut Scope<'_>) {
    domains(one.properties, scope);
    let mut seen: HashMap<String, Span> = HashMap::new();
    for listener in all(one.properties) {
        already_taken(listener, "port", "the port", &mut seen, scope);
        let protocol = listener.spanned_text("protocol");
        if let Some(protocol) = protocol.filter(|protocol| protocol.value == encrypted)
            && !listener.has("customCertificateArns")
            && !has_domains(one.properties)
        {
            let subject = format!("`protocol: {encrypted}`");
            let help = "add domains, for which certificates are made, or ARNs of certificates";
            let needed = "a certificate: `customDomains`, or `customCertificateArns` of the listener";
            scope
                .diagnostics
                .missing_setting_for(protocol.span, &subject, needed, help);
        }
    }
}

fn domains(properties: &Mapping, scope: &mut Scope<'_>) {
    let Some(entry) = properties.entry("customDomains") else {
        return;
    };
    let items = match &entry.value.value {
        Value::List(items) => items,
        Value::Unknown => return,
        value if value.found() == Found::Empty => {
            return scope
                .diagnostics
                .empty_section(entry.key.span, "`customDomains`", &[]);
        }
        value => {
            let expected = "a list of names, or of mappings with `domainName`";
            let found = value.found();
            return scope
                .diagnostics
                .wrong_type(entry.value.span, "`customDomains`", expected, found);
        }
    };
    let mut seen: HashMap<String, Span> = HashMap::new();
    for item in items {
        let Some(name) = domain(item, scope) else { continue };
        match seen.get(&name.value) {
            Some(first) => scope.diagnostics.duplicate_name(&name, "custom domain", *first),
            None => drop(seen.insert(name.value, name.span)),
        }
    }
}

/// The name of a domain in either form.
fn domain(item: &Spanned<Value>, scope: &mut Scope<'_>) -> Option<Spanned<String>> {
    let name = match &item.value {
        Value::Unknown => return None,
        Value::Mapping(mapping) => {
            keys(mapping, scope);
            let Some(name) = mapping.get("domainName") else {
                let at = item.span.part(item.span.start, item.span.start + 1);
                let meaning = "name of the domain, such as `domainName: app.example.com`";
                scope
                    .diagnostics
                    .missing_key(at, CUSTOM_DOMAIN.name, "domainName", meaning);
                return None;
            };
            name
        }
        _ => item,
    };
    let Some(text) = name.value.as_text() else {
        let found = name.value.found();
        scope
            .diagnostics
            .wrong_type(name.span, "a custom domain", DOMAIN_NAME.name, found);
        return None;
    };
    let name = Spanned::new(text.to_string(), name.span);
    if !(DOMAIN_NAME.holds)(text) {
        let advice = Allowed::Advice(DOMAIN_NAME.advice);
        scope.diagnostics.invalid_value(&name, "a custom domain", advice);
        return None;
    }
    Some(name)
}

/// What the table cannot say, because there are two forms.
fn keys(mapping: &Mapping, scope: &mut Scope<'_>) {
    let names = CUSTOM_DOMAIN.key_names();
    for entry in &mapping.entries {
        let (name, value) = (entry.key.value.as_str(), &entry.value.value);
        let subject = quoted(name);
        let expected = match name {
            "domainName" => continue,
            "customCertificateArn" if value.as_text().is_none() && value.as_expression().is_none() => {
                "a text"
            }
            "disableDnsRecordCreation" if value.as_boolean().is_none() => "`true` or `false`",
            "customCertificateArn" | "disableDnsRecordCreation" => continue,
            _ => {
                scope
                    .diagnostics
                    .unknown_key(&entry.key, CUSTOM_DOMAIN.name, &names);
                continue;
            }
        };
        if !value.is_unknown() {
            let found = value.found();
            scope
                .diagnostics
                .wrong_type(entry.value.span, &subject, expected, found);
        }
    }
}
