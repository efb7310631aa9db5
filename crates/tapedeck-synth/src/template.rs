//! A template as a value, and its text.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::Value;

use crate::yaml;

/// What stands in a template for what is known only once something is packaged.
pub const NOT_YET_KNOWN: &str = "<<not-yet-known>>";

/// A CloudFormation template.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Template {
    #[serde(rename = "AWSTemplateFormatVersion")]
    format_version: &'static str,
    /// What it is.
    pub description: String,
    /// The resources by logical id.
    pub resources: BTreeMap<String, Resource>,
    /// The outputs by name.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub outputs: BTreeMap<String, Output>,
}

/// A resource of a template.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Resource {
    /// Its type, such as `AWS::SQS::Queue`.
    #[serde(rename = "Type")]
    pub kind: String,
    /// What must be there first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub depends_on: Vec<String>,
    /// Its properties, an object.
    #[serde(skip_serializing_if = "Value::is_null")]
    pub properties: Value,
    /// Whatever else stands beside the properties, such as `DeletionPolicy`.
    #[serde(flatten)]
    pub others: BTreeMap<String, Value>,
}

/// An output of a template.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Output {
    /// What it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Its value.
    pub value: Value,
    /// `{"Name": …}` when other stacks may import it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub export: Option<Value>,
}

impl Template {
    /// A template with nothing in it.
    pub(crate) fn new(description: String) -> Self {
        Self {
            format_version: "2010-09-09",
            description,
            resources: BTreeMap::new(),
            outputs: BTreeMap::new(),
        }
    }

    /// The template as a value.
    #[must_use]
    pub fn to_value(&self) -> Value {
        serde_json::to_value(self).unwrap_or_default()
    }

    /// The template as indented JSON, with a line end.
    #[must_use]
    pub fn to_json(&self) -> String {
        format!("{:#}\n", self.to_value())
    }

    /// The template as YAML.
    #[must_use]
    pub fn to_yaml(&self) -> String {
        yaml::write(&self.to_value())
    }
}

impl Resource {
    /// A resource that waits for nothing but what it refers to.
    pub(crate) fn new(kind: &str, properties: Value) -> Self {
        Self {
            kind: kind.to_string(),
            depends_on: Vec::new(),
            properties,
            others: BTreeMap::new(),
        }
    }

    /// The same, after these.
    pub(crate) fn after(mut self, logical_ids: impl IntoIterator<Item = String>) -> Self {
        self.depends_on.extend(logical_ids);
        self
    }

    /// The same with something beside its properties.
    pub(crate) fn with(mut self, key: &str, value: Value) -> Self {
        self.others.insert(key.to_string(), value);
        self
    }
}
