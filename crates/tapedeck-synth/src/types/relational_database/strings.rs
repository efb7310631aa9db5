//! Connection strings.

use serde_json::Value;

use super::Credentials;
use super::engine::Engine;
use crate::intrinsic::substitute;

/// The string that drivers take.
pub(super) fn connection(engine: &Engine<'_>, credentials: &Credentials, host: Value) -> Value {
    let text = match scheme(engine) {
        "sqlserver" => "sqlserver://${host}:${port};user=${username};password=${password}".to_owned(),
        "oracle" => "${username}:${password}@${host}:${port}/${databaseName}".to_owned(),
        scheme => {
            format!("{scheme}://${{username}}:${{password}}@${{host}}:${{port}}/${{databaseName}}")
        }
    };
    filled(&text, engine, credentials, host)
}

/// The string that drivers of Java take.
pub(super) fn jdbc(engine: &Engine<'_>, credentials: &Credentials, host: Value) -> Value {
    let text = match scheme(engine) {
        "sqlserver" => "jdbc:sqlserver://${host}:${port};user=${username};password=${password}".to_owned(),
        "oracle" => "jdbc:oracle:thin:${username}/${password}@${host}:${port}:${databaseName}".to_owned(),
        scheme => format!(
            "jdbc:{scheme}://${{host}}:${{port}}/${{databaseName}}?user=${{username}}&password=${{password}}"
        ),
    };
    filled(&text, engine, credentials, host)
}

/// What such strings begin with; all others are those of MySQL.
fn scheme(engine: &Engine<'_>) -> &'static str {
    let known = [
        ("sqlserver", "sqlserver"),
        ("oracle", "oracle"),
        ("postgres", "postgresql"),
        ("mariadb", "mariadb"),
    ];
    let found = known.into_iter().find(|(name, _)| engine.is(name));
    found.map_or("mysql", |(_, scheme)| scheme)
}

fn filled(text: &str, engine: &Engine<'_>, credentials: &Credentials, host: Value) -> Value {
    let mut variables = vec![
        ("username".to_string(), credentials.user.clone()),
        ("password".to_string(), credentials.password.clone()),
        ("host".to_string(), host),
        ("port".to_string(), Value::from(engine.port.to_string())),
    ];
    if let Some(database) = engine.database {
        variables.push(("databaseName".to_string(), Value::from(database)));
    }
    substitute(text, variables)
}
