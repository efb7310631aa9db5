//! Variables whose values only the start of a task knows, for region `local`.

use std::collections::BTreeMap;

use tapedeck_model::{Expression, Late, SecretPart, SecretTemplate, WorkerService};

use crate::exit::Failure;

/// The variables of a service that are made of secrets.
///
/// # Errors
/// For a variable that is made of something else that only AWS knows.
pub(crate) fn secrets(service: &WorkerService) -> Result<BTreeMap<String, SecretTemplate>, Failure> {
    let late = service
        .container
        .environment
        .iter()
        .filter_map(|variable| Some((&variable.name, variable.expression()?)));
    late.map(|(name, expression)| {
        let mut parts = Vec::new();
        match collect(expression, &mut parts) {
            Ok(()) => Ok((name.clone(), SecretTemplate::new(parts))),
            Err(directive) => Err(Failure::usage(format!(
                "the variable {name} of service {} takes its value from `${directive}`, which tells nothing on this \
                 machine yet",
                service.name
            ))
            .help("leave it out, or write the value itself; nothing was changed")),
        }
    })
    .collect()
}

/// The parts of an expression, or the directive in it that cannot be evaluated here.
fn collect(expression: &Expression, parts: &mut Vec<SecretPart>) -> Result<(), &'static str> {
    match expression {
        Expression::Secret(reference) => parts.push(SecretPart::Secret(reference.clone())),
        Expression::CfFormat { template, arguments } => {
            for (index, piece) in template.split("{}").enumerate() {
                match index.checked_sub(1).and_then(|before| arguments.get(before)) {
                    Some(Late::Known(text)) => parts.push(SecretPart::Text(text.clone())),
                    Some(Late::Later(inner)) => collect(inner, parts)?,
                    None => {}
                }
                parts.push(SecretPart::Text(piece.to_string()));
            }
        }
        other => return Err(other.directive()),
    }
    Ok(())
}

#[cfg(test)]
mod tests;
