//! What the tables say of a part.

use tapedeck_diagnostic::Rule;
use tapedeck_model::naming::upper_snake_case;

use super::find::Found;
use super::trail::{Step, Trail};
use super::{Entry, Explained, List, Part};
use crate::directive::{BUILTINS, Builtin, Phase};
use crate::example::{self, Example};
use crate::schema::{
    Branch, Catalogue, Connectable, Key, Kind, Object, Parameter, ROOT, ResourceType, Support, When,
};
use crate::words;

/// The base of explanations, with `..`.
fn blank(path: String, kind: Part, doc: String) -> Explained {
    Explained {
        path,
        kind,
        value: None,
        default: None,
        required: None,
        allowed: Vec::new(),
        doc,
        support: None,
        keys: Vec::new(),
        parameters: Vec::new(),
        connecting: None,
        lists: Vec::new(),
        also: Vec::new(),
        example: None,
    }
}

/// Gathers what is known of a part.
pub(super) fn describe(catalogue: &Catalogue, found: &Found) -> Explained {
    match found {
        Found::Language => language(catalogue),
        Found::Type(kind) => resource_type(kind),
        Found::Parameter(kind, parameter) => of_parameter(kind, parameter),
        Found::Key(trail) => of_key(catalogue, trail),
        Found::Directive(directive) => of_directive(directive),
        Found::Rule(rule) => of_rule(*rule),
    }
}

fn language(catalogue: &Catalogue) -> Explained {
    let list = |title: &str, entries: Vec<Entry>| List {
        title: title.to_string(),
        entries,
    };
    let directives = BUILTINS
        .iter()
        .map(|one| entry(&format!("${}", one.name), one.doc));
    let rules = Rule::ALL.iter().map(|rule| entry(rule.name(), rule.summary()));
    Explained {
        keys: keys(&ROOT),
        lists: vec![
            list("types of resources", types(catalogue)),
            list("directives", directives.collect()),
            list("rules", rules.collect()),
        ],
        ..blank(String::new(), Part::Language, ROOT.doc.to_string())
    }
}

fn entry(name: &str, doc: &str) -> Entry {
    Entry {
        name: name.to_string(),
        doc: doc.to_string(),
        ..Entry::default()
    }
}

fn types(catalogue: &Catalogue) -> Vec<Entry> {
    let of_one = |kind: &&ResourceType| entry(kind.name, &joined(kind.doc, kind.support));
    catalogue.types.iter().map(of_one).collect()
}

/// What something means, and how far it is supported.
fn joined(doc: &str, support: Support) -> String {
    match words::support(support) {
        None => doc.to_string(),
        Some(support) if doc.is_empty() => support,
        Some(support) => format!("{} ({support})", doc.trim_end_matches('.')),
    }
}

fn keys(object: &Object) -> Vec<Entry> {
    let of_one = |key: &Key| Entry {
        name: key.name.to_string(),
        value: Some(words::kind(&key.kind)),
        required: words::need(key.need),
        doc: joined(key.doc, key.support),
        variable: None,
    };
    object.keys.iter().map(of_one).collect()
}

fn resource_type(kind: &ResourceType) -> Explained {
    let properties = kind.properties;
    Explained {
        support: words::support(kind.support),
        keys: properties.map(keys).unwrap_or_default(),
        parameters: kind.parameters.iter().map(parameter).collect(),
        connecting: properties.map(|_| connecting(kind)),
        example: properties.map(|object| Example::of_resource(kind, example::of_properties(object)).render()),
        ..blank(kind.name.to_string(), Part::ResourceType, kind.doc.to_string())
    }
}

fn parameter(parameter: &Parameter) -> Entry {
    let mut doc = parameter.doc.to_string();
    if let When::If(_, condition) = parameter.when {
        doc.push_str(&format!(" ({condition})"));
    }
    if parameter.is_secret {
        doc.push_str(" (secret)");
    }
    Entry {
        name: parameter.name.to_string(),
        value: Some(words::value_type(parameter.value).to_string()),
        variable: Some(variable(parameter)),
        required: None,
        doc,
    }
}

/// The variable that connecting gives, for a resource of any name.
fn variable(parameter: &Parameter) -> String {
    format!("STP_<NAME>_{}", upper_snake_case(parameter.name))
}

fn connecting(kind: &ResourceType) -> String {
    match (kind.connectable, kind.parameters.is_empty()) {
        (Connectable::No(advice), _) => format!("`connectTo` cannot name it: {advice}"),
        (Connectable::Yes, true) => "`connectTo` gives permission to use it".to_string(),
        (Connectable::Yes, false) => {
            "`connectTo` gives permission to use it, and its parameters as environment variables".to_string()
        }
    }
}

fn of_parameter(kind: &ResourceType, one: &Parameter) -> Explained {
    let Entry {
        value, doc, variable, ..
    } = parameter(one);
    Explained {
        value,
        connecting: variable.map(|variable| format!("with `connectTo` the environment variable {variable}")),
        example: Some(format!("$ResourceParam('myName', '{}')\n", one.name)),
        ..blank(format!("{}.{}", kind.name, one.name), Part::Parameter, doc)
    }
}

fn of_key(catalogue: &Catalogue, trail: &Trail) -> Explained {
    let Step { key, case } = *trail.last();
    let (doc, support) = match case {
        Some(case) => (vec![words::sentence(case.object.doc)], None),
        None => (words::meaning(key), words::support(key.support)),
    };
    let allowed = words::allowed(&key.kind).into_iter();
    Explained {
        value: Some(words::kind(&key.kind)),
        default: key.default.map(str::to_string),
        required: words::need(key.need),
        allowed: allowed
            .map(|(name, said)| entry(&name, &said.unwrap_or_default()))
            .collect(),
        support,
        keys: inside(catalogue, trail),
        also: trail.also.clone(),
        example: (key.support != Support::NotYet).then(|| in_place(trail).render()),
        ..blank(trail.path(), Part::Key, doc.join(" "))
    }
}

/// What may stand in the value of a key: its keys or, where they depend on another key, the cases.
fn inside(catalogue: &Catalogue, trail: &Trail) -> Vec<Entry> {
    let Step { key, case } = trail.last();
    match (case, &key.kind) {
        (Some(case), _) => keys(case.object),
        (
            None,
            Kind::Object(object) | Kind::ListOf(object) | Kind::MapOf(object) | Kind::Environment(object),
        ) => keys(object),
        (None, Kind::Branch(branch)) => {
            let of_case = |value: &&str, object: &Object| Entry {
                name: (*value).to_string(),
                value: Some(format!("with this `{}`", branch.key)),
                doc: object.doc.to_string(),
                ..Entry::default()
            };
            let cases = branch.cases.iter();
            cases
                .flat_map(|case| case.values.iter().map(move |value| of_case(value, case.object)))
                .collect()
        }
        (None, Kind::Resources) => types(catalogue),
        _ => Vec::new(),
    }
}

/// An example of a key, in all that it stands in.
fn in_place(trail: &Trail) -> Example {
    let last = trail.last();
    let mut example = match last.case {
        Some(case) => example::of_object(case.object),
        None => example::of_value(last.key),
    };
    for (index, step) in trail.steps.iter().enumerate().rev() {
        if index + 1 < trail.steps.len() {
            example = match step.key.kind {
                Kind::ListOf(_) | Kind::Environment(_) => Example::List(vec![example]),
                Kind::MapOf(_) => Example::of_key("myName", example),
                _ => example,
            };
        }
        let mut entries = Vec::new();
        if let Some((branch, value)) = decided(step) {
            entries.push((
                branch.key.to_string(),
                Example::Leaf(example::deciding(branch, value)),
            ));
        }
        entries.push((step.key.name.to_string(), example));
        example = Example::Mapping(entries);
    }
    match trail.kind {
        Some(kind) => Example::of_resource(kind, example),
        None => example,
    }
}

/// The branch that a key is at, and the value that the example decides it by.
fn decided(step: &Step) -> Option<(&'static Branch, &'static str)> {
    match (step.case, &step.key.kind) {
        (Some(case), _) => Some((case.branch, case.value)),
        (None, Kind::Branch(branch)) => Some((branch, branch.cases.first()?.values.first()?)),
        _ => None,
    }
}

fn of_directive(directive: &Builtin) -> Explained {
    let phase = match directive.phase {
        Phase::Early => "known when the file is read",
        Phase::Late => "known when the stack is deployed",
    };
    let mut keys: Vec<Entry> = directive
        .parameters
        .iter()
        .map(|parameter| Entry {
            required: parameter.is_required.then(|| "required".to_string()),
            ..entry(parameter.name, "")
        })
        .collect();
    if directive.is_variadic {
        keys.push(entry("…", "any number of further values"));
    }
    Explained {
        value: Some(phase.to_string()),
        keys,
        example: Some(format!("{}\n", directive.example)),
        ..blank(
            format!("${}", directive.name),
            Part::Directive,
            words::sentence(directive.doc),
        )
    }
}

fn of_rule(rule: Rule) -> Explained {
    Explained {
        value: Some(rule.severity().word().to_string()),
        ..blank(rule.name().to_string(), Part::Rule, rule.summary().to_string())
    }
}
