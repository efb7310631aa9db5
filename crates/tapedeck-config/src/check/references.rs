//! Expressions: whether what they name is there, and of which type it will be.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::rc::Rc;

use tapedeck_diagnostic::{Diagnostics, Span, Spanned, quoted};
use tapedeck_model::naming::pascal_case;
use tapedeck_model::{Expression, SecretReference, ValueType};

use super::{Checker, Surroundings};
use crate::expand::{Answer, Question, SecretState};
use crate::parse::Entry;
use crate::schema::AttributeCheck;
use crate::scope::Resources;

/// How many names of attributes a message lists.
const MOST_LISTED: usize = 12;

impl Checker<'_> {
    /// What a value will be.
    pub(super) fn type_of(&self, expression: &Expression) -> ValueType {
        let Expression::ResourceParam { resource, parameter } = expression else {
            return ValueType::Text;
        };
        let kind = self.resources.kind(resource);
        let kind = kind.and_then(|kind| self.surroundings.catalogue.find(kind));
        kind.and_then(|kind| kind.parameters.iter().find(|one| one.name == parameter))
            .map_or(ValueType::Text, |one| one.value)
    }
}

/// Judges every expression of a file.
pub(crate) fn expressions(
    (expressions, resources): (&[Spanned<Expression>], &Resources<'_>),
    surroundings: &Surroundings<'_>,
    questions: &mut BTreeSet<Question>,
    diagnostics: &mut Diagnostics,
) {
    let mut judge = Judge {
        resources,
        ids: None,
        surroundings,
        questions,
        diagnostics,
    };
    for Spanned { value, span } in expressions {
        judge.here(value, *span);
        match value {
            Expression::ResourceParam { resource, parameter } => {
                judge.resource_param(resource, parameter, *span)
            }
            Expression::CfResourceParam {
                logical_id,
                attribute,
            } => judge.cf_resource_param(logical_id, attribute, *span),
            Expression::Secret(reference) => judge.secret(reference, *span),
            // What other stacks and the account have, only AWS can tell.
            Expression::SsmParam { .. } | Expression::CfStackOutput { .. } | Expression::CfFormat { .. } => {}
        }
    }
}

struct Judge<'a, 'b> {
    resources: &'a Resources<'a>,
    /// What the template has, made when the first expression asks for it.
    ids: Option<Rc<LogicalIds<'a>>>,
    surroundings: &'a Surroundings<'a>,
    questions: &'b mut BTreeSet<Question>,
    diagnostics: &'b mut Diagnostics,
}

/// The logical ids of a template.
struct LogicalIds<'a> {
    /// Those of `cloudformationResources`.
    raw: HashMap<&'a str, &'a Entry>,
    /// Those and what resources become, in the order of the file.
    known: Vec<String>,
    /// All of these.
    names: HashSet<String>,
    /// How those begin of which nothing more is known.
    stems: HashSet<String>,
    /// The longest of these, in bytes.
    longest_stem: usize,
}

impl<'a> LogicalIds<'a> {
    fn of(resources: &'a Resources<'a>) -> Self {
        let raw = resources.raw.iter();
        let mut known: Vec<String> = raw.map(|entry| entry.key.value.clone()).collect();
        let mut stems = HashSet::new();
        for one in &resources.declared {
            match one.kind.children.filter(|_| one.is_sound) {
                Some(children) => known.extend(children(one)),
                None => drop(stems.insert(pascal_case(&one.name.value))),
            }
        }
        let raw = resources.raw.iter();
        Self {
            raw: raw.map(|entry| (entry.key.value.as_str(), *entry)).collect(),
            names: known.iter().cloned().collect(),
            known,
            longest_stem: stems.iter().map(String::len).max().unwrap_or_default(),
            stems,
        }
    }

    /// Whether it is one, or may well be one.
    fn may_have(&self, logical_id: &str) -> bool {
        let has_stem = || {
            let ends = 0..=logical_id.len().min(self.longest_stem);
            ends.filter_map(|end| logical_id.get(..end))
                .any(|stem| self.stems.contains(stem))
        };
        self.names.contains(logical_id) || logical_id.starts_with("Stp") || has_stem()
    }
}

impl Judge<'_, '_> {
    /// What is outside of the stack and only AWS has, nobody answers on this machine. Resources of it that this machine has
    /// not are told about where they are.
    fn here(&mut self, expression: &Expression, at: Span) {
        let is_answered = match expression {
            Expression::Secret(_)
            | Expression::CfFormat { .. }
            | Expression::ResourceParam { .. }
            | Expression::CfResourceParam { .. } => true,
            Expression::SsmParam { .. } | Expression::CfStackOutput { .. } => false,
        };
        if !is_answered && self.surroundings.options.region.is_local() {
            let subject = format!("`${}`", expression.directive());
            let reason = "it asks AWS, and nothing here answers";
            self.diagnostics.not_run_here_yet(at, &subject, reason);
        }
    }

    fn resource_param(&mut self, resource: &str, parameter: &str, at: Span) {
        let Some(one) = self.resources.find(resource) else {
            // One whose type is wrong has been told about already.
            let whole = resource.split('.').next().unwrap_or_default();
            if !self.resources.is_written(whole) {
                let is_told = !self.diagnostics.is_full();
                let declared = self.resources.declared.iter().take_while(|_| is_told);
                let known: Vec<&str> = declared.map(|one| one.name.value.as_str()).collect();
                self.diagnostics
                    .unknown_resource(&Spanned::new(resource.to_string(), at), &known);
            }
            return;
        };
        let known: Vec<&str> = one
            .kind
            .parameters_of(one.properties)
            .map(|one| one.name)
            .collect();
        if known.contains(&parameter) {
            return;
        }
        let of = format!("the resource {} of type `{}`", quoted(resource), one.kind.name);
        self.diagnostics.unknown_parameter(at, parameter, &of, &known);
    }

    fn cf_resource_param(&mut self, logical_id: &str, attribute: &str, at: Span) {
        let resources = self.resources;
        let ids = self
            .ids
            .get_or_insert_with(|| Rc::new(LogicalIds::of(resources)))
            .clone();
        if let Some(entry) = ids.raw.get(logical_id) {
            let kind = entry.value.value.as_mapping().and_then(|one| one.text("Type"));
            return kind
                .into_iter()
                .for_each(|kind| self.attribute(kind, attribute, at));
        }
        if ids.may_have(logical_id) {
            return;
        }
        let is_told = !self.diagnostics.is_full();
        let known: Vec<&str> = ids
            .known
            .iter()
            .take_while(|_| is_told)
            .map(String::as_str)
            .collect();
        let subject = "the logical id of anything in the template";
        self.diagnostics
            .unknown_logical_id(at, logical_id, subject, &known);
    }

    fn attribute(&mut self, kind: &str, attribute: &str, at: Span) {
        match (self.surroundings.catalogue.attribute)(kind, attribute) {
            AttributeCheck::Known => {}
            AttributeCheck::UnknownType => self.diagnostics.unknown_type(at, kind),
            AttributeCheck::Unknown(mut known) => {
                known.push("Ref".to_string());
                let shown: Vec<&str> = known.iter().map(String::as_str).take(MOST_LISTED).collect();
                let of = format!("the type {}", quoted(kind));
                self.diagnostics.unknown_parameter(at, attribute, &of, &shown);
            }
        }
    }

    fn secret(&mut self, reference: &SecretReference, at: Span) {
        let (name, key) = (reference.name().as_str(), reference.key());
        let question = Question::Secret {
            name: name.to_string(),
        };
        let Some(answer) = self.surroundings.answers.get(&question) else {
            self.questions.insert(question);
            return;
        };
        let Answer::Secret(state) = answer else { return };
        let region = self.surroundings.options.region.as_str();
        match state {
            SecretState::Missing { others } => {
                let others: Vec<&str> = others.iter().map(String::as_str).collect();
                self.diagnostics.missing_secret(at, name, region, &others);
            }
            SecretState::There { keys } => {
                let path = key.join(".");
                let known: Option<Vec<&str>> = keys
                    .as_ref()
                    .map(|keys| keys.iter().map(String::as_str).collect());
                let is_there =
                    key.is_empty() || known.as_ref().is_some_and(|known| known.contains(&path.as_str()));
                if !is_there {
                    self.diagnostics
                        .missing_secret_key(at, name, &path, known.as_deref());
                }
            }
        }
    }
}
