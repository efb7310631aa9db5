//! Holding a tree against the schema. Everything that one key alone can tell is told here.
//!
//! A finding never ends the check of what stands beside it, but nothing is said about what lies under a refused key
//! or type: it would be judged by rules that do not apply.

mod directive;
mod environment;
mod leaf;

use tapedeck_diagnostic::{Diagnostics, Span, Spanned, nearest, quoted};
use tapedeck_model::ResourceName;

use crate::parse::{Entry, Mapping, Value};
use crate::schema::{Key, Kind, Need, Object, ROOT, Support, Type};

/// Checks a whole file.
pub(crate) fn file(tree: &Spanned<Value>, diagnostics: &mut Diagnostics) {
    let at = match tree
        .value
        .as_mapping()
        .and_then(|mapping| mapping.entries.first())
    {
        Some(first) => first.key.span,
        None => tree.span,
    };
    Checker { diagnostics }.object(
        Place {
            subject: ROOT.name,
            at,
            value: tree,
        },
        &ROOT,
    );
}

/// Whether a text calls a directive, which `check` has reported.
pub(crate) fn is_directive(text: &str) -> bool {
    directive::name(text).is_some()
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
}

struct Checker<'a> {
    diagnostics: &'a mut Diagnostics,
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
        if self.directive(place) {
            return;
        }
        let Some(mapping) = place.value.value.as_mapping() else {
            return self.wrong_type(place, "a mapping");
        };
        let own_type = self.own_type(mapping, object);
        if matches!(own_type, OwnType::Refused) {
            return;
        }
        let names = object.key_names();
        let mut misspelt = Vec::new();
        for entry in &mapping.entries {
            match object.key(&entry.key.value) {
                Some(key) => self.entry(entry, key, mapping),
                None => {
                    self.diagnostics.unknown_key(&entry.key, object.name, &names);
                    misspelt.extend(nearest(&entry.key.value, &names));
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

    /// Looks at the key that names the type, if the object has one, and reports a type that is not supported.
    fn own_type(&mut self, mapping: &Mapping, object: &'static Object) -> OwnType {
        let Some((key, types)) = object.keys.iter().find_map(|key| match key.kind {
            Kind::Type(types) => Some((key, types)),
            _ => None,
        }) else {
            return OwnType::Known;
        };
        let Some(value) = mapping.get(key.name) else {
            return OwnType::Unclear;
        };
        let Some(text) = value.value.as_text() else {
            return OwnType::Unclear;
        };
        match types.iter().find(|one| one.name == text) {
            Some(Type {
                support: Support::NotYet,
                ..
            }) => {
                self.diagnostics
                    .not_supported_yet(value.span, &quoted(&format!("{}: {text}", key.name)));
                OwnType::Refused
            }
            Some(_) => OwnType::Known,
            None if directive::name(text).is_some() => {
                self.directive(Place {
                    subject: "",
                    at: value.span,
                    value,
                });
                OwnType::Refused
            }
            None => OwnType::Unclear,
        }
    }

    fn entry(&mut self, entry: &Entry, key: &'static Key, parent: &Mapping) {
        if key.support == Support::NotYet {
            return self
                .diagnostics
                .not_supported_yet(entry.key.span, &quoted(key.name));
        }
        if let Support::Deprecated(instead) = key.support {
            self.diagnostics.deprecated_key(&entry.key, instead);
        }
        let subject = quoted(key.name);
        let place = Place {
            subject: &subject,
            at: entry.key.span,
            value: &entry.value,
        };
        if self.directive(place) {
            return;
        }
        let before = self.diagnostics.made();
        self.kind(place, &key.kind, parent);
        if self.diagnostics.made() == before {
            self.support(entry, key);
        }
    }

    /// Tells how far a key is supported whose value is right.
    fn support(&mut self, entry: &Entry, key: &'static Key) {
        match (key.support, canonical(&entry.value.value)) {
            (Support::Only(only), Some(given)) if given != only => {
                let subject = quoted(&format!("{}: {given}", key.name));
                self.diagnostics.not_supported_yet(entry.value.span, &subject);
            }
            (Support::NoEffect(reason), given) if given.as_deref() != key.default => {
                self.diagnostics
                    .no_effect_yet(entry.key.span, &quoted(key.name), reason);
            }
            _ => {}
        }
    }

    fn kind(&mut self, place: Place<'_>, kind: &'static Kind, parent: &Mapping) {
        match kind {
            Kind::Any => {}
            Kind::Object(object) => self.object(place, object),
            Kind::MapOf(object) => self.named(place, object),
            Kind::Environment(variable) => self.environment(place, variable),
            Kind::Branch(branch) => {
                let decisive = parent.get(branch.key).and_then(|value| value.value.as_text());
                if let Some(object) = decisive.and_then(|text| branch.object(text)) {
                    self.object(place, object);
                }
            }
            leaf => self.leaf(place, leaf),
        }
    }

    /// A mapping of resource names to objects.
    fn named(&mut self, place: Place<'_>, object: &'static Object) {
        let Some(mapping) = place.value.value.as_mapping() else {
            return self.wrong_type(place, "a mapping of names to resources");
        };
        for entry in &mapping.entries {
            let name = &entry.key;
            if ResourceName::new(name.value.clone()).is_err() {
                let better = camel_case(&name.value);
                self.diagnostics
                    .invalid_name(name, "resource name", ResourceName::RULE, better.as_deref());
            }
            let subject = quoted(&name.value);
            self.object(
                Place {
                    subject: &subject,
                    at: name.span,
                    value: &entry.value,
                },
                object,
            );
        }
    }

    /// Reports a directive. They stand for values, so nothing more can be said about what is there.
    fn directive(&mut self, place: Place<'_>) -> bool {
        let name = place.value.value.as_text().and_then(directive::name);
        if let Some(name) = name {
            let subject = format!("the directive {}", quoted(&format!("${name}")));
            self.diagnostics.not_supported_yet(place.value.span, &subject);
        }
        name.is_some()
    }

    fn wrong_type(&mut self, place: Place<'_>, expected: &str) {
        let value = place.value;
        // What is empty has no place worth showing, its key has.
        let at = if value.span.start == value.span.end {
            place.at
        } else {
            value.span
        };
        self.diagnostics
            .wrong_type(at, place.subject, expected, value.value.found());
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

/// What a key means, and the types it may have.
fn meaning(key: &Key) -> String {
    let Kind::Type(types) = key.kind else {
        return key.doc.to_string();
    };
    let supported: Vec<String> = types
        .iter()
        .filter(|one| one.support == Support::Full)
        .map(|one| quoted(one.name))
        .collect();
    let more = types.len() - supported.len();
    format!(
        "{}, {} ({more} more that Stacktape has are not supported yet)",
        key.doc,
        supported.join(" or ")
    )
}

/// A leaf as the schema would write it.
fn canonical(value: &Value) -> Option<String> {
    match value.as_boolean() {
        Some(boolean) => Some(boolean.to_string()),
        None => value.as_scalar().map(|scalar| scalar.text.clone()),
    }
}

/// A text as a resource name: `my-worker` becomes `myWorker`.
fn camel_case(text: &str) -> Option<String> {
    let mut words = text
        .split(|letter: char| !letter.is_ascii_alphanumeric())
        .filter(|word| !word.is_empty());
    let mut name = words.next()?.to_string();
    for word in words {
        let (first, rest) = word.split_at(1);
        name.push_str(&first.to_ascii_uppercase());
        name.push_str(rest);
    }
    ResourceName::new(name).ok().map(String::from)
}
