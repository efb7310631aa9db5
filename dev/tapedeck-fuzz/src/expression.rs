//! Structured inputs: calls in calls, and findings, out of bytes.

use arbitrary::{Arbitrary, Unstructured};
use tapedeck_config::directive::BUILTINS;
use tapedeck_diagnostic::{Allowed, Diagnostics, Found, Source, Sources, Span, Spanned};

use crate::surroundings::Surroundings;

/// Names of variables, so that calls find each other.
const NAMES: [&str; 6] = ["a", "b", "c", "d", "e", "f"];

/// Names of directives that are not of the language: two of the project's own, and one that nobody defines.
const CUSTOM: [&str; 3] = ["own", "other", "Stagee"];

/// An argument, or all of a value.
#[derive(Debug, Arbitrary)]
enum Expression {
    Text(String),
    Number(i16),
    Boolean(bool),
    Placeholders(u8),
    FileName(u8),
    Resource(u8),
    Call(Call),
}

#[derive(Debug, Arbitrary)]
struct Call {
    name: u8,
    arguments: Vec<Expression>,
    path: Vec<Step>,
    /// Signs that are left out or put in, to make calls that are none.
    flaw: u8,
}

#[derive(Debug, Arbitrary)]
enum Step {
    Name(u8),
    Index(u8),
    Quoted(String),
}

/// A config out of bytes: variables, environment, files and functions, all of them made of calls.
#[derive(Debug, Arbitrary)]
struct Input {
    variables: Vec<Expression>,
    environment: Vec<Expression>,
    file: Vec<Expression>,
    result: Vec<Expression>,
    settings: String,
}

/// A config and what surrounds it.
pub(crate) fn config(data: &[u8]) -> (String, Surroundings) {
    let mut bytes = Unstructured::new(data);
    let Ok(input) = Input::arbitrary(&mut bytes) else {
        return (String::new(), Surroundings::default());
    };
    let entries = |expressions: &[Expression], indent: &str| -> String {
        expressions
            .iter()
            .enumerate()
            .map(|(index, one)| {
                format!(
                    "{indent}{}{}: {}\n",
                    NAMES[index % 6],
                    suffix(index),
                    quoted(&one.written())
                )
            })
            .collect()
    };
    let text = format!(
        "variables:\n{}directives:\n  - {{ name: own, filePath: f.js }}\n  - {{ name: other, filePath: f.js:other }}\n\
         resources:\n  w:\n    type: worker-service\n    properties:\n      packaging: {{ type: \
         stacktape-image-buildpack, properties: {{ entryfilePath: a.js }} }}\n      resources: {{ cpu: 1, memory: 2048 \
         }}\n      environment:\n        Z: z\n{}",
        entries(&input.variables, "  "),
        entries(&input.environment, "        "),
    );
    let mut surroundings = Surroundings::default();
    let mut add = |name: &str, text: String| surroundings.files.insert(name.to_string(), text);
    add("a.yml", entries(&input.file, ""));
    add("a.env", input.settings);
    let results: serde_json::Map<String, serde_json::Value> = input
        .result
        .iter()
        .enumerate()
        .map(|(index, one)| (NAMES[index % 6].to_string(), one.written().into()))
        .collect();
    let results = serde_json::Value::from(results).to_string();
    surroundings.functions.insert("f.js:".to_string(), results);
    surroundings
        .variables
        .insert("a".to_string(), "$Var().a".to_string());
    (text, surroundings)
}

/// What makes the names of more than six distinct.
fn suffix(index: usize) -> String {
    match index / 6 {
        0 => String::new(),
        more => more.to_string(),
    }
}

/// A text between quotes as YAML and JSON both take it.
fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

impl Expression {
    /// As a whole value.
    fn written(&self) -> String {
        match self {
            Self::Text(text) => text.clone(),
            other => other.argument(),
        }
    }

    fn argument(&self) -> String {
        match self {
            Self::Text(text) => format!("'{}'", text.replace('\'', "\\'")),
            Self::Number(number) => number.to_string(),
            Self::Boolean(value) => value.to_string(),
            Self::Placeholders(count) => format!("'{}'", "{}".repeat(usize::from(count % 5))),
            Self::FileName(which) => format!(
                "'{}'",
                ["a.yml", "a.env", "f.js", "f.js:other", "b.txt"][usize::from(which % 5)]
            ),
            Self::Resource(which) => format!(
                "'{}'",
                ["w", "a", "AWS::SQS::Queue", "arn"][usize::from(which % 4)]
            ),
            Self::Call(call) => call.written(),
        }
    }
}

impl Call {
    fn written(&self) -> String {
        let known = BUILTINS.len() + CUSTOM.len();
        let which = usize::from(self.name) % known;
        let name = BUILTINS
            .get(which)
            .map_or_else(|| CUSTOM[which - BUILTINS.len()], |one| one.name);
        let arguments: Vec<String> = self.arguments.iter().map(Expression::argument).collect();
        let arguments = arguments.join(", ");
        let path: String = self.path.iter().map(Step::written).collect();
        match self.flaw {
            0 => format!("${name}({arguments}{path}"),
            1 => format!("${name}({arguments}) {path}"),
            2 => format!("before ${name}({arguments}){path}"),
            3 => format!("${name}({arguments}){path} after"),
            4 => format!("${name} ({arguments}){path}"),
            5 => format!("${name}({arguments},){path}"),
            _ => format!("${name}({arguments}){path}"),
        }
    }
}

impl Step {
    fn written(&self) -> String {
        match self {
            Self::Name(which) => format!(".{}", NAMES[usize::from(which % 6)]),
            Self::Index(index) => format!("[{index}]"),
            Self::Quoted(text) => format!("['{text}']"),
        }
    }
}

/// A finding of any kind, at any place, about anything.
#[derive(Debug, Arbitrary)]
struct Finding {
    kind: u8,
    start: u16,
    end: u16,
    elsewhere: bool,
    first: String,
    second: String,
}

/// Findings out of bytes, and the texts that they are about.
pub(crate) fn findings(data: &[u8]) -> (Diagnostics, Sources) {
    let mut bytes = Unstructured::new(data);
    let (name, other): (String, String) = Arbitrary::arbitrary(&mut bytes).unwrap_or_default();
    let found: Vec<Finding> = Arbitrary::arbitrary(&mut bytes).unwrap_or_default();
    let text = String::from_utf8_lossy(data);
    let mut sources = Sources::new(Source::new("stacktape.yml", text));
    let id = sources.add(Source::new(name, other));
    let mut diagnostics = Diagnostics::new();
    for one in found {
        let span = Span::new(usize::from(one.start), usize::from(one.end));
        let span = if one.elsewhere { span.of(id) } else { span };
        add(&mut diagnostics, one.kind, span, (one.first, &one.second));
    }
    (diagnostics, sources)
}

fn add(diagnostics: &mut Diagnostics, kind: u8, at: Span, (first, second): (String, &str)) {
    let name = Spanned::new(first.clone(), at);
    match kind % 16 {
        0 => diagnostics.unknown_key(&name, second, &["type", &first]),
        1 => diagnostics.duplicate_key(&name, at.start_point()),
        2 => diagnostics.wrong_type(at, &first, second, Found::Number(&first)),
        3 => diagnostics.invalid_value(&name, second, Allowed::Advice(second)),
        4 => diagnostics.invalid_name(&name, "name", second, Some(second)),
        5 => diagnostics.directive_failed(at, &first, second, Some(second)),
        6 => diagnostics.directive_cycle(at, &[&first, second]),
        7 => diagnostics.directive_path(at, &first, second, "keys", &[&first, second]),
        8 => diagnostics.missing_secret(at, &first, second, &[second]),
        9 => diagnostics.unknown_tag(at, &first),
        10 => diagnostics.yaml_syntax(at, &first, Some(second)),
        11 => diagnostics.code_failed(at, &first, Some(second)),
        12 => diagnostics.unknown_container(&name, &[second]),
        13 => diagnostics.name_clash(&name, &Spanned::new(second.to_string(), at), &first),
        14 => diagnostics.note_use(at, at.start_point().of(tapedeck_diagnostic::SourceId::MAIN)),
        _ => diagnostics.missing_secret_key(at, &first, second, Some(&[&first])),
    }
}
