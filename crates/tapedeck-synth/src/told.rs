//! What a stack in a region tells of itself once it is deployed: what the references stand for that parameters of resources and variables of
//! scripts are made of. CloudFormation knows all of them, and tells those that an output names.

#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};
use tapedeck_model::{Expression, Late, ResourceName, Stack};

use crate::assembly::Assembly;
use crate::evaluate::{attribute_of, collect_atoms, output_name, reference_of, told};
use crate::intrinsic::{attribute, reference};
use crate::limits::OUTPUTS;
use crate::template::{Output, Resource, Template};
use crate::types::Parameters;
use crate::{Lookups, ScriptVariables, SynthError, references, scripts, types, workload};

pub use crate::evaluate::{Known, Unresolved, evaluate};

/// The output that tells it: a line for each reference, as `JobsQueue.Arn=arn:aws:sqs:…`.
pub const REFERENCES: &str = "TapedeckReferences";

/// How attributes end that are nobody's business: outputs are shown to whoever may look at the stack.
const KEPT: [&str; 3] = ["Password", "Secret", "Token"];

/// What is made of a stack for whoever asks, in the words of CloudFormation.
#[derive(Debug, Clone, Default)]
pub struct StackValues {
    /// The variables of scripts.
    pub scripts: ScriptVariables,
    /// The parameters of each resource.
    pub parameters: BTreeMap<ResourceName, Vec<(String, Value)>>,
}

/// What can be asked of a stack in a region.
///
/// # Errors
/// Those of [`crate::synthesize`].
pub fn values(stack: &Stack, lookups: &Lookups) -> Result<StackValues, SynthError> {
    let workloads = workload::all(stack);
    let mut assembly = crate::assemble(stack, &workloads, lookups)?;
    let scripts = scripts::all(stack, &mut assembly)?;
    let parameters = parameters(&mut assembly)?;
    Ok(StackValues { scripts, parameters })
}

/// The ARN of the role that what is made of a resource acts in.
#[must_use]
pub fn role_of(resource: &str) -> Value {
    attribute(&workload::role_id(resource), "Arn")
}

/// What outputs of a deployed stack tell, by the names by which [`Known`] knows references.
#[must_use]
pub fn read(outputs: &BTreeMap<String, String>) -> BTreeMap<String, String> {
    let lines = outputs.get(REFERENCES).map(String::as_str).unwrap_or_default();
    let told = lines.lines().filter_map(|line| line.split_once('='));
    told.map(|(name, value)| (output_name(&reference_of(name)), value.to_string()))
        .collect()
}

/// The names of what a value takes from other stacks, which export it.
#[must_use]
pub fn imports(value: &Value) -> BTreeSet<String> {
    let mut atoms = BTreeMap::new();
    collect_atoms(value, &mut atoms);
    let names = atoms
        .values()
        .filter_map(|atom| atom.get("Fn::ImportValue")?.as_str());
    names.map(str::to_string).collect()
}

/// By what [`Known`] knows what another stack exports under a name.
#[must_use]
pub fn import_key(name: &str) -> String {
    output_name(&crate::intrinsic::import(name))
}

/// Has a whole template tell what is asked of it, and lets scripts assume the roles that they name.
pub(crate) fn add(assembly: &mut Assembly<'_>) -> Result<(), SynthError> {
    for script in &assembly.stack.settings.scripts {
        let role = script.assume_role_of_resource.as_deref().map(workload::role_id);
        if let Some(role) = role.and_then(|role| assembly.template.resources.get_mut(&role)) {
            trust_account(role, &assembly.names.account);
        }
    }
    if assembly.template.outputs.len() >= OUTPUTS {
        return Ok(());
    }
    let lines = lines(assembly)?;
    if !lines.is_empty() {
        let output = Output {
            description: Some("What parameters and variables of scripts are made of".to_string()),
            value: json!({ "Fn::Sub": lines.join("\n") }),
            export: None,
        };
        assembly.template.outputs.insert(REFERENCES.to_string(), output);
    }
    Ok(())
}

/// Has a template tell nothing of resources that went from it.
pub(crate) fn forget(template: &mut Template, gone: &BTreeSet<String>) {
    let Some(output) = template.outputs.get_mut(REFERENCES) else {
        return;
    };
    let text = output.value["Fn::Sub"].as_str().unwrap_or_default();
    let is_left = |line: &&str| !gone.contains(line.split(['.', '=']).next().unwrap_or_default());
    let left: Vec<&str> = text.lines().filter(is_left).collect();
    match left.is_empty() {
        true => drop(template.outputs.remove(REFERENCES)),
        false => output.value = json!({ "Fn::Sub": left.join("\n") }),
    }
}

/// Lets everybody of the account assume a role who may assume roles at all.
pub(crate) fn trust_account(role: &mut Resource, account: &str) {
    let statement = json!({
        "Effect": "Allow",
        "Principal": { "AWS": account },
        "Action": "sts:AssumeRole",
    });
    let statements = role.properties.pointer_mut("/AssumeRolePolicyDocument/Statement");
    if let Some(Value::Array(statements)) = statements
        && !statements.contains(&statement)
    {
        statements.push(statement);
    }
}

/// A line for each reference, in order.
fn lines(assembly: &mut Assembly<'_>) -> Result<Vec<String>, SynthError> {
    let mut values: Vec<Value> = parameters(assembly)?
        .into_values()
        .flat_map(|parameters| parameters.into_iter().map(|(_, value)| value))
        .collect();
    let scripts = assembly.stack.settings.scripts.iter();
    let variables = scripts.flat_map(|script| &script.environment);
    variables.for_each(|variable| collect(&variable.value, &mut values));
    references::settle_values(values.iter_mut(), &assembly.template)?;
    let resources = assembly.stack.resources.iter().map(|resource| &resource.name);
    let workloads = assembly.workloads.iter().map(|workload| &workload.name);
    let roles = resources.chain(workloads).map(|name| role_of(name.as_str()));
    let mut atoms = BTreeMap::new();
    for value in values.into_iter().chain(roles) {
        collect_atoms(&value, &mut atoms);
    }
    let lines: BTreeSet<String> = atoms
        .values()
        .filter(|atom| is_told(atom, &assembly.template))
        .map(|atom| format!("{}={}", told(atom), asked(atom)))
        .collect();
    Ok(lines.into_iter().collect())
}

/// The parameters of each resource. Asking leaves nothing in the template.
fn parameters(assembly: &mut Assembly<'_>) -> Result<BTreeMap<ResourceName, Parameters>, SynthError> {
    let template = assembly.template.clone();
    let stack = assembly.stack;
    let mut all = BTreeMap::new();
    for resource in &stack.resources {
        let mut parameters = types::parameters(resource, assembly)?;
        let values = parameters.iter_mut().map(|(_, value)| value);
        references::settle_values(values, &template)?;
        all.insert(resource.name.clone(), parameters);
    }
    assembly.template = template;
    Ok(all)
}

/// The references that stand in a variable itself. What it takes from parameters of resources is among those.
fn collect(late: &Late<String>, found: &mut Vec<Value>) {
    match late {
        Late::Later(Expression::CfResourceParam {
            logical_id,
            attribute: name,
        }) => found.push(match name.as_str() {
            "Ref" => reference(logical_id),
            name => attribute(logical_id, name),
        }),
        Late::Later(Expression::CfFormat { arguments, .. }) => {
            arguments.iter().for_each(|argument| collect(argument, found));
        }
        _ => {}
    }
}

/// Whether a reference is to something in the template, and not to what is nobody's business.
fn is_told(atom: &Value, template: &Template) -> bool {
    let (id, name) = match (attribute_of(atom), atom.get("Ref").and_then(Value::as_str)) {
        (Some((id, name)), _) => (id, name),
        (None, Some(id)) => (id, ""),
        (None, None) => return false,
    };
    template.resources.contains_key(id) && !KEPT.iter().any(|kept| name.ends_with(kept))
}

/// How CloudFormation is asked what a reference stands for, within a text. Emulators lack an attribute of pools of users.
fn asked(atom: &Value) -> String {
    match attribute_of(atom) {
        Some((id, "ProviderURL")) => format!("https://cognito-idp.${{AWS::Region}}.amazonaws.com/${{{id}}}"),
        _ => format!("${{{}}}", told(atom)),
    }
}
