//! The text of a template to a value: JSON, or YAML with the short forms of intrinsic functions.

use saphyr_parser::{Event, Parser, ScalarStyle, Tag};
use serde_json::{Map, Value, json};

/// How deep a template may be. Those of CloudFormation stay far below.
const MAX_DEPTH: usize = 100;

/// Why a text is no template.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ReadTemplateError {
    /// It is neither JSON nor YAML.
    #[error("line {line}: {problem}")]
    Syntax {
        /// Where.
        line: usize,
        /// What is wrong there.
        problem: String,
    },
    /// There is nothing in it that CloudFormation would make.
    #[error("it has no `Resources`, so it is no template of CloudFormation")]
    NoResources,
}

/// Reads a template, or the answer of `aws cloudformation get-template`, in which there is one.
///
/// # Errors
/// When the text is neither JSON nor YAML, or no template.
pub fn read_template(text: &str) -> Result<Value, ReadTemplateError> {
    let mut value = read(text)?;
    if let Some(body) = value.get_mut("TemplateBody").map(Value::take) {
        value = match body {
            Value::String(text) => read(&text)?,
            body => body,
        };
    }
    match value.get("Resources").is_some_and(Value::is_object) {
        true => Ok(value),
        false => Err(ReadTemplateError::NoResources),
    }
}

fn read(text: &str) -> Result<Value, ReadTemplateError> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    match text
        .trim_start()
        .starts_with('{')
        .then(|| serde_json::from_str(text))
    {
        Some(Ok(value)) => Ok(value),
        // Also flow style of YAML begins so.
        _ => read_yaml(text),
    }
}

/// A list or a mapping that is not at its end yet.
struct Open {
    content: Content,
    function: Option<String>,
}

enum Content {
    List(Vec<Value>),
    Mapping(Map<String, Value>, Option<String>),
}

fn read_yaml(text: &str) -> Result<Value, ReadTemplateError> {
    let mut open: Vec<Open> = Vec::new();
    let mut root = Value::Null;
    for next in Parser::new_from_str(text) {
        let (event, line) = match next {
            Ok((event, span)) => (event, span.start.line()),
            Err(error) => return Err(syntax(error.marker().line(), error.info())),
        };
        let done = match event {
            Event::Scalar(text, style, _, tag) => {
                let value = match style {
                    ScalarStyle::Plain => plain(&text),
                    _ => Value::from(&*text),
                };
                Some(called(function(tag.as_deref()), value))
            }
            Event::SequenceStart(_, tag) => {
                open.push(Open::new(Content::List(Vec::new()), tag.as_deref()));
                None
            }
            Event::MappingStart(_, tag) => {
                open.push(Open::new(Content::Mapping(Map::new(), None), tag.as_deref()));
                None
            }
            Event::SequenceEnd | Event::MappingEnd => open.pop().map(Open::close),
            Event::Alias(_) => return Err(syntax(line, "CloudFormation takes no aliases of YAML")),
            _ => None,
        };
        if open.len() > MAX_DEPTH {
            return Err(syntax(line, "it is too deep"));
        }
        match (done, open.last_mut()) {
            (Some(value), Some(parent)) => parent.take(value),
            (Some(value), None) => root = value,
            (None, _) => {}
        }
    }
    Ok(root)
}

fn syntax(line: usize, problem: &str) -> ReadTemplateError {
    ReadTemplateError::Syntax {
        line,
        problem: problem.to_string(),
    }
}

impl Open {
    fn new(content: Content, tag: Option<&Tag>) -> Self {
        Self {
            content,
            function: function(tag),
        }
    }

    fn take(&mut self, value: Value) {
        match &mut self.content {
            Content::List(items) => items.push(value),
            Content::Mapping(entries, key) => match key.take() {
                Some(key) => {
                    entries.insert(key, value);
                }
                None => *key = Some(value.as_str().map_or_else(|| value.to_string(), str::to_string)),
            },
        }
    }

    fn close(self) -> Value {
        let value = match self.content {
            Content::List(items) => Value::Array(items),
            Content::Mapping(entries, _) => Value::Object(entries),
        };
        called(self.function, value)
    }
}

/// The name behind the `!` of a short form.
fn function(tag: Option<&Tag>) -> Option<String> {
    let tag = tag?;
    (tag.handle == "!" && !tag.suffix.is_empty()).then(|| tag.suffix.to_string())
}

/// A short form in its long form.
fn called(function: Option<String>, value: Value) -> Value {
    let Some(function) = function else {
        return value;
    };
    match (function.as_str(), &value) {
        ("Ref" | "Condition", _) => Value::Object(Map::from_iter([(function, value)])),
        ("GetAtt", Value::String(text)) => {
            let (id, attribute) = text.split_once('.').unwrap_or((text, ""));
            json!({ "Fn::GetAtt": [id, attribute] })
        }
        _ => Value::Object(Map::from_iter([(format!("Fn::{function}"), value)])),
    }
}

/// What a text without quotes means. A date such as that of a policy's version is a text.
fn plain(text: &str) -> Value {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => Value::Null,
        "true" | "True" | "TRUE" => Value::Bool(true),
        "false" | "False" | "FALSE" => Value::Bool(false),
        _ => match serde_json::from_str::<serde_json::Number>(text) {
            Ok(number) => Value::Number(number),
            Err(_) => Value::from(text),
        },
    }
}
