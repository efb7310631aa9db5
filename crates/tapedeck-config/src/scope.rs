//! What a rule about several keys, or about several resources, gets to see.

use std::collections::{BTreeSet, HashMap, HashSet};

use tapedeck_diagnostic::{Diagnostics, Span, Spanned};

use crate::LoadOptions;
use crate::expand::{Answer, Answers, Question};
use crate::parse::{Entry, Mapping, Value};
use crate::schema::{Catalogue, ResourceType};

/// A resource of the file whose type is known.
#[derive(Debug, Clone, Copy)]
pub struct Declared<'a> {
    /// Its name.
    pub name: &'a Spanned<String>,
    /// Its type.
    pub kind: &'static ResourceType,
    /// All of it: `type`, `properties`, `overrides`.
    pub whole: &'a Mapping,
    /// Its properties; empty ones when there are none.
    pub properties: &'a Mapping,
    /// Where to point when something is missing in its properties.
    pub at: Span,
    /// Whether its keys were found to be as the table says.
    pub is_sound: bool,
}

/// The resources of a file. Names are found without looking through all of them: a file may have very many.
#[derive(Debug, Default)]
pub(crate) struct Resources<'a> {
    /// Those whose types are known, in the order of the file.
    pub(crate) declared: Vec<Declared<'a>>,
    /// Where each name is in it.
    places: HashMap<&'a str, usize>,
    /// Where the first of each type is in it.
    firsts: HashMap<&'static str, usize>,
    /// The names of all, of whatever type.
    written: HashSet<&'a str>,
    /// What any of them lists in `connectTo`.
    connected: HashSet<&'a str>,
    /// The entries of `cloudformationResources`.
    pub(crate) raw: Vec<&'a Entry>,
}

impl<'a> Resources<'a> {
    pub(crate) fn new(
        declared: Vec<Declared<'a>>,
        written: impl Iterator<Item = &'a str>,
        raw: &'a [Entry],
    ) -> Self {
        let names = declared.iter().map(|one| one.name.value.as_str());
        let connected = declared
            .iter()
            .flat_map(|one| one.properties.spanned_items("connectTo"));
        Self {
            places: names.zip(0..).collect(),
            firsts: declared
                .iter()
                .enumerate()
                .rev()
                .map(|(place, one)| (one.kind.name, place))
                .collect(),
            written: written.collect(),
            connected: connected.filter_map(|item| item.value.as_text()).collect(),
            raw: raw.iter().collect(),
            declared,
        }
    }

    /// A resource whose type is known, by its name.
    pub(crate) fn find(&self, name: &str) -> Option<&Declared<'a>> {
        self.declared.get(*self.places.get(name)?)
    }

    /// Whether the file has a resource of this name, of whatever type.
    pub(crate) fn is_written(&self, name: &str) -> bool {
        self.written.contains(name)
    }
}

/// What rules work with: the other resources, the settings of the run, and where findings go.
#[derive(Debug)]
pub struct Scope<'a> {
    /// Where findings go.
    pub diagnostics: &'a mut Diagnostics,
    /// The resources of the file whose types are known.
    pub declared: &'a [Declared<'a>],
    pub(crate) resources: &'a Resources<'a>,
    /// All types of resources.
    pub catalogue: &'a Catalogue,
    /// What the meaning of a file depends on besides its text.
    pub options: &'a LoadOptions,
    /// What is known of the surroundings.
    pub answers: &'a Answers,
    /// What is asked of them.
    pub questions: &'a mut BTreeSet<Question>,
    /// The entries of `cloudformationResources`.
    pub raw_resources: &'a [&'a Entry],
}

impl<'a> Scope<'a> {
    /// A resource by its name.
    #[must_use]
    pub fn resource(&self, name: &str) -> Option<&'a Declared<'a>> {
        let resources: &'a Resources<'a> = self.resources;
        resources.find(name)
    }

    /// Whether no resource of its type stands before it in the file. What relates all resources of a type is judged at
    /// the first.
    #[must_use]
    pub fn is_first_of_type(&self, one: &Declared<'_>) -> bool {
        let first = self.resources.firsts.get(one.kind.name);
        first.is_some_and(|first| self.declared[*first].name.span == one.name.span)
    }

    /// Whether a resource of this name and type is in the file.
    #[must_use]
    pub fn is_of_type(&self, name: &str, kind: &str) -> bool {
        self.resource(name).is_some_and(|one| one.kind.name == kind)
    }

    /// Whether any resource lists this name in `connectTo`.
    #[must_use]
    pub fn is_connected(&self, name: &str) -> bool {
        self.resources.connected.contains(name)
    }

    /// Whether a resource of this name is in the file although nothing is known of it: its type is wrong or missing,
    /// which has been told, and nothing more is to be said about who names it.
    #[must_use]
    pub fn is_unclear(&self, name: &str) -> bool {
        self.resources.is_written(name) && self.resource(name).is_none()
    }

    /// The names of resources that a predicate holds for.
    pub fn names_where(&self, wanted: impl Fn(&Declared<'_>) -> bool) -> Vec<&str> {
        self.declared
            .iter()
            .filter(|one| wanted(one))
            .map(|one| one.name.value.as_str())
            .collect()
    }

    /// The answer to a question; asks it when there is none.
    pub fn ask(&mut self, question: Question) -> Option<&Answer> {
        let answer = self.answers.get(&question);
        if answer.is_none() {
            self.questions.insert(question);
        }
        answer
    }
}

/// Reading a checked mapping: what is not there or not of the wanted type is `None`, and has been reported.
impl Mapping {
    /// The text of a key, if it is one.
    #[must_use]
    pub fn text(&self, key: &str) -> Option<&str> {
        self.get(key)?.value.as_text()
    }

    /// The text of a key and where it is written.
    #[must_use]
    pub fn spanned_text(&self, key: &str) -> Option<Spanned<String>> {
        let value = self.get(key)?;
        Some(Spanned::new(value.value.as_text()?.to_string(), value.span))
    }

    /// The scalar of a key as it was written, whatever its type.
    #[must_use]
    pub fn scalar(&self, key: &str) -> Option<&str> {
        Some(self.get(key)?.value.as_scalar()?.text.as_str())
    }

    /// The mapping of a key, if it is one.
    #[must_use]
    pub fn mapping(&self, key: &str) -> Option<&Self> {
        self.get(key)?.value.as_mapping()
    }

    /// The items of a key, if it is a list; none when it is not there.
    #[must_use]
    pub fn list(&self, key: &str) -> &[Spanned<Value>] {
        self.get(key)
            .and_then(|value| value.value.as_list())
            .unwrap_or_default()
    }

    /// The whole number of a key, if it is one.
    #[must_use]
    pub fn integer<T: TryFrom<i64>>(&self, key: &str) -> Option<T> {
        T::try_from(self.get(key)?.value.as_integer()?).ok()
    }

    /// The boolean of a key; false when it is none.
    #[must_use]
    pub fn flag(&self, key: &str) -> bool {
        self.get(key)
            .and_then(|value| value.value.as_boolean())
            .unwrap_or(false)
    }

    /// The texts of a key that takes a list or one text; none when it is not there.
    #[must_use]
    pub fn texts(&self, key: &str) -> Vec<String> {
        let texts = self.spanned_items(key).into_iter();
        texts
            .filter_map(|item| Some(item.value.as_text()?.to_string()))
            .collect()
    }

    /// The items of a key that takes a list or one value; none when it is not there.
    #[must_use]
    pub fn spanned_items(&self, key: &str) -> Vec<&Spanned<Value>> {
        match self.get(key) {
            Some(Spanned {
                value: Value::List(items),
                ..
            }) => items.iter().collect(),
            Some(one) => vec![one],
            None => Vec::new(),
        }
    }

    /// Whether a key is there and says something.
    #[must_use]
    pub fn has(&self, key: &str) -> bool {
        self.get(key).is_some()
    }
}
