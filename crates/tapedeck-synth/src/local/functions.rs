//! Functions, which the emulator runs: what it cannot find out itself is put into what it is given of them.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use tapedeck_model::{SecretPart, SecretReference, SecretTemplate};

use super::evaluate::{attribute_of, collect_atoms, evaluate, told};
use super::{Known, LocalStack, Unresolved, emulated};
use crate::intrinsic::{join, select, split};

/// The type of functions.
const FUNCTION: &str = "AWS::Lambda::Function";

/// The attribute of a URL of a function.
const URL: &str = "FunctionUrl";

/// A variable of a function that has no value.
#[derive(Debug, thiserror::Error)]
pub enum Unsettled<E> {
    /// It is made of something that is not known.
    #[error("the variable {variable} of the function `{function}` cannot be told")]
    Unknown {
        /// The logical id of the function.
        function: String,
        /// The variable.
        variable: String,
        /// Why.
        #[source]
        source: Unresolved,
    },
    /// It is made of a secret that cannot be had.
    #[error(transparent)]
    Secret(E),
}

impl LocalStack {
    /// Puts addresses of what runs beside the emulator, and secrets, into the variables of functions, and has URLs of functions
    /// lead to the emulator. An emulator takes a reference to what it does not have for a text, so none is left.
    ///
    /// # Errors
    /// When a variable is made of what is not known.
    pub fn settle<E>(
        &mut self,
        known: &Known,
        endpoint_url: &str,
        mut value_of: impl FnMut(&SecretReference) -> Result<String, E>,
    ) -> Result<(), Unsettled<E>> {
        let pristine = self.template.clone();
        for (id, resource) in &mut self.template.resources {
            if resource.kind != FUNCTION {
                continue;
            }
            let variables = resource.properties.pointer_mut("/Environment/Variables");
            for (name, value) in variables.and_then(Value::as_object_mut).into_iter().flatten() {
                fill(value, known, &mut value_of)?;
                lead_urls(value, endpoint_url);
                let mut atoms = BTreeMap::new();
                collect_atoms(value, &mut atoms);
                let is_answered = |atom: &&Value| {
                    let pseudo = atom.get("Ref").and_then(Value::as_str);
                    pseudo.is_some_and(|name| known.pseudo.contains_key(name))
                        || emulated::answers(atom, &pristine)
                };
                if let Some(unknown) = atoms.values().find(|atom| !is_answered(atom)) {
                    return Err(Unsettled::Unknown {
                        function: id.clone(),
                        variable: name.clone(),
                        source: Unresolved::Reference(told(unknown)),
                    });
                }
            }
        }
        for output in self.template.outputs.values_mut() {
            lead_urls(&mut output.value, endpoint_url);
        }
        Ok(())
    }
}

/// Puts what is known outside of the emulator in its place.
fn fill<E>(
    value: &mut Value,
    known: &Known,
    value_of: &mut impl FnMut(&SecretReference) -> Result<String, E>,
) -> Result<(), Unsettled<E>> {
    let is_known = match &*value {
        Value::String(_) => true,
        Value::Object(_) => attribute_of(value)
            .is_some_and(|(id, name)| known.attributes.contains_key(&(id.to_string(), name.to_string()))),
        _ => false,
    };
    if is_known && let Ok(parts) = evaluate(value, known) {
        let is_plain = value.is_string() && parts.iter().all(|part| matches!(part, SecretPart::Text(_)));
        if !is_plain {
            let filled = SecretTemplate::new(parts).fill(&mut *value_of);
            *value = Value::String(filled.map_err(Unsettled::Secret)?);
        }
        return Ok(());
    }
    match value {
        Value::Array(items) => items.iter_mut().try_for_each(|item| fill(item, known, value_of)),
        Value::Object(object) => object
            .values_mut()
            .try_for_each(|inner| fill(inner, known, value_of)),
        _ => Ok(()),
    }
}

/// Has a URL `https://<id>.lambda-url.<region>.on.aws/` be one that the emulator answers at.
fn lead_urls(value: &mut Value, endpoint_url: &str) {
    if attribute_of(value).is_some_and(|(_, name)| name == URL) {
        let id = select(0, &split(".", &select(1, &split("//", value))));
        let beginning = format!("{endpoint_url}/_aws/lambda-url/");
        *value = join("", vec![json!(beginning), id, json!("/")]);
        return;
    }
    match value {
        Value::Array(items) => items.iter_mut().for_each(|item| lead_urls(item, endpoint_url)),
        Value::Object(object) => object
            .values_mut()
            .for_each(|inner| lead_urls(inner, endpoint_url)),
        _ => {}
    }
}

#[cfg(test)]
mod tests;
