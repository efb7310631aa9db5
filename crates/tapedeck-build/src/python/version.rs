//! Which Python a project wants: a function of texts found in it.

/// Major and minor number, such as 3.11. All releases of a line run the same code and packages.
pub(crate) type Line = (u16, u16);

/// What is wanted, and who asks for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Wish {
    pub(crate) wanted: Wanted,
    /// Such as `requires-python of pyproject.toml`, or `default` when nobody does.
    pub(crate) asked_by: String,
    /// The text as it stands there.
    pub(crate) text: String,
}

/// Which lines would do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Wanted {
    /// This one alone.
    Line(Line),
    /// Those for which all comparisons of one of the alternatives hold.
    Range(Vec<Vec<Comparison>>),
}

/// One comparison, such as `>=3.9`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Comparison {
    sign: Sign,
    numbers: Vec<u16>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Sign {
    Any,
    AtLeast,
    Above,
    AtMost,
    Below,
    Equal,
    NotEqual,
    /// `~=`: not below, and equal but for the last number.
    Compatible,
    /// Poetry's `^`: the same major version.
    Caret,
    /// Poetry's `~`: the same line, or the same major version if only that is written.
    Tilde,
}

/// A text that says no version of Python.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "cannot use `{text}`, which {source_name} gives as the version of Python: write a version such as 3.12 or a range such \
     as >=3.11, or set languageSpecificConfig.pythonVersion"
)]
pub struct InvalidPythonVersion {
    /// Where the text stands.
    pub source_name: String,
    /// The text.
    pub text: String,
}

impl Wish {
    /// What nobody asks for: any Python.
    pub(crate) fn none() -> Self {
        Self {
            wanted: Wanted::Range(vec![Vec::new()]),
            asked_by: "default".to_owned(),
            text: String::new(),
        }
    }

    /// The wish that a text tells.
    pub(crate) fn parse(text: &str, asked_by: &str) -> Result<Self, InvalidPythonVersion> {
        let text = text.trim();
        match Wanted::parse(text) {
            Some(wanted) => Ok(Self {
                wanted,
                asked_by: asked_by.to_owned(),
                text: text.to_owned(),
            }),
            None => Err(InvalidPythonVersion {
                source_name: asked_by.to_owned(),
                text: text.to_owned(),
            }),
        }
    }
}

impl Wanted {
    /// A version, as tools write it, or a range in the notation of packages or of Poetry.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let plain = ["cpython-", "cpython@", "python-", "python"]
            .iter()
            .find_map(|prefix| text.strip_prefix(prefix))
            .unwrap_or(text);
        if plain.starts_with(|letter: char| letter.is_ascii_digit()) && !plain.contains([',', '|', ' ']) {
            return match numbers(plain)?[..] {
                [major] => Some(Self::Range(vec![vec![Comparison {
                    sign: Sign::Equal,
                    numbers: vec![major],
                }]])),
                [major, minor, ..] => Some(Self::Line((major, minor))),
                [] => None,
            };
        }
        let alternatives = plain.split("||").map(|all| {
            let all = all.split(',').map(str::trim).filter(|part| !part.is_empty());
            all.map(Comparison::parse).collect::<Option<Vec<_>>>()
        });
        let alternatives: Vec<_> = alternatives.collect::<Option<_>>()?;
        (!alternatives.iter().all(Vec::is_empty)).then_some(Self::Range(alternatives))
    }

    /// Whether a release of the line would do.
    pub(crate) fn allows(&self, line: Line) -> bool {
        match self {
            Self::Line(wanted) => *wanted == line,
            Self::Range(alternatives) => alternatives
                .iter()
                .any(|all| all.iter().all(|comparison| comparison.allows(line))),
        }
    }

    /// Whether every line would do.
    pub(crate) fn is_anything(&self) -> bool {
        matches!(self, Self::Range(alternatives) if alternatives.iter().any(Vec::is_empty))
    }

    /// The oldest line of those there have been that would do.
    pub(crate) fn oldest(&self) -> Option<Line> {
        let lines = (0..=7)
            .map(|minor| (2, minor))
            .chain((0..=40).map(|minor| (3, minor)));
        lines.into_iter().find(|&line| self.allows(line))
    }
}

impl Comparison {
    fn parse(text: &str) -> Option<Self> {
        const SIGNS: [(&str, Sign); 11] = [
            ("===", Sign::Equal),
            ("==", Sign::Equal),
            (">=", Sign::AtLeast),
            ("<=", Sign::AtMost),
            ("!=", Sign::NotEqual),
            ("~=", Sign::Compatible),
            (">", Sign::Above),
            ("<", Sign::Below),
            ("^", Sign::Caret),
            ("~", Sign::Tilde),
            ("=", Sign::Equal),
        ];
        if text == "*" {
            return Some(Self {
                sign: Sign::Any,
                numbers: Vec::new(),
            });
        }
        let found = SIGNS
            .iter()
            .find_map(|&(written, sign)| Some((sign, text.strip_prefix(written)?)));
        let (sign, version) = found.unwrap_or((Sign::Equal, text));
        let numbers = numbers(version.trim())?;
        // `!=3.9.1` takes no line away, `!=3.9.*` and `!=3.9` do what they say.
        let sign = if sign == Sign::NotEqual && numbers.len() > 2 {
            Sign::Any
        } else {
            sign
        };
        (!numbers.is_empty()).then_some(Self { sign, numbers })
    }

    /// Whether some release of the line fulfils it.
    fn allows(&self, line: Line) -> bool {
        let major = self.numbers.first().copied().unwrap_or(0);
        let named = (major, self.numbers.get(1).copied().unwrap_or(0));
        let is_within = match self.numbers.len() {
            0 | 1 => line.0 == major,
            _ => line == named,
        };
        match self.sign {
            Sign::Any => true,
            Sign::AtLeast | Sign::Above => line >= named,
            Sign::AtMost => line <= named,
            Sign::Below => {
                line < named || (line == named && self.numbers.iter().skip(2).any(|part| *part > 0))
            }
            Sign::Equal => is_within,
            Sign::NotEqual => !is_within,
            Sign::Compatible if self.numbers.len() > 2 => line == named,
            Sign::Compatible | Sign::Caret => line.0 == major && line >= named,
            Sign::Tilde => is_within,
        }
    }
}

/// The line of a version such as `3.11.2`.
pub(crate) fn line_of(version: &str) -> Option<Line> {
    match numbers(version)?[..] {
        [major, minor, ..] => Some((major, minor)),
        _ => None,
    }
}

/// The first three numbers of a version. What follows them, as in `3.13.0rc1`, and a final `.*` are left out.
fn numbers(text: &str) -> Option<Vec<u16>> {
    let mut numbers = Vec::new();
    for part in text.split('.') {
        if part == "*" || part == "x" {
            break;
        }
        let digits = part
            .find(|letter: char| !letter.is_ascii_digit())
            .unwrap_or(part.len());
        numbers.push(part[..digits].parse().ok()?);
        if digits < part.len() {
            // `3.13t` is another build of Python, `3.13.0rc1` an early release.
            return (numbers.len() > 2).then_some(numbers);
        }
    }
    numbers.truncate(3);
    Some(numbers)
}

/// The first version of the line `python …` of a `.tool-versions` file.
pub(crate) fn tool_version(text: &str) -> Option<&str> {
    text.lines().find_map(|line| {
        let mut words = line.split_whitespace();
        (words.next() == Some("python")).then(|| words.next()).flatten()
    })
}

/// The first line that says something of a `.python-version` file.
pub(crate) fn version_file(text: &str) -> Option<&str> {
    text.lines()
        .map(str::trim)
        .find(|line| !line.is_empty() && !line.starts_with('#'))
}
