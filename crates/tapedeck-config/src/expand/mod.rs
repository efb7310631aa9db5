//! A tree with directives to a tree with their results.
//!
//! What only a deployment knows becomes [`Value::Later`]; what cannot be told, because a question is open or a finding
//! was made, becomes [`Value::Unknown`], about which nothing more is said. Results keep the place where they were
//! written. **Invariant:** it always ends: a call that waits for itself is reported with its chain, and the number of
//! calls and the size of what they make are limited.

mod answers;
mod arguments;
mod custom;
mod early;
mod index;
mod late;
mod outside;
mod path;
mod settings;

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use tapedeck_diagnostic::{Diagnostics, Sources, Span, Spanned, quoted};
use tapedeck_model::Expression;

pub use answers::{Answer, Answers, PathState, Question, SecretState, VpcState};
pub(crate) use custom::CustomDirective;
#[cfg(test)]
pub(crate) use settings::parse as parse_settings;

use index::Index;

use crate::LoadOptions;
use crate::directive::{self, Call, Reading};
use crate::parse::{Entry, MAX_DEPTH, Mapping, Size, Stop, Value};

/// How many calls a file may make, calls within results of calls included.
pub const MAX_CALLS: usize = 20_000;

/// How deep values and calls may stand within each other.
const MAX_NESTING: usize = 2 * MAX_DEPTH;

/// What expanding gives beside the tree.
#[derive(Debug, Default)]
pub(crate) struct Outcome {
    /// What was asked and has no answer yet.
    pub(crate) questions: BTreeSet<Question>,
    /// Every expression that is left, and where it is written.
    pub(crate) expressions: Vec<Spanned<Expression>>,
}

/// A call that waits for its result.
struct Open {
    /// Where it is written.
    at: Span,
    /// The call without its path: the same one may be gone into again and again, each time deeper.
    call: String,
    /// The call for people.
    shown: String,
}

/// Replaces directives by their results.
pub(crate) struct Expander<'a> {
    root: &'a Spanned<Value>,
    options: &'a LoadOptions,
    answers: &'a Answers,
    custom: BTreeMap<String, CustomDirective>,
    sources: &'a mut Sources,
    diagnostics: &'a mut Diagnostics,
    /// Files that were read, by path; none for those that hold no value.
    files: BTreeMap<String, Option<Rc<Spanned<Value>>>>,
    /// Paths of files whose text was asked for.
    named: BTreeSet<String>,
    /// Bytes of the files that were read.
    read: usize,
    /// What functions returned.
    results: BTreeMap<Question, Rc<serde_json::Value>>,
    index: Index,
    /// Calls that wait for a result.
    open: Vec<Open>,
    /// Where calls are written that have been told to wait for themselves.
    cyclic: BTreeSet<Span>,
    nesting: usize,
    calls: usize,
    size: Size,
    outcome: Outcome,
}

impl<'a> Expander<'a> {
    /// An expander of one file.
    pub(crate) fn new(
        root: &'a Spanned<Value>,
        options: &'a LoadOptions,
        answers: &'a Answers,
        sources: &'a mut Sources,
        diagnostics: &'a mut Diagnostics,
    ) -> Self {
        let custom = custom::defined(root, diagnostics);
        Self {
            root,
            options,
            answers,
            custom,
            sources,
            diagnostics,
            files: BTreeMap::new(),
            named: BTreeSet::new(),
            read: 0,
            results: BTreeMap::new(),
            index: Index::default(),
            open: Vec::new(),
            cyclic: BTreeSet::new(),
            nesting: 0,
            calls: 0,
            size: Size::default(),
            outcome: Outcome::default(),
        }
    }

    /// The whole file with results in the places of directives. `None` when a limit was passed.
    pub(crate) fn file(mut self) -> (Option<Spanned<Value>>, Outcome) {
        let expanded = match &self.root.value {
            Value::Mapping(mapping) => self.sections(mapping),
            _ => self.value(self.root).map(|value| value.value),
        };
        let tree = expanded.ok().map(|value| Spanned::new(value, self.root.span));
        (tree, self.outcome)
    }

    /// Everything but `directives`, which say what directives are.
    fn sections(&mut self, mapping: &Mapping) -> Result<Value, Stop> {
        let mut entries = Vec::with_capacity(mapping.entries.len());
        for entry in &mapping.entries {
            let value = match entry.key.value.as_str() {
                "directives" => entry.value.clone(),
                _ => self.value(&entry.value)?,
            };
            entries.push(Entry {
                key: entry.key.clone(),
                value,
            });
        }
        Ok(Value::Mapping(Mapping { entries }))
    }

    /// A value with results in the places of directives.
    fn value(&mut self, value: &Spanned<Value>) -> Result<Spanned<Value>, Stop> {
        self.nesting += 1;
        if self.nesting > MAX_NESTING {
            return Err(self.excess(value.span, "values and calls stand too deep within each other"));
        }
        let expanded = self.inner_value(value)?;
        self.nesting -= 1;
        Ok(expanded)
    }

    fn inner_value(&mut self, value: &Spanned<Value>) -> Result<Spanned<Value>, Stop> {
        self.grow(&value.value, value.span)?;
        let inner = match &value.value {
            Value::Scalar(_) => match value.value.as_text() {
                Some(text) => return self.text(text, value),
                None => value.value.clone(),
            },
            Value::List(items) => {
                // A loop, for the stack: an iterator that can fail is ten calls deep, and lists stand within lists.
                let mut expanded = Vec::with_capacity(items.len());
                for item in items {
                    expanded.push(self.value(item)?);
                }
                Value::List(expanded)
            }
            Value::Mapping(mapping) => {
                let mut entries = Vec::with_capacity(mapping.entries.len());
                for entry in &mapping.entries {
                    let value = self.value(&entry.value)?;
                    entries.push(Entry {
                        key: entry.key.clone(),
                        value,
                    });
                }
                Value::Mapping(Mapping { entries })
            }
            Value::Later(_) | Value::Unknown => value.value.clone(),
        };
        Ok(Spanned::new(inner, value.span))
    }

    /// A text: a call, or a text that had better not look like one.
    fn text(&mut self, text: &str, value: &Spanned<Value>) -> Result<Spanned<Value>, Stop> {
        match directive::read(text) {
            Reading::Call(call) => self.call(&call, value.span),
            Reading::Trailing(call, rest) if self.is_defined(&call.name) => {
                self.diagnostics.directive_in_text(
                    value.span,
                    &call.name,
                    &with_placeholder(text, &call, &rest),
                );
                Ok(unknown(value.span))
            }
            Reading::Broken { name, problem } if self.is_defined(&name) => {
                self.diagnostics.directive_syntax(value.span, &name, problem);
                Ok(unknown(value.span))
            }
            _ => Ok(self.plain_text(text, value)),
        }
    }

    /// A text that is no call. A directive that is called within it would stay as it is written, which nobody wants.
    fn plain_text(&mut self, text: &str, value: &Spanned<Value>) -> Spanned<Value> {
        let within = directive::called_within(text).find(|(name, _)| self.is_defined(name));
        if let Some((name, range)) = within {
            let better = match directive::read(&text[range.start..]) {
                Reading::Call(call) => {
                    with_placeholder_before(&text[..range.start], &text[range.start..], &call, "")
                }
                Reading::Trailing(call, rest) => {
                    with_placeholder_before(&text[..range.start], &text[range.start..], &call, &rest)
                }
                _ => String::new(),
            };
            let name = name.to_string();
            self.diagnostics.directive_in_text(value.span, &name, &better);
            return unknown(value.span);
        }
        value.clone()
    }

    /// The result of a call that is written at a place.
    fn call(&mut self, call: &Call, at: Span) -> Result<Spanned<Value>, Stop> {
        self.calls += 1;
        if self.calls > MAX_CALLS {
            return Err(self.excess(
                at,
                &format!("the file makes more than {MAX_CALLS} calls of directives"),
            ));
        }
        let open = Open {
            at,
            call: shown_without_path(call),
            shown: shown(call),
        };
        let same = |other: &Open| other.at == at && other.call == open.call;
        if let Some(first) = self.open.iter().position(same) {
            let chain: Vec<&str> = self.open[first..]
                .iter()
                .map(|open| open.shown.as_str())
                .collect();
            // A cycle is met at each of its calls, and told at the first.
            if self.cyclic.insert(at) {
                self.diagnostics.directive_cycle(at, &chain);
            }
            self.cyclic.extend(self.open[first..].iter().map(|open| open.at));
            return Ok(unknown(at));
        }
        if self.open.len() + self.nesting > MAX_NESTING {
            return Err(self.excess(at, "values and calls stand too deep within each other"));
        }
        self.open.push(open);
        let result = self.dispatch(call, at)?;
        self.open.pop();
        if !result.span.contains(at) {
            self.diagnostics.note_use(result.span, at);
        }
        Ok(result)
    }

    fn is_defined(&self, name: &str) -> bool {
        directive::builtin(name).is_some() || self.custom.contains_key(name)
    }

    /// The answer to a question; asks it when there is none.
    fn ask(&mut self, question: Question) -> Option<&'a Answer> {
        let answer = self.answers.get(&question);
        if answer.is_none() {
            self.outcome.questions.insert(question);
        }
        answer
    }

    /// Counts a value towards what a file may hold.
    fn grow(&mut self, value: &Value, at: Span) -> Result<(), Stop> {
        let text = value.as_scalar().map_or(0, |scalar| scalar.text.len());
        let grown = self.size.add(Size { nodes: 1, text });
        grown.map_err(|excess| self.excess(at, &excess))
    }

    fn excess(&mut self, at: Span, excess: &str) -> Stop {
        self.diagnostics.too_large(at, excess);
        Stop
    }
}

/// A value that nothing is to be said about.
fn unknown(at: Span) -> Spanned<Value> {
    Spanned::new(Value::Unknown, at)
}

/// A call as people know it again.
fn shown(call: &Call) -> String {
    let path: String = call
        .path
        .iter()
        .map(|segment| format!(".{}", segment.key))
        .collect();
    let whole = format!("{}{path}", shown_without_path(call));
    quoted(&whole).trim_matches('`').to_string()
}

fn shown_without_path(call: &Call) -> String {
    let arguments: Vec<String> = call
        .arguments
        .iter()
        .map(|argument| match argument {
            directive::Argument::Text(text) => format!("'{text}'"),
            directive::Argument::Word(word) => word.clone(),
            directive::Argument::Call(call) => shown(call),
        })
        .collect();
    format!("${}({})", call.name, arguments.join(", "))
}

/// `$Stage()-jobs` as a call that does what was meant.
fn with_placeholder(text: &str, call: &Call, rest: &str) -> String {
    with_placeholder_before("", text, call, rest)
}

fn with_placeholder_before(before: &str, text: &str, call: &Call, rest: &str) -> String {
    let inner = text.strip_suffix(rest).unwrap_or(text);
    let is_late = directive::builtin(&call.name).is_some_and(|one| one.phase == directive::Phase::Late);
    let format = if is_late { "CfFormat" } else { "Format" };
    format!("${format}('{before}{{}}{rest}', {inner})")
}
