//! Connection strings.

use serde_json::Value;

use super::Credentials;
use super::engine::Engine;
use crate::intrinsic::substitute;

/// The string that drivers take.
pub(super) fn connection(engine: &Engine<'_>, credentials: &Credentials, host: Value) -> Value {
    let scheme = match engine.name {
        _ if engine.is("sqlserver") => {
            return filled(
                "sqlserver://${host}:${port};user=${username};password=${password}",
                engine,
                credentials,
                host,
            );
        }
        _ if engine.is("oracle") => {
            return filled(
                "${username}:${password}@${host}:${port}/${databaseName}",
                engine,
                credentials,
                host,
            );
        }
        _ if engine.is("postgres") => "postgresql",
        _ if engine.is("mariadb") => "mariadb",
        _ => "mysql",
    };
    let text = format!("{scheme}://${{username}}:${{password}}@${{host}}:${{port}}/${{databaseName}}");
    filled(&text, engine, credentials, host)
}

/// The string that drivers of Java take.
pub(super) fn jdbc(engine: &Engine<'_>, credentials: &Credentials, host: Value) -> Value {
    let scheme = match engine.name {
        _ if engine.is("sqlserver") => {
            return filled(
                "jdbc:sqlserver://${host}:${port};user=${username};password=${password}",
                engine,
                credentials,
                host,
            );
        }
        _ if engine.is("oracle") => {
            return filled(
                "jdbc:oracle:thin:${username}/${password}@${host}:${port}:${databaseName}",
                engine,
                credentials,
                host,
            );
        }
        _ if engine.is("postgres") => "postgresql",
        _ if engine.is("mariadb") => "mariadb",
        _ => "mysql",
    };
    let text = format!(
        "jdbc:{scheme}://${{host}}:${{port}}/${{databaseName}}?user=${{username}}&password=${{password}}"
    );
    filled(&text, engine, credentials, host)
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
