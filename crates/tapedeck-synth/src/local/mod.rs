//! A stack on one machine: what of its template an emulator of AWS is given, what stands in for databases, and what the
//! containers are told. All of it comes from the template that AWS would be given, so the same config means the same.

mod databases;
mod emulated;
mod functions;
mod jobs;
mod reach;

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;
use tapedeck_model::{Region, ResourceName, SecretPart, Stack, StackName, WayKind, Workload};

use crate::assembly::Assembly;
use crate::evaluate;
use crate::intrinsic::attribute;
use crate::naming::logical_id;
use crate::partial::tags_of;
use crate::template::{Output, Template};
use crate::{ArtifactLookup, Lookups, ScriptVariables, SynthError, references, scripts, types, workload};

pub use crate::evaluate::{Known, Unresolved, evaluate};
pub use databases::{Database, DatabaseKind, OwnSecret, Variables};
pub use functions::Unsettled;
pub use jobs::{LocalGrant, LocalJob};

/// The account of everything on this machine, unless another one is given.
pub const ACCOUNT: &str = "000000000000";

/// A stack on one machine.
#[derive(Debug, Clone)]
pub struct LocalStack {
    /// What an emulator is given. Its outputs are what values are made of.
    pub template: Template,
    /// What runs beside the services.
    pub databases: Vec<Database>,
    /// What is made of containers, by name.
    pub workloads: BTreeMap<ResourceName, LocalWorkload>,
    /// The definitions of jobs, which are among the workloads too.
    pub jobs: BTreeMap<ResourceName, LocalJob>,
    /// The variables of scripts. What nothing here answers is told by whoever runs one.
    pub scripts: ScriptVariables,
    /// What functions may connect to: the emulator, which runs them.
    pub functions_reach: BTreeSet<Reachable>,
    /// What can be asked of each resource: its parameters and their values.
    pub parameters: BTreeMap<ResourceName, Vec<(String, Value)>>,
    /// The outputs that the config asks for.
    pub outputs: Vec<(String, Value)>,
    /// The account that it is in.
    pub account: String,
    /// The tags of everything.
    pub tags: BTreeMap<String, String>,
    /// The logical ids of the roles that are assumed here and that the emulator has.
    assumed: BTreeSet<String>,
    /// Attributes that are known before anything is deployed, by logical id and name.
    attributes: BTreeMap<(String, String), String>,
}

/// What is made of containers.
#[derive(Debug, Clone, Default)]
pub struct LocalWorkload {
    /// The variables of its containers, by container, in order.
    pub environments: BTreeMap<String, Vec<(String, Value)>>,
    /// The ARN of the role of its tasks, where an emulator knows it.
    pub role: Option<Value>,
    /// The ports on which it listens for others.
    pub ports: BTreeSet<u16>,
    /// What its tasks may connect to.
    pub reaches: BTreeSet<Reachable>,
    /// What its tasks may do with jobs.
    pub job_grants: Vec<LocalGrant>,
}

/// A port of something that is in the stack too.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Reachable {
    /// The resource.
    pub resource: ResourceName,
    /// The port.
    pub port: u16,
    /// The name by which it is called.
    pub alias: Option<String>,
}

/// What stands for the names of load balancers: each service is called by its own.
fn balancers(workloads: &[Workload]) -> BTreeMap<(String, String), String> {
    let named = workloads.iter().flat_map(|one| {
        let ways = one.ways.iter();
        let ways = ways.filter(|way| matches!(way.kind, WayKind::OwnLoadBalancer));
        ways.map(|way| {
            let id = logical_id(&[one.name.as_str(), workload::BALANCER]);
            ((id, "DNSName".to_string()), reach::name_of(one, way))
        })
    });
    named.collect()
}

impl LocalStack {
    /// What is known of it before anything is deployed.
    #[must_use]
    pub fn known(&self, stack: &StackName) -> Known {
        let texts = |text: &String| vec![SecretPart::Text(text.clone())];
        let attributes = self.attributes.iter();
        Known {
            attributes: attributes.map(|(key, text)| (key.clone(), texts(text))).collect(),
            ..Known::of(stack, Region::LOCAL, &self.account)
        }
    }

    /// The ARN of the role of a resource, where scripts may assume it here.
    #[must_use]
    pub fn assumable_role(&self, resource: &str) -> Option<Value> {
        let role = workload::role_id(resource);
        self.assumed.contains(&role).then(|| attribute(&role, "Arn"))
    }

    /// Whether an emulator of AWS is needed at all.
    #[must_use]
    pub fn needs_emulator(&self) -> bool {
        !self.template.resources.is_empty()
    }
}

/// What a stack is on this machine, with an account of AWS or of an emulator.
///
/// # Errors
/// When a template cannot say it, or something in it has nothing here that stands in for it.
pub fn localize(stack: &Stack, account: &str) -> Result<LocalStack, SynthError> {
    localize_with_code(stack, account, BTreeMap::new())
}

/// The same, where the code of functions is known to be somewhere, by their names.
///
/// # Errors
/// Those of [`localize`].
pub fn localize_with_code(
    stack: &Stack,
    account: &str,
    artifacts: BTreeMap<String, ArtifactLookup>,
) -> Result<LocalStack, SynthError> {
    let lookups = Lookups {
        artifacts,
        ..Lookups::of_this_machine(account)
    };
    let workloads = workload::all(stack);
    let mut assembly = crate::assemble(stack, &workloads, &lookups)?;
    let jobs = jobs::all(&assembly);
    jobs::settle(&jobs, &mut assembly);
    let databases = databases::all(stack, &assembly.template);
    let mut local = LocalStack {
        template: Template::new(assembly.template.description.clone()),
        functions_reach: reach::by_functions(&databases, &assembly),
        databases,
        workloads: BTreeMap::new(),
        jobs: BTreeMap::new(),
        scripts: scripts::all(stack, &mut assembly)?,
        parameters: BTreeMap::new(),
        outputs: outputs(stack, &assembly.template),
        account: account.to_string(),
        tags: tags_of(&assembly),
        assumed: BTreeSet::new(),
        attributes: balancers(&workloads),
    };
    for resource in &stack.resources {
        let mut parameters = types::parameters(resource, &mut assembly)?;
        for (_, value) in &mut parameters {
            jobs::name(value, &jobs);
        }
        local.parameters.insert(resource.name.clone(), parameters);
    }
    let roles = roles(stack, &workloads, jobs.values().map(|job| job.role_id.as_str()));
    local.template.resources = emulated::select(stack, &assembly.template, &roles, account);
    let is_there = |role: &String| local.template.resources.contains_key(role);
    local.assumed = roles.into_iter().filter(is_there).collect();
    let inbox = jobs::inbox(&assembly);
    jobs::adapt(&jobs, account, &mut local.template, &inbox);
    for one in &workloads {
        let workload = local.workload(one, &mut assembly);
        local.workloads.insert(one.name.clone(), workload);
    }
    local.add_jobs(&jobs, &mut assembly);
    let environments = local
        .workloads
        .values_mut()
        .flat_map(|one| one.environments.values_mut().flatten());
    let told = environments
        .chain(local.parameters.values_mut().flatten())
        .chain(&mut local.outputs);
    references::settle_values(told.map(|(_, value)| value), &assembly.template)?;
    local.export(&assembly.template);
    local.ask();
    local.check()?;
    Ok(local)
}

/// The logical ids of roles that somebody here assumes: the engine for tasks and jobs, and scripts.
fn roles<'a>(stack: &Stack, workloads: &[Workload], of_jobs: impl Iterator<Item = &'a str>) -> Vec<String> {
    let scripts = stack.settings.scripts.iter();
    let names = workloads
        .iter()
        .map(|one| one.name.as_str())
        .chain(scripts.filter_map(|script| script.assume_role_of_resource.as_deref()));
    let roles: BTreeSet<String> = names
        .map(workload::role_id)
        .chain(of_jobs.map(str::to_string))
        .collect();
    roles.into_iter().collect()
}

/// The outputs that the config asks for.
fn outputs(stack: &Stack, template: &Template) -> Vec<(String, Value)> {
    let named = stack.settings.outputs.iter().filter_map(|output| {
        let known = template.outputs.get(&output.name)?;
        Some((output.name.clone(), known.value.clone()))
    });
    named.collect()
}

impl LocalStack {
    /// Has the emulator keep what other stacks may import.
    fn export(&mut self, whole: &Template) {
        let is_answered = |output: &Output| {
            let mut atoms = BTreeMap::new();
            evaluate::collect_atoms(&output.value, &mut atoms);
            atoms.values().all(|atom| emulated::answers(atom, &self.template))
        };
        let exported = whole.outputs.iter().filter(|(_, output)| output.export.is_some());
        let exported = exported.filter(|(_, output)| is_answered(output));
        let exported: Vec<_> = exported
            .map(|(name, output)| (name.clone(), output.clone()))
            .collect();
        if !self.template.resources.is_empty() {
            self.template.outputs.extend(exported);
        }
    }

    /// Finds variables that nothing here can tell, and drops parameters of that kind, which nobody may ask for.
    fn check(&mut self) -> Result<(), SynthError> {
        for (service, workload) in &self.workloads {
            for (name, value) in workload.environments.values().flatten() {
                if let Some(reference) = self.unanswered(value) {
                    return Err(SynthError::NothingHere {
                        service: service.to_string(),
                        variable: name.clone(),
                        reference,
                    });
                }
            }
        }
        let mut parameters = std::mem::take(&mut self.parameters);
        for known in parameters.values_mut() {
            known.retain(|(_, value)| self.unanswered(value).is_none());
        }
        self.parameters = parameters;
        self.outputs = std::mem::take(&mut self.outputs)
            .into_iter()
            .filter(|(_, value)| self.unanswered(value).is_none())
            .collect();
        Ok(())
    }

    /// A reference in a value that nothing here answers, if there is one.
    fn unanswered(&self, value: &Value) -> Option<String> {
        let mut atoms = BTreeMap::new();
        evaluate::collect_atoms(value, &mut atoms);
        let is_answered = |output: &String, atom: &Value| {
            let is_pseudo = atom
                .get("Ref")
                .and_then(Value::as_str)
                .is_some_and(|id| id.starts_with("AWS::"));
            let is_attribute = evaluate::attribute_of(atom).is_some_and(|(id, name)| {
                let key = (id.to_string(), name.to_string());
                let mut databases = self.databases.iter();
                self.attributes.contains_key(&key) || databases.any(|database| database.answers(id, name))
            });
            is_pseudo || is_attribute || self.template.outputs.contains_key(output)
        };
        let mut unanswered = atoms.iter().filter(|(output, atom)| !is_answered(output, atom));
        unanswered.next().map(|(_, atom)| evaluate::told(atom))
    }

    fn workload(&self, one: &Workload, assembly: &mut Assembly<'_>) -> LocalWorkload {
        let environments = assembly.environments.remove(one.name.as_str());
        let role = workload::role_id(one.name.as_str());
        let is_there = self.template.resources.contains_key(&role);
        let called = one.ways.iter().filter(|way| reach::is_called(way));
        LocalWorkload {
            environments: environments.unwrap_or_default(),
            role: is_there.then(|| attribute(&role, "Arn")),
            ports: called.map(|way| way.port).collect(),
            reaches: reach::reachable(one, &self.databases, assembly),
            job_grants: jobs::grants(&role, &assembly.template),
        }
    }
}

impl LocalStack {
    /// Has the emulator tell what values are made of: an output for each reference.
    fn ask(&mut self) {
        let workloads = self.workloads.values();
        let environments = workloads
            .clone()
            .flat_map(|one| one.environments.values().flatten());
        let parameters = self.parameters.values().flatten();
        let roles: Vec<Value> = self.assumed.iter().map(|role| attribute(role, "Arn")).collect();
        let values = environments
            .chain(parameters)
            .chain(self.scripts.values().flatten())
            .chain(&self.outputs)
            .map(|(_, value)| value)
            .chain(&roles)
            .chain(self.databases.iter().flat_map(Database::values));
        let mut atoms = BTreeMap::new();
        for value in values {
            evaluate::collect_atoms(value, &mut atoms);
        }
        atoms.retain(|_, atom| emulated::answers(atom, &self.template));
        let output = |atom| Output {
            description: None,
            value: emulated::asked(atom),
            export: None,
        };
        let outputs = atoms.into_iter().map(|(name, atom)| (name, output(atom)));
        self.template.outputs.extend(outputs);
    }
}

/// Whether the value of a parameter is nobody's business.
#[must_use]
pub fn is_sensitive(parameter: &str) -> bool {
    let parameter = parameter.to_ascii_lowercase();
    ["connectionstring", "password", "token", "secret", "redisurl"]
        .iter()
        .any(|word| parameter.contains(word))
}
