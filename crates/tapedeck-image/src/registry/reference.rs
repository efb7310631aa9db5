//! Names of images, read as Docker reads them.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::str::FromStr;

use crate::Digest;

/// The registry of names that name none, and the host that answers for it.
const DOCKER_HUB: &str = "docker.io";
const DOCKER_HUB_HOST: &str = "registry-1.docker.io";
/// The older spelling of the same.
const DOCKER_HUB_INDEX: &str = "index.docker.io";

/// Longest name, registry included. Source: the grammar of `distribution/reference`.
const LONGEST_NAME: usize = 255;
/// Longest tag.
const LONGEST_TAG: usize = 128;

/// The name of an image in a registry: `[registry/]name[:tag][@digest]`.
///
/// Shown in full, such as `docker.io/library/node:22`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Reference {
    registry: String,
    repository: String,
    tag: Option<String>,
    digest: Option<Digest>,
}

/// A text that does not name an image.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` does not name an image: {reason}")]
pub struct InvalidReference {
    /// The text, without what may be a password.
    pub text: String,
    /// What is wrong with it, and what would be right.
    pub reason: &'static str,
}

impl Reference {
    /// Reads a name. Without a registry it is one of Docker Hub's, without tag and digest it is tagged
    /// `latest`.
    ///
    /// # Errors
    /// [`InvalidReference`] for anything that Docker would not take either.
    pub fn parse(text: &str) -> Result<Self, InvalidReference> {
        parse(text).map_err(|reason| InvalidReference {
            text: without_credentials(text),
            reason,
        })
    }

    /// The registry as it is written in names, such as `docker.io` or `registry.example:5000`.
    #[must_use]
    pub fn registry(&self) -> &str {
        &self.registry
    }

    /// The name within the registry, such as `library/node`.
    #[must_use]
    pub fn repository(&self) -> &str {
        &self.repository
    }

    /// The tag. Where there is a digest it is only a remark.
    #[must_use]
    pub fn tag(&self) -> Option<&str> {
        self.tag.as_deref()
    }

    /// The digest, if it is pinned to one.
    #[must_use]
    pub fn digest(&self) -> Option<Digest> {
        self.digest
    }

    /// The same name pinned to a digest.
    #[must_use]
    pub fn pinned(&self, digest: Digest) -> Self {
        Self {
            digest: Some(digest),
            ..self.clone()
        }
    }

    /// Host and port that are to be asked.
    pub(super) fn host(&self) -> &str {
        if self.registry == DOCKER_HUB {
            DOCKER_HUB_HOST
        } else {
            &self.registry
        }
    }

    /// Whether the registry is on this machine. Only then is it asked without TLS.
    #[must_use]
    pub fn is_loopback(&self) -> bool {
        is_loopback(&self.registry)
    }

    /// What the registry is asked for: the digest, else the tag.
    pub(super) fn wanted(&self) -> String {
        match (&self.digest, &self.tag) {
            (Some(digest), _) => digest.to_string(),
            (None, Some(tag)) => tag.clone(),
            (None, None) => "latest".to_owned(),
        }
    }
}

impl fmt::Display for Reference {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}/{}", self.registry, self.repository)?;
        if let Some(tag) = &self.tag {
            write!(out, ":{tag}")?;
        }
        if let Some(digest) = &self.digest {
            write!(out, "@{digest}")?;
        }
        Ok(())
    }
}

impl FromStr for Reference {
    type Err = InvalidReference;
    fn from_str(text: &str) -> Result<Self, InvalidReference> {
        Self::parse(text)
    }
}

/// Whether a host, with or without port, is this machine whatever a name server says.
pub(super) fn is_loopback(host: &str) -> bool {
    let bare = match host.strip_prefix('[') {
        Some(rest) => rest.split(']').next().unwrap_or(rest),
        None => host.split(':').next().unwrap_or(host),
    };
    match bare.parse() {
        Ok(IpAddr::V4(address)) => Ipv4Addr::is_loopback(&address),
        Ok(IpAddr::V6(address)) => Ipv6Addr::is_loopback(&address),
        Err(_) => bare == "localhost",
    }
}

fn parse(text: &str) -> Result<Reference, &'static str> {
    if text.is_empty() {
        return Err("it is empty; write for example node:22 or registry.example:5000/node:22");
    }
    if text.contains("://") {
        return Err("leave out the part before and including `://`");
    }
    let (name, digest) = match text.split_once('@') {
        Some((name, digest)) => (
            name,
            Some(digest.parse().map_err(
                |_| "what follows `@` has to be `sha256:` and 64 hexadecimal digits; credentials belong into `docker login`",
            )?),
        ),
        None => (text, None),
    };
    let (name, tag) = match name.rsplit_once(':') {
        // A colon before the last slash belongs to a port.
        Some((name, tag)) if !tag.contains('/') => (name, Some(tag)),
        _ => (name, None),
    };
    if tag.is_some_and(|tag| !is_tag(tag)) {
        return Err(
            "a tag has at most 128 letters, digits, `_`, `.` and `-`, and begins with none of the last two",
        );
    }
    let (registry, path) = split_registry(name);
    if name.len() > LONGEST_NAME {
        return Err("a name has at most 255 characters");
    }
    if !is_host(registry) {
        return Err("the registry has to be a host, with or without `:` and a port");
    }
    if path.is_empty() || !path.split('/').all(is_path_part) {
        return Err(
            "a name consists of parts in lower-case letters and digits, with `.`, `_`, `__` or `-` only between \
             them, and slashes between the parts",
        );
    }
    let is_official = registry == DOCKER_HUB && !path.contains('/');
    Ok(Reference {
        registry: registry.to_owned(),
        repository: if is_official {
            format!("library/{path}")
        } else {
            path.to_owned()
        },
        tag: match (tag, digest) {
            (Some(tag), _) => Some(tag.to_owned()),
            (None, Some(_)) => None,
            (None, None) => Some("latest".to_owned()),
        },
        digest,
    })
}

/// The first part is a registry if it could not be part of a name on Docker Hub.
fn split_registry(name: &str) -> (&str, &str) {
    let is_registry = |first: &str| {
        first.contains(['.', ':'])
            || first == "localhost"
            || first.bytes().any(|byte| byte.is_ascii_uppercase())
    };
    match name.split_once('/') {
        Some((DOCKER_HUB_INDEX, path)) => (DOCKER_HUB, path),
        Some((first, path)) if is_registry(first) => (first, path),
        _ => (DOCKER_HUB, name),
    }
}

fn is_host(text: &str) -> bool {
    let (host, port) = match text.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((address, "")) => return address.parse::<Ipv6Addr>().is_ok(),
        Some((address, rest)) => {
            let is_port = rest.strip_prefix(':').is_some_and(is_port);
            return is_port && address.parse::<Ipv6Addr>().is_ok();
        }
        None => match text.split_once(':') {
            Some((host, port)) => (host, Some(port)),
            None => (text, None),
        },
    };
    let is_label = |label: &str| {
        let inner = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
        !label.is_empty() && label.bytes().all(inner) && !label.starts_with('-') && !label.ends_with('-')
    };
    host.split('.').all(is_label) && port.is_none_or(is_port)
}

fn is_port(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_digit()) && text.parse::<u16>().is_ok_and(|port| port > 0)
}

fn is_tag(text: &str) -> bool {
    let is_word = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    let mut bytes = text.bytes();
    text.len() <= LONGEST_TAG
        && bytes.next().is_some_and(is_word)
        && bytes.all(|byte| is_word(byte) || matches!(byte, b'.' | b'-'))
}

/// Runs of letters and digits with one separator between them: `.`, `_`, `__` or any number of `-`.
fn is_path_part(part: &str) -> bool {
    let is_plain = |letter: char| letter.is_ascii_lowercase() || letter.is_ascii_digit();
    let separators = part.split(is_plain).filter(|between| !between.is_empty());
    part.starts_with(is_plain)
        && part.ends_with(is_plain)
        && separators
            .into_iter()
            .all(|between| matches!(between, "." | "_" | "__") || between.bytes().all(|byte| byte == b'-'))
}

/// The text without what stands before an `@` that introduces no digest.
fn without_credentials(text: &str) -> String {
    match text.rsplit_once('@') {
        Some((_, rest)) if !rest.starts_with("sha256:") => format!("…@{rest}"),
        Some((before, rest)) if before.contains("://") || before.contains('@') => format!("…@{rest}"),
        _ => text.to_owned(),
    }
}
