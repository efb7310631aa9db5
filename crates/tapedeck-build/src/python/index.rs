//! Where packages come from: what people told pip holds for uv as well, unless they told uv something else.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::PathBuf;

/// Variables with which people tell uv where packages come from.
const OF_UV: [&str; 5] = [
    "UV_DEFAULT_INDEX",
    "UV_INDEX",
    "UV_INDEX_URL",
    "UV_EXTRA_INDEX_URL",
    "UV_CONFIG_FILE",
];

/// What pip is told, by its own name for it, and the variable that tells it to uv.
const SAME: [(&str, &str, &str); 3] = [
    ("index-url", "PIP_INDEX_URL", "UV_INDEX_URL"),
    ("extra-index-url", "PIP_EXTRA_INDEX_URL", "UV_EXTRA_INDEX_URL"),
    ("cert", "PIP_CERT", "SSL_CERT_FILE"),
];

/// Variables for uv that say what the settings of pip on this machine say.
pub(super) fn settings() -> Vec<(&'static str, OsString)> {
    let is_set = |name: &str| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    let tells_uv = OF_UV.iter().any(|name| is_set(name));
    let mut written = BTreeMap::new();
    for file in files() {
        // Whatever cannot be read is no setting.
        if let Ok(text) = fs_err::read_to_string(file) {
            written.extend(of_file(&text));
        }
    }
    let mut settings = Vec::new();
    for (key, variable, of_uv) in SAME {
        if is_set(of_uv) || (tells_uv && of_uv.starts_with("UV_")) {
            continue;
        }
        let value = std::env::var_os(variable).or_else(|| written.get(key).map(OsString::from));
        if let Some(value) = value.filter(|value| !value.is_empty()) {
            settings.push((of_uv, value));
        }
    }
    settings
}

/// The files that pip reads, the last ones first in rank. Source: "Configuration" of pip's documentation.
fn files() -> Vec<PathBuf> {
    let folder = |name: &str| {
        std::env::var_os(name)
            .filter(|value| !value.is_empty())
            .map(PathBuf::from)
    };
    let home = folder("HOME");
    let of_person = folder("XDG_CONFIG_HOME").or_else(|| home.as_ref().map(|home| home.join(".config")));
    [
        Some(PathBuf::from("/etc/pip.conf")),
        Some(PathBuf::from("/etc/xdg/pip/pip.conf")),
        home.map(|home| home.join(".pip/pip.conf")),
        of_person.map(|folder| folder.join("pip/pip.conf")),
        folder("PIP_CONFIG_FILE"),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// The settings for all commands in a file of pip's, and then those for installing.
pub(crate) fn of_file(text: &str) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    for wanted in ["global", "install"] {
        let mut section = "";
        let mut key = String::new();
        for line in text.lines() {
            let plain = line.trim();
            if plain.is_empty() || plain.starts_with(['#', ';']) {
                continue;
            }
            if let Some(name) = plain.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
                section = name;
            } else if section == wanted && line.starts_with([' ', '\t']) && !key.is_empty() {
                // A value of several lines.
                let value: &mut String = found.entry(key.clone()).or_default();
                *value = format!("{value} {plain}").trim().to_owned();
            } else if section == wanted
                && let Some((name, value)) = plain.split_once(['=', ':'])
            {
                key = name.trim().replace('_', "-");
                found.insert(key.clone(), value.trim().to_owned());
            }
        }
    }
    found
}
