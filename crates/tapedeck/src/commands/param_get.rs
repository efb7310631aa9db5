//! `tapedeck param:get`

use std::process::ExitCode;

use tapedeck_api::StackStatus;
use tapedeck_model::LocalParameter;

use crate::args::ParamGetArgs;
use crate::commands::info_stack::name_of;
use crate::context::Context;
use crate::engine;
use crate::exit::{Failure, Outcome};
use crate::options::require_local;
use crate::printer::Printer;
use crate::secrets;
use crate::text::instead;

pub(crate) const EXAMPLES: &str = "Examples:
  tapedeck param:get --resourceName jobs --paramName url
  psql \"$(tapedeck param:get --resourceName db --paramName connectionString)\"";

/// Prints the value alone, secrets in it filled in.
pub(crate) fn run(args: &ParamGetArgs, context: &Context, printer: &Printer) -> Outcome {
    require_local(&args.stack.stack.region)?;
    let name = name_of(&args.stack, context, printer)?;
    let stack = engine::connect_to_stack(context, &name)?
        .describe_stack(&name)
        .map_err(|error| engine::failed(error, &name))?;
    let parameter = find(&stack, &args.resource_name, &args.param_name)?;
    let store = secrets::open(context)?;
    let value = parameter
        .value
        .fill(|reference| store.resolve(reference).map_err(secrets::could_not_get))?;
    match printer.is_json() {
        true => printer.json(&serde_json::json!({ "name": parameter.name, "value": value })),
        false => printer.verbatim(&value),
    }
    Ok(ExitCode::SUCCESS)
}

fn find<'a>(stack: &'a StackStatus, resource: &str, parameter: &str) -> Result<&'a LocalParameter, Failure> {
    let resources = stack.resources.iter();
    let names: Vec<&str> = resources.clone().map(|known| known.name.as_str()).collect();
    let found = resources.clone().find(|known| known.name.as_str() == resource);
    let found = found.ok_or_else(|| {
        let what = format!(
            "stack {} has no resource `{resource}` with parameters",
            stack.name
        );
        Failure::usage(what).help(instead(resource, &names))
    })?;
    let names: Vec<&str> = found.parameters.iter().map(|known| known.name.as_str()).collect();
    let value = found.parameters.iter().find(|known| known.name == parameter);
    value.ok_or_else(|| {
        let what = format!("{} `{resource}` has no parameter `{parameter}`", found.kind);
        Failure::usage(what).help(instead(parameter, &names))
    })
}
