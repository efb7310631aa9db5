//! Lists and mappings on their way: what is known of them before they end.

use std::collections::HashMap;

use tapedeck_diagnostic::{Diagnostics, Span, Spanned, quoted};

use super::limits::Size;
use super::{Entry, Mapping, Value};

/// A finished value on its way into its parent.
pub(super) struct Node {
    pub(super) value: Spanned<Value>,
    /// Levels of mappings and lists in it.
    pub(super) depth: usize,
    /// Whether it may be a merge key: a plain scalar.
    pub(super) plain: bool,
}

/// A list or mapping that is not finished.
pub(super) struct Frame {
    /// Where it begins.
    pub(super) start: Span,
    /// The anchor on it, 0 for none.
    pub(super) anchor: usize,
    /// How big the whole tree was before it.
    pub(super) before: Size,
    /// Levels of mappings and lists in it so far.
    pub(super) depth: usize,
    pub(super) content: Content,
}

pub(super) enum Content {
    List(Vec<Spanned<Value>>),
    Mapping(OpenMapping),
}

/// What an anchor stands for.
pub(super) struct Anchored {
    pub(super) value: Spanned<Value>,
    pub(super) size: Size,
    pub(super) depth: usize,
}

#[derive(Default)]
pub(super) struct OpenMapping {
    entries: Vec<Entry>,
    /// Where each key was given first.
    places: HashMap<String, Span>,
    /// The key whose value comes next.
    pending: Option<Pending>,
    /// What `<<` brought.
    merged: Vec<Entry>,
}

struct Pending {
    key: Spanned<String>,
    role: Role,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Role {
    /// Its value goes into the mapping.
    Entry,
    /// The entries of its value go into the mapping. Source: the YAML type registry, "Merge Key".
    Merge,
    /// It was there before: its value is dropped.
    Repeated,
}

impl OpenMapping {
    /// Whether what comes next is a key.
    pub(super) fn awaits_key(&self) -> bool {
        self.pending.is_none()
    }

    /// Takes a key. One that was there before is reported, and its value will be dropped.
    pub(super) fn key(&mut self, key: Spanned<String>, plain: bool, diagnostics: &mut Diagnostics) {
        let role = match self.places.get(&key.value) {
            Some(first) => {
                diagnostics.duplicate_key(&key, *first);
                Role::Repeated
            }
            None => {
                self.places.insert(key.value.clone(), key.span);
                if plain && key.value == "<<" {
                    Role::Merge
                } else {
                    Role::Entry
                }
            }
        };
        self.pending = Some(Pending { key, role });
    }

    /// Takes the value of the last key.
    pub(super) fn value(&mut self, value: Spanned<Value>, diagnostics: &mut Diagnostics) {
        match self.pending.take() {
            Some(Pending {
                key,
                role: Role::Entry,
            }) => self.entries.push(Entry { key, value }),
            Some(Pending {
                key,
                role: Role::Merge,
            }) => self.merge(&key, value, diagnostics),
            Some(Pending {
                role: Role::Repeated, ..
            })
            | None => {}
        }
    }

    /// Takes the value of `<<`: a mapping, or a list of mappings of which the first counts most.
    fn merge(&mut self, key: &Spanned<String>, value: Spanned<Value>, diagnostics: &mut Diagnostics) {
        let parts = match value.value {
            Value::List(items) => items,
            _ => vec![value],
        };
        for part in parts {
            match part.value {
                Value::Mapping(mapping) => self.merged.extend(mapping.entries),
                other => {
                    let expected = "a mapping or a list of mappings";
                    diagnostics.wrong_type(part.span, &quoted(&key.value), expected, other.found());
                }
            }
        }
    }

    /// Ends the mapping. Merged entries fill in what is not there.
    pub(super) fn close(mut self) -> Mapping {
        for entry in self.merged {
            if !self.places.contains_key(&entry.key.value) {
                self.places.insert(entry.key.value.clone(), entry.key.span);
                self.entries.push(entry);
            }
        }
        Mapping {
            entries: self.entries,
        }
    }
}
