//! Scripts of the config: run by `script:run`, and by hooks around other commands.
//!
//! What runs, in what order, left out or not, and with what variables is a function of values ([`plan`]). [`run`] acts: it finds
//! programs, starts them and waits. What a script is told about a deployed stack comes from a [`Deployed`], of which each region has
//! its own.

mod hooks;
mod node;
mod plan;
mod process;
mod run;

pub(crate) use hooks::{Hooks, load_stack, of_deleted};
pub(crate) use plan::{Occasion, assignment, named};
pub(crate) use run::{Exit, Output, Run};

use std::collections::BTreeMap;
use std::fmt;

use tapedeck_cloud::SessionCredentials;
use tapedeck_model::{Expression, Late, Script, Stack};

use crate::args::StackArgs;
use crate::aws::Aws;
use crate::aws::values::Facts;
use crate::connected::Connected;
use crate::context::Context;
use crate::exit::Failure;

/// What a script is told about what is deployed. Values may be secrets, so none is shown.
#[derive(Default)]
pub(crate) struct Told {
    /// Variables by name.
    pub(crate) variables: BTreeMap<String, String>,
    /// Variables of whoever runs it that would mislead.
    pub(crate) hidden: Vec<&'static str>,
}

impl fmt::Debug for Told {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Told")
            .field("variables", &self.variables.keys())
            .field("hidden", &self.hidden)
            .finish()
    }
}

impl Told {
    /// Has it act by these credentials.
    pub(crate) fn act_as(&mut self, credentials: SessionCredentials) {
        self.hidden.push("AWS_PROFILE");
        for (name, value) in [
            ("AWS_ACCESS_KEY_ID", credentials.access_key_id),
            ("AWS_SECRET_ACCESS_KEY", credentials.secret_access_key),
            ("AWS_SESSION_TOKEN", credentials.session_token),
        ] {
            self.variables.insert(name.to_string(), value);
        }
    }

    /// Has it call whom the command calls; also as whom, unless it acts as somebody else.
    fn of_region(&mut self, region: &str, access: &Access, is_somebody_else: bool) {
        let profile = access.profile.as_ref().filter(|_| !is_somebody_else);
        if profile.is_some() {
            self.hidden
                .extend(["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"]);
        }
        for (name, value) in [
            ("AWS_REGION", Some(region)),
            ("AWS_DEFAULT_REGION", Some(region)),
            ("AWS_ENDPOINT_URL", access.endpoint_url.as_deref()),
            ("AWS_PROFILE", profile.map(String::as_str)),
        ] {
            if let Some(value) = value {
                self.variables.insert(name.to_string(), value.to_string());
            }
        }
    }
}

/// The most characters of the name of a session.
const LONGEST_SESSION: usize = 64;

/// The name of a script as AWS takes names of sessions.
pub(crate) fn session_name(script: &str) -> String {
    let taken = |character: char| character.is_ascii_alphanumeric() || "=,.@-_".contains(character);
    let name = script
        .chars()
        .map(|character| if taken(character) { character } else { '-' });
    "script-".chars().chain(name).take(LONGEST_SESSION).collect()
}

/// Who knows what is deployed in a region. Asked only for scripts that have to be told something.
pub(crate) trait Deployed {
    /// What a script of a stack is told: the variables of what it is connected to, those of its `environment`, and credentials of the
    /// role of a resource, if one is named.
    ///
    /// # Errors
    /// When something of it is not deployed or cannot be read.
    fn told(&self, stack: &Stack, script: &Script, role_of: Option<&str>) -> Result<Told, Failure>;
}

/// As whom a region is asked, and who answers.
#[derive(Debug, Clone, Default)]
pub(crate) struct Access {
    /// The profile.
    pub(crate) profile: Option<String>,
    /// What answers in place of AWS.
    pub(crate) endpoint_url: Option<String>,
}

impl Access {
    /// That of a command.
    pub(crate) fn of(stack: &StackArgs, aws: Option<&Aws>) -> Self {
        Self {
            profile: stack.profile.clone(),
            endpoint_url: aws.and_then(|aws| aws.endpoint_url.clone()),
        }
    }
}

/// Who knows what is deployed in the region of a stack.
pub(crate) fn deployed<'a>(
    stack: &Stack,
    access: &'a Access,
    context: &'a Context,
) -> Box<dyn Deployed + 'a> {
    match stack.region.is_local() {
        true => Box::new(Here { context }),
        false => Box::new(Elsewhere { access, context }),
    }
}

/// This machine.
struct Here<'a> {
    context: &'a Context,
}

impl Deployed for Here<'_> {
    fn told(&self, stack: &Stack, script: &Script, role_of: Option<&str>) -> Result<Told, Failure> {
        // Secrets are there without any stack, and for whoever may not ask the engine.
        let connected = match role_of.is_none() && is_of_secrets_alone(script) {
            true => Connected::of(stack)?,
            false => Connected::recall(stack, self.context)?,
        };
        connected.for_script(script, role_of, self.context)
    }
}

/// Whether nothing that a script is told depends on a stack.
fn is_of_secrets_alone(script: &Script) -> bool {
    let is_of_secrets =
        |value: &Late<String>| matches!(value, Late::Known(_) | Late::Later(Expression::Secret(_)));
    script.connect_to.is_empty()
        && script
            .environment
            .iter()
            .all(|variable| is_of_secrets(&variable.value))
}

/// A region of AWS.
struct Elsewhere<'a> {
    access: &'a Access,
    context: &'a Context,
}

impl Deployed for Elsewhere<'_> {
    fn told(&self, stack: &Stack, script: &Script, role_of: Option<&str>) -> Result<Told, Failure> {
        let Access {
            profile,
            endpoint_url,
        } = self.access;
        let region = stack.region.as_str();
        let aws = Aws::connect(self.context, region, profile.as_deref(), endpoint_url.as_deref())?;
        let mut told = Facts::of(stack, &aws)?.for_script(script, role_of)?;
        told.of_region(region, self.access, role_of.is_some());
        Ok(told)
    }
}

#[cfg(test)]
mod tests;
