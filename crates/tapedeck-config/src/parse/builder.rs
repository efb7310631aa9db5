//! Events of the YAML parser to a tree, without recursion.

use std::collections::HashMap;

use saphyr_parser::{Event, ScalarStyle, Tag};
use tapedeck_diagnostic::{Allowed, Diagnostics, Found, Span, Spanned, quoted};

use super::limits::Size;
use super::{Entry, MAX_DEPTH, Mapping, Scalar, ScalarKind, Stop, Value, scalar};

/// The key whose value is merged into its mapping. Source: the YAML type registry, "Merge Key".
const MERGE_KEY: &str = "<<";

/// A finished value on its way into its parent.
struct Node {
    value: Spanned<Value>,
    /// Levels of mappings and lists in it.
    depth: usize,
    /// Whether it may be a merge key: a plain scalar.
    plain: bool,
}

/// A list or mapping that is not finished.
struct Frame {
    start: Span,
    anchor: usize,
    before: Size,
    depth: usize,
    content: Content,
}

enum Content {
    List(Vec<Spanned<Value>>),
    Mapping(OpenMapping),
}

#[derive(Default)]
struct OpenMapping {
    entries: Vec<Entry>,
    /// Where each key was given first.
    places: HashMap<String, Span>,
    /// A key that has no value yet, and whether its value is to be merged.
    pending: Option<(Spanned<String>, bool)>,
    /// What `<<` brought.
    merged: Vec<Entry>,
}

/// What an anchor stands for.
struct Anchored {
    value: Spanned<Value>,
    size: Size,
    depth: usize,
}

pub(crate) struct Builder<'a> {
    text: &'a str,
    diagnostics: &'a mut Diagnostics,
    open: Vec<Frame>,
    anchors: HashMap<usize, Anchored>,
    /// Of the tree so far.
    size: Size,
    /// Of the copies that are kept for aliases to come.
    kept: Size,
    root: Option<Spanned<Value>>,
}

impl<'a> Builder<'a> {
    pub(crate) fn new(text: &'a str, diagnostics: &'a mut Diagnostics) -> Self {
        Self {
            text,
            diagnostics,
            open: Vec::new(),
            anchors: HashMap::new(),
            size: Size::default(),
            kept: Size::default(),
            root: None,
        }
    }

    /// The tree, or nothing when the document is empty.
    pub(crate) fn finish(self) -> Option<Spanned<Value>> {
        self.root.filter(|root| root.value.found() != Found::Empty)
    }

    /// Takes the next event.
    pub(crate) fn event(&mut self, event: Event<'_>, span: Span) -> Result<(), Stop> {
        match event {
            Event::Scalar(text, style, anchor, tag) => {
                let kind = self.scalar_kind(&text, style, tag.as_deref(), span);
                let scalar = Scalar {
                    text: text.into_owned(),
                    kind,
                };
                self.scalar(
                    scalar,
                    style == ScalarStyle::Plain,
                    anchor,
                    self.unpadded(span, style),
                )
            }
            Event::SequenceStart(anchor, tag) => {
                self.check_tag(tag.as_deref(), span);
                self.begin(Content::List(Vec::new()), anchor, span)
            }
            Event::MappingStart(anchor, tag) => {
                self.check_tag(tag.as_deref(), span);
                self.begin(Content::Mapping(OpenMapping::default()), anchor, span)
            }
            Event::SequenceEnd | Event::MappingEnd => self.end(span),
            Event::Alias(anchor) => self.alias(anchor, span),
            Event::Nothing
            | Event::StreamStart
            | Event::StreamEnd
            | Event::DocumentStart(_)
            | Event::DocumentEnd => Ok(()),
        }
    }

    /// Reports that the text is not YAML from here on.
    pub(crate) fn syntax(&mut self, at: Span, problem: &str) {
        let line_start = self.text[..at.start].rfind('\n').map_or(0, |newline| newline + 1);
        let line = self.text[line_start..].lines().next().unwrap_or_default();
        let indent = &line[..line.len() - line.trim_start().len()];
        let help = if indent.contains('\t') {
            Some("YAML is indented with spaces: replace the tab")
        } else if self.text[at.start..].trim().is_empty() {
            Some("the file ends before a quote, bracket or brace is closed, or a key has its value")
        } else {
            Some("look at this line and the one above: indentation, quotes, brackets, or a missing colon")
        };
        let help = help.filter(|_| !problem.contains("second document"));
        self.diagnostics.yaml_syntax(at, &lower_first(problem), help);
    }

    fn scalar(&mut self, scalar: Scalar, plain: bool, anchor: usize, span: Span) -> Result<(), Stop> {
        let size = Size {
            nodes: 1,
            text: scalar.text.len(),
        };
        self.grow(size, span)?;
        if scalar.text.contains('\0') {
            let advice = Allowed::Advice("leave out the NUL character: no process can be given one");
            self.diagnostics
                .invalid_value(&Spanned::new(scalar.text.clone(), span), "a text", advice);
        }
        let value = Spanned::new(Value::Scalar(scalar), span);
        if anchor > 0 {
            self.keep(size, span)?;
            self.anchors.insert(
                anchor,
                Anchored {
                    value: value.clone(),
                    size,
                    depth: 0,
                },
            );
        }
        self.place(Node {
            value,
            depth: 0,
            plain,
        })
    }

    fn begin(&mut self, content: Content, anchor: usize, span: Span) -> Result<(), Stop> {
        let before = self.size;
        self.grow(Size { nodes: 1, text: 0 }, span)?;
        self.open.push(Frame {
            start: span,
            anchor,
            before,
            depth: 0,
            content,
        });
        self.refuse_depth(0, span)
    }

    fn end(&mut self, span: Span) -> Result<(), Stop> {
        let frame = self.open.pop().expect("the parser ends only what it began");
        let value = match frame.content {
            Content::List(items) => Value::List(items),
            Content::Mapping(open) => Value::Mapping(self.close_mapping(open)),
        };
        let whole = self.trimmed(Span::new(frame.start.start, span.end.max(frame.start.end)));
        let value = Spanned::new(value, whole);
        let depth = frame.depth + 1;
        if frame.anchor > 0 {
            let size = self.size.since(frame.before);
            self.keep(size, whole)?;
            self.anchors.insert(
                frame.anchor,
                Anchored {
                    value: value.clone(),
                    size,
                    depth,
                },
            );
        }
        self.place(Node {
            value,
            depth,
            plain: false,
        })
    }

    fn alias(&mut self, anchor: usize, span: Span) -> Result<(), Stop> {
        let Some(anchored) = self.anchors.get(&anchor) else {
            self.syntax(span, "an alias stands inside the value that it repeats");
            return Err(Stop);
        };
        let (size, depth) = (anchored.size, anchored.depth);
        self.grow(size, span)?;
        self.refuse_depth(depth, span)?;
        let copy = self.anchors[&anchor].value.value.clone();
        self.place(Node {
            value: Spanned::new(copy, span),
            depth,
            plain: false,
        })
    }

    /// Puts a finished value into the list or mapping that is open.
    fn place(&mut self, node: Node) -> Result<(), Stop> {
        let Some(frame) = self.open.last_mut() else {
            self.root = Some(node.value);
            return Ok(());
        };
        frame.depth = frame.depth.max(node.depth);
        match &mut frame.content {
            Content::List(items) => items.push(node.value),
            Content::Mapping(open) => match open.pending.take() {
                Some((key, merge)) if merge => {
                    let merged = merge_entries(&key, node.value, self.diagnostics);
                    open.merged.extend(merged);
                }
                Some((key, _)) => open.entries.push(Entry {
                    key,
                    value: node.value,
                }),
                None => return self.key(node),
            },
        }
        Ok(())
    }

    /// Takes a key of the mapping that is open. A key that was there before is reported and still paired with its
    /// value, so that the value is judged too.
    fn key(&mut self, node: Node) -> Result<(), Stop> {
        let span = node.value.span;
        let Value::Scalar(scalar) = node.value.value else {
            self.syntax(span, "a key must be a text, not a list or mapping");
            return Err(Stop);
        };
        let Some(Frame {
            content: Content::Mapping(open),
            ..
        }) = self.open.last_mut()
        else {
            return Ok(());
        };
        let merge = node.plain && scalar.text == MERGE_KEY;
        let key = Spanned::new(scalar.text, span);
        match open.places.get(&key.value) {
            Some(first) => self.diagnostics.duplicate_key(&key, *first),
            None => {
                open.places.insert(key.value.clone(), span);
            }
        }
        open.pending = Some((key, merge));
        Ok(())
    }

    /// Ends a mapping: of keys given twice the first stays, and merged entries fill in what is not there.
    fn close_mapping(&mut self, open: OpenMapping) -> Mapping {
        let OpenMapping {
            mut entries,
            mut places,
            merged,
            ..
        } = open;
        entries.retain(|entry| places.get(&entry.key.value) == Some(&entry.key.span));
        for entry in merged {
            if !places.contains_key(&entry.key.value) {
                places.insert(entry.key.value.clone(), entry.key.span);
                entries.push(entry);
            }
        }
        Mapping { entries }
    }

    fn grow(&mut self, part: Size, at: Span) -> Result<(), Stop> {
        let grown = self.size.add(part);
        self.refuse_excess(grown, at)
    }

    fn keep(&mut self, part: Size, at: Span) -> Result<(), Stop> {
        let grown = self.kept.add(part);
        self.refuse_excess(grown, at)
    }

    fn refuse_excess(&mut self, grown: Result<(), String>, at: Span) -> Result<(), Stop> {
        grown.map_err(|excess| {
            self.diagnostics.too_large(at, &excess);
            Stop
        })
    }

    fn refuse_depth(&mut self, inner: usize, at: Span) -> Result<(), Stop> {
        if self.open.len() + inner <= MAX_DEPTH {
            return Ok(());
        }
        let excess = format!("mappings and lists are nested deeper than {MAX_DEPTH} levels");
        self.diagnostics.too_large(at, &excess);
        Err(Stop)
    }

    fn scalar_kind(&mut self, text: &str, style: ScalarStyle, tag: Option<&Tag>, span: Span) -> ScalarKind {
        self.check_tag(tag, span);
        let says_text = tag.is_some_and(|tag| !tag.is_yaml_core_schema() || tag.suffix == "str");
        let says_other = tag.is_some_and(|tag| tag.is_yaml_core_schema() && tag.suffix != "str");
        match style {
            _ if says_text => ScalarKind::Text,
            ScalarStyle::Plain => scalar::kind_of_plain(text),
            _ if says_other => scalar::kind_of_plain(text),
            _ => ScalarKind::Text,
        }
    }

    /// Reports a tag that is not of YAML itself, such as the short forms of CloudFormation.
    fn check_tag(&mut self, tag: Option<&Tag>, span: Span) {
        if let Some(tag) = tag
            && !tag.is_yaml_core_schema()
            && !is_bare(tag)
        {
            let subject = format!("the tag {}", quoted(&tag.to_string()));
            self.diagnostics.not_supported_yet(self.trimmed(span), &subject);
        }
    }

    /// The span of a scalar without what the parser reads past it: to the closing quote, or to the last letter.
    fn unpadded(&self, span: Span, style: ScalarStyle) -> Span {
        let text = self.text.get(span.start..span.end).unwrap_or_default();
        let length = match style {
            ScalarStyle::DoubleQuoted => quoted_length(text, '"', Some('\\')),
            ScalarStyle::SingleQuoted => quoted_length(text, '\'', None),
            _ => None,
        };
        match length {
            Some(length) => Span::new(span.start, span.start + length),
            None => self.trimmed(span),
        }
    }

    /// A span without the blank lines and spaces at its end.
    fn trimmed(&self, span: Span) -> Span {
        let text = self.text.get(span.start..span.end).unwrap_or_default();
        Span::new(span.start, span.start + text.trim_end().len())
    }
}

/// The length in bytes of the quoted text that `text` begins with, quotes included. A quote within it is doubled, or
/// stands after the escape character if there is one.
fn quoted_length(text: &str, quote: char, escape: Option<char>) -> Option<usize> {
    let mut letters = text.char_indices().skip(1).peekable();
    while let Some((at, letter)) = letters.next() {
        let next_is_quote = letters.peek().is_some_and(|(_, next)| *next == quote);
        if Some(letter) == escape || (letter == quote && escape.is_none() && next_is_quote) {
            letters.next();
        } else if letter == quote {
            return Some(at + quote.len_utf8());
        }
    }
    None
}

/// The tag `!` says "a text" and nothing else.
fn is_bare(tag: &Tag) -> bool {
    (tag.handle.is_empty() && tag.suffix == "!") || (tag.handle == "!" && tag.suffix.is_empty())
}

/// The entries that `<<` brings: those of a mapping, or of a list of mappings, of which the first counts most.
fn merge_entries(key: &Spanned<String>, value: Spanned<Value>, diagnostics: &mut Diagnostics) -> Vec<Entry> {
    let parts = match value.value {
        Value::List(items) => items,
        _ => vec![value],
    };
    let mut entries = Vec::new();
    for part in parts {
        match part.value {
            Value::Mapping(mapping) => entries.extend(mapping.entries),
            other => {
                let expected = "a mapping or a list of mappings";
                diagnostics.wrong_type(part.span, &quoted(&key.value), expected, other.found());
            }
        }
    }
    entries
}

/// The parser's own words as our messages begin.
fn lower_first(text: &str) -> String {
    let mut letters = text.chars();
    let first = letters.next().map(|letter| letter.to_ascii_lowercase());
    first.into_iter().chain(letters).collect()
}
