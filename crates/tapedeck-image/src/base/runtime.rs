//! What a base image is for.

use std::fmt;
use std::str::FromStr;

use super::NodeVersion;

/// What a base image runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Runtime {
    /// Node, as npm serves it.
    Node(NodeVersion),
    /// Python of this machine's distribution.
    Python(PythonVersion),
    /// A Java runtime of this machine's distribution, by its major version. Without a compiler.
    Java(u16),
    /// Programs that bring everything they need, such as those of Go: no C library, no shell.
    Static,
}

/// A [`Runtime`] without its version.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RuntimeKind {
    /// Node.
    Node,
    /// Python.
    Python,
    /// Java.
    Java,
    /// Programs that bring everything they need.
    Static,
}

/// Which Python a base image has. Written `3.11`; a third number is read and not looked at, because a distribution
/// has one release of each.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum PythonVersion {
    /// What `python3` is in this machine's distribution.
    #[default]
    Distribution,
    /// The release of this line, such as 3.11.
    Line(u16, u16),
}

/// A text that is no version of Python.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a version of Python: write it as 3.11")]
pub struct InvalidPythonVersion(pub String);

impl Runtime {
    /// The runtime without its version.
    #[must_use]
    pub const fn kind(self) -> RuntimeKind {
        match self {
            Self::Node(_) => RuntimeKind::Node,
            Self::Python(_) => RuntimeKind::Python,
            Self::Java(_) => RuntimeKind::Java,
            Self::Static => RuntimeKind::Static,
        }
    }
}

impl RuntimeKind {
    /// The program that has to be on the `PATH` of such a base.
    #[must_use]
    pub const fn program(self) -> Option<&'static str> {
        match self {
            Self::Node => Some("node"),
            Self::Python => Some("python3"),
            Self::Java => Some("java"),
            Self::Static => None,
        }
    }

    /// The environment variable by which people name such a base.
    #[must_use]
    pub const fn variable(self) -> &'static str {
        match self {
            Self::Node => "TAPEDECK_NODE_BASE",
            Self::Python => "TAPEDECK_PYTHON_BASE",
            Self::Java => "TAPEDECK_JAVA_BASE",
            Self::Static => "TAPEDECK_STATIC_BASE",
        }
    }

    /// What an assembled base of this version is called.
    pub(super) fn base_name(self, version: &str) -> String {
        let kind = match self {
            Self::Node => "node",
            Self::Python => "python",
            Self::Java => "java",
            Self::Static => "static",
        };
        match version {
            "" => format!("tapedeck/{kind}"),
            version => format!("tapedeck/{kind}:{version}"),
        }
    }

    /// A name of such a base in a registry that everybody knows.
    #[must_use]
    pub const fn example(self) -> &'static str {
        match self {
            Self::Node => "node:24",
            Self::Python => "python:3.13-slim",
            Self::Java => "eclipse-temurin:21-jre",
            Self::Static => "debian:stable-slim",
        }
    }
}

/// The word of the records: `node-24`, `python-3.11`, `python-distribution`, `java-17`, `static`.
impl fmt::Display for Runtime {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Node(version) => write!(out, "node-{version}"),
            Self::Python(version) => write!(out, "python-{version}"),
            Self::Java(major) => write!(out, "java-{major}"),
            Self::Static => out.write_str("static"),
        }
    }
}

impl fmt::Display for RuntimeKind {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            Self::Node => "Node",
            Self::Python => "Python",
            Self::Java => "Java",
            Self::Static => "static programs",
        })
    }
}

impl fmt::Display for PythonVersion {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Distribution => out.write_str("distribution"),
            Self::Line(major, minor) => write!(out, "{major}.{minor}"),
        }
    }
}

impl FromStr for PythonVersion {
    type Err = InvalidPythonVersion;
    fn from_str(text: &str) -> Result<Self, InvalidPythonVersion> {
        let numbers = text.split('.').map(str::parse::<u16>);
        match numbers.collect::<Result<Vec<_>, _>>().as_deref() {
            Ok([major, minor] | [major, minor, _]) => Ok(Self::Line(*major, *minor)),
            _ => Err(InvalidPythonVersion(text.to_owned())),
        }
    }
}
