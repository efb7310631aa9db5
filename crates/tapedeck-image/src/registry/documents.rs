//! What registries serve: indexes, manifests and configurations, in the words of OCI and of Docker.

use serde::Deserialize;

use crate::manifest::{ConfigFile, Manifest};
use crate::{Digest, Platform};

/// Types of documents that are asked for.
pub(super) const ACCEPTED: &str = "application/vnd.oci.image.index.v1+json, \
     application/vnd.oci.image.manifest.v1+json, \
     application/vnd.docker.distribution.manifest.list.v2+json, \
     application/vnd.docker.distribution.manifest.v2+json";

const INDEXES: [&str; 2] = [
    "application/vnd.oci.image.index.v1+json",
    "application/vnd.docker.distribution.manifest.list.v2+json",
];
const MANIFESTS: [&str; 2] = [
    "application/vnd.oci.image.manifest.v1+json",
    "application/vnd.docker.distribution.manifest.v2+json",
];

/// What a name leads to.
#[derive(Debug)]
pub(super) enum Document {
    /// Manifests for several platforms.
    Index(Vec<Offer>),
    /// One image.
    Image(Manifest),
}

/// A manifest that an index lists.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub(super) struct Offer {
    pub(super) digest: Digest,
    pub(super) platform: Option<OfferedPlatform>,
}

/// What an image is made for.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub(super) struct OfferedPlatform {
    #[serde(default)]
    os: String,
    #[serde(default)]
    architecture: String,
    #[serde(default)]
    variant: Option<String>,
}

/// Why a document is of no use.
#[derive(Debug)]
pub(super) enum Fault {
    /// It is not what it says it is.
    Form(serde_json::Error),
    /// It is something else. The type it has.
    Type(String),
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Shape {
    media_type: Option<String>,
    #[serde(default)]
    manifests: Option<serde_json::Value>,
    #[serde(default)]
    layers: Option<serde_json::Value>,
}

#[derive(Deserialize)]
struct Index {
    manifests: Vec<Offer>,
}

impl Document {
    /// Reads a document that came with this `Content-Type`. What it says of itself counts more.
    pub(super) fn parse(content: &[u8], content_type: &str) -> Result<Self, Fault> {
        let shape: Shape = serde_json::from_slice(content).map_err(Fault::Form)?;
        let served = content_type.split(';').next().unwrap_or_default().trim();
        let media_type = shape.media_type.unwrap_or_else(|| served.to_owned());
        // One text must not be two documents: which one it is would depend on who reads it.
        match (
            INDEXES.contains(&&*media_type) && shape.layers.is_none(),
            MANIFESTS.contains(&&*media_type) && shape.manifests.is_none(),
        ) {
            (true, _) => {
                let index: Index = serde_json::from_slice(content).map_err(Fault::Form)?;
                Ok(Self::Index(index.manifests))
            }
            (_, true) => serde_json::from_slice(content)
                .map(Self::Image)
                .map_err(Fault::Form),
            _ => Err(Fault::Type(media_type)),
        }
    }
}

impl OfferedPlatform {
    fn suits(&self, platform: Platform) -> bool {
        let variant = self.variant.as_deref().unwrap_or_default();
        let is_basic = match platform {
            Platform::Amd64 => matches!(variant, "" | "v1"),
            Platform::Arm64 => matches!(variant, "" | "v8"),
        };
        self.os == "linux" && self.architecture == platform.as_str() && is_basic
    }
}

/// The first manifest for a platform, or the platforms there are, as people write them.
pub(super) fn choose(offers: &[Offer], platform: Platform) -> Result<Digest, String> {
    let suits = |offer: &&Offer| {
        offer
            .platform
            .as_ref()
            .is_some_and(|made_for| made_for.suits(platform))
    };
    if let Some(offer) = offers.iter().find(suits) {
        return Ok(offer.digest);
    }
    let mut known: Vec<String> = offers
        .iter()
        .filter_map(|offer| offer.platform.as_ref())
        // Attestations are listed as images for nothing.
        .filter(|made_for| made_for.os != "unknown")
        .map(|made_for| {
            let variant = made_for.variant.iter().map(|variant| format!("/{variant}"));
            format!(
                "{}/{}{}",
                made_for.os,
                made_for.architecture,
                variant.collect::<String>()
            )
        })
        .collect();
    known.dedup();
    Err(if known.is_empty() {
        "no platform".to_owned()
    } else {
        known.join(", ")
    })
}

/// Checks that a configuration belongs to this manifest and to this platform.
pub(super) fn check_configuration(
    content: &[u8],
    manifest: &Manifest,
    platform: Platform,
) -> Result<ConfigFile, ConfigurationFault> {
    let made_for: OfferedPlatform = serde_json::from_slice(content).map_err(ConfigurationFault::Form)?;
    if made_for.os != "linux" || made_for.architecture != platform.as_str() {
        let offered = format!("{}/{}", made_for.os, made_for.architecture);
        return Err(ConfigurationFault::Platform { offered });
    }
    let config: ConfigFile = serde_json::from_slice(content).map_err(ConfigurationFault::Form)?;
    if config.rootfs.diff_ids.len() != manifest.layers.len() {
        return Err(ConfigurationFault::Form(serde::de::Error::custom(
            "it has another number of layers than the manifest",
        )));
    }
    Ok(config)
}

/// Why a configuration is of no use.
#[derive(Debug)]
pub(super) enum ConfigurationFault {
    /// It is damaged, or does not belong to the manifest.
    Form(serde_json::Error),
    /// It is for something else.
    Platform {
        /// For what.
        offered: String,
    },
}

/// What a registry says about an error, in a line: its own words where it uses the usual form.
pub(super) fn complaint(content: &[u8]) -> String {
    #[derive(Deserialize)]
    struct Complaints {
        errors: Vec<Complaint>,
    }
    #[derive(Deserialize)]
    struct Complaint {
        #[serde(default)]
        code: String,
        #[serde(default)]
        message: String,
    }
    const LONGEST: usize = 200;
    let text = match serde_json::from_slice::<Complaints>(content) {
        Ok(Complaints { errors }) => errors
            .iter()
            .map(|error| format!("{}: {}", error.code, error.message))
            .collect::<Vec<_>>()
            .join("; "),
        Err(_) => String::new(),
    };
    text.chars()
        .map(|letter| if letter.is_control() { ' ' } else { letter })
        .take(LONGEST)
        .collect()
}
