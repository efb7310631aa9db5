//! Packages of Python: each has a `METADATA` in a folder `*.dist-info`.

use std::path::Path;

use tapedeck_image::Component;

/// The package that this `METADATA` is of. Its form is that of the headers of a mail.
pub(super) fn of_metadata(path: &Path, below: &Path) -> Option<Component> {
    let folder = below.parent()?.file_name()?.to_string_lossy();
    if !folder.ends_with(".dist-info") {
        return None;
    }
    let text = fs_err::read_to_string(path).ok()?;
    let header = |name: &str| {
        text.lines()
            .take_while(|line| !line.is_empty())
            .find_map(|line| line.strip_prefix(name)?.strip_prefix(": "))
            .map(str::trim)
    };
    let (name, version) = (header("Name")?, header("Version")?);
    Some(Component::new("pypi", &normalized(name), version))
}

/// The name as package URLs have it: lower case, with dashes. Source: the package URL specification, type `pypi`.
fn normalized(name: &str) -> String {
    name.to_lowercase().replace(['_', '.'], "-")
}
