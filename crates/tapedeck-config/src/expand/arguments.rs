//! The arguments of a call: how many, of which type, and results of calls among them.

use tapedeck_diagnostic::{Span, Spanned};

use super::{Expander, shown};
use crate::directive::{Argument, Builtin, Call};
use crate::parse::{Scalar, ScalarKind, Stop, Value, kind_of_plain};

/// Arguments that were evaluated.
#[derive(Debug)]
pub(super) enum Arguments {
    /// They can be worked with.
    Ready(Vec<Value>),
    /// Something is wrong with them, or not known yet; nothing more is to be said.
    Unclear,
}

impl Expander<'_> {
    /// The values of the arguments of a directive of the language.
    pub(super) fn arguments(&mut self, call: &Call, one: &Builtin, at: Span) -> Result<Arguments, Stop> {
        let least = one
            .parameters
            .iter()
            .filter(|parameter| parameter.is_required)
            .count();
        let given = call.arguments.len();
        if given < least || (given > one.parameters.len() && !one.is_variadic) {
            let names: Vec<&str> = one.parameters.iter().map(|parameter| parameter.name).collect();
            self.diagnostics
                .directive_arguments(at, one.name, given, &names, one.example);
            return Ok(Arguments::Unclear);
        }
        self.values(call, at)
    }

    /// The values of arguments, however many.
    pub(super) fn values(&mut self, call: &Call, at: Span) -> Result<Arguments, Stop> {
        let mut values = Vec::with_capacity(call.arguments.len());
        for argument in &call.arguments {
            values.push(match argument {
                Argument::Text(text) => scalar(text, ScalarKind::Text),
                Argument::Word(word) => scalar(word, kind_of_plain(word)),
                Argument::Call(inner) => self.call(inner, at)?.value,
            });
        }
        if values.contains(&Value::Unknown) {
            return Ok(Arguments::Unclear);
        }
        Ok(Arguments::Ready(values))
    }

    /// The texts of arguments that have to be known now. Numbers and booleans count as texts.
    pub(super) fn texts(
        &mut self,
        values: &[Value],
        arguments: &[Argument],
        directive: &str,
        at: Span,
    ) -> Option<Vec<String>> {
        let mut texts = Vec::with_capacity(values.len());
        for (value, argument) in values.iter().zip(arguments) {
            match (value, value.as_scalar()) {
                (_, Some(scalar)) => texts.push(scalar.text.clone()),
                (Value::Later(_), _) => {
                    let inner = match argument {
                        Argument::Call(inner) => shown(inner),
                        Argument::Text(text) | Argument::Word(text) => text.clone(),
                    };
                    self.diagnostics.late_in_early(at, directive, &inner);
                    return None;
                }
                _ => {
                    self.diagnostics.directive_argument_type(
                        at,
                        directive,
                        "a text, a number or a boolean",
                        value.found(),
                    );
                    return None;
                }
            }
        }
        Some(texts)
    }
}

fn scalar(text: &str, kind: ScalarKind) -> Value {
    Value::Scalar(Scalar {
        text: text.to_string(),
        kind,
    })
}

/// A text as a value at a place.
pub(super) fn text_at(text: impl Into<String>, at: Span) -> Spanned<Value> {
    let scalar = Scalar {
        text: text.into(),
        kind: ScalarKind::Text,
    };
    Spanned::new(Value::Scalar(scalar), at)
}
