//! Names that are made of names: logical ids and environment variables.
//!
//! Source: the names of existing stacks, which have to stay what they are.

/// A name split into words: between a small letter or digit and a capital, between a capital and a capital that a small
/// letter follows, and at every run of other characters. A digit is never parted from the letters before it.
fn words(name: &str) -> Vec<String> {
    let letters: Vec<char> = name.chars().collect();
    let mut words = vec![String::new()];
    for (index, letter) in letters.iter().copied().enumerate() {
        let before = index.checked_sub(1).map(|before| letters[before]);
        let after = letters.get(index + 1).copied();
        if !letter.is_ascii_alphanumeric() {
            words.push(String::new());
            continue;
        }
        let is_break = letter.is_ascii_uppercase()
            && before.is_some_and(|before| {
                before.is_ascii_lowercase()
                    || before.is_ascii_digit()
                    || (before.is_ascii_uppercase() && after.is_some_and(|after| after.is_ascii_lowercase()))
            });
        if is_break {
            words.push(String::new());
        }
        if let Some(word) = words.last_mut() {
            word.push(letter);
        }
    }
    words.retain(|word| !word.is_empty());
    words
}

/// A name as the beginning of a logical id: `myHTTP2Queue` is `MyHttp2Queue`. A word that begins with a digit and is
/// not the first has `_` before it, which CloudFormation does not take.
#[must_use]
pub fn pascal_case(name: &str) -> String {
    let mut joined = String::with_capacity(name.len());
    for (index, word) in words(name).iter().enumerate() {
        let (first, rest) = word.split_at(1);
        if index > 0 && first.bytes().all(|byte| byte.is_ascii_digit()) {
            joined.push('_');
        }
        joined.push_str(&first.to_ascii_uppercase());
        joined.push_str(&rest.to_ascii_lowercase());
    }
    joined
}

/// A name as a part of an environment variable: `myHTTP2Queue` is `MY_HTTP2_QUEUE`.
#[must_use]
pub fn upper_snake_case(name: &str) -> String {
    words(name).join("_").to_ascii_uppercase()
}

/// A name as people write names of resources: `my-worker` is `myWorker`. `None` when no letter or digit is in it.
#[must_use]
pub fn camel_case(name: &str) -> Option<String> {
    let mut words = name
        .split(|letter: char| !letter.is_ascii_alphanumeric())
        .filter(|word| !word.is_empty());
    let mut joined = words.next()?.to_string();
    for word in words {
        let (first, rest) = word.split_at(1);
        joined.push_str(&first.to_ascii_uppercase());
        joined.push_str(rest);
    }
    Some(joined)
}

/// The environment variable that tells a parameter of a connected resource: `STP_MY_QUEUE_ARN`.
#[must_use]
pub fn connection_variable(resource: &str, parameter: &str) -> String {
    format!(
        "STP_{}_{}",
        upper_snake_case(resource),
        upper_snake_case(parameter)
    )
}
