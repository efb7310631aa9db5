//! A text with a name, places in it, and values that know their place.

/// A text that a person wrote, and the name it is shown under.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Source {
    name: String,
    text: String,
    /// Byte offset of the start of each line; the first is 0.
    line_starts: Vec<usize>,
}

/// A place as people count: both numbers begin at 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Position {
    /// The line.
    pub line: usize,
    /// The column, in characters (not bytes).
    pub column: usize,
}

impl Source {
    /// Takes a text and the name that messages show for it, such as `stacktape.yml`.
    #[must_use]
    pub fn new(name: impl Into<String>, text: impl Into<String>) -> Self {
        let text = text.into();
        let line_starts = std::iter::once(0)
            .chain(text.match_indices('\n').map(|(at, _)| at + 1))
            .collect();
        Self {
            name: name.into(),
            text,
            line_starts,
        }
    }

    /// The name as shown to people.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The whole text.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Where a byte offset lies. An offset past the end counts as the end, one inside a character as its start.
    #[must_use]
    pub fn position(&self, offset: usize) -> Position {
        let offset = self.text.floor_char_boundary(offset);
        let line = self.line_starts.partition_point(|start| *start <= offset);
        let start = self.line_starts[line - 1];
        Position {
            line,
            column: self.text[start..offset].chars().count() + 1,
        }
    }

    /// The text of a line, counted from 1, without its line break; empty when there is no such line.
    #[must_use]
    pub fn line(&self, number: usize) -> &str {
        let Some(start) = number
            .checked_sub(1)
            .and_then(|index| self.line_starts.get(index))
        else {
            return "";
        };
        let end = self
            .line_starts
            .get(number)
            .map_or(self.text.len(), |next| next - 1);
        let line = &self.text[*start..end];
        line.strip_suffix('\r').unwrap_or(line)
    }
}

/// Which source of a [`Sources`] a place is in. The first one, `SourceId::MAIN`, is the file that was asked for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SourceId(u32);

impl SourceId {
    /// The file that was asked for.
    pub const MAIN: Self = Self(0);
}

/// The file that was asked for, and those that it made somebody read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sources {
    main: Source,
    others: Vec<Source>,
}

impl Sources {
    /// The file that was asked for, alone.
    #[must_use]
    pub fn new(main: Source) -> Self {
        Self {
            main,
            others: Vec::new(),
        }
    }

    /// The file that was asked for.
    #[must_use]
    pub fn main(&self) -> &Source {
        &self.main
    }

    /// Takes another file.
    pub fn add(&mut self, source: Source) -> SourceId {
        self.others.push(source);
        SourceId(u32::try_from(self.others.len()).unwrap_or(u32::MAX))
    }

    /// The source of an id. One that is of another set is taken for the main one.
    #[must_use]
    pub fn get(&self, id: SourceId) -> &Source {
        match (id.0 as usize).checked_sub(1) {
            Some(index) => self.others.get(index).unwrap_or(&self.main),
            None => &self.main,
        }
    }
}

impl From<Source> for Sources {
    fn from(main: Source) -> Self {
        Self::new(main)
    }
}

/// A range of bytes in a [`Source`]: `start` is in it, `end` is not.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Span {
    /// In which source.
    pub source: SourceId,
    /// The first byte.
    pub start: usize,
    /// The byte after the last one; equal to `start` for a mere point.
    pub end: usize,
}

impl Span {
    /// The range from `start` to `end` of the main source.
    #[must_use]
    pub const fn new(start: usize, end: usize) -> Self {
        Self {
            source: SourceId::MAIN,
            start,
            end,
        }
    }

    /// The point before the byte `at` of the main source.
    #[must_use]
    pub const fn point(at: usize) -> Self {
        Self::new(at, at)
    }

    /// The same range of another source.
    #[must_use]
    pub const fn of(self, source: SourceId) -> Self {
        Self { source, ..self }
    }

    /// The point at which it begins.
    #[must_use]
    pub const fn start_point(self) -> Self {
        Self {
            end: self.start,
            ..self
        }
    }

    /// The range from `start` to `end` of the same source.
    #[must_use]
    pub const fn part(self, start: usize, end: usize) -> Self {
        Self { start, end, ..self }
    }

    /// Whether another range lies in it.
    #[must_use]
    pub fn contains(self, other: Self) -> bool {
        self.source == other.source && self.start <= other.start && other.end <= self.end
    }
}

/// A value and where it was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Spanned<T> {
    /// The value.
    pub value: T,
    /// Where it was written.
    pub span: Span,
}

impl<T> Spanned<T> {
    /// Joins a value and its place.
    pub const fn new(value: T, span: Span) -> Self {
        Self { value, span }
    }
}
