//! Directives whose value only the deployment knows: they become expressions.

use tapedeck_diagnostic::{Span, Spanned};
use tapedeck_model::{Expression, Late, SecretReference};

use super::arguments::text_at;
use super::{Expander, unknown};
use crate::directive::Call;
use crate::parse::{Stop, Value};

impl Expander<'_> {
    /// The expression of a call.
    pub(super) fn late(&mut self, call: &Call, values: &[Value], at: Span) -> Result<Spanned<Value>, Stop> {
        if let Some(segment) = call.path.first() {
            self.diagnostics.late_path(at, &call.name, &segment.key);
            return Ok(unknown(at));
        }
        if call.name == "CfFormat" {
            return Ok(self.late_format(call, values, at));
        }
        let Some(texts) = self.texts(values, &call.arguments, &call.name, at) else {
            return Ok(unknown(at));
        };
        let mut texts = texts.into_iter();
        let first = texts.next().unwrap_or_default();
        let second = |mut texts: std::vec::IntoIter<String>| texts.next().unwrap_or_default();
        let expression = match call.name.as_str() {
            "CfResourceParam" => Expression::CfResourceParam {
                logical_id: first,
                attribute: second(texts),
            },
            "CfStackOutput" => Expression::CfStackOutput {
                stack: first,
                output: second(texts),
            },
            "SsmParam" => Expression::SsmParam { name: first },
            "Secret" => match SecretReference::new(first.as_str()) {
                Ok(reference) => Expression::Secret(reference),
                Err(_) => {
                    let name = Spanned::new(first, at);
                    self.diagnostics.invalid_name(
                        &name,
                        "reference to a secret",
                        SecretReference::RULE,
                        None,
                    );
                    return Ok(unknown(at));
                }
            },
            name => {
                if name == "Param" {
                    self.diagnostics
                        .deprecated_directive(at, "$Param", "$ResourceParam");
                }
                Expression::ResourceParam {
                    resource: first,
                    parameter: second(texts),
                }
            }
        };
        self.outcome
            .expressions
            .push(Spanned::new(expression.clone(), at));
        Ok(Spanned::new(Value::Later(expression), at))
    }

    /// A text with values that may be known late. With none that is, it is a text.
    fn late_format(&mut self, call: &Call, values: &[Value], at: Span) -> Spanned<Value> {
        let Some((Some(template), values)) = values
            .split_first()
            .map(|(first, rest)| (first.as_scalar(), rest))
        else {
            self.texts(&values[..1], &call.arguments, &call.name, at);
            return unknown(at);
        };
        let places = template.text.matches("{}").count();
        if places != values.len() {
            self.diagnostics
                .placeholder_count(at, "CfFormat", places, values.len());
            return unknown(at);
        }
        let mut arguments = Vec::with_capacity(values.len());
        for (value, argument) in values.iter().zip(call.arguments.iter().skip(1)) {
            arguments.push(match value {
                Value::Later(expression) => Late::Later(expression.clone()),
                known => {
                    let (value, argument) = (std::slice::from_ref(known), std::slice::from_ref(argument));
                    match self.texts(value, argument, &call.name, at) {
                        Some(texts) => Late::Known(texts.concat()),
                        None => return unknown(at),
                    }
                }
            });
        }
        let template = template.text.clone();
        if arguments.iter().all(|argument| argument.known().is_some()) {
            let mut values = arguments.iter().filter_map(Late::known);
            let mut text = String::new();
            for (index, piece) in template.split("{}").enumerate() {
                if index > 0 {
                    text.push_str(values.next().map_or("", String::as_str));
                }
                text.push_str(piece);
            }
            return text_at(text, at);
        }
        Spanned::new(Value::Later(Expression::CfFormat { template, arguments }), at)
    }
}
