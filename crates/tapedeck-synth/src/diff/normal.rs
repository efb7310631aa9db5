//! One spelling of each value, so that what means the same is the same.
//!
//! What builds a text becomes a text with `${Id}` and `${Id.Attribute}` in it, as in `Fn::Sub`; a `${` that is meant as
//! such is `${!`. Numbers and truth values become texts, as CloudFormation takes either. What is empty is left out.

use serde_json::{Map, Value};

/// Keys under which a text stands for a list of one.
const TEXT_OR_LIST: [&str; 4] = ["Action", "NotAction", "NotResource", "Resource"];

/// Where a template is deployed: what its pseudo parameters are.
#[derive(Debug, Clone, Default)]
pub struct Surroundings {
    /// Values of pseudo parameters, such as `AWS::Region`. One that is missing is not known.
    pub pseudo_parameters: Vec<(&'static str, String)>,
}

impl Surroundings {
    /// A stack of AWS.
    #[must_use]
    pub fn new(region: &str, stack: &str, account: Option<&str>) -> Self {
        let is_china = region.starts_with("cn-");
        let mut known = vec![
            ("AWS::Region", region.to_string()),
            ("AWS::StackName", stack.to_string()),
            ("AWS::Partition", crate::naming::partition(region).to_string()),
            (
                "AWS::URLSuffix",
                ["amazonaws.com", if is_china { ".cn" } else { "" }].concat(),
            ),
        ];
        known.extend(account.map(|account| ("AWS::AccountId", account.to_string())));
        Self {
            pseudo_parameters: known,
        }
    }

    /// A value with its pseudo parameters, in its one spelling.
    pub(crate) fn normal(&self, value: &Value) -> Value {
        self.under("", value)
    }

    fn under(&self, key: &str, value: &Value) -> Value {
        if let Some(text) = self.text_of(value) {
            let text = Value::from(text);
            return match TEXT_OR_LIST.contains(&key) {
                true => Value::Array(vec![text]),
                false => text,
            };
        }
        match value {
            Value::Array(items) => Value::Array(items.iter().map(|item| self.normal(item)).collect()),
            Value::Object(entries) => {
                let entries = entries.iter().map(|(key, value)| {
                    let key = key.clone();
                    let value = self.under(&key, value);
                    (key, value)
                });
                Value::Object(entries.filter(|(_, value)| !is_empty(value)).collect())
            }
            other => other.clone(),
        }
    }

    /// What is a text, or becomes one when CloudFormation fills it in.
    fn text_of(&self, value: &Value) -> Option<String> {
        match value {
            Value::Bool(truth) => Some(truth.to_string()),
            Value::Number(number) => Some(match number.as_f64() {
                Some(float) if number.is_f64() => float.to_string(),
                _ => number.to_string(),
            }),
            Value::String(text) => Some(text.replace("${", "${!")),
            Value::Object(object) if object.len() == 1 => {
                let (name, argument) = object.iter().next()?;
                match (name.as_str(), argument) {
                    ("Ref", Value::String(id)) => Some(self.variable(id)),
                    ("Fn::GetAtt", Value::String(path)) => Some(self.variable(path)),
                    ("Fn::GetAtt", Value::Array(parts)) => {
                        let parts: Option<Vec<&str>> = parts.iter().map(Value::as_str).collect();
                        Some(self.variable(&parts?.join(".")))
                    }
                    ("Fn::Join", Value::Array(arguments)) => self.joined(arguments),
                    ("Fn::Sub", Value::String(text)) => self.substituted(text, &Map::new()),
                    ("Fn::Sub", Value::Array(arguments)) => match arguments.as_slice() {
                        [Value::String(text), Value::Object(variables)] => self.substituted(text, variables),
                        _ => None,
                    },
                    _ => None,
                }
            }
            _ => None,
        }
    }

    fn joined(&self, arguments: &[Value]) -> Option<String> {
        let [Value::String(separator), Value::Array(parts)] = arguments else {
            return None;
        };
        let parts: Option<Vec<String>> = parts.iter().map(|part| self.text_of(part)).collect();
        Some(parts?.join(&separator.replace("${", "${!")))
    }

    fn substituted(&self, text: &str, variables: &Map<String, Value>) -> Option<String> {
        let mut parts = text.split("${");
        let mut filled = parts.next()?.to_string();
        for part in parts {
            let Some((name, rest)) = part.split_once('}') else {
                filled.push_str("${");
                filled.push_str(part);
                continue;
            };
            match variables.get(name) {
                Some(value) => filled.push_str(&self.text_of(value)?),
                None => filled.push_str(&self.variable(name)),
            }
            filled.push_str(rest);
        }
        Some(filled)
    }

    fn variable(&self, name: &str) -> String {
        let known = self.pseudo_parameters.iter().find(|(known, _)| *known == name);
        match known {
            Some((_, value)) => value.clone(),
            None => format!("${{{name}}}"),
        }
    }
}

fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Array(items) => items.is_empty(),
        Value::Object(entries) => entries.is_empty(),
        _ => false,
    }
}

/// The resources that a value in its one spelling refers to, each with the attribute; without one it is `Ref`.
pub(crate) fn references(value: &Value) -> Vec<(&str, &str)> {
    let mut found = Vec::new();
    collect(value, &mut found);
    found
}

fn collect<'a>(value: &'a Value, found: &mut Vec<(&'a str, &'a str)>) {
    match value {
        Value::Array(items) => items.iter().for_each(|item| collect(item, found)),
        Value::Object(entries) => entries.values().for_each(|inner| collect(inner, found)),
        Value::String(text) => found.extend(text.split("${").skip(1).filter_map(|part| {
            let (name, _) = part.split_once('}')?;
            let is_resource = !name.starts_with('!') && !name.starts_with("AWS::");
            is_resource.then(|| name.split_once('.').unwrap_or((name, "")))
        })),
        _ => {}
    }
}
