//! What a plain scalar is: the core schema of YAML 1.2 (section 10.3.2), in which `yes` and `012:30` are texts.

use super::ScalarKind;

/// What a scalar without quotes and tag is.
pub(crate) fn kind_of_plain(text: &str) -> ScalarKind {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => ScalarKind::Null,
        "true" | "True" | "TRUE" | "false" | "False" | "FALSE" => ScalarKind::Boolean,
        _ if number(text).is_some() => ScalarKind::Number,
        _ => ScalarKind::Text,
    }
}

/// The number that a text is in the core schema. `012` is twelve, `0o14` and `0xC` are twelve too.
pub(crate) fn number(text: &str) -> Option<f64> {
    if let Some(digits) = text.strip_prefix("0x") {
        return in_base(digits, 16);
    }
    if let Some(digits) = text.strip_prefix("0o") {
        return in_base(digits, 8);
    }
    let (negative, body) = match text.as_bytes().first()? {
        b'-' => (true, &text[1..]),
        b'+' => (false, &text[1..]),
        _ => (false, text),
    };
    let value = match body {
        ".inf" | ".Inf" | ".INF" => f64::INFINITY,
        ".nan" | ".NaN" | ".NAN" if body.len() == text.len() => f64::NAN,
        _ if is_decimal(body) => body.parse().ok()?,
        _ => return None,
    };
    Some(if negative { -value } else { value })
}

/// Digits of a base that is a power of two. More than 2^53 is not exact, as in JSON.
fn in_base(digits: &str, base: u32) -> Option<f64> {
    if digits.is_empty() {
        return None;
    }
    digits.chars().try_fold(0.0, |sum, digit| {
        Some(sum * f64::from(base) + f64::from(digit.to_digit(base)?))
    })
}

/// `[0-9]+`, `[0-9]*.[0-9]+` or `[0-9]+.`, perhaps with an exponent.
fn is_decimal(text: &str) -> bool {
    let (mantissa, exponent) = match text.find(['e', 'E']) {
        Some(at) => (&text[..at], Some(&text[at + 1..])),
        None => (text, None),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    let exponent = exponent.map(|part| part.strip_prefix(['-', '+']).unwrap_or(part));
    let exponent_holds = exponent.is_none_or(|part| !part.is_empty() && digits(part));
    digits(whole) && digits(fraction) && !(whole.is_empty() && fraction.is_empty()) && exponent_holds
}
