//! What `connectTo` and `environment` mean for workloads of every kind.

use serde_json::Value;
use tapedeck_model::{Connection, Data};

use crate::SynthError;
use crate::assembly::Assembly;
use crate::environment::Environment;
use crate::policy::allow;
use crate::types;

/// The connections that a list of names means.
pub(crate) fn named(names: &[Data]) -> Vec<Connection> {
    let connection = |name: &Data| match name.as_text()? {
        "aws:ses" => Some(Connection::Ses),
        name => Some(Connection::Resource(name.to_string())),
    };
    let mut connections: Vec<Connection> = Vec::new();
    for connection in names.iter().filter_map(connection) {
        if !connections.contains(&connection) {
            connections.push(connection);
        }
    }
    connections
}

/// What connections grant: services of AWS first, then resources as they are listed.
pub(crate) fn grants(
    connections: &[Connection],
    assembly: &mut Assembly<'_>,
) -> Result<Vec<Value>, SynthError> {
    let mut statements = Vec::new();
    if connections.contains(&Connection::Ses) {
        statements.push(allow(&["ses:*"], vec![Value::from("*")]));
    }
    for connection in connections {
        if let Connection::Resource(name) = connection {
            statements.extend(types::grants(name, assembly)?);
        }
    }
    Ok(statements)
}

/// Adds the variables about what something is connected to, but for those that it sets itself.
pub(crate) fn offer(
    connections: &[Connection],
    environment: &mut Environment,
    assembly: &mut Assembly<'_>,
) -> Result<(), SynthError> {
    for connection in connections {
        let Connection::Resource(name) = connection else {
            continue;
        };
        for (variable, value) in types::variables(name, assembly)? {
            environment.offer(&variable, value);
        }
    }
    Ok(())
}

/// The variables of `environment`, from either of its forms.
pub(crate) fn written(
    environment: Option<&Data>,
    assembly: &mut Assembly<'_>,
) -> Result<Environment, SynthError> {
    let mut variables = Environment::default();
    match environment {
        Some(Data::List(items)) => {
            for item in items {
                if let (Some(name), Some(value)) =
                    (item.get("name").and_then(Data::as_text), item.get("value"))
                {
                    variables.set(name, text(value, assembly)?);
                }
            }
        }
        Some(Data::Mapping(entries)) => {
            for (name, value) in entries {
                variables.set(name, text(value, assembly)?);
            }
        }
        _ => {}
    }
    Ok(variables)
}

/// A value as a text: numbers and booleans as they are written.
pub(crate) fn text(data: &Data, assembly: &mut Assembly<'_>) -> Result<Value, SynthError> {
    Ok(match data {
        Data::Number(number) => Value::from(number.0.as_str()),
        Data::Boolean(value) => Value::from(value.to_string()),
        other => assembly.data(other)?,
    })
}
