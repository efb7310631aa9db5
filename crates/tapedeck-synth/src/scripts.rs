//! What scripts of a project are told: the same variables as a service that is connected to the same.

use std::collections::BTreeMap;

use serde_json::Value;
use tapedeck_model::{Script, Stack};

use crate::assembly::Assembly;
use crate::environment::Environment;
use crate::{SynthError, connections, references};

/// The variables of each script by its name, in the words of CloudFormation, in order.
pub type ScriptVariables = BTreeMap<String, Vec<(String, Value)>>;

/// What the scripts of a stack are told, once all of the stack is in the template.
pub(crate) fn all(stack: &Stack, assembly: &mut Assembly<'_>) -> Result<ScriptVariables, SynthError> {
    let mut told = ScriptVariables::new();
    for script in &stack.settings.scripts {
        let mut variables = variables(script, assembly)?;
        let values = variables.iter_mut().map(|(_, value)| value);
        references::settle_values(values, &assembly.template)?;
        told.insert(script.name.clone(), variables);
    }
    Ok(told)
}

fn variables(script: &Script, assembly: &mut Assembly<'_>) -> Result<Vec<(String, Value)>, SynthError> {
    let mut environment = Environment::default();
    for variable in &script.environment {
        environment.set(&variable.name, assembly.value(&variable.value)?);
    }
    connections::offer(&script.connect_to, &mut environment, assembly)?;
    Ok(environment.all().to_vec())
}
