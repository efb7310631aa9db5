//! What scripts of a project are told of a deployed stack: the variables of services, with values that work on this machine
//! outside of any task, and whose credentials they get.

use tapedeck_local::secrets::SecretStore;
use tapedeck_model::{Region, Script, SecretTemplate, Stack};
use tapedeck_synth::local;

use super::{Connected, Emulator, known_stack, localized};
use crate::context::Context;
use crate::engine;
use crate::exit::{ExitKind, Failure};
use crate::scripts::{Told, session_name};
use crate::secrets;

impl Connected {
    /// What a deployment of before has brought up, as far as it is there.
    ///
    /// # Errors
    /// When the engine or the emulator cannot be asked.
    pub(crate) fn recall(stack: &Stack, context: &Context) -> Result<Self, Failure> {
        let mut connected = Self::of(stack)?;
        let Some(mut client) = engine::try_connect(context)? else {
            return Ok(connected);
        };
        let name = stack.name();
        let Some(status) = known_stack(&mut client, &name)? else {
            return Ok(connected);
        };
        if connected.local.needs_emulator()
            && let Some(emulator) = Emulator::of_stack(&name, context, &mut client)?
        {
            let account = emulator.known_account()?;
            if account != connected.local.account {
                connected.local = localized(stack, &account)?;
                connected.known = connected.local.known(&name);
            }
            connected.known.outputs = emulator.outputs(&name)?;
            connected.emulator = Some(emulator);
        }
        connected.learn_addresses(&status);
        Ok(connected)
    }

    /// What a script is told, acting as the role of a resource if it names one.
    ///
    /// # Errors
    /// When something that it is told about is not deployed, or a secret cannot be read.
    pub(crate) fn for_script(
        &self,
        script: &Script,
        role_of: Option<&str>,
        context: &Context,
    ) -> Result<Told, Failure> {
        let mut told = Told::default();
        let is_connected = !script.connect_to.is_empty() || role_of.is_some();
        if is_connected && let Some(emulator) = &self.emulator {
            told.hidden = vec!["AWS_PROFILE", "AWS_SESSION_TOKEN"];
            for (name, value) in emulator.variables() {
                told.variables.insert(name.to_string(), value);
            }
        }
        if let Some(resource) = role_of {
            self.act_as(resource, script, &mut told)?;
        }
        let mut store = None;
        for (name, value) in self.local.scripts.get(&script.name).into_iter().flatten() {
            let template = local::evaluate(value, &self.known).map_err(|error| {
                let what = format!("script {} cannot be told {name}", script.name);
                let failure = Failure::new(ExitKind::Operation, anyhow::Error::new(error).context(what));
                failure.help(self.way_to_know())
            })?;
            let value = fill(&SecretTemplate::new(template), &mut store, context)?;
            told.variables.insert(name.clone(), value);
        }
        Ok(told)
    }

    /// Puts credentials of the role of a resource in the place of those that may do everything.
    fn act_as(&self, resource: &str, script: &Script, told: &mut Told) -> Result<(), Failure> {
        let none = |why: &str| {
            let what = format!(
                "script {} cannot act in the role of `{resource}`: {why}",
                script.name
            );
            Failure::operation(what)
        };
        let role = self.local.assumable_role(resource);
        let role = role.ok_or_else(|| {
            none("nothing here knows such a role").help(
                "name it as `assumeRoleOfResource` of the script in the config, and deploy; services have a role once something \
                 in the stack stands in AWS",
            )
        })?;
        let arn = local::evaluate(&role, &self.known).map(SecretTemplate::new);
        let arn = arn.ok().and_then(|arn| arn.fill(|_| Err(())).ok());
        let (Some(emulator), Some(arn)) = (&self.emulator, arn) else {
            return Err(none("it is not deployed").help(self.way_to_know()));
        };
        told.act_as(emulator.assume(&arn, &session_name(&script.name))?);
        told.variables
            .insert("AWS_REGION".to_string(), Region::LOCAL.to_string());
        Ok(())
    }

    /// What to do about something that is not deployed.
    fn way_to_know(&self) -> String {
        format!(
            "`tapedeck deploy` brings stack {} to what the config says now; of what it is yet to make, nothing can be told before",
            self.stack.name()
        )
    }
}

/// Makes a value, secrets in it filled in. The store is opened for the first secret.
fn fill(
    template: &SecretTemplate,
    store: &mut Option<SecretStore>,
    context: &Context,
) -> Result<String, Failure> {
    if store.is_none() && template.references().next().is_some() {
        *store = Some(secrets::open(context)?);
    }
    template.fill(|reference| match store {
        Some(store) => store.resolve(reference).map_err(secrets::could_not_get),
        None => Err(Failure::operation(format!("secret {reference} cannot be read"))),
    })
}
