//! Values of a template, as CloudFormation would make them.

use std::collections::BTreeMap;

use serde_json::Value;
use tapedeck_model::{SecretPart, SecretReference, StackName};

use crate::naming::{digest, partition};

/// How a reference to a secret begins, and what is between its name and its key.
const SECRET: &str = "{{resolve:secretsmanager:";
const SECRET_STRING: &str = ":SecretString:";

/// What values are made of.
#[derive(Debug, Clone, Default)]
pub struct Known {
    /// Outputs of the deployed template.
    pub outputs: BTreeMap<String, String>,
    /// Attributes of what is not deployed, by logical id and name.
    pub attributes: BTreeMap<(String, String), Vec<SecretPart>>,
    /// Pseudo parameters, such as `AWS::Region`.
    pub pseudo: BTreeMap<String, String>,
}

/// A value that cannot be made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unresolved {
    /// Something that it refers to is not there.
    #[error("`{0}` tells nothing here")]
    Reference(String),
    /// It has another shape than CloudFormation takes.
    #[error("`{0}` is nothing that CloudFormation makes a text of")]
    Shape(String),
}

impl Known {
    /// What is known of a stack wherever it is deployed.
    #[must_use]
    pub fn of(stack: &StackName, region: &str, account: &str) -> Self {
        let partition = partition(region);
        let suffix = match partition {
            "aws-cn" => "amazonaws.com.cn",
            _ => "amazonaws.com",
        };
        let pseudo = [
            ("AWS::Region", region),
            ("AWS::AccountId", account),
            ("AWS::Partition", partition),
            ("AWS::URLSuffix", suffix),
            ("AWS::StackName", stack.as_str()),
        ];
        let texts = pseudo.map(|(name, value)| (name.to_string(), value.to_string()));
        Self {
            pseudo: BTreeMap::from(texts),
            ..Self::default()
        }
    }
}

/// Makes a value: texts and secrets, to be joined.
///
/// # Errors
/// [`Unresolved`] for what is not known.
pub fn evaluate(value: &Value, known: &Known) -> Result<Vec<SecretPart>, Unresolved> {
    let mut parts = Vec::new();
    known.add(value, &mut parts)?;
    Ok(merged(parts))
}

impl Known {
    fn add(&self, value: &Value, parts: &mut Vec<SecretPart>) -> Result<(), Unresolved> {
        match value {
            Value::String(text) => add_text(text, parts),
            Value::Number(number) => add_text(&number.to_string(), parts),
            Value::Bool(flag) => add_text(&flag.to_string(), parts),
            Value::Object(_) => return self.add_call(value, parts),
            Value::Null | Value::Array(_) => return Err(Unresolved::Shape(value.to_string())),
        }
        Ok(())
    }

    fn add_call(&self, call: &Value, parts: &mut Vec<SecretPart>) -> Result<(), Unresolved> {
        let shape = || Unresolved::Shape(call.to_string());
        let (name, argument) = only_entry(call).ok_or_else(shape)?;
        match (name, argument) {
            ("Ref" | "Fn::GetAtt" | "Fn::ImportValue", _) => parts.extend(self.atom(call)?),
            ("Fn::Join", Value::Array(arguments)) => {
                let [Value::String(separator), items] = arguments.as_slice() else {
                    return Err(shape());
                };
                for (index, item) in self.list(items)?.into_iter().enumerate() {
                    if index > 0 {
                        add_text(separator, parts);
                    }
                    parts.extend(item);
                }
            }
            ("Fn::Sub", Value::String(text)) => self.substitute(text, &Value::Null, parts)?,
            ("Fn::Sub", Value::Array(arguments)) => {
                let [Value::String(text), variables] = arguments.as_slice() else {
                    return Err(shape());
                };
                self.substitute(text, variables, parts)?;
            }
            ("Fn::Select", Value::Array(arguments)) => {
                let [index, items] = arguments.as_slice() else {
                    return Err(shape());
                };
                let index = index
                    .as_u64()
                    .or_else(|| index.as_str()?.parse().ok())
                    .ok_or_else(shape)?;
                let index = usize::try_from(index).map_err(|_| shape())?;
                let item = self.list(items)?.into_iter().nth(index);
                parts.extend(item.ok_or_else(shape)?);
            }
            _ => return Err(shape()),
        }
        Ok(())
    }

    /// The items of a list, which may be made by a call.
    fn list(&self, items: &Value) -> Result<Vec<Vec<SecretPart>>, Unresolved> {
        if let Value::Array(items) = items {
            return items.iter().map(|item| evaluate(item, self)).collect();
        }
        let shape = || Unresolved::Shape(items.to_string());
        let Some(("Fn::Split", Value::Array(arguments))) = only_entry(items) else {
            return Err(shape());
        };
        let [Value::String(separator), text] = arguments.as_slice() else {
            return Err(shape());
        };
        let text = evaluate(text, self)?;
        let [SecretPart::Text(text)] = text.as_slice() else {
            return Err(shape());
        };
        let pieces = text.split(separator.as_str());
        Ok(pieces
            .map(|piece| vec![SecretPart::Text(piece.to_string())])
            .collect())
    }

    fn substitute(
        &self,
        text: &str,
        variables: &Value,
        parts: &mut Vec<SecretPart>,
    ) -> Result<(), Unresolved> {
        let mut rest = text;
        while let Some((before, after)) = rest.split_once("${") {
            add_text(before, parts);
            let (name, after) = after
                .split_once('}')
                .ok_or_else(|| Unresolved::Shape(text.to_string()))?;
            match (name.strip_prefix('!'), variables.get(name)) {
                (Some(literal), _) => add_text(&format!("${{{literal}}}"), parts),
                (None, Some(variable)) => self.add(variable, parts)?,
                (None, None) => parts.extend(self.atom(&reference_of(name))?),
            }
            rest = after;
        }
        add_text(rest, parts);
        Ok(())
    }

    /// What a reference stands for.
    fn atom(&self, atom: &Value) -> Result<Vec<SecretPart>, Unresolved> {
        let unknown = || Unresolved::Reference(told(atom));
        if let Some(Value::String(id)) = atom.get("Ref")
            && let Some(text) = self.pseudo.get(id)
        {
            return Ok(vec![SecretPart::Text(text.clone())]);
        }
        if let Some((id, name)) = attribute_of(atom)
            && let Some(parts) = self.attributes.get(&(id.to_string(), name.to_string()))
        {
            return Ok(parts.clone());
        }
        let output = self.outputs.get(&output_name(atom)).ok_or_else(unknown)?;
        Ok(vec![SecretPart::Text(output.clone())])
    }
}

/// All references in a value, by the names of the outputs that tell what they stand for.
pub(crate) fn collect_atoms(value: &Value, atoms: &mut BTreeMap<String, Value>) {
    match value {
        Value::Array(items) => items.iter().for_each(|item| collect_atoms(item, atoms)),
        Value::Object(object) => match only_entry(value) {
            Some(("Ref" | "Fn::GetAtt" | "Fn::ImportValue", _)) => {
                atoms.insert(output_name(value), value.clone());
            }
            Some(("Fn::Sub", argument)) => {
                let (text, variables) = match argument {
                    Value::Array(arguments) => (arguments.first(), arguments.get(1)),
                    text => (Some(text), None),
                };
                let names = text.and_then(Value::as_str).unwrap_or_default();
                for name in names
                    .split("${")
                    .skip(1)
                    .filter_map(|rest| rest.split('}').next())
                {
                    let is_variable = variables.is_some_and(|known| known.get(name).is_some());
                    if !is_variable && !name.starts_with('!') {
                        collect_atoms(&reference_of(name), atoms);
                    }
                }
                if let Some(variables) = variables.and_then(Value::as_object) {
                    variables.values().for_each(|value| collect_atoms(value, atoms));
                }
            }
            _ => object.values().for_each(|inner| collect_atoms(inner, atoms)),
        },
        _ => {}
    }
}

/// Logical id and name of an attribute.
pub(crate) fn attribute_of(atom: &Value) -> Option<(&str, &str)> {
    match atom.get("Fn::GetAtt")?.as_array()?.as_slice() {
        [Value::String(id), Value::String(name)] => Some((id, name)),
        _ => None,
    }
}

/// The name of the output that tells what a reference stands for.
pub(crate) fn output_name(atom: &Value) -> String {
    let text = atom.to_string();
    let readable: String = told(atom).chars().filter(char::is_ascii_alphanumeric).collect();
    format!("{readable}{}", digest(&text))
}

/// A reference as people know it.
pub(crate) fn told(atom: &Value) -> String {
    match (attribute_of(atom), atom.get("Ref"), atom.get("Fn::ImportValue")) {
        (Some((id, name)), _, _) => format!("{id}.{name}"),
        (_, Some(Value::String(id)), _) | (_, _, Some(Value::String(id))) => id.clone(),
        _ => atom.to_string(),
    }
}

/// What `${name}` refers to.
pub(crate) fn reference_of(name: &str) -> Value {
    match name.split_once('.') {
        Some((id, name)) => crate::intrinsic::attribute(id, name),
        None => crate::intrinsic::reference(name),
    }
}

fn only_entry(value: &Value) -> Option<(&str, &Value)> {
    let object = value.as_object().filter(|object| object.len() == 1)?;
    object
        .iter()
        .next()
        .map(|(name, argument)| (name.as_str(), argument))
}

/// Adds a text, of which references to secrets become parts of their own.
fn add_text(text: &str, parts: &mut Vec<SecretPart>) {
    let mut rest = text;
    while let Some((before, after)) = rest.split_once(SECRET) {
        let found = after.split_once("}}");
        let Some((reference, after)) = found.and_then(|(inner, after)| Some((secret(inner)?, after))) else {
            break;
        };
        parts.push(SecretPart::Text(before.to_string()));
        parts.push(SecretPart::Secret(reference));
        rest = after;
    }
    parts.push(SecretPart::Text(rest.to_string()));
}

/// `name:SecretString:key:stage:version`
fn secret(inner: &str) -> Option<SecretReference> {
    let (name, rest) = inner.split_once(SECRET_STRING)?;
    let key = rest.split(':').next().unwrap_or_default();
    let text = match key {
        "" => name.to_string(),
        key => format!("{name}.{key}"),
    };
    SecretReference::new(text).ok()
}

/// The same with texts beside each other as one, and without empty ones.
fn merged(parts: Vec<SecretPart>) -> Vec<SecretPart> {
    let mut all: Vec<SecretPart> = Vec::new();
    for part in parts {
        match (all.last_mut(), part) {
            (_, SecretPart::Text(text)) if text.is_empty() => {}
            (Some(SecretPart::Text(before)), SecretPart::Text(text)) => before.push_str(&text),
            (_, part) => all.push(part),
        }
    }
    all
}

#[cfg(test)]
mod tests;
