//! Names for services, made of the names that projects and folders have.

use tapedeck_model::ResourceName;

/// The name of a service when none can be made.
const FALLBACK: &str = "worker";

/// Letters of a name that is made, at most.
const LONGEST: usize = 40;

/// The name of a service that runs something of this name, in a folder of that name.
pub(crate) fn service_name(own: Option<&str>, folder: &str) -> ResourceName {
    let names = [own.unwrap_or_default(), folder, FALLBACK];
    names
        .into_iter()
        .find_map(camel_case)
        .expect("`worker` is a valid name")
}

/// `mail-worker`, `Mail Worker` and `mail_worker` as `mailWorker`; none when there are letters that names cannot have.
fn camel_case(text: &str) -> Option<ResourceName> {
    if text
        .chars()
        .any(|letter| letter.is_alphanumeric() && !letter.is_ascii())
    {
        return None;
    }
    let mut name = String::new();
    let words = text.split(|letter: char| !letter.is_ascii_alphanumeric());
    for word in words.filter(|word| !word.is_empty()) {
        let (first, rest) = word.split_at(1);
        let rest = if word.chars().any(|letter| letter.is_ascii_lowercase()) {
            rest.to_string()
        } else {
            rest.to_ascii_lowercase()
        };
        if name.is_empty() {
            name.push_str(&first.to_ascii_lowercase());
        } else {
            name.push_str(&first.to_ascii_uppercase());
        }
        name.push_str(&rest);
    }
    name.truncate(LONGEST);
    ResourceName::new(name).ok()
}
