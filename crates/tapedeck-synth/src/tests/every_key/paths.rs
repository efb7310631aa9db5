//! The keys of a table and of a value that it describes.

use serde_json::{Value, json};
use tapedeck_config::schema::{Key, Kind, Object};

/// A key where it is written.
pub(super) struct Place {
    /// The keys that lead to it, with dots between them, and after `properties` that depend on a type, that type.
    pub(super) path: String,
    /// Where it is in the value.
    pub(super) pointer: String,
    /// What the table says of it.
    pub(super) key: &'static Key,
    value: Value,
}

/// Every key of a table, and of those below it.
pub(super) fn all_paths(object: &'static Object) -> Vec<String> {
    let mut paths = Vec::new();
    collect(object, "", &mut paths);
    paths
}

fn collect(object: &'static Object, above: &str, paths: &mut Vec<String>) {
    for key in object.keys {
        let path = format!("{above}{}", key.name);
        match &key.kind {
            Kind::Object(inner) | Kind::ListOf(inner) | Kind::MapOf(inner) | Kind::Environment(inner) => {
                collect(inner, &format!("{path}."), paths);
            }
            Kind::Branch(branch) => {
                for case in branch.cases {
                    collect(case.object, &format!("{path}.<{}>.", case.values[0]), paths);
                }
            }
            _ => {}
        }
        paths.push(path);
    }
}

/// Every key that is written in a value.
pub(super) fn walk(object: &'static Object, value: &Value) -> Vec<Place> {
    let mut places = Vec::new();
    visit(object, value, ("", ""), &mut places);
    places
}

fn visit(object: &'static Object, value: &Value, (above, pointer): (&str, &str), places: &mut Vec<Place>) {
    for (name, inner) in value.as_object().into_iter().flatten() {
        let Some(key) = object.key(name) else { continue };
        let (path, pointer) = (format!("{above}{name}"), format!("{pointer}/{name}"));
        let below = format!("{path}.");
        match &key.kind {
            Kind::Object(object) => visit(object, inner, (&below, &pointer), places),
            Kind::ListOf(object) | Kind::Environment(object) => {
                for (index, item) in inner.as_array().into_iter().flatten().enumerate() {
                    visit(object, item, (&below, &format!("{pointer}/{index}")), places);
                }
            }
            Kind::Branch(branch) => {
                let decider = value[branch.key].as_str().unwrap_or_default();
                let selected = (branch.select)(decider);
                let case = branch.cases.iter().find(|case| case.values.contains(&selected));
                if let Some(case) = case {
                    let below = format!("{path}.<{}>.", case.values[0]);
                    visit(case.object, inner, (&below, &pointer), places);
                }
            }
            _ => {}
        }
        places.push(Place {
            path,
            pointer,
            key,
            value: inner.clone(),
        });
    }
}

impl Place {
    /// Whether other keys tell whether it is heeded: those within it, or those that depend on it.
    pub(super) fn is_of_others(&self) -> bool {
        matches!(
            self.key.kind,
            Kind::Type(_) | Kind::Object(_) | Kind::ListOf(_) | Kind::MapOf(_) | Kind::Branch(_)
        )
    }

    /// What to try instead of its value, one after the other: nothing first.
    pub(super) fn replacements(&self, names: &[&String]) -> Vec<Option<Value>> {
        let mut others: Vec<Value> = match &self.key.kind {
            Kind::Boolean => vec![json!(false), json!(true)],
            Kind::TextOneOf(words) => words.iter().map(|word| json!(word)).collect(),
            Kind::NumberOneOf(words) => words
                .iter()
                .filter_map(|word| serde_json::from_str(word).ok())
                .collect(),
            Kind::TextsOneOf(words) => words.iter().map(|word| json!([word])).collect(),
            Kind::ResourceName(_) => names.iter().map(|name| json!(name)).collect(),
            Kind::Any | Kind::AnyMapping => vec![json!("*"), json!({ "a": ["b"] })],
            _ => Vec::new(),
        };
        match &self.value {
            Value::Number(number) => {
                if let Some(number) = number.as_f64().filter(|number| number.fract() != 0.0) {
                    others.push(json!(number * 2.0));
                }
                if let Some(number) = number.as_u64() {
                    let steps = [number + 1, number * 2, number.saturating_sub(1), number + 60];
                    others.extend(steps.map(|number| json!(number)));
                }
            }
            Value::String(text) => others.extend(texts(text)),
            Value::Array(items) => {
                if items.len() > 1 {
                    others.push(json!(items[1..]));
                }
                let first = items.first().and_then(Value::as_str).unwrap_or_default();
                others.extend(texts(first).map(|text| json!([text])));
                if let Some((last, rest)) = items.split_last() {
                    let last = last.as_str().unwrap_or_default();
                    others.extend(texts(last).map(|text| Value::Array([rest, &[text]].concat())));
                }
            }
            _ => {}
        }
        others.retain(|other| *other != self.value);
        std::iter::once(None)
            .chain(others.into_iter().map(Some))
            .collect()
    }
}

/// Other texts of the kind that a text is, one of which will do.
fn texts(text: &str) -> impl Iterator<Item = Value> {
    let larger = text.replace("small", "medium").replace("micro", "small");
    let texts = [
        format!("{text}2"),
        format!("{text}x"),
        // A beginning or an ending that has a meaning stays.
        format!("other{text}"),
        text.replace('a', "b"),
        larger,
        "arn:aws:sqs:eu-west-1:123456789012:others".to_string(),
        "20".to_string(),
    ];
    texts.into_iter().map(Value::from)
}
