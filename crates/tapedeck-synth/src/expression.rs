//! What only the deployment knows, as a template says it.

use serde_json::{Map, Value};
use tapedeck_model::{Data, Expression, Late, SecretReference};

use crate::SynthError;
use crate::assembly::Assembly;
use crate::intrinsic::{attribute, import, reference, substitute};
use crate::naming::logical_id;
use crate::types;

impl Assembly<'_> {
    /// A text that may be known late.
    pub(crate) fn value(&mut self, late: &Late<String>) -> Result<Value, SynthError> {
        match late {
            Late::Known(text) => Ok(Value::from(text.as_str())),
            Late::Later(expression) => self.expression(expression),
        }
    }

    /// Data of the config.
    pub(crate) fn data(&mut self, data: &Data) -> Result<Value, SynthError> {
        Ok(match data {
            Data::Later(expression) => self.expression(expression)?,
            Data::List(items) => {
                let items: Result<Vec<Value>, SynthError> =
                    items.iter().map(|item| self.data(item)).collect();
                Value::Array(items?)
            }
            Data::Mapping(entries) => {
                let mut object = Map::new();
                for (key, value) in entries {
                    object.insert(key.clone(), self.data(value)?);
                }
                Value::Object(object)
            }
            known => serde_json::to_value(known).unwrap_or_default(),
        })
    }

    fn expression(&mut self, expression: &Expression) -> Result<Value, SynthError> {
        match expression {
            Expression::ResourceParam { resource, parameter } => types::parameter(resource, parameter, self),
            Expression::CfResourceParam {
                logical_id: id,
                attribute: name,
            } => {
                let value = match name.as_str() {
                    "Ref" => reference(id),
                    name => attribute(id, name),
                };
                let directive = format!("$CfResourceParam('{id}', '{name}')");
                self.note(logical_id(&[id, name]), &directive, value.clone());
                Ok(value)
            }
            Expression::Secret(secret) => self.secret(secret),
            Expression::SsmParam { name } => self.parameter(name),
            Expression::CfStackOutput { stack, output } => {
                let known = self
                    .lookups
                    .stack_outputs
                    .get(stack)
                    .and_then(|outputs| outputs.get(output)?.export_name.clone());
                Ok(import(&known.unwrap_or_else(|| logical_id(&[stack, output]))))
            }
            Expression::CfFormat { template, arguments } => self.format(template, arguments),
        }
    }

    fn format(&mut self, template: &str, arguments: &[Late<String>]) -> Result<Value, SynthError> {
        let mut text = String::new();
        let mut variables = Vec::new();
        let mut rest = template;
        for (index, argument) in arguments.iter().enumerate() {
            let Some((before, after)) = rest.split_once("{}") else {
                break;
            };
            text.push_str(before);
            text.push_str(&format!("${{sub{index}}}"));
            variables.push((format!("sub{index}"), self.value(argument)?));
            rest = after;
        }
        text.push_str(rest);
        Ok(substitute(&text, variables))
    }

    /// A secret, as a reference that CloudFormation resolves.
    fn secret(&mut self, secret: &SecretReference) -> Result<Value, SynthError> {
        let name = secret.name().as_str();
        let key = match secret.key() {
            [] => String::new(),
            [key] => key.clone(),
            keys if self.lookups.is_local => keys.join("."),
            _ => {
                return Err(SynthError::NestedSecretKey {
                    reference: secret.to_string(),
                });
            }
        };
        let version = self.lookups.secret_version(name)?.to_string();
        let value = format!("{{{{resolve:secretsmanager:{name}:SecretString:{key}::{version}}}}}");
        let output = logical_id(&[name, "CurrentSecretVersionId"]);
        self.note(output, &format!("$Secret('{secret}')"), Value::from(version));
        Ok(Value::from(value))
    }

    /// A parameter of the Systems Manager, as a reference that CloudFormation resolves.
    fn parameter(&mut self, name: &str) -> Result<Value, SynthError> {
        let found = self.lookups.parameter(name)?;
        let service = match found.kind.as_str() {
            "SecureString" => "ssm-secure",
            _ => "ssm",
        };
        let version = found.version.to_string();
        let output = logical_id(&[name, "CurrentSsmParamVersion"]);
        self.note(
            output,
            &format!("$SsmParam('{name}')"),
            Value::from(version.as_str()),
        );
        Ok(Value::from(format!("{{{{resolve:{service}:{name}:{version}}}}}")))
    }
}
