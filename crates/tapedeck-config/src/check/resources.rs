//! The section `resources`, and the rules that relate several keys or several resources.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use tapedeck_diagnostic::{Allowed, Diagnostics, Span, Spanned, quoted};
use tapedeck_model::ResourceName;
use tapedeck_model::naming::{camel_case, pascal_case, upper_snake_case};

use super::{Checker, Place, Surroundings};
use crate::expand::Question;
use crate::parse::{Entry, Mapping, Value};
use crate::schema::{Catalogue, Need, Object, RESOURCE, ResourceType, Support};
use crate::scope::{Declared, Resources, Scope};

/// The most resources that a template may have. Source: quotas of CloudFormation.
const MOST_RAW_RESOURCES: usize = 500;

/// Properties of a resource that gives none.
static NO_PROPERTIES: Mapping = Mapping { entries: Vec::new() };

/// The names of resources, and their types as far as they can be told.
pub(super) struct Types<'a> {
    /// In the order of the file.
    known: Vec<(&'a str, &'a str)>,
    kinds: HashMap<&'a str, &'a str>,
    /// The names of all resources, of whatever type.
    written: HashSet<&'a str>,
}

impl<'a> Types<'a> {
    pub(super) fn of(tree: &'a Spanned<Value>, catalogue: &Catalogue) -> Self {
        let typed = entries(tree).iter().filter_map(|entry| {
            let kind = entry.value.value.as_mapping()?.text("type")?;
            catalogue.find(kind)?;
            Some((entry.key.value.as_str(), kind))
        });
        let known: Vec<(&str, &str)> = typed.collect();
        Self {
            kinds: known.iter().copied().collect(),
            written: written(tree).collect(),
            known,
        }
    }

    /// The type of a resource, if it is one that is known.
    pub(super) fn kind(&self, name: &str) -> Option<&'a str> {
        self.kinds.get(name).copied()
    }

    pub(super) fn is_written(&self, name: &str) -> bool {
        self.written.contains(name)
    }

    /// The names of resources of some types.
    pub(super) fn of_types(&self, types: &[&str]) -> Vec<&'a str> {
        let fitting = self.known.iter().filter(|(_, kind)| types.contains(kind));
        fitting.map(|(name, _)| *name).collect()
    }
}

impl Checker<'_> {
    /// A mapping of names to resources.
    pub(super) fn resources(&mut self, place: Place<'_>) {
        let Some(mapping) = place.value.value.as_mapping() else {
            return self.not_a_mapping(place, &[]);
        };
        for entry in &mapping.entries {
            let name = &entry.key;
            if ResourceName::new(name.value.clone()).is_err() {
                let better =
                    camel_case(&name.value).filter(|better| ResourceName::new(better.as_str()).is_ok());
                self.diagnostics
                    .invalid_name(name, "resource name", ResourceName::RULE, better.as_deref());
            }
            self.resource(entry);
        }
    }

    fn resource(&mut self, entry: &Entry) {
        let subject = quoted(&entry.key.value);
        let place = Place::entry(entry, &subject, false);
        if entry.value.value.is_unknown() {
            return;
        }
        let Some(mapping) = entry.value.value.as_mapping() else {
            return self.not_a_mapping(place, &RESOURCE.key_names());
        };
        let kind = self.resource_type(mapping, place);
        if kind.is_some_and(|kind| kind.properties.is_none()) {
            return;
        }
        for inner in &mapping.entries {
            match RESOURCE.key(&inner.key.value) {
                Some(key) if key.name == "properties" => self.properties(inner, kind, place.at),
                Some(key) if key.name == "overrides" && kind.is_some_and(|kind| !kind.takes_overrides) => {
                    let advice = "this type of resource takes none: remove them";
                    self.diagnostics
                        .misplaced_key(&inner.key, "a resource of this type", advice);
                }
                Some(key) => self.entry(inner, key, mapping),
                None => self.misplaced(inner, kind),
            }
        }
        if let Some(object) = kind.and_then(|kind| kind.properties)
            && !mapping.has("properties")
        {
            self.properties_missing(object, mapping, place);
        }
    }

    /// Whether one of the keys was probably meant to be this one.
    fn is_misspelt(&mut self, key: &str, mapping: &Mapping) -> bool {
        let mut keys = mapping.entries.iter().map(|entry| entry.key.value.as_str());
        keys.any(|written| self.diagnostics.guess(written, &[key]).is_some())
    }

    /// A key that resources do not have: perhaps one of the properties, a level too high.
    fn misplaced(&mut self, entry: &Entry, kind: Option<&'static ResourceType>) {
        let is_property = kind
            .and_then(|kind| kind.properties)
            .is_some_and(|object| object.key(&entry.key.value).is_some());
        if is_property {
            self.diagnostics
                .misplaced_key(&entry.key, RESOURCE.name, "move it into `properties`");
        } else {
            self.diagnostics
                .unknown_key(&entry.key, RESOURCE.name, &RESOURCE.key_names());
        }
    }

    /// The type of a resource, if it is one that is known.
    fn resource_type(&mut self, mapping: &Mapping, place: Place<'_>) -> Option<&'static ResourceType> {
        let catalogue = self.surroundings.catalogue;
        let Some(value) = mapping.get("type") else {
            if !self.is_misspelt("type", mapping) {
                let meaning = "what the resource is, such as `type: worker-service`";
                self.diagnostics
                    .missing_key(place.at, RESOURCE.name, "type", meaning);
            }
            return None;
        };
        let text = value.value.as_text()?;
        let Some(kind) = catalogue.find(text) else {
            let (supported, names) = (catalogue.supported_names(), catalogue.names());
            let given = Spanned::new(text.to_string(), value.span);
            let allowed = Allowed::OneOf {
                supported: &supported,
                known: &names,
            };
            self.diagnostics.invalid_value(&given, "`type`", allowed);
            return None;
        };
        let subject = quoted(&format!("type: {text}"));
        match kind.support {
            Support::NotYet => self.diagnostics.not_supported_yet(value.span, &subject),
            Support::NotHere(reason) => self.not_here(value.span, &subject, reason),
            _ => {}
        }
        Some(kind)
    }

    fn properties(&mut self, entry: &Entry, kind: Option<&'static ResourceType>, at: Span) {
        let place = Place::entry(entry, "`properties`", false);
        let Some(object) = kind.and_then(|kind| kind.properties) else {
            return;
        };
        if entry.value.value.is_unknown() {
            return;
        }
        let may_be_empty = object.keys.iter().all(|key| key.need == Need::Optional);
        if entry.value.value.as_mapping().is_none()
            && may_be_empty
            && matches!(entry.value.value.found(), tapedeck_diagnostic::Found::Empty)
        {
            return;
        }
        // What is missing is missing in the resource: that is where its name is.
        let inner = Place { at, ..place };
        match entry.value.value.as_mapping() {
            Some(_) => self.object(inner, object),
            None => self.not_a_mapping(place, &object.key_names()),
        }
    }

    fn properties_missing(&mut self, object: &'static Object, mapping: &Mapping, place: Place<'_>) {
        let required: Vec<&str> = object
            .keys
            .iter()
            .filter(|key| key.need != Need::Optional)
            .map(|key| key.name)
            .collect();
        if !required.is_empty() && !self.is_misspelt("properties", mapping) {
            let meaning = format!(
                "the settings of the resource, at least `{}`",
                required.join("` and `")
            );
            self.diagnostics
                .missing_key(place.at, RESOURCE.name, "properties", &meaning);
        }
    }
}

/// The names of all resources, of whatever type.
fn written(tree: &Spanned<Value>) -> impl Iterator<Item = &str> {
    entries(tree).iter().map(|entry| entry.key.value.as_str())
}

/// The entries of `resources`.
fn entries(tree: &Spanned<Value>) -> &[Entry] {
    section(tree, "resources")
}

/// The entries of a mapping at the root.
fn section<'a>(tree: &'a Spanned<Value>, name: &str) -> &'a [Entry] {
    let section = tree.value.as_mapping().and_then(|root| root.mapping(name));
    section
        .map(|section| section.entries.as_slice())
        .unwrap_or_default()
}

/// The resources whose types are known, with their properties.
pub(crate) fn declared<'a>(
    tree: &'a Spanned<Value>,
    catalogue: &Catalogue,
    diagnostics: &Diagnostics,
) -> Resources<'a> {
    let declared = entries(tree)
        .iter()
        .filter_map(|entry| {
            let whole = entry.value.value.as_mapping()?;
            let kind = catalogue.find(whole.text("type")?)?;
            kind.properties?;
            Some(Declared {
                name: &entry.key,
                kind,
                whole,
                properties: whole.mapping("properties").unwrap_or(&NO_PROPERTIES),
                at: entry.key.span,
                is_sound: !diagnostics.has_errors_in(entry.value.span),
            })
        })
        .collect();
    let raw = section(tree, "cloudformationResources");
    Resources::new(declared, written(tree), raw)
}

/// Judges what relates several keys or several resources.
pub(crate) fn relations(
    resources: &Resources<'_>,
    surroundings: &Surroundings<'_>,
    questions: &mut BTreeSet<Question>,
    diagnostics: &mut Diagnostics,
) {
    let (declared, raw) = (resources.declared.as_slice(), resources.raw.as_slice());
    clashes(declared, raw, diagnostics);
    let mut scope = Scope {
        diagnostics,
        declared,
        resources,
        catalogue: surroundings.catalogue,
        options: surroundings.options,
        answers: surroundings.answers,
        questions,
        raw_resources: raw,
    };
    for one in declared {
        overrides(one, &mut scope);
        if let Some(check) = one.kind.check {
            check(one, &mut scope);
        }
    }
}

/// Names that become the same in the template or in an environment.
fn clashes(declared: &[Declared<'_>], raw: &[&Entry], diagnostics: &mut Diagnostics) {
    let mut stems: BTreeMap<String, &Spanned<String>> = BTreeMap::new();
    let mut ids: BTreeMap<String, &Spanned<String>> = BTreeMap::new();
    for one in declared {
        let stem = upper_snake_case(&one.name.value);
        let id = pascal_case(&one.name.value);
        match (stems.get(&stem), ids.get(&id)) {
            (_, Some(other)) if other.value != one.name.value => {
                let what = format!("the beginning {id} of logical ids");
                diagnostics.name_clash(one.name, other, &what);
            }
            (Some(other), _) if other.value != one.name.value => {
                let what = format!("the beginning STP_{stem}_ of variables");
                diagnostics.name_clash(one.name, other, &what);
            }
            _ => {}
        }
        stems.insert(stem, one.name);
        ids.insert(id, one.name);
    }
    let children: HashMap<String, &Declared<'_>> = declared
        .iter()
        .filter(|one| one.is_sound)
        .filter_map(|one| Some((one, one.kind.children?(one))))
        .flat_map(|(one, ids)| ids.into_iter().map(move |id| (id, one)))
        .collect();
    for entry in raw {
        let id = &entry.key;
        if id.value.is_empty() || !id.value.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
            let better = camel_case(&id.value);
            let rule = "use letters and digits";
            diagnostics.invalid_name(id, "logical id", rule, better.as_deref());
        }
        if let Some(owner) = children.get(&id.value) {
            diagnostics.name_clash(id, owner.name, &format!("the logical id {}", id.value));
        }
    }
    if raw.len() > MOST_RAW_RESOURCES {
        let at = raw[MOST_RAW_RESOURCES].key.span;
        diagnostics.too_many(at, "resources of CloudFormation", raw.len(), MOST_RAW_RESOURCES);
    }
}

/// `overrides` name what the resource becomes.
fn overrides(one: &Declared<'_>, scope: &mut Scope<'_>) {
    let Some(overrides) = one.whole.mapping("overrides") else {
        return;
    };
    let children = one
        .kind
        .children
        .filter(|_| one.is_sound)
        .map(|children| children(one));
    let known: Option<Vec<&str>> = children
        .as_ref()
        .map(|children| children.iter().map(String::as_str).collect());
    let names: HashSet<&str> = known.iter().flatten().copied().collect();
    for entry in &overrides.entries {
        if let Some(known) = &known
            && !names.contains(entry.key.value.as_str())
        {
            let subject = format!("something that {} becomes", quoted(&one.name.value));
            scope
                .diagnostics
                .unknown_logical_id(entry.key.span, &entry.key.value, &subject, known);
        }
        if entry.value.value.as_mapping().is_none() && !entry.value.value.is_unknown() {
            let subject = quoted(&entry.key.value);
            scope.diagnostics.wrong_type(
                entry.value.span,
                &subject,
                "a mapping of paths to values",
                entry.value.value.found(),
            );
        }
    }
}
