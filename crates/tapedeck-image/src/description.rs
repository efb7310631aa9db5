//! What an image says about itself, in the words of the OCI image specification: as labels for whoever runs it and as
//! annotations for registries.

use std::collections::BTreeMap;

use tapedeck_model::ImageDigest;

/// The beginning of all names that the specification defines.
const PREFIX: &str = "org.opencontainers.image.";

/// What is known about an image beside its content. Unset fields are left out.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Description {
    /// When it claims to have been made, in seconds since the Unix epoch: `SOURCE_DATE_EPOCH`, or the epoch itself, so
    /// that equal content makes equal images.
    pub created: i64,
    /// A name for people.
    pub title: Option<String>,
    /// The version of what is in it.
    pub version: Option<String>,
    /// The commit it was built from.
    pub revision: Option<String>,
    /// The reference of the image it is built on.
    pub base_name: Option<String>,
}

impl Description {
    /// Names and values.
    pub(crate) fn facts(&self, base: Option<&ImageDigest>) -> BTreeMap<String, String> {
        let facts = [
            ("created", Some(moment_text(self.created))),
            ("title", self.title.clone()),
            ("version", self.version.clone()),
            ("revision", self.revision.clone()),
            ("base.name", self.base_name.clone()),
            ("base.digest", base.map(ToString::to_string)),
        ];
        facts
            .into_iter()
            .filter_map(|(name, value)| Some((format!("{PREFIX}{name}"), value?)))
            .collect()
    }
}

/// A moment in RFC 3339, given in seconds since the Unix epoch; the epoch for what no calendar has.
pub(crate) fn moment_text(seconds: i64) -> String {
    jiff::Timestamp::from_second(seconds)
        .unwrap_or(jiff::Timestamp::UNIX_EPOCH)
        .to_string()
}

/// Whether a label speaks of the image itself, so that it is not true of what is built on it.
pub(crate) fn is_of_the_image(label: &str) -> bool {
    label.starts_with(PREFIX)
}
