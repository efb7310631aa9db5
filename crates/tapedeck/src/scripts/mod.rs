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

use tapedeck_model::{Expression, Late, Script, Stack};

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

/// Who knows what is deployed in a region. Asked only for scripts that have to be told something.
pub(crate) trait Deployed {
    /// What a script of a stack is told: the variables of what it is connected to, those of its `environment`, and credentials of the
    /// role of a resource, if one is named.
    ///
    /// # Errors
    /// When something of it is not deployed or cannot be read.
    fn told(&self, stack: &Stack, script: &Script, role_of: Option<&str>) -> Result<Told, Failure>;
}

/// Who knows what is deployed in the region of a stack.
pub(crate) fn deployed<'a>(stack: &Stack, context: &'a Context) -> Box<dyn Deployed + 'a> {
    match stack.region.is_local() {
        true => Box::new(Here { context }),
        false => Box::new(Elsewhere),
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
struct Elsewhere;

impl Deployed for Elsewhere {
    fn told(&self, stack: &Stack, script: &Script, _: Option<&str>) -> Result<Told, Failure> {
        let what = format!(
            "script {} is told about stack {} in region {}, which is not asked yet",
            script.name,
            stack.name(),
            stack.region
        );
        Err(Failure::usage(what).help(
            "run it with `--region local`, or without `connectTo`, `assumeRoleOfResource` and values that only the deployment knows",
        ))
    }
}

#[cfg(test)]
mod tests;
