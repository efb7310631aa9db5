//! Versions of Go as `go.mod`, `go version` and people write them.

/// A version of Go, in its order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct GoVersion {
    major: u32,
    minor: u32,
    stage: Stage,
}

/// What comes after the first two numbers, in its order: `1.22` is less than `1.22rc1`, that less than `1.22.0`.
/// Source: the reference of Go toolchains.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Stage {
    Line,
    Candidate,
    Release(u32),
}

impl GoVersion {
    /// Reads `1.22`, `go1.22.3`, `1.22rc1` and `go1.22.3 X:something`. None for what is of no release.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let text = text.trim().trim_start_matches("go");
        let text = text.split([' ', '-', '+']).next()?;
        let (major, rest) = text.split_once('.')?;
        let digits = rest.find(|letter: char| !letter.is_ascii_digit());
        let (minor, rest) = rest.split_at(digits.unwrap_or(rest.len()));
        let stage = match rest {
            "" => Stage::Line,
            candidate if candidate.starts_with("rc") || candidate.starts_with("beta") => Stage::Candidate,
            patch => Stage::Release(patch.strip_prefix('.')?.parse().ok()?),
        };
        Some(Self {
            major: major.parse().ok()?,
            minor: minor.parse().ok()?,
            stage,
        })
    }
}
