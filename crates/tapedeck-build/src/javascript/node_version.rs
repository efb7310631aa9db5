//! Which major version of Node an image gets: a function of texts found in the project.

use std::path::PathBuf;

/// The version that was chosen and where it was asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct NodeVersion {
    /// The major version, such as 24.
    pub(crate) major: u16,
    /// Who asked for it, such as `engines.node of package.json`, or `default` when nobody did.
    pub(crate) source: String,
}

/// A wish that cannot be met.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "cannot use `{text}`, which {source_name} gives as the version of Node: write a major version from {oldest} to {newest}, \
     or set languageSpecificConfig.nodeVersion"
)]
pub struct InvalidNodeVersion {
    /// Where the text stands.
    pub source_name: String,
    /// The text.
    pub text: String,
    /// The least version there is.
    pub oldest: u16,
    /// The greatest version there is.
    pub newest: u16,
}

/// A text that may say which version is wanted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Wish {
    pub(crate) source: WishSource,
    pub(crate) text: String,
}

/// Where a wish stands. In order of precedence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum WishSource {
    /// `languageSpecificConfig.nodeVersion` of the config file.
    Configuration,
    /// `engines.node` of a `package.json`.
    Engines(PathBuf),
    /// A file that holds nothing but a version: `.nvmrc` or `.node-version`.
    VersionFile(PathBuf),
    /// A line `nodejs …` of `.tool-versions`.
    ToolVersions(PathBuf),
    /// `volta.node` of a `package.json`.
    Volta(PathBuf),
}

/// The versions there are and the one to use when nobody asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Offer {
    pub(crate) oldest: u16,
    pub(crate) newest: u16,
    pub(crate) default: u16,
}

/// Chooses by the first wish. A wish that leaves a choice gets the default line if it allows that, else the
/// newest even (long-term) line, else the newest.
pub(crate) fn choose(wishes: &[Wish], offer: Offer) -> Result<NodeVersion, InvalidNodeVersion> {
    let Some(wish) = wishes.iter().min_by_key(|wish| wish.source.rank()) else {
        return Ok(NodeVersion {
            major: offer.default,
            source: "default".to_owned(),
        });
    };
    let text = wish.version_text();
    let allowed: Vec<u16> = (offer.oldest..=offer.newest)
        .filter(|&major| allows(text, major, offer.default).unwrap_or(false))
        .collect();
    let even = allowed.iter().copied().filter(|major| major % 2 == 0).max();
    let best = if allowed.contains(&offer.default) {
        Some(offer.default)
    } else {
        even.or(allowed.last().copied())
    };
    best.map(|major| NodeVersion {
        major,
        source: wish.source.to_string(),
    })
    .ok_or_else(|| InvalidNodeVersion {
        source_name: wish.source.to_string(),
        text: text.to_owned(),
        oldest: offer.oldest,
        newest: offer.newest,
    })
}

impl Wish {
    /// The part of the text that names the version.
    fn version_text(&self) -> &str {
        let meaningful = |line: &&str| !line.is_empty() && !line.starts_with('#');
        let mut lines = self.text.lines().map(str::trim).filter(meaningful);
        match self.source {
            WishSource::ToolVersions(_) => tool_version(&self.text).unwrap_or(&self.text),
            WishSource::VersionFile(_) => lines.next().unwrap_or(""),
            _ => self.text.trim(),
        }
    }
}

/// The first version of the line `nodejs …` (or `node …`) of a `.tool-versions` file.
pub(crate) fn tool_version(text: &str) -> Option<&str> {
    text.lines().find_map(|line| {
        let mut words = line.split_whitespace();
        matches!(words.next(), Some("nodejs" | "node"))
            .then(|| words.next())
            .flatten()
    })
}

impl WishSource {
    /// Lower goes first. Among equals the first one given does.
    fn rank(&self) -> u8 {
        match self {
            Self::Configuration => 0,
            Self::Engines(_) => 1,
            Self::VersionFile(path) if path.ends_with(".nvmrc") => 2,
            Self::VersionFile(_) => 3,
            Self::ToolVersions(_) => 4,
            Self::Volta(_) => 5,
        }
    }
}

impl std::fmt::Display for WishSource {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Configuration => out.write_str("languageSpecificConfig.nodeVersion"),
            Self::Engines(path) => write!(out, "engines.node of {}", path.display()),
            Self::Volta(path) => write!(out, "volta.node of {}", path.display()),
            Self::VersionFile(path) | Self::ToolVersions(path) => path.display().fmt(out),
        }
    }
}

/// Whether a wish is met by a major version. None: the wish cannot be read.
pub(crate) fn allows_node(wish: &str, major: u16) -> Option<bool> {
    allows(wish.trim(), major, major)
}

/// Whether a range in npm's notation allows some version of a major line. None: the text is no range.
fn allows(text: &str, major: u16, default: u16) -> Option<bool> {
    text.split("||").try_fold(false, |found, alternative| {
        Some(found | allows_all(alternative.trim(), major, default)?)
    })
}

/// One alternative of a range: comparators that all have to hold.
fn allows_all(text: &str, major: u16, default: u16) -> Option<bool> {
    if let Some((low, high)) = text.split_once(" - ") {
        return Some((parse(low, default)?.major..=parse(high, default)?.major).contains(&major));
    }
    // `>= 20` is one comparator, although it has a space.
    let joined = ["<", ">", "=", "^", "~"]
        .iter()
        .fold(text.to_owned(), |text, sign| {
            text.replace(&format!("{sign} "), sign)
        });
    if joined.trim().is_empty() {
        return None;
    }
    joined.split_whitespace().try_fold(true, |holds, comparator| {
        Some(holds & holds_for(comparator, major, default)?)
    })
}

fn holds_for(comparator: &str, major: u16, default: u16) -> Option<bool> {
    if matches!(
        comparator,
        "*" | "x" | "X" | "latest" | "current" | "node" | "stable" | "lts/*" | "lts" | "system"
    ) {
        return Some(true);
    }
    let digits = comparator.trim_start_matches(['<', '>', '=', '^', '~']);
    let wanted = parse(digits, default)?;
    Some(match &comparator[..comparator.len() - digits.len()] {
        "" | "=" | "^" | "~" => major == wanted.major,
        ">=" => major >= wanted.major,
        ">" => major > wanted.major || (major == wanted.major && !wanted.is_bare),
        "<=" => major <= wanted.major,
        "<" => major < wanted.major || (major == wanted.major && wanted.is_inside),
        _ => return None,
    })
}

/// A version as far as a choice among major lines needs it.
struct Parsed {
    major: u16,
    /// Only the major number was written: `20` means all of 20.
    is_bare: bool,
    /// Some version of this major line is less than it: `22.3`, but not `22` or `22.0.0`.
    is_inside: bool,
}

fn parse(text: &str, default: u16) -> Option<Parsed> {
    let text = text.trim().trim_start_matches(['v', 'V']);
    if let Some(name) = text.strip_prefix("lts/") {
        let major = if name == "*" {
            default
        } else {
            line_of_code_name(name)?
        };
        return Some(Parsed {
            major,
            is_bare: true,
            is_inside: false,
        });
    }
    let numbers = text.split(['-', '+']).next().unwrap_or(text);
    let mut parts = numbers.split('.');
    let major = parts.next()?.parse().ok()?;
    let rest: Vec<&str> = parts.collect();
    let is_part = |part: &&str| matches!(*part, "x" | "X" | "*") || part.parse::<u32>().is_ok();
    if rest.len() > 2 || !rest.iter().all(is_part) {
        return None;
    }
    let is_inside = rest
        .iter()
        .any(|part| part.parse::<u32>().is_ok_and(|number| number > 0));
    Some(Parsed {
        major,
        is_bare: rest.iter().all(|part| part.parse::<u32>().is_err()),
        is_inside,
    })
}

/// Long-term lines by their code names. Source: the release schedule of Node.
fn line_of_code_name(name: &str) -> Option<u16> {
    Some(match name.to_ascii_lowercase().as_str() {
        "gallium" => 16,
        "hydrogen" => 18,
        "iron" => 20,
        "jod" => 22,
        "krypton" => 24,
        _ => return None,
    })
}
