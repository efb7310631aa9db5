//! Values that a stack in a region has: parameters of its resources, and what scripts are told. What they are made of, the stack tells
//! itself; secrets in them are read where they are used.

use serde_json::Value;
use tapedeck_local::secrets::SecretValue;
use tapedeck_model::{Script, SecretPart, SecretReference, Stack, StackName};
use tapedeck_synth::Lookups;
use tapedeck_synth::told::{self, Known, StackValues, evaluate};

use super::{Aws, secrets};
use crate::commands::synth;
use crate::exit::{ExitKind, Failure, OrFail};
use crate::scripts::{Told, session_name};

/// How a reference to a parameter of the Systems Manager begins: `{{resolve:ssm:name:1}}`, `{{resolve:ssm-secure:name:1}}`.
const PARAMETER: &str = "{{resolve:ssm";

/// For how long credentials of a role are valid.
const SESSION_SECONDS: u32 = 3600;

/// What a stack in a region tells.
pub(crate) struct Facts<'a> {
    aws: &'a Aws,
    stack: StackName,
    values: StackValues,
    known: Known,
}

impl<'a> Facts<'a> {
    /// Asks a stack, as its config says it now. There may be none yet.
    ///
    /// # Errors
    /// When it may not be asked, or a template could not say it.
    pub(crate) fn of(stack: &Stack, aws: &'a Aws) -> Result<Self, Failure> {
        let name = stack.name();
        let mut lookups = Lookups::default();
        let values = synth::looked_up(Some(aws), &mut lookups, format!("stack {name}"), |lookups| {
            told::values(stack, lookups)
        })?;
        let account = lookups.account.unwrap_or_default();
        let state = aws.run(aws.cloud.describe(name.as_str()))?;
        let mut known = Known::of(&name, aws.region.as_str(), &account);
        known.outputs = state.map(|state| told::read(&state.outputs)).unwrap_or_default();
        Ok(Self {
            aws,
            stack: name,
            values,
            known,
        })
    }

    /// The parameters of each resource, in the words of CloudFormation.
    pub(crate) fn parameters(&self) -> impl Iterator<Item = (&str, &[(String, Value)])> + Clone {
        let parameters = self.values.parameters.iter();
        parameters.map(|(name, values)| (name.as_str(), values.as_slice()))
    }

    /// Makes a value, secrets in it filled in. `what` is made of it, for people.
    ///
    /// # Errors
    /// When something that it is made of is not deployed, or may not be read.
    pub(crate) fn fill(&self, value: &Value, what: &str) -> Result<String, Failure> {
        let mut known = self.known.clone();
        let imports = told::imports(value);
        if !imports.is_empty() {
            let exports = self.aws.run(self.aws.cloud.exports())?;
            let found = exports.into_iter().filter(|(name, _)| imports.contains(name));
            known
                .outputs
                .extend(found.map(|(name, value)| (told::import_key(&name), value)));
        }
        let parts = evaluate(value, &known).map_err(|error| {
            let failure = Failure::new(
                ExitKind::Operation,
                anyhow::Error::new(error).context(what.to_string()),
            );
            failure.help(self.way_to_know())
        })?;
        let texts = parts.iter().map(|part| match part {
            SecretPart::Text(text) => self.with_parameters(text),
            SecretPart::Secret(reference) => self.secret(reference),
        });
        texts.collect()
    }

    /// What a script is told, acting as the role of a resource if it names one.
    ///
    /// # Errors
    /// When something that it is told about is not deployed, or may not be read.
    pub(crate) fn for_script(&self, script: &Script, role_of: Option<&str>) -> Result<Told, Failure> {
        let mut told = Told::default();
        if let Some(resource) = role_of {
            let what = format!("script {} cannot act in the role of `{resource}`", script.name);
            let role = self.fill(&told::role_of(resource), &what)?;
            let session = session_name(&script.name);
            let assumed = self.aws.cloud.assume_role(&role, &session, SESSION_SECONDS);
            told.act_as(self.aws.run(assumed).map_err(not_trusted)?);
        }
        for (name, value) in self.values.scripts.get(&script.name).into_iter().flatten() {
            let what = format!("script {} cannot be told {name}", script.name);
            told.variables.insert(name.clone(), self.fill(value, &what)?);
        }
        Ok(told)
    }

    fn secret(&self, reference: &SecretReference) -> Result<String, Failure> {
        let value = secrets::value(self.aws, reference.name())?;
        let value = SecretValue::new(value).or_fail(ExitKind::Operation)?;
        value.pick(reference).or_fail(ExitKind::Operation)
    }

    /// A text with the values of parameters of the Systems Manager in place of their references.
    fn with_parameters(&self, text: &str) -> Result<String, Failure> {
        let mut filled = String::new();
        let mut rest = text;
        while let Some((before, after)) = rest.split_once(PARAMETER) {
            let reference = after.split_once("}}");
            let named = reference.and_then(|(inner, after)| Some((inner.split_once(':')?.1, after)));
            let Some((name, after)) = named else { break };
            filled.push_str(before);
            let value = self.aws.run(self.aws.cloud.parameter_value(name))?;
            filled.push_str(&value.ok_or_else(|| {
                let what = format!("there is no parameter {name} in {}", self.aws.cloud.place());
                Failure::operation(what).help("see to its name and version, and to the region")
            })?);
            rest = after;
        }
        filled.push_str(rest);
        Ok(filled)
    }

    /// What to do about something that is not told.
    fn way_to_know(&self) -> String {
        format!(
            "`tapedeck deploy --region {}` has stack {} tell what the config says now; of what it is yet to make, nothing can be told \
             before, and of passwords and tokens that others make, nothing at all",
            self.aws.region, self.stack
        )
    }
}

/// The failure of assuming a role.
fn not_trusted(failure: Failure) -> Failure {
    let help = failure.help.clone().unwrap_or_default();
    failure.help(format!(
        "name its resource as `assumeRoleOfResource` of the script in the config, and deploy: then the role may be assumed by whoever \
         may do that in this account; {help}"
    ))
}
