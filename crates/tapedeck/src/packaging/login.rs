//! The login for the registry of a prebuilt image, from a secret of this machine.

use serde::Deserialize;
use tapedeck_image::registry::Login;
use tapedeck_model::{Expression, Late, Packaging, SecretName, SecretReference};

use crate::context::Context;
use crate::exit::{ExitKind, Failure, OrFail};
use crate::packaging::Part;
use crate::secrets;

const KEY: &str = "repositoryCredentialsSecretArn";

/// Characters at the end of an ARN of a secret that are not of its name: `-` and six that are made up.
const SUFFIX: usize = 7;

#[derive(Deserialize)]
struct Held {
    username: String,
    password: String,
}

/// The login that a container names; none when it names none.
///
/// # Errors
/// When there is no such secret, or it holds something else.
pub(super) fn of(part: &Part<'_>, context: &Context) -> Result<Option<Login>, Failure> {
    let Packaging::PrebuiltImage(packaging) = &part.container.packaging else {
        return Ok(None);
    };
    let Some(wanted) = &packaging.repository_credentials_secret_arn else {
        return Ok(None);
    };
    let reference = match wanted {
        Late::Known(text) => SecretReference::from(SecretName::new(name_in(text)).or_fail(ExitKind::Usage)?),
        Late::Later(Expression::Secret(reference)) => reference.clone(),
        Late::Later(other) => {
            return Err(Failure::usage(format!(
                "{KEY} of service {} takes its value from `${}`, which tells nothing on this machine yet",
                part.label,
                other.directive()
            ))
            .help("give the name of a secret of this machine, or `$Secret('name')`"));
        }
    };
    let store = secrets::open(context)?;
    let value = store.resolve(&reference).map_err(|error| {
        let failure = secrets::could_not_get(error);
        let what = format!("{KEY} of service {} names the secret {reference}", part.label);
        Failure {
            error: failure.error.context(what),
            ..failure
        }
    })?;
    // What is wrong with the JSON is not told: it could quote the password.
    let held: Held = serde_json::from_str(&value).map_err(|_| {
        Failure::operation(format!(
            "the secret {reference}, which {KEY} of service {} names, is not a JSON object of `username` and `password`",
            part.label
        ))
        .help(format!("set it with `tapedeck secret:set {} --forceUpdate`", reference.name()))
    })?;
    Ok(Some(Login::password(held.username, held.password)))
}

/// The name of a secret in an ARN, so that one config serves AWS and this machine; any other text is the name itself.
fn name_in(text: &str) -> &str {
    let Some((_, named)) = text
        .strip_prefix("arn:")
        .and_then(|rest| rest.split_once(":secret:"))
    else {
        return text;
    };
    let bare = named.len().checked_sub(SUFFIX).and_then(|end| {
        let (name, suffix) = named.split_at_checked(end)?;
        let is_made_up = suffix
            .strip_prefix('-')?
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric());
        (is_made_up && !name.is_empty()).then_some(name)
    });
    bare.unwrap_or(named)
}

#[cfg(test)]
mod tests;
