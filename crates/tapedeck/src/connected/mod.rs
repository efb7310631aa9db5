//! What the services of a stack are connected to, on this machine: what has to run before they do, what they are told about it,
//! and what they may reach.
//!
//! All of it follows from the template that AWS would be given ([`tapedeck_synth::local`]). An emulator of AWS and databases
//! run as tasks of the engine; the emulator is one for all stacks, and there only while a stack needs it.

mod databases;
mod emulator;
mod functions;
mod jobs;
mod scripts;

use std::collections::{BTreeMap, BTreeSet};

use tapedeck_api::{Client, ClientError, Refusal, ServiceStatus, StackStatus};
use tapedeck_cloud::Outcome;
use tapedeck_image::Store;
use tapedeck_model::{
    LocalParameter, LocalResource, ResourceName, SecretPart, SecretTemplate, ServicePort, ServiceSpec, Stack,
    StackName, StackSpec, TaskRole,
};
use tapedeck_synth::local::{self, Known, LocalStack, Reachable};
use tapedeck_synth::{NOT_YET_KNOWN, SynthError};

use crate::context::Context;
use crate::engine;
use crate::exit::{ExitKind, Failure};
use crate::functions::Versions;
use crate::packaging::Packager;
use crate::printer::Progress;

use functions::Held;

pub(crate) use databases::forget_secrets;
pub(crate) use emulator::Emulator;

/// What the services of a stack are connected to.
#[derive(Debug)]
pub(crate) struct Connected {
    stack: Stack,
    local: LocalStack,
    known: Known,
    emulator: Option<Emulator>,
    /// Whether what is not known stands as [`NOT_YET_KNOWN`].
    is_preview: bool,
    /// What runs beside the services.
    pub(crate) databases: Vec<ServiceSpec>,
    /// The jobs, which run when they are asked for.
    pub(crate) jobs: Vec<ServiceSpec>,
    /// What else is in the stack, for whoever asks.
    pub(crate) resources: Vec<LocalResource>,
    /// The code of functions, once the emulator holds it.
    code: BTreeMap<ResourceName, Held>,
    /// Whether the emulator had to change anything.
    pub(crate) has_changed: bool,
}

/// The variables of a container: those that are known, and those that are made of secrets.
pub(crate) type Variables = (BTreeMap<String, String>, BTreeMap<String, SecretTemplate>);

/// What things are brought up with.
pub(crate) struct Means<'a> {
    pub(crate) context: &'a Context,
    pub(crate) images: &'a Store,
    pub(crate) client: &'a mut Client,
    pub(crate) progress: &'a mut Progress,
    /// What answers in place of AWS, where that is not started here.
    pub(crate) endpoint_url: Option<&'a str>,
    /// What the code of functions is packaged with.
    pub(crate) packager: Packager<'a>,
}

impl Connected {
    /// What can be said without anything having to run.
    ///
    /// # Errors
    /// When something in the stack has nothing here that stands in for it.
    pub(crate) fn of(stack: &Stack) -> Result<Self, Failure> {
        if stack.name().as_str() == emulator::STACK {
            let what = format!("stack {} is what stands in for AWS on this machine", stack.name());
            return Err(Failure::usage(what).help("choose another name for the project, or another stage"));
        }
        let local = localized(stack, local::ACCOUNT)?;
        let known = local.known(&stack.name());
        let connected = Self {
            stack: stack.clone(),
            local,
            known,
            emulator: None,
            is_preview: false,
            databases: Vec::new(),
            jobs: Vec::new(),
            resources: Vec::new(),
            code: BTreeMap::new(),
            has_changed: false,
        };
        connected.judge_functions()?;
        Ok(connected)
    }

    /// The stack that they are in.
    pub(crate) fn stack_name(&self) -> StackName {
        self.stack.name()
    }

    /// Whether anything has to run for the services to run.
    pub(crate) fn needs_something(&self) -> bool {
        self.local.needs_emulator() || !self.local.databases.is_empty()
    }

    /// Brings up what the services need: nothing when that is nothing. What is there already is left as it is.
    ///
    /// # Errors
    /// When something does not come up, or is refused.
    pub(crate) fn bring_up(&mut self, means: &mut Means<'_>) -> Result<(), Failure> {
        let jobs = self.package_jobs(means)?;
        if self.local.needs_emulator() {
            let (emulator, here) = match means.endpoint_url {
                Some(endpoint_url) => (
                    Emulator::elsewhere(endpoint_url, means.context)?,
                    Versions::unknown(),
                ),
                None => {
                    let reaches = self.ports_of(&self.local.functions_reach);
                    let (emulator, image) = Emulator::ensure(&self.stack.name(), reaches, means)?;
                    (emulator, functions::versions_in(&image, means)?)
                }
            };
            if emulator.account != self.local.account {
                self.local = localized(&self.stack, &emulator.account)?;
                self.known = self.local.known(&self.stack.name());
            }
            self.bring_functions(&emulator, &here, means)?;
            self.emulator = Some(emulator);
        }
        let mut stand_ins = BTreeMap::new();
        if !self.local.databases.is_empty() {
            stand_ins = self.bring_up_databases(means)?;
        }
        if let Some(emulator) = self.emulator.take() {
            let stack = self.stack.name();
            self.settle_functions(&emulator, means)?;
            let deployed = emulator.deploy(&stack, &self.local, means.progress)?;
            self.has_changed = deployed.outcome != Outcome::Unchanged;
            self.known.outputs = deployed.outputs;
            if !self.code.is_empty() {
                let keys: Vec<String> = self.code.values().map(|code| code.key.clone()).collect();
                emulator.keep_only(&stack, &keys)?;
            }
            self.emulator = Some(emulator);
        }
        self.jobs = self.job_specs(jobs, means)?;
        self.resources = self.told(&stand_ins)?;
        Ok(())
    }

    /// Learns what a deployment of before has brought up, and brings up nothing. What is not known then is said to be.
    ///
    /// # Errors
    /// When the engine or the emulator cannot be asked.
    pub(crate) fn look(&mut self, context: &Context, client: &mut Client) -> Result<(), Failure> {
        self.is_preview = true;
        let name = self.stack.name();
        if self.local.needs_emulator()
            && let Some(emulator) = Emulator::find(context, client)?
        {
            self.known.outputs = emulator.outputs(&name)?;
            self.emulator = Some(emulator);
        }
        if let Some(stack) = known_stack(client, &name)? {
            self.learn_addresses(&stack);
        }
        Ok(())
    }

    /// Learns where databases are.
    fn learn_addresses(&mut self, stack: &StackStatus) {
        for database in &self.local.databases {
            let service = service_of(stack, &database.service);
            if let Some(address) = service.and_then(|service| service.address) {
                database.tell(address, &mut self.known);
            }
        }
    }

    /// Whether a service of the stack stands in for a database.
    pub(crate) fn is_database(&self, service: &ResourceName) -> bool {
        let mut databases = self.local.databases.iter();
        databases.any(|database| database.service == *service)
    }

    /// What all the resources are, for whoever asks.
    fn told(&self, stand_ins: &BTreeMap<ResourceName, String>) -> Result<Vec<LocalResource>, Failure> {
        let mut told = Vec::new();
        for resource in &self.stack.resources {
            let parameters = self.local.parameters.get(&resource.name).into_iter().flatten();
            let parameters = parameters.map(|(name, value)| {
                let value = self.template(value, || format!("`{name}` of {}", resource.name))?;
                Ok(LocalParameter {
                    sensitive: local::is_sensitive(name) || value.references().next().is_some(),
                    name: name.clone(),
                    value,
                })
            });
            told.push(LocalResource {
                name: resource.name.clone(),
                kind: resource.kind.clone(),
                stand_in: match (stand_ins.get(&resource.name), &self.emulator) {
                    (Some(database), _) => database.clone(),
                    (None, _) if resource.workload.is_some() || resource.job.is_some() => {
                        "tapedeck".to_string()
                    }
                    (None, Some(emulator)) => emulator.told(),
                    (None, None) => "nothing".to_string(),
                },
                parameters: parameters.collect::<Result<_, Failure>>()?,
                image: self.code.get(&resource.name).and_then(|code| code.image.clone()),
            });
        }
        Ok(told)
    }

    /// The variables of a container of a service.
    ///
    /// # Errors
    /// When one is made of something that is not on this machine.
    pub(crate) fn variables(&self, service: &ResourceName, container: &str) -> Result<Variables, Failure> {
        let (mut plain, mut secret) = (BTreeMap::new(), BTreeMap::new());
        if let Some(emulator) = &self.emulator {
            plain.insert("AWS_ENDPOINT_URL".to_string(), emulator.endpoint_url.clone());
        }
        let workload = self.local.workloads.get(service);
        let variables = workload.and_then(|workload| workload.environments.get(container));
        for (name, value) in variables.into_iter().flatten() {
            let template = self.template(value, || format!("the variable {name} of service {service}"))?;
            match template.parts() {
                [] => drop(plain.insert(name.clone(), String::new())),
                [SecretPart::Text(text)] => drop(plain.insert(name.clone(), text.clone())),
                _ => drop(secret.insert(name.clone(), template)),
            }
        }
        Ok((plain, secret))
    }

    /// What the tasks of a service may connect to.
    pub(crate) fn reaches(&self, service: &ResourceName) -> Vec<ServicePort> {
        let workload = self.local.workloads.get(service);
        let in_stack = workload.map(|workload| self.ports_of(&workload.reaches));
        self.emulator
            .iter()
            .filter_map(Emulator::port)
            .chain(in_stack.into_iter().flatten())
            .collect()
    }

    /// What is in the stack, as the engine knows it.
    fn ports_of(&self, reachable: &BTreeSet<Reachable>) -> Vec<ServicePort> {
        let ports = reachable.iter().map(|reachable| ServicePort {
            stack: self.stack.name(),
            service: reachable.resource.clone(),
            port: reachable.port,
            alias: reachable.alias.clone(),
        });
        ports.collect()
    }

    /// The ports on which a service listens for others.
    pub(crate) fn ports(&self, service: &ResourceName) -> Vec<u16> {
        let workload = self.local.workloads.get(service);
        workload
            .into_iter()
            .flat_map(|workload| &workload.ports)
            .copied()
            .collect()
    }

    /// The role of the tasks of a service.
    ///
    /// # Errors
    /// When the emulator has not told what it is.
    pub(crate) fn role(&self, service: &ResourceName) -> Result<Option<TaskRole>, Failure> {
        let workload = self.local.workloads.get(service);
        let (Some(role), Some(emulator)) = (
            workload.and_then(|workload| workload.role.as_ref()),
            &self.emulator,
        ) else {
            return Ok(None);
        };
        let template = self.template(role, || format!("the role of service {service}"))?;
        match template.parts() {
            [SecretPart::Text(arn)] => Ok(Some(emulator.role(arn))),
            _ => Ok(None),
        }
    }

    fn template(
        &self,
        value: &serde_json::Value,
        what: impl FnOnce() -> String,
    ) -> Result<SecretTemplate, Failure> {
        let value = local::evaluate(value, &self.known);
        if self.is_preview && value.is_err() {
            return Ok(SecretTemplate::new(vec![SecretPart::Text(
                NOT_YET_KNOWN.to_string(),
            )]));
        }
        value.map(SecretTemplate::new).map_err(|error| {
            let what = format!("{} cannot be told", what());
            Failure::new(ExitKind::Usage, anyhow::Error::new(error).context(what))
                .help("leave it out, or write the value itself")
        })
    }
}

/// How a service of a stack is; none when there is none of that name.
fn service_of<'a>(stack: &'a StackStatus, name: &ResourceName) -> Option<&'a ServiceStatus> {
    stack.services.iter().find(|service| service.name == *name)
}

fn localized(stack: &Stack, account: &str) -> Result<LocalStack, Failure> {
    local::localize(stack, account).map_err(not_here)
}

/// The failure of a stack that cannot be had on this machine.
fn not_here(error: SynthError) -> Failure {
    let help = error.way_out().unwrap_or("leave it out");
    Failure::new(ExitKind::Usage, error).help(format!("{help}; nothing was changed"))
}

/// A stack with these services as they are to be, and all others as they are: what goes ahead of the rest of a deployment.
///
/// # Errors
/// When the engine cannot be asked.
pub(crate) fn ahead(
    client: &mut Client,
    stack: &StackName,
    services: &[ServiceSpec],
) -> Result<StackSpec, Failure> {
    let before = spec_of(client, stack)?;
    let is_left = |known: &ServiceSpec| !services.iter().any(|service| service.name == known.name);
    let others = before.services.into_iter().filter(is_left);
    Ok(StackSpec {
        name: stack.clone(),
        services: services.iter().cloned().chain(others).collect(),
        resources: before.resources,
    })
}

/// How a stack is; none when the engine knows none of that name.
fn known_stack(client: &mut Client, name: &StackName) -> Result<Option<StackStatus>, Failure> {
    match client.describe_stack(name) {
        Ok(stack) => Ok(Some(stack)),
        Err(ClientError::Refused(Refusal::UnknownStack { .. })) => Ok(None),
        Err(error) => Err(engine::failed(error, name)),
    }
}

/// What the engine is asked to run of a stack; nothing when it knows none of that name.
///
/// # Errors
/// When the engine cannot be asked.
pub(crate) fn spec_of(client: &mut Client, stack: &StackName) -> Result<StackSpec, Failure> {
    match client.stack_spec(stack.clone()) {
        Ok(spec) => Ok(spec),
        Err(ClientError::Refused(Refusal::UnknownStack { .. })) => Ok(StackSpec {
            name: stack.clone(),
            services: Vec::new(),
            resources: Vec::new(),
        }),
        Err(error) => Err(engine::failed(error, stack)),
    }
}
