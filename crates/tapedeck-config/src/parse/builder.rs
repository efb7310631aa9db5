//! Events of the YAML parser to a tree, without recursion.

use std::collections::HashMap;

use saphyr_parser::{Event, ScalarStyle, Tag};
use tapedeck_diagnostic::{Allowed, Diagnostics, Found, Span, Spanned};

use super::frame::{Anchored, Content, Frame, Node, OpenMapping};
use super::limits::Size;
use super::spans::{of_scalar, trimmed};
use super::{MAX_DEPTH, Scalar, ScalarKind, Stop, Value, scalar};

/// Takes the events of one document in their order, and keeps the count of what they add up to.
pub(super) struct Builder<'a> {
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
    pub(super) fn new(text: &'a str, diagnostics: &'a mut Diagnostics) -> Self {
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
    pub(super) fn finish(self) -> Option<Spanned<Value>> {
        self.root.filter(|root| root.value.found() != Found::Empty)
    }

    /// Takes the next event.
    pub(super) fn event(&mut self, event: Event<'_>, span: Span) -> Result<(), Stop> {
        match event {
            Event::Scalar(text, style, anchor, tag) => {
                self.check_tag(tag.as_deref(), span);
                let kind = scalar_kind(&text, style, tag.as_deref());
                let text = text.into_owned();
                let value = Spanned::new(Scalar { text, kind }, of_scalar(self.text, span, style));
                self.scalar(value, style == ScalarStyle::Plain, anchor)
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

    /// Reports that it is not YAML, and why it makes no sense to read on.
    pub(super) fn refuse(&mut self, at: Span, problem: &str, help: &str) -> Stop {
        self.diagnostics.yaml_syntax(at, problem, Some(help));
        Stop
    }

    fn scalar(&mut self, scalar: Spanned<Scalar>, plain: bool, anchor: usize) -> Result<(), Stop> {
        let Spanned { value: scalar, span } = scalar;
        let size = Size {
            nodes: 1,
            text: scalar.text.len(),
        };
        self.grow(size, span)?;
        if scalar.text.contains('\0') {
            let advice = Allowed::Advice("leave out the NUL character: no process can be given one");
            let text = Spanned::new(scalar.text.clone(), span);
            self.diagnostics.invalid_value(&text, "a text", advice);
        }
        let value = Spanned::new(Value::Scalar(scalar), span);
        self.keep(anchor, &value, size, 0)?;
        self.place(Node {
            value,
            depth: 0,
            plain,
        })
    }

    fn begin(&mut self, content: Content, anchor: usize, start: Span) -> Result<(), Stop> {
        let before = self.size;
        self.grow(Size { nodes: 1, text: 0 }, start)?;
        self.open.push(Frame {
            start,
            anchor,
            before,
            depth: 0,
            content,
        });
        self.refuse_depth(0, start)
    }

    fn end(&mut self, span: Span) -> Result<(), Stop> {
        let frame = self.open.pop().expect("the parser ends only what it began");
        let value = match frame.content {
            Content::List(items) => Value::List(items),
            Content::Mapping(open) => Value::Mapping(open.close()),
        };
        let whole = frame.start.part(frame.start.start, span.end.max(frame.start.end));
        let value = Spanned::new(value, trimmed(self.text, whole));
        let depth = frame.depth + 1;
        self.keep(frame.anchor, &value, self.size.since(frame.before), depth)?;
        self.place(Node {
            value,
            depth,
            plain: false,
        })
    }

    fn alias(&mut self, anchor: usize, span: Span) -> Result<(), Stop> {
        let Some(Anchored { size, depth, .. }) = self.anchors.get(&anchor) else {
            let help = "write the inner value out, or leave it out";
            return Err(self.refuse(span, "an alias stands inside the value that it repeats", help));
        };
        let (size, depth) = (*size, *depth);
        self.grow(size, span)?;
        self.refuse_depth(depth, span)?;
        let copy = self.anchors[&anchor].value.value.clone();
        let value = Spanned::new(copy, span);
        self.place(Node {
            value,
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
        match (&mut frame.content, node.value.value) {
            (Content::List(items), value) => items.push(Spanned::new(value, node.value.span)),
            (Content::Mapping(open), value) if !open.awaits_key() => {
                open.value(Spanned::new(value, node.value.span), self.diagnostics);
            }
            (Content::Mapping(open), Value::Scalar(scalar)) => {
                open.key(
                    Spanned::new(scalar.text, node.value.span),
                    node.plain,
                    self.diagnostics,
                );
            }
            (Content::Mapping(_), _) => {
                let help = "write the key as a text, between quotes if need be";
                return Err(self.refuse(node.value.span, "a key is a list or mapping", help));
            }
        }
        Ok(())
    }

    fn grow(&mut self, part: Size, at: Span) -> Result<(), Stop> {
        let grown = self.size.add(part);
        self.refuse_excess(grown, at)
    }

    /// Keeps a copy of a value that has an anchor (not 0), for aliases to come.
    fn keep(&mut self, anchor: usize, value: &Spanned<Value>, size: Size, depth: usize) -> Result<(), Stop> {
        if anchor == 0 {
            return Ok(());
        }
        let grown = self.kept.add(size);
        self.refuse_excess(grown, value.span)?;
        let value = value.clone();
        self.anchors.insert(anchor, Anchored { value, size, depth });
        Ok(())
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

    /// Reports a tag that is not of YAML itself, such as the short forms of CloudFormation.
    fn check_tag(&mut self, tag: Option<&Tag>, span: Span) {
        if let Some(tag) = tag
            && !tag.is_yaml_core_schema()
            && !is_bare(tag)
        {
            self.diagnostics
                .unknown_tag(trimmed(self.text, span), &tag.to_string());
        }
    }
}

/// What a scalar is by its tag, else by its quotes, else by its letters.
fn scalar_kind(text: &str, style: ScalarStyle, tag: Option<&Tag>) -> ScalarKind {
    match tag {
        Some(tag) if tag.is_yaml_core_schema() && tag.suffix != "str" => scalar::kind_of_plain(text),
        Some(_) => ScalarKind::Text,
        None if style == ScalarStyle::Plain => scalar::kind_of_plain(text),
        None => ScalarKind::Text,
    }
}

/// The tag `!` says "a text" and nothing else.
fn is_bare(tag: &Tag) -> bool {
    (tag.handle.is_empty() && tag.suffix == "!") || (tag.handle == "!" && tag.suffix.is_empty())
}
