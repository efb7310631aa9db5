//! Variables of containers: what is secret is handed over when a container starts, and stands in no task definition.

use serde_json::{Map, Value, json};

use crate::SynthError;
use crate::assembly::{Assembly, Readable};
use crate::intrinsic::reference;
use crate::naming::digest;
use crate::template::Resource;

const SECRET: &str = "{{resolve:secretsmanager:";
const SECURE_PARAMETER: &str = "{{resolve:ssm-secure:";

/// Attributes of resources that are credentials.
const CREDENTIALS: [&str; 4] = ["Password", "RestToken", "ReadOnlyRestToken", "ClientSecret"];

/// The version of Node that code gets when it asks for none.
pub(crate) const DEFAULT_NODE: u16 = 24;

/// The variables of a container.
#[derive(Debug, Default)]
pub(crate) struct Environment {
    variables: Vec<(String, Value)>,
}

impl Environment {
    /// Sets a variable. One that is there keeps its place.
    pub(crate) fn set(&mut self, name: &str, value: Value) {
        match self.variables.iter_mut().find(|(known, _)| known == name) {
            Some((_, known)) => *known = value,
            None => self.variables.push((name.to_string(), value)),
        }
    }

    /// Sets a variable unless it is there.
    pub(crate) fn offer(&mut self, name: &str, value: Value) {
        if self.get(name).is_none() {
            self.set(name, value);
        }
    }

    /// A variable.
    pub(crate) fn get(&self, name: &str) -> Option<&Value> {
        let found = self.variables.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| value)
    }

    /// Takes a variable out.
    pub(crate) fn take(&mut self, name: &str) -> Option<Value> {
        let index = self.variables.iter().position(|(known, _)| known == name)?;
        Some(self.variables.remove(index).1)
    }

    /// Tells Node to show the lines of the source in errors, and to load modules of either kind.
    pub(crate) fn tell_node(&mut self, version: Option<u16>) {
        let mut flags = vec!["--enable-source-maps"];
        if version.unwrap_or(DEFAULT_NODE) >= 22 {
            flags.extend(["--experimental-require-module", "--experimental-detect-module"]);
        }
        let own = match self.get("NODE_OPTIONS") {
            Some(Value::String(own)) => own.clone(),
            Some(_) => return,
            None => String::new(),
        };
        flags.retain(|flag| !own.split_whitespace().any(|known| known == *flag));
        if flags.is_empty() {
            return;
        }
        let all: Vec<&str> = own.split_whitespace().chain(flags).collect();
        self.take("NODE_OPTIONS");
        self.set("NODE_OPTIONS", Value::from(all.join(" ")));
    }

    /// The variables, in order.
    pub(crate) fn all(&self) -> &[(String, Value)] {
        &self.variables
    }

    /// `Variables` of a function, to which Lambda can hand over nothing else.
    pub(crate) fn variables(self) -> Result<Value, SynthError> {
        let mut variables = Map::new();
        for (name, value) in self.variables {
            if value.to_string().contains(SECURE_PARAMETER) {
                return Err(SynthError::SecureParameterOfFunction { name });
            }
            variables.insert(name, value);
        }
        Ok(Value::Object(variables))
    }

    /// `Environment` and `Secrets` of a container definition.
    pub(crate) fn write(self, assembly: &mut Assembly<'_>) -> Result<(Vec<Value>, Vec<Value>), SynthError> {
        let (mut plain, mut secret) = (Vec::new(), Vec::new());
        for (name, value) in self.variables {
            match source(&name, &value, assembly)? {
                Some(from) => secret.push(json!({ "Name": name, "ValueFrom": from })),
                None => plain.push(json!({ "Name": name, "Value": value })),
            }
        }
        Ok((plain, secret))
    }
}

/// Where a secret value is read from; nothing for a value that is not secret.
fn source(name: &str, value: &Value, assembly: &mut Assembly<'_>) -> Result<Option<Value>, SynthError> {
    let text = value.to_string();
    if let Some(whole) = value.as_str().and_then(|text| whole_reference(text, SECRET)) {
        return Ok(Some(secret(whole, assembly)));
    }
    if let Some(whole) = value
        .as_str()
        .and_then(|text| whole_reference(text, SECURE_PARAMETER))
    {
        return Ok(Some(secure_parameter(whole, assembly)));
    }
    if text.contains(SECURE_PARAMETER) {
        return Err(SynthError::SecureParameterInText {
            name: name.to_string(),
        });
    }
    let is_secret = text.contains(SECRET) || holds_credential(value);
    Ok(is_secret.then(|| composed(value, assembly)))
}

/// Whether an attribute that is a credential is in a value.
fn holds_credential(value: &Value) -> bool {
    match value {
        Value::Array(items) => items.iter().any(holds_credential),
        Value::Object(object) => object.iter().any(|(key, inner)| match (key.as_str(), inner) {
            ("Fn::GetAtt", Value::Array(parts)) => {
                let name = parts.get(1).and_then(Value::as_str).unwrap_or_default();
                CREDENTIALS.contains(&name)
            }
            _ => holds_credential(inner),
        }),
        _ => false,
    }
}

/// What a reference refers to, if a text is one and nothing else.
fn whole_reference<'a>(text: &'a str, start: &str) -> Option<&'a str> {
    let inner = text.strip_prefix(start)?.strip_suffix("}}")?;
    (!inner.contains("}}")).then_some(inner)
}

/// `name:SecretString:key:stage:version` as a container asks for it.
fn secret(inner: &str, assembly: &mut Assembly<'_>) -> Value {
    let mut parts = inner.splitn(3, ':');
    let name = parts.next().unwrap_or_default();
    let rest = parts.nth(1).unwrap_or("::");
    let (arn, granted) = match assembly.lookups.secret_arn(name) {
        Some(arn) => (arn.to_string(), arn.to_string()),
        None => {
            let arn = assembly.names.arn("secretsmanager", &format!("secret:{name}"));
            // AWS puts six characters behind the name.
            (arn.clone(), format!("{arn}-??????"))
        }
    };
    assembly
        .readable
        .insert(granted.clone(), Readable::Secret(Value::from(granted)));
    Value::from(format!("{arn}:{rest}"))
}

/// `name:version` as a container asks for it: always the version of the day it starts.
fn secure_parameter(inner: &str, assembly: &mut Assembly<'_>) -> Value {
    let name = inner.rsplit_once(':').map_or(inner, |(name, _)| name);
    let arn = assembly
        .names
        .arn("ssm", &format!("parameter/{}", name.trim_start_matches('/')));
    assembly
        .readable
        .insert(arn.clone(), Readable::Parameter(Value::from(arn.as_str())));
    Value::from(arn)
}

/// A text that a secret is part of, as a secret of its own that containers may read. Equal texts share one.
fn composed(value: &Value, assembly: &mut Assembly<'_>) -> Value {
    let logical_id = add_secret(value, assembly);
    let arn = reference(&logical_id);
    assembly
        .readable
        .insert(logical_id, Readable::Secret(arn.clone()));
    arn
}

/// Adds a secret with this text, whose id it tells.
pub(crate) fn add_secret(value: &Value, assembly: &mut Assembly<'_>) -> String {
    let logical_id = format!(
        "StpComposedSecret{}",
        digest(&value.to_string()).to_ascii_uppercase()
    );
    let properties = json!({
        "Description": format!("A value of {} that a secret is part of", assembly.names.stack),
        "SecretString": value,
        "Tags": assembly.tags(),
    });
    assembly.add(
        &logical_id,
        Resource::new("AWS::SecretsManager::Secret", properties),
    );
    logical_id
}
