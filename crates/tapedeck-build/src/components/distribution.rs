//! Packages of a Linux distribution: what its package manager has written down.

use std::path::Path;

use tapedeck_image::Component;
use tapedeck_image::base::PRETENDED;

/// How package URLs of such packages begin.
pub(super) const KINDS: [&str; 2] = ["pkg:deb/", "pkg:apk/"];

/// Whether a file of an image is a list of packages.
pub(super) fn is_list(below: &Path) -> bool {
    is_of_dpkg(below) || is_of_apk(below)
}

fn is_of_dpkg(below: &Path) -> bool {
    below == Path::new("var/lib/dpkg/status") || below.parent() == Some(Path::new("var/lib/dpkg/status.d"))
}

fn is_of_apk(below: &Path) -> bool {
    below == Path::new("lib/apk/db/installed")
}

/// The packages of a list in the layer `folder`. Their paragraphs are parted by empty lines.
pub(super) fn of_list(folder: &Path, below: &Path) -> Vec<Component> {
    let text = fs_err::read_to_string(folder.join(below)).unwrap_or_default();
    let (kind, separator, name, version, usual) = match is_of_apk(below) {
        true => ("apk", ":", "P", "V", "alpine"),
        false => ("deb", ": ", "Package", "Version", "debian"),
    };
    let namespace = distribution_of(folder).unwrap_or_else(|| usual.to_owned());
    let of_paragraph = |paragraph: &str| {
        let value = |key: &str| {
            paragraph
                .lines()
                .find_map(|line| line.strip_prefix(key)?.strip_prefix(separator))
        };
        let is_removed = value("Status").is_some_and(|status| !status.ends_with(" installed"));
        let is_pretended = value("Description") == Some(PRETENDED);
        let (name, version) = (value(name)?, value(version)?);
        let mut component = Component::new(kind, &format!("{namespace}/{name}"), version);
        name.clone_into(&mut component.name);
        (!is_removed && !is_pretended).then_some(component)
    };
    text.split("\n\n").filter_map(of_paragraph).collect()
}

/// The distribution that a layer says it is, such as `ubuntu`.
fn distribution_of(folder: &Path) -> Option<String> {
    let text = fs_err::read_to_string(folder.join("usr/lib/os-release")).ok()?;
    let id = text.lines().find_map(|line| line.strip_prefix("ID="))?;
    Some(id.trim_matches('"').to_owned())
}
