//! What CloudFormation takes at most, so that a stack that is too large is told here and not after an upload.

use crate::{SynthError, Template};

/// Resources of a template.
pub(crate) const RESOURCES: usize = 500;
/// Outputs of a template.
pub(crate) const OUTPUTS: usize = 200;
/// Texts of a template that AWS replaces at the deployment: `{{resolve:…}}`.
pub(crate) const DYNAMIC_REFERENCES: usize = 60;
/// Bytes of a template, which comes from a bucket then.
pub(crate) const BYTES: usize = 1_048_576;
/// Bytes of the description.
pub(crate) const DESCRIPTION_BYTES: usize = 1024;
/// Characters of a logical id and of the name of an output.
pub(crate) const ID_CHARACTERS: usize = 255;

/// Tells the first limit that a template does not keep.
pub(crate) fn check(template: &Template) -> Result<(), SynthError> {
    let text = template.to_json();
    let counts = [
        (
            "resources",
            template.resources.len(),
            RESOURCES,
            most_of(template),
        ),
        ("outputs", template.outputs.len(), OUTPUTS, String::new()),
        (
            "dynamic references to secrets and parameters",
            text.matches("{{resolve:").count(),
            DYNAMIC_REFERENCES,
            String::new(),
        ),
        ("bytes", text.len(), BYTES, largest_of(template)),
        (
            "bytes of description",
            template.description.len(),
            DESCRIPTION_BYTES,
            String::new(),
        ),
    ];
    let exceeded = counts.into_iter().find(|(_, count, limit, _)| count > limit);
    if let Some((what, count, limit, most)) = exceeded {
        return Err(SynthError::TooLarge {
            what,
            count,
            limit,
            most,
        });
    }
    let ids = template.resources.keys().chain(template.outputs.keys());
    match ids
        .max_by_key(|id| id.len())
        .filter(|id| id.len() > ID_CHARACTERS)
    {
        None => Ok(()),
        Some(id) => Err(SynthError::TooLarge {
            what: "characters in a logical id",
            count: id.len(),
            limit: ID_CHARACTERS,
            most: format!("; it is `{id}`"),
        }),
    }
}

/// The type that most resources are of.
fn most_of(template: &Template) -> String {
    let mut counts = std::collections::BTreeMap::<&str, usize>::new();
    for resource in template.resources.values() {
        *counts.entry(&resource.kind).or_default() += 1;
    }
    let most = counts.into_iter().max_by_key(|(_, count)| *count);
    most.map_or_else(String::new, |(kind, count)| {
        format!("; {count} of them are {kind}")
    })
}

/// The resource with the longest text.
fn largest_of(template: &Template) -> String {
    let sizes = template.resources.iter();
    let largest = sizes
        .map(|(id, resource)| (resource.properties.to_string().len(), id))
        .max();
    largest.map_or_else(String::new, |(size, id)| format!("; {size} of them are `{id}`"))
}
