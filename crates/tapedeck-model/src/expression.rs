//! Values that only a deployment knows, and data that may hold them.

use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};

use crate::SecretReference;

/// A value that only a deployment knows: a directive that stays a directive.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Expression {
    /// `$ResourceParam('resource', 'parameter')`: something about a resource of the same file.
    ResourceParam {
        /// Name of the resource, with dots when it is one within another.
        resource: String,
        /// Name of the parameter, such as `arn`.
        parameter: String,
    },
    /// `$CfResourceParam('LogicalId', 'Attribute')`: an attribute of a resource of the template.
    CfResourceParam {
        /// Logical id of the resource.
        logical_id: String,
        /// `Ref`, or the name of an attribute as `Fn::GetAtt` takes it.
        attribute: String,
    },
    /// `$Secret('name.key')`.
    Secret(SecretReference),
    /// `$SsmParam('/name')`: a parameter of the Systems Manager.
    SsmParam {
        /// Name of the parameter.
        name: String,
    },
    /// `$CfStackOutput('stack', 'Output')`: what another stack exports.
    CfStackOutput {
        /// Name of the stack.
        stack: String,
        /// Name of the output.
        output: String,
    },
    /// `$CfFormat('{}-{}', …)`: a text with values in the places of `{}`.
    CfFormat {
        /// The text.
        template: String,
        /// One value for each `{}`.
        arguments: Vec<Late<String>>,
    },
}

/// What a value will be of which only the deployment knows more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ValueType {
    /// A text.
    Text,
    /// A number, which the template writes as a text.
    Number,
    /// A list of texts.
    Texts,
}

impl Expression {
    /// The directive that it was written as.
    #[must_use]
    pub fn directive(&self) -> &'static str {
        match self {
            Self::ResourceParam { .. } => "ResourceParam",
            Self::CfResourceParam { .. } => "CfResourceParam",
            Self::Secret(_) => "Secret",
            Self::SsmParam { .. } => "SsmParam",
            Self::CfStackOutput { .. } => "CfStackOutput",
            Self::CfFormat { .. } => "CfFormat",
        }
    }

    /// Whether its value must not be shown: it is a secret, or a secret is in it.
    #[must_use]
    pub fn is_secret(&self) -> bool {
        match self {
            Self::Secret(_) => true,
            Self::CfFormat { arguments, .. } => arguments
                .iter()
                .any(|argument| matches!(argument, Late::Later(inner) if inner.is_secret())),
            _ => false,
        }
    }

    /// Calls `visit` with this expression and every one within it.
    pub fn visit<'a>(&'a self, visit: &mut impl FnMut(&'a Self)) {
        visit(self);
        if let Self::CfFormat { arguments, .. } = self {
            for argument in arguments {
                if let Late::Later(inner) = argument {
                    inner.visit(visit);
                }
            }
        }
    }

    fn arguments(&self) -> Vec<serde_json::Value> {
        let text = |text: &str| serde_json::Value::from(text);
        match self {
            Self::ResourceParam { resource, parameter } => vec![text(resource), text(parameter)],
            Self::CfResourceParam {
                logical_id,
                attribute,
            } => vec![text(logical_id), text(attribute)],
            Self::Secret(reference) => vec![text(&reference.to_string())],
            Self::SsmParam { name } => vec![text(name)],
            Self::CfStackOutput { stack, output } => vec![text(stack), text(output)],
            Self::CfFormat { template, arguments } => {
                let arguments = arguments
                    .iter()
                    .map(|argument| serde_json::to_value(argument).unwrap_or_default());
                std::iter::once(text(template)).chain(arguments).collect()
            }
        }
    }
}

/// As `{"$Secret": ["name.key"]}`: one key, which no name of a property can be.
impl Serialize for Expression {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(1))?;
        map.serialize_entry(&format!("${}", self.directive()), &self.arguments())?;
        map.end()
    }
}

/// A value that is known, or that the deployment will know.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum Late<T> {
    /// It is known.
    Known(T),
    /// The deployment will know it.
    Later(Expression),
}

impl<T> Late<T> {
    /// The value, if it is known.
    #[must_use]
    pub fn known(&self) -> Option<&T> {
        match self {
            Self::Known(value) => Some(value),
            Self::Later(_) => None,
        }
    }
}

/// A number as it was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Number(pub String);

/// As a number of JSON where it is one, else as a text.
impl Serialize for Number {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if let Ok(whole) = self.0.parse::<i64>() {
            return serializer.serialize_i64(whole);
        }
        match self.0.parse::<f64>() {
            Ok(number) if number.is_finite() => serializer.serialize_f64(number),
            _ => serializer.serialize_str(&self.0),
        }
    }
}

/// Data of a config file: JSON that may hold expressions, in the order of the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Data {
    /// Nothing.
    Null,
    /// `true` or `false`.
    Boolean(bool),
    /// A number.
    Number(Number),
    /// A text.
    Text(String),
    /// A list.
    List(Vec<Data>),
    /// A mapping.
    Mapping(Vec<(String, Data)>),
    /// What the deployment will know.
    Later(Expression),
}

impl Data {
    /// The value of a key, if this is a mapping that has it.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&Self> {
        let Self::Mapping(entries) = self else { return None };
        entries
            .iter()
            .find(|(name, _)| name == key)
            .map(|(_, value)| value)
    }

    /// The text, if it is one.
    #[must_use]
    pub fn as_text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }
}

impl Serialize for Data {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Null => serializer.serialize_unit(),
            Self::Boolean(value) => serializer.serialize_bool(*value),
            Self::Number(number) => number.serialize(serializer),
            Self::Text(text) => serializer.serialize_str(text),
            Self::List(items) => serializer.collect_seq(items),
            Self::Mapping(entries) => serializer.collect_map(entries.iter().map(|(key, value)| (key, value))),
            Self::Later(expression) => expression.serialize(serializer),
        }
    }
}
