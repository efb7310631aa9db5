//! `state-machine`: steps that follow each other, in the Amazon States Language.

use tapedeck_config::parse::{Entry, Mapping};
use tapedeck_config::schema::{
    Connectable, Key, Kind, OBJECT, OPTIONAL, Object, Parameter, REQUIRED, Range, ResourceType, Support,
    UNSUPPORTED,
};
use tapedeck_config::{Declared, Scope};
use tapedeck_diagnostic::{Allowed, Span};

use crate::shared::relations;

/// The type.
pub(crate) static TYPE: ResourceType = ResourceType {
    name: "state-machine",
    doc: "Steps that follow each other, in Step Functions.",
    properties: Some(&STATE_MACHINE),
    support: Support::Partly("an emulator runs it"),
    parameters: &[
        Parameter::text("name", "name of the state machine"),
        Parameter::text("arn", "ARN of the state machine"),
    ],
    connectable: Connectable::Yes,
    check: Some(check),
    ..UNSUPPORTED
};

static STATE_MACHINE: Object = Object {
    name: "a state machine",
    doc: "Steps that follow each other, in Step Functions.",
    keys: &[Key {
        name: "definition",
        kind: Kind::Object(&DEFINITION),
        doc: "the steps, in the Amazon States Language",
        ..REQUIRED
    }],
    ..OBJECT
};

static DEFINITION: Object = Object {
    name: "`definition` of a state machine",
    doc: "The steps, in the Amazon States Language.",
    keys: &[
        Key {
            name: "Comment",
            kind: Kind::Text,
            doc: "what it is for",
            ..OPTIONAL
        },
        Key {
            name: "StartAt",
            kind: Kind::Text,
            doc: "name of the state that it begins with",
            example: Some("check"),
            ..REQUIRED
        },
        Key {
            name: "States",
            kind: Kind::AnyMapping,
            doc: "the states by their names",
            example: Some("{ check: { Type: Succeed } }"),
            ..REQUIRED
        },
        Key {
            name: "Version",
            kind: Kind::TextOneOf(&["1.0"]),
            default: Some("'1.0'"),
            doc: "version of the language",
            ..OPTIONAL
        },
        Key {
            name: "TimeoutSeconds",
            kind: Kind::Integer(&TIMEOUT),
            doc: "seconds after which it is ended",
            ..OPTIONAL
        },
        Key {
            name: "QueryLanguage",
            kind: Kind::TextOneOf(&["JSONPath", "JSONata"]),
            default: Some("JSONPath"),
            doc: "how states take values out of what they get",
            ..OPTIONAL
        },
    ],
    ..OBJECT
};

static TIMEOUT: Range = Range {
    min: 0,
    max: 99_999_999,
    advice: "use 0 to 99999999 seconds",
};

/// The types of states. Source: the specification of the Amazon States Language.
const STATE_TYPES: [&str; 8] = [
    "Task", "Pass", "Choice", "Wait", "Succeed", "Fail", "Parallel", "Map",
];

/// The rules that relate several keys.
fn check(one: &Declared<'_>, scope: &mut Scope<'_>) {
    if let Some(definition) = one.properties.mapping("definition") {
        states(definition, scope);
    }
}

/// Judges states that can follow each other.
fn states(machine: &Mapping, scope: &mut Scope<'_>) {
    let Some(states) = machine.mapping("States") else {
        return;
    };
    if let (Some(entry), true) = (machine.entry("States"), states.entries.is_empty()) {
        return scope.diagnostics.empty_section(entry.key.span, "`States`", &[]);
    }
    let names: Vec<&str> = states
        .entries
        .iter()
        .map(|entry| entry.key.value.as_str())
        .collect();
    next(machine, "StartAt", &names, scope);
    for entry in &states.entries {
        if let Some(state) = entry.value.value.as_mapping() {
            self::state(entry, state, &names, scope);
        }
    }
}

fn state(entry: &Entry, state: &Mapping, names: &[&str], scope: &mut Scope<'_>) {
    next(state, "Next", names, scope);
    next(state, "Default", names, scope);
    let decisions = state.list("Choices").iter().chain(state.list("Catch"));
    for decision in decisions.filter_map(|item| item.value.as_mapping()) {
        next(decision, "Next", names, scope);
    }
    let at = entry.key.span;
    let Some(kind) = state.spanned_text("Type") else {
        if !state.has("Type") {
            let meaning = format!("what it does, one of {}", STATE_TYPES.join(", "));
            scope.diagnostics.missing_key(at, "a state", "Type", &meaning);
        }
        return;
    };
    match kind.value.as_str() {
        "Choice" | "Succeed" | "Fail" => {}
        one if STATE_TYPES.contains(&one) => {
            relations::exactly_one(state, (at, "a state"), &["Next", "End"], scope);
        }
        _ => {
            let allowed = Allowed::OneOf {
                supported: &STATE_TYPES,
                known: &STATE_TYPES,
            };
            scope
                .diagnostics
                .invalid_value(&kind, "`Type` of a state", allowed);
        }
    }
    let branches = state.list("Branches").iter();
    for branch in branches.filter_map(|item| Some((item.span, item.value.as_mapping()?))) {
        inner(branch.1, branch.0.part(branch.0.start, branch.0.start + 1), scope);
    }
    for key in ["ItemProcessor", "Iterator"] {
        if let (Some(entry), Some(machine)) = (state.entry(key), state.mapping(key)) {
            inner(machine, entry.key.span, scope);
        }
    }
}

/// A machine within a state.
fn inner(machine: &Mapping, at: Span, scope: &mut Scope<'_>) {
    let keys = [
        ("StartAt", "name of the state that it begins with"),
        ("States", "the states by their names"),
    ];
    for (key, meaning) in keys {
        if !machine.has(key) {
            scope
                .diagnostics
                .missing_key(at, "a machine within a state", key, meaning);
        }
    }
    states(machine, scope);
}

/// The name of a state, if a key has one, is that of a state beside it.
fn next(mapping: &Mapping, key: &str, names: &[&str], scope: &mut Scope<'_>) {
    let name = mapping.spanned_text(key).filter(|name| !name.value.is_empty());
    if let Some(name) = name.filter(|name| !names.contains(&name.value.as_str())) {
        scope.diagnostics.unknown_state(&name, names);
    }
}
