//! Holding a tree against the schema. Everything that one key alone can tell is told here.
//!
//! A finding never ends the check of what stands beside it, but nothing is said about what lies under a refused key
//! or type: it would be judged by rules that do not apply.

mod environment;
mod leaf;
mod numbers;
mod paths;
mod references;
mod resources;

use std::collections::BTreeSet;

use tapedeck_diagnostic::{Diagnostics, Found, Span, Spanned, quoted};
use tapedeck_model::{Expression, ValueType};

use crate::LoadOptions;
use crate::expand::{Answers, Question};
use crate::parse::{Entry, Mapping, Value};
use crate::schema::{Catalogue, Key, Kind, Need, Object, ROOT, Support, Type};

pub(crate) use references::expressions;
pub(crate) use resources::{declared, relations};

/// What a check works with, beside the tree.
pub(crate) struct Surroundings<'a> {
    pub(crate) catalogue: &'a Catalogue,
    pub(crate) options: &'a LoadOptions,
    pub(crate) answers: &'a Answers,
}

/// Checks a whole file against the tables.
pub(crate) fn file(
    tree: &Spanned<Value>,
    surroundings: &Surroundings<'_>,
    questions: &mut BTreeSet<Question>,
    diagnostics: &mut Diagnostics,
) {
    let at = match tree
        .value
        .as_mapping()
        .and_then(|mapping| mapping.entries.first())
    {
        Some(first) => first.key.span,
        None => tree.span,
    };
    let mut checker = Checker {
        diagnostics,
        surroundings,
        questions,
        resources: resources::Types::of(tree, surroundings.catalogue),
    };
    let place = Place {
        subject: ROOT.name,
        at,
        value: tree,
        late: false,
    };
    checker.object(place, &ROOT);
}

/// A value to be checked, and what messages need to know of it.
#[derive(Clone, Copy)]
struct Place<'a> {
    /// What the value is called, such as `` `cpu` ``.
    subject: &'a str,
    /// Where its key is; for the root and for items of lists, where it begins.
    at: Span,
    /// The value.
    value: &'a Spanned<Value>,
    /// Whether the value may be known as late as at the deployment.
    late: bool,
}

impl<'a> Place<'a> {
    /// An item of a list.
    fn item(value: &'a Spanned<Value>, subject: &'a str) -> Self {
        Self {
            subject,
            at: value.span.start_point(),
            value,
            late: false,
        }
    }

    /// The value of a key; `subject` is the key as messages show it.
    fn entry(entry: &'a Entry, subject: &'a str, late: bool) -> Self {
        Self {
            subject,
            at: entry.key.span,
            value: &entry.value,
            late,
        }
    }
}

struct Checker<'a> {
    diagnostics: &'a mut Diagnostics,
    surroundings: &'a Surroundings<'a>,
    questions: &'a mut BTreeSet<Question>,
    resources: resources::Types<'a>,
}

/// What a mapping says about its own type.
enum OwnType {
    /// It is one whose properties can be checked, or there are no types of this object.
    Known,
    /// It is missing or wrong: the properties cannot be checked.
    Unclear,
    /// It is not supported: nothing of the mapping is to be checked.
    Refused,
}

impl Checker<'_> {
    fn object(&mut self, place: Place<'_>, object: &'static Object) {
        let Some(mapping) = place.value.value.as_mapping() else {
            return self.not_a_mapping(place, &object.key_names());
        };
        let own_type = self.own_type(mapping, object);
        if matches!(own_type, OwnType::Refused) {
            return;
        }
        let mut misspelt = Vec::new();
        for entry in &mapping.entries {
            match object.key(&entry.key.value) {
                Some(key) => self.entry(entry, key, mapping),
                None => {
                    let names = object.key_names();
                    self.unknown_key(entry, object, &names);
                    misspelt.extend(self.diagnostics.guess(&entry.key.value, &names));
                }
            }
        }
        for key in object.keys {
            let unclear = matches!(own_type, OwnType::Unclear) && matches!(key.kind, Kind::Branch(_));
            // A key that was misspelt is not missing as well.
            if is_missing(key, mapping) && !unclear && !misspelt.contains(&key.name) {
                self.diagnostics
                    .missing_key(place.at, object.name, key.name, &meaning(key));
            }
        }
    }

    fn unknown_key(&mut self, entry: &Entry, object: &'static Object, names: &[&str]) {
        match object.advice(&entry.key.value) {
            Some(advice) => self.diagnostics.misplaced_key(&entry.key, object.name, advice),
            None => self.diagnostics.unknown_key(&entry.key, object.name, names),
        }
    }

    /// Looks at the key that names the type, if the object has one, and reports a type that is not supported.
    fn own_type(&mut self, mapping: &Mapping, object: &'static Object) -> OwnType {
        let Some((key, types)) = object.keys.iter().find_map(|key| match key.kind {
            Kind::Type(types) => Some((key, types)),
            _ => None,
        }) else {
            return OwnType::Known;
        };
        let Some((value, text)) = mapping
            .get(key.name)
            .and_then(|value| Some((value, value.value.as_text()?)))
        else {
            return OwnType::Unclear;
        };
        match types.iter().find(|one| one.name == text) {
            Some(Type {
                support: Support::NotYet,
                ..
            }) => {
                let subject = quoted(&format!("{}: {text}", key.name));
                self.diagnostics.not_supported_yet(value.span, &subject);
                OwnType::Refused
            }
            Some(Type {
                support: Support::NotHere(reason),
                ..
            }) => {
                let subject = quoted(&format!("{}: {text}", key.name));
                self.not_here(value.span, &subject, reason);
                OwnType::Known
            }
            Some(_) => OwnType::Known,
            None => OwnType::Unclear,
        }
    }

    fn entry(&mut self, entry: &Entry, key: &'static Key, parent: &Mapping) {
        if key.support == Support::NotYet {
            let subject = quoted(key.name);
            return self.diagnostics.not_supported_yet(entry.key.span, &subject);
        }
        if let Support::Deprecated(instead) = key.support {
            self.diagnostics.deprecated_key(&entry.key, instead);
        }
        let subject = quoted(key.name);
        let place = Place::entry(entry, &subject, key.late);
        let before = self.diagnostics.made();
        self.kind(place, &key.kind, parent);
        if self.diagnostics.made() == before {
            self.support(entry, key);
        }
    }

    /// Tells how far a key is supported whose value is right.
    fn support(&mut self, entry: &Entry, key: &'static Key) {
        let given = canonical(&entry.value.value);
        let is_default = given.is_some() && given.as_deref() == key.default;
        match (key.support, given) {
            (Support::Only(only), Some(given)) if given != only => {
                let subject = quoted(&format!("{}: {given}", key.name));
                self.diagnostics.not_supported_yet(entry.value.span, &subject);
            }
            (Support::NoEffect(reason), _) if !is_default && self.is_local() => {
                self.diagnostics
                    .no_effect_yet(entry.key.span, &quoted(key.name), reason);
            }
            (Support::NotHere(reason), _) if !is_default && !is_empty(&entry.value.value) => {
                self.not_here(entry.key.span, &quoted(key.name), reason);
            }
            _ => {}
        }
    }

    fn not_here(&mut self, at: Span, subject: &str, reason: &str) {
        if self.is_local() {
            self.diagnostics.not_run_here_yet(at, subject, reason);
        }
    }

    fn is_local(&self) -> bool {
        self.surroundings.options.region.is_local()
    }

    fn kind(&mut self, place: Place<'_>, kind: &'static Kind, parent: &Mapping) {
        match &place.value.value {
            Value::Unknown => return,
            Value::Later(expression) => return self.late(place, expression, kind),
            _ => {}
        }
        match kind {
            Kind::Any => {}
            Kind::AnyMapping | Kind::MapOfScalars => self.free_mapping(place, kind),
            Kind::Object(object) => self.object(place, object),
            Kind::ListOf(object) => self.list(place, object),
            Kind::MapOf(object) => self.named(place, object),
            Kind::Environment(variable) => self.environment(place, variable),
            Kind::Resources => self.resources(place),
            Kind::Branch(branch) => {
                let decider = parent.text(branch.key);
                match decider.and_then(|value| branch.object(value)) {
                    Some(object) => self.object(place, object),
                    None if place.value.value.as_mapping().is_none() => self.not_a_mapping(place, &[]),
                    None => {}
                }
            }
            leaf => self.leaf(place, leaf),
        }
    }

    /// What only the deployment knows: whether it may stand there, and is of a type that does.
    fn late(&mut self, place: Place<'_>, expression: &Expression, kind: &Kind) {
        let directive = expression.directive();
        if matches!(kind, Kind::Any) {
            return;
        }
        if !place.late {
            return self
                .diagnostics
                .late_value(place.value.span, place.subject, directive);
        }
        let given = self.type_of(expression);
        let expected = match kind {
            Kind::Boolean => "`true` or `false`",
            Kind::Object(_) | Kind::AnyMapping | Kind::MapOf(_) | Kind::Branch(_) => "a mapping",
            Kind::ListOf(_) | Kind::Environment(_) => "a list",
            Kind::Integer(_) | Kind::NumberOneOf(_) if given == ValueType::Text => "a number",
            Kind::Texts | Kind::Patterns(_) if given == ValueType::Number => "a list of texts",
            _ => return,
        };
        self.diagnostics
            .late_type(place.value.span, place.subject, expected, directive);
    }

    /// A mapping with keys of the user's own.
    fn free_mapping(&mut self, place: Place<'_>, kind: &Kind) {
        let Some(mapping) = place.value.value.as_mapping() else {
            return self.not_a_mapping(place, &[]);
        };
        if !matches!(kind, Kind::MapOfScalars) {
            return;
        }
        for entry in &mapping.entries {
            let subject = quoted(&entry.key.value);
            let place = Place::entry(entry, &subject, place.late);
            self.kind(place, &Kind::Scalar, mapping);
        }
    }

    /// A list of mappings.
    fn list(&mut self, place: Place<'_>, object: &'static Object) {
        let Some(items) = place.value.value.as_list() else {
            return match place.value.value.found() {
                Found::Empty => self.empty(place, &[]),
                _ => self.wrong_type(place, &format!("a list, each item of it {}", object.name)),
            };
        };
        for item in items {
            if item.value.is_unknown() {
                continue;
            }
            self.object(Place::item(item, object.name), object);
        }
    }

    /// A mapping of names to mappings of one kind.
    fn named(&mut self, place: Place<'_>, object: &'static Object) {
        let Some(mapping) = place.value.value.as_mapping() else {
            return self.not_a_mapping(place, &[]);
        };
        for entry in mapping
            .entries
            .iter()
            .filter(|entry| !entry.value.value.is_unknown())
        {
            let subject = quoted(&entry.key.value);
            self.object(Place::entry(entry, &subject, false), object);
        }
    }

    /// Something else, or nothing, where a mapping belongs. `keys` are those it could have.
    fn not_a_mapping(&mut self, place: Place<'_>, keys: &[&str]) {
        match place.value.value.found() {
            Found::Empty => self.empty(place, keys),
            _ => self.wrong_type(place, "a mapping"),
        }
    }

    fn empty(&mut self, place: Place<'_>, keys: &[&str]) {
        if !place.value.value.is_unknown() {
            self.diagnostics.empty_section(place.at, place.subject, keys);
        }
    }

    fn wrong_type(&mut self, place: Place<'_>, expected: &str) {
        let value = place.value;
        // What is empty has no place worth showing, its key has.
        let at = if value.span.start == value.span.end {
            place.at
        } else {
            value.span
        };
        match &value.value {
            Value::Unknown => {}
            Value::Later(expression) => {
                self.diagnostics
                    .late_type(at, place.subject, expected, expression.directive());
            }
            value => self
                .diagnostics
                .wrong_type(at, place.subject, expected, value.found()),
        }
    }
}

fn is_missing(key: &Key, mapping: &Mapping) -> bool {
    mapping.get(key.name).is_none()
        && match key.need {
            Need::Optional => false,
            Need::Required => true,
            Need::Unless(other) => mapping.get(other).is_none(),
        }
}

/// What a key means, the types it may have, and an example.
fn meaning(key: &Key) -> String {
    let example = key.example.map_or(String::new(), |example| {
        format!(", such as `{}: {example}`", key.name)
    });
    let Kind::Type(types) = key.kind else {
        return format!("{}{example}", key.doc);
    };
    let supported: Vec<String> = types
        .iter()
        .filter(|one| one.support != Support::NotYet)
        .map(|one| quoted(one.name))
        .collect();
    match types.len() - supported.len() {
        0 => format!("{}, {}", key.doc, supported.join(" or ")),
        more => format!(
            "{}, {} ({more} more that Stacktape has are not supported yet)",
            key.doc,
            supported.join(" or ")
        ),
    }
}

/// A leaf as the schema would write it.
fn canonical(value: &Value) -> Option<String> {
    match value.as_boolean() {
        Some(boolean) => Some(boolean.to_string()),
        None => value.as_scalar().map(|scalar| scalar.text.clone()),
    }
}

/// Whether a value is a list or mapping without anything in it.
fn is_empty(value: &Value) -> bool {
    match value {
        Value::List(items) => items.is_empty(),
        Value::Mapping(mapping) => mapping.entries.is_empty(),
        _ => false,
    }
}
