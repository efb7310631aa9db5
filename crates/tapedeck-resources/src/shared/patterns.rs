//! Rules for texts and numbers that many types have: ARNs, blocks of addresses, ports.

use std::collections::HashMap;
use std::net::IpAddr;

use tapedeck_config::Scope;
use tapedeck_config::parse::Mapping;
use tapedeck_config::schema::{Pattern, Range};
use tapedeck_diagnostic::{Allowed, Span, Spanned};

/// An ARN.
pub(crate) static ARN: Pattern = Pattern {
    name: "an ARN",
    holds: |text| text.starts_with("arn:") && text.split(':').count() >= 6,
    advice: "use an ARN such as 'arn:aws:lambda:eu-west-1:123456789012:function:resize', or $ResourceParam('name', 'arn')",
    regex: "^arn:([^:]*:){4}.+",
};

/// An address, or a block of addresses.
pub(crate) static ADDRESSES: Pattern = Pattern {
    name: "an address or a block of addresses",
    holds: |text| {
        let (address, length) = match text.split_once('/') {
            Some((address, length)) => (address, Some(length)),
            None => (text, None),
        };
        let Ok(address) = address.parse::<IpAddr>() else {
            return false;
        };
        let longest = if address.is_ipv4() { 32 } else { 128 };
        length.is_none_or(|length| length.parse::<u8>().is_ok_and(|length| length <= longest))
    },
    advice: "use an address such as '203.0.113.50', or a block of addresses such as '198.51.100.0/24'",
    regex: "^[0-9A-Fa-f.:]+(/[0-9]{1,3})?$",
};

/// A port of TCP.
pub(crate) static PORT: Range = Range {
    min: 1,
    max: 65_535,
    advice: "use a port from 1 to 65535",
};

/// A path relative to the folder of the config file, of a file or of a folder.
pub(crate) static RELATIVE_PATH: Pattern = Pattern {
    name: "a path relative to the folder of the config file",
    holds: |text| !text.is_empty() && !text.starts_with(['/', '\\', '~']),
    advice: "use a path relative to the folder of the config file",
    regex: "^[^/\\\\~]",
};

/// A path of requests.
pub(crate) static ROOTED_PATH: Pattern = Pattern {
    name: "a path that begins with `/`",
    holds: |text| text.starts_with('/'),
    advice: "use a path that begins with `/`",
    regex: "^/",
};

/// Tells when the number of a key is one that was seen before.
pub(crate) fn already_taken(
    mapping: &Mapping,
    key: &str,
    subject: &str,
    seen: &mut HashMap<String, Span>,
    scope: &mut Scope<'_>,
) {
    let Some(value) = mapping.get(key) else { return };
    let Some(number) = value.value.as_integer() else {
        return;
    };
    match seen.get(&number.to_string()) {
        Some(first) => {
            let given = Spanned::new(number.to_string(), value.span);
            scope.diagnostics.already_taken(&given, subject, *first);
        }
        None => drop(seen.insert(number.to_string(), value.span)),
    }
}

/// Judges the version under a key: what is no version is refused, what is not known is warned of. `known` ends with the newest.
pub(crate) fn version(
    (mapping, key): (&Mapping, &str),
    of: &str,
    known: &[&str],
    knows: impl Fn(&str) -> bool,
    scope: &mut Scope<'_>,
) {
    let Some((value, text)) = mapping
        .get(key)
        .and_then(|value| Some((value, value.value.as_scalar()?.text.clone())))
    else {
        return;
    };
    let given = Spanned::new(text, value.span);
    if !is_version(&given.value) {
        let newest = known.last().copied().unwrap_or_default();
        let advice = format!("use a version such as '{newest}'");
        scope
            .diagnostics
            .invalid_value(&given, &format!("`{key}`"), Allowed::Advice(&advice));
    } else if !knows(&given.value) {
        let newest = known.last().copied().unwrap_or_default();
        scope
            .diagnostics
            .unknown_version(&given, &format!("the {of} version"), newest);
    }
}

/// Whether a text is a number, perhaps followed by more parts that begin with dots.
fn is_version(text: &str) -> bool {
    text.starts_with(|letter: char| letter.is_ascii_digit())
        && text.split('.').all(|part| {
            !part.is_empty()
                && part
                    .bytes()
                    .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_')
        })
}
